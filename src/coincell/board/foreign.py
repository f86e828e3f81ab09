"""Whether an image can run on a board at all: images that others built, for other chips."""

from __future__ import annotations

import struct

from coincell.errors import BoardError
from coincell.firmware import ARCHITECTURES, Board, Elf

_RUNS = {
    "cortex-m0plus": {11, 12},
    "cortex-m4f": {10, 11, 12, 13},
    "cortex-m7f": {10, 11, 12, 13},
    "cortex-m33f": {10, 11, 12, 13, 16, 17},
}
"""By core, the architectures (Arm IHI 0045) whose code it runs."""

_ELSEWHERE = (
    (0x00000000, 0x00010000, "a chip without a bootloader in front of the application"),
    (0x00026000, 0x00028000, "an application behind Nordic's SoftDevice"),
    (0x08000000, 0x08400000, "an STM32"),
    (0x10000000, 0x11000000, "a Raspberry Pi Pico (RP2040)"),
    (0x20000000, 0x40000000, "running from RAM, as a debugger loads it"),
)
"""Where images of other chips begin, and what that says."""


def check_runs(elf: Elf, board: Board, core: str) -> None:
    """Refuse an image that was built for another processor or linked for another place.

    Args:
        elf: the image.
        board: what it is to run on.
        core: its processor, or one in place of it.

    Raises:
        BoardError: what it says of itself, and what the board has.
    """
    title, flash, ram = board.board.title, board.flash, board.ram
    hint = f"Build it for {title}: linked at {flash.origin:#x}, for {core}."
    known = elf.architecture in ARCHITECTURES
    if known and elf.architecture not in _RUNS.get(core, {elf.architecture}):
        assert elf.architecture is not None
        raise BoardError(
            f"The image is code for {ARCHITECTURES[elf.architecture]}; the core of {title}, "
            f"{core}, does not run that.",
            hint,
        )
    begin, end = elf.segments[0].address, elf.segments[-1].end
    if begin < flash.origin or end > flash.origin + flash.bytes:
        guess = next(
            (f" That is {what}." for low, high, what in _ELSEWHERE if low <= begin < high), ""
        )
        raise BoardError(
            f"The image fills {begin:#x} to {end:#x}; {title} takes an application from "
            f"{flash.origin:#x} to {flash.origin + flash.bytes:#x}.{guess}",
            hint,
        )
    vectors = elf.code(flash.origin, 8) if begin == flash.origin else b""
    stack, entry = struct.unpack("<II", vectors) if vectors else (0, 0)
    if not ram.origin < stack <= ram.end or not entry & 1 or not begin < entry < end:
        found = f"{stack:#010x} and {entry:#010x}" if vectors else f"nothing before {begin:#x}"
        raise BoardError(
            f"The image has no vector table at {flash.origin:#x}, where {title} begins: a stack's "
            f"top in RAM and a function. Received: {found}.",
            hint,
        )
