"""Small C programs on the virtual board that leave a trail of words."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from board.bare import emulated, link_bare

PRELUDE = """
#include <stdint.h>
#define REG(a) (*(volatile uint32_t *)(a))
volatile uint32_t trail[256];
volatile uint32_t trail_length;
static inline void note(uint32_t what) { trail[trail_length++] = what; }
static inline uint32_t cycles(void) { return REG(0xE0001004); }
static inline void count_cycles(void) { REG(0xE000EDFC) = 1u << 24; REG(0xE0001000) = 1; }
static inline uint32_t ipsr(void)
{
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}
/* Exceptions are taken between blocks of code; a barrier ends one. */
static inline void barrier(void) { __asm volatile("dsb\\n\\tisb" ::: "memory"); }
typedef void (*handler)(void);
__attribute__((aligned(512))) handler table[64];
static inline void set_handler(int number, handler to)
{
    table[number] = to;
    REG(0xE000ED08) = (uint32_t)(uintptr_t)table;
}
void image_main(void);
"""


def run_program(
    body: str,
    folder: Path,
    until: int | None = None,
    runs: int = 1,
    sources: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], list[int]]:
    """What the emulator answers after `runs` runs, and the trail; `sources` are linked too."""
    image = link_bare({"main.c": PRELUDE + body, **(sources or {})}, folder)
    with emulated(image) as emulator:
        for _ in range(runs):
            answer, _ = emulator.ask("run", budget=1 << 40, until=until)
        answer["activity"] = emulator.ask("activity")[0]
        trail, length = (image.parsed.symbol(name) for name in ("trail", "trail_length"))
        data = emulator.ask("read", address=trail.address, count=trail.size)[1]
        count = emulator.ask("read", address=length.address, count=4)[1]
    words = list(struct.unpack(f"<{trail.size // 4}I", data))
    return answer, words[: int.from_bytes(count, "little")]


def ended(answer: dict[str, Any]) -> bool:
    """Whether the program came to its end, a breakpoint."""
    return bool(answer["state"] == "fault" and answer["fault"] == "a breakpoint")
