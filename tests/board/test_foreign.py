"""Images that others built: for other chips and places, without symbols, without the protocol."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from board.bare import START, board_at_zero
from board.programs import PRELUDE
from coincell.board import BoardClient, Request, VirtualBoard, load_battery, run_session
from coincell.errors import BoardError
from coincell.firmware import Board, Elf, load_board, read_elf

GCC = shutil.which("arm-none-eabi-gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="arm-none-eabi-gcc is absent")

SCRIPT = """
SECTIONS
{{
    . = {origin};
    .text : {{ KEEP(*(.vectors)) *(.text .text.* .rodata .rodata.*) image_data_load = .; }}
    . = 0x20000000;
    .data : {{ image_data_begin = .; *(.data .data.*) image_data_end = .; }}
    .bss : {{ image_bss_begin = .; *(.bss .bss.* COMMON) image_bss_end = .; }}
    image_stack_top = {stack};
}}
"""
START_LIBRARY = """
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n);
void *memset(void *to, int value, __SIZE_TYPE__ n);
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n)
{
    for (__SIZE_TYPE__ i = 0; i < n; i++) { ((volatile char *)to)[i] = ((const char *)from)[i]; }
    return to;
}
void *memset(void *to, int value, __SIZE_TYPE__ n)
{
    for (__SIZE_TYPE__ i = 0; i < n; i++) { ((volatile char *)to)[i] = (char)value; }
    return to;
}
"""
LISTENS_NOT = """
void image_main(void) { note(1); for (;;) __asm volatile("wfi"); }
"""
SPINS = """
void image_main(void) { for (;;) { note(trail_length); trail_length = 0; } }
"""


def by_hand(
    folder: Path,
    body: str,
    origin: int = 0x10000,
    core: str = "cortex-m4",
    stack: int = 0x20010000,
    strip: bool = False,
) -> Elf:
    """What someone's own compiler makes of their own files."""
    files = {"main.c": PRELUDE + body, "start.c": START + START_LIBRARY}
    files["image.ld"] = SCRIPT.format(origin=origin, stack=stack)
    for name, text in files.items():
        (folder / name).write_text(text)
    assert GCC is not None
    flags = ["-mthumb", f"-mcpu={core}", "-O1", "-g1", "-ffreestanding", "-nostdlib"]
    flags += ["-T", "image.ld", "-Wl,--entry=image_reset", *(["-s"] if strip else [])]
    command = [GCC, *flags, "main.c", "start.c", "-o", "firmware.elf"]
    subprocess.run(command, check=True, cwd=folder, timeout=60, capture_output=True)
    return read_elf((folder / "firmware.elf").read_bytes())


def refused(elf: Elf, **settings: int) -> BoardError:
    with pytest.raises(BoardError) as refusal, VirtualBoard(elf, nano(), **settings) as virtual:
        BoardClient(virtual).info()
    return refusal.value


def nano() -> Board:
    return load_board("nano33ble")


def test_an_image_that_sleeps_and_never_speaks(tmp_path: Path) -> None:
    error = refused(by_hand(tmp_path, LISTENS_NOT))
    assert re.search("The board waits, but 6 bytes of answer were expected", error.message)
    assert "compiled by hand" in error.hint


def test_an_image_that_spins_and_never_speaks(tmp_path: Path) -> None:
    error = refused(by_hand(tmp_path, SPINS), budget=3_000_000)
    assert re.search(r"The firmware hangs in image_main\S* \(main\.c:\d+, pc", error.message)
    assert "has never sent a byte" in error.hint
    assert "compiled by hand" in error.hint


@pytest.mark.parametrize(
    ("origin", "what"),
    [
        (0x08000000, "an STM32"),
        (0x10000000, "Raspberry Pi Pico"),
        (0x0, "without a bootloader"),
        (0x20000000, "running from RAM"),
        (0xF8000000, "takes an application from 0x10000 to 0x100000"),
    ],
)
def test_an_image_for_another_place(origin: int, what: str, tmp_path: Path) -> None:
    error = refused(by_hand(tmp_path, LISTENS_NOT, origin=origin))
    assert f"The image fills {origin:#x} to" in error.message
    assert what in error.message
    assert "linked at 0x10000, for cortex-m4f" in error.hint


def test_an_image_for_another_core(tmp_path: Path) -> None:
    error = refused(by_hand(tmp_path, LISTENS_NOT, core="cortex-m33"))
    assert "code for Armv8-M.main; the core of Arduino Nano 33 BLE Sense" in error.message


def test_an_image_for_a_smaller_core_runs(tmp_path: Path) -> None:
    elf = by_hand(
        tmp_path, 'void image_main(void) { for (;;) { __asm volatile("wfi"); } }', core="cortex-m3"
    )
    with VirtualBoard(elf, nano()) as virtual:
        assert virtual.now > 0


@pytest.mark.parametrize(("origin", "stack"), [(0x10000, 0x30000000), (0x10004, 0x20010000)])
def test_an_image_without_a_vector_table(origin: int, stack: int, tmp_path: Path) -> None:
    error = refused(by_hand(tmp_path, LISTENS_NOT, origin=origin, stack=stack))
    assert "no vector table at 0x10000" in error.message


def test_a_stripped_image_runs_and_faults_by_address(tmp_path: Path) -> None:
    body = "void image_main(void) { note(REG(0x30000000)); }"
    error = refused(by_hand(tmp_path, body, strip=True))
    found = r"in an image without symbols \(pc 0x[0-9a-f]{8}\): 4-byte read from 0x30000000"
    assert re.search(found, error.message), error.message


def test_an_image_that_never_sleeps_runs_as_long_as_asked(tmp_path: Path) -> None:
    """What many programs do: time passes all the same, and the run says what that costs."""
    elf, request = (
        by_hand(tmp_path, SPINS),
        Request(nano(), 0.2, np.zeros(0, np.int16), load_battery("cr2032")),
    )
    with VirtualBoard(elf, nano(), settles=False) as virtual:
        assert virtual.now == 0
        session = run_session(None, "spins.elf", request, virtual)
    assert session.cpu_duty == 1
    assert session.seconds == pytest.approx(0.2, rel=1e-4)
    assert any(
        re.search(r"never slept; at the end it was in (image_main|note)", note)
        for note in session.notes
    ), session.notes


def test_an_image_for_zero_runs_where_flash_begins_at_zero(tmp_path: Path) -> None:
    elf = by_hand(tmp_path, LISTENS_NOT, origin=0)
    with VirtualBoard(elf, board_at_zero()) as virtual:
        assert virtual.waiting == 0
