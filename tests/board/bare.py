"""Programs without the firmware around them: for counting against QEMU and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coincell.board.emulator import Emulator
from coincell.firmware import (
    Application,
    Image,
    application_sources,
    device_sources,
    link_image,
    load_board,
    plain_binary,
)
from coincell.firmware.description import Board, Region
from coincell.toolchain import Compiler

START = """
#include <stdint.h>
#include <string.h>
extern uint32_t image_stack_top[];
void image_reset(void);
void image_main(void);
__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    image_stack_top, (void *)image_reset};
void image_reset(void)
{
    extern uint32_t image_data_begin[], image_data_end[], image_data_load[];
    extern uint32_t image_bss_begin[], image_bss_end[];
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* the FPU */
    __asm volatile("dsb\\n\\tisb" ::: "memory");
    memcpy(image_data_begin, image_data_load,
           (uintptr_t)image_data_end - (uintptr_t)image_data_begin);
    memset(image_bss_begin, 0, (uintptr_t)image_bss_end - (uintptr_t)image_bss_begin);
    image_main();
    /* Semihosting: exit. QEMU obeys, the virtual board stops with a fault. */
    register uint32_t operation __asm("r0") = 0x18;
    register uint32_t reason __asm("r1") = 0x20026;
    __asm volatile("bkpt 0xAB" ::"r"(operation), "r"(reason) : "memory");
    for (;;) {
    }
}
"""

ONE_WINDOW = """
#include "application/application.h"
void image_main(void);
int answer_process(void);
__attribute__((noinline)) int answer_process(void)
{
    application_decision decision = {-1, 0};
    return application_process(&decision) + decision.label;
}
void image_main(void)
{
    uint32_t seed = 1;
    for (int i = 0; i < APPLICATION_WINDOW_VALUES; i++) {
        seed = seed * 1664525u + 1013904223u;
        application_samples()[i] = (int16_t)(seed >> 17);
    }
    application_init();
    (void)answer_process();
}
"""


def board_at_zero() -> Board:
    """The Nano's memory, with flash where QEMU's mps2-an386 has it."""
    return load_board("nano33ble").model_copy(update={"flash": Region(origin=0, bytes=1 << 20)})


def link_bare(sources: dict[str, str], folder: Path, compiler: Compiler | None = None) -> Image:
    """`sources` define image_main, which START calls."""
    memory = {"firmware/memory.c": device_sources("firmware")["firmware/memory.c"]}
    everything = {**sources, **memory, **device_sources("freestanding"), "start.c": START}
    return link_image(everything, board_at_zero(), folder, compiler)


def link_one_window(application: Application, folder: Path, compiler: Compiler) -> Image:
    """The chain on one window of made-up samples, then the end."""
    return link_bare(application_sources(application) | {"main.c": ONE_WINDOW}, folder, compiler)


@contextmanager
def emulated(image: Image) -> Iterator[Emulator]:
    """An emulator with `image` in flash, reset."""
    flash, ram = image.board.flash, image.board.ram
    with Emulator() as emulator:
        emulator.ask(
            "open",
            plain_binary(image.parsed.segments, flash.origin),
            library=str(emulator.library),
            core=image.board.core,
            flash=[flash.origin, flash.bytes],
            ram=[ram.origin, ram.bytes],
            flash_wait=3,
            code=image.parsed.executable,
        )
        emulator.ask("reset", fill=0xA5)
        yield emulator
