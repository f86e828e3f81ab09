"""Where a program was and what to try: what a fault of the virtual board tells its user."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from coincell.firmware import Elf

MAX_CALLERS = 12
NO_SYMBOLS = "an image without symbols"
EXCEPTION_RETURN = 0xFFFFFFE0
_NAMES = [*(f"r{i}" for i in range(13)), "sp", "lr", "pc"]
_SP, _LR, _PC = 13, 14, 15
_MAX_ROWS = 1_000_000

HINTS = {
    r"jump to|even address": """
A function pointer that was never set or was overwritten, or a return address on a stack that \
something wrote over, leads there.""",
    r"0x0000[0-9a-f]{4}$": """
That is near address 0: a null pointer, perhaps with an offset.""",
    r"write to flash": """
Flash is read only: a cast takes const away, or a pointer is wrong. To write it, enable that in \
NVMC.CONFIG and erase the page first.""",
    r"invalid instruction, 0xde": """
The compiler puts this trap where code must not come: behind __builtin_trap, after a function that \
may not return, or where the program's behaviour is undefined.""",
    r"invalid instruction": """
Is the image built for the board's core? Otherwise something jumped into the middle of an \
instruction, or into erased flash (0xffff).""",
    r"division by zero": """
Check the divisor before it divides.""",
    r"unaligned": """
A cast told the compiler that the data begin at a multiple of 4. Copy them by memcpy, or align the \
buffer.""",
    r"does not model": """
The virtual board refuses what it does not know, for a zero might be wrong. A real board has it: \
`coincell flash`.""",
    r"watchdog bit": """
Reload it more often (WDT.RR), or give it more time (WDT.CRV). The place is where the core was \
when the time was up.""",
    r"boot loop": """
Something during start-up ends in a reset: a fault handler does, or an interrupt without a \
handler.""",
    r"a breakpoint": """
An assertion, or a BKPT for a debugger that is not there.""",
    r"SVC where": """
Supervisor calls do not work while interrupts are masked.""",
    r"again and again": """
Clear the event that asks for it in the handler, or ask for it less often.""",
    r"no handler": """
Give the vector table an entry for it, or do not enable that interrupt.""",
    r"beyond the end of RAM": """
The buffer's address or its length (PTR, MAXCNT) is wrong.""",
    r"EasyDMA": """
Constants lie in flash: copy them to RAM first.""",
    r"(read from|write to|frame of an exception at) 0x": """
There is neither memory nor a peripheral: the pointer is wrong, or an index too large.""",
}
"""What to try by what happened; the first that matches."""


@dataclass(frozen=True)
class Place:
    """An instruction.

    Attributes:
        address: of it.
        function: with the offset, "" where the image tells none.
        line: "path:number" of its source, "" where the image tells none.
    """

    address: int
    function: str
    line: str

    def __str__(self) -> str:
        source = f"{self.line}, " if self.line else ""
        return f"in {self.function or 'no function'} ({source}pc {self.address:#010x})"

    @property
    def short(self) -> str:
        """Function and line."""
        name = self.function.split("+")[0]
        if name in ("", NO_SYMBOLS):
            name = f"{self.address:#010x}"
        return f"{name} ({self.line})" if self.line else name


class SourceMap:
    """Functions, lines and callers, by an image's symbols and DWARF.

    An image is hostile: what cannot be read is left out.
    """

    def __init__(self, elf: Elf) -> None:
        self.elf = elf

    def place(self, address: int) -> Place:
        """What lies at `address`."""
        address &= ~1
        function = self.elf.symbol_at(address) if self.elf.symbols else NO_SYMBOLS
        return Place(address, function, self._line(address))

    def holds_code(self, address: int) -> bool:
        """Whether instructions lie there."""
        return any(begin <= address < end for begin, end in self.elf.executable)

    def callers(
        self, registers: dict[str, int], read: Callable[[int, int], bytes]
    ) -> tuple[Place, ...]:
        """Who called, the nearest first, as far as the image and the stack tell.

        Args:
            registers: r0 to r12, sp, lr, pc.
            read: memory at an address, so many bytes; an error ends the chain.
        """
        values = [registers[name] for name in _NAMES]
        found: list[Place] = []
        if values[_PC] >= EXCEPTION_RETURN:
            values = self._left(values, read)
            if self.holds_code(values[_PC] - 3):
                found.append(self.place(values[_PC] - 3))
        elif not self.holds_code(values[_PC] & ~1):  # it was jumped to, and has pushed nothing
            values[_PC] = values[_LR]
            if values[_PC] & 1 and self.holds_code(values[_PC] & ~1):
                found.append(self.place(values[_PC] - 3))
        try:
            while len(found) < MAX_CALLERS:
                stack = values[_SP]
                values = self._up(values, read)
                if not values[_PC] & 1 or not self.holds_code(values[_PC] & ~1):
                    break
                found.append(self.place(values[_PC] - 3))
                if found[-1:] == found[-2:-1] and stack == values[_SP]:
                    break  # a chain that turns in a circle
        except (LookupError, ValueError, struct.error, CallChainError):
            pass
        return tuple(found)

    def _left(self, values: list[int], read: Callable[[int, int], bytes]) -> list[int]:
        """The registers of what a handler returns to."""
        try:
            return self._interrupted(values, read)
        except (LookupError, struct.error, CallChainError):
            return values

    def _up(self, values: list[int], read: Callable[[int, int], bytes]) -> list[int]:
        """The registers of the caller."""
        rules = self._rules(values[_PC] & ~1)
        above = list(values)
        if rules is None:  # an assembly function, most often a leaf
            if values[_LR] == values[_PC]:
                raise CallChainError
            above[_PC] = values[_LR]
        else:
            register, offset, saved = rules
            frame = values[register] + offset & 0xFFFFFFFF
            for number, place in saved.items():
                above[number] = int.from_bytes(read(frame + place & 0xFFFFFFFF, 4), "little")
            above[_SP] = frame
            above[_PC] = above[_LR]
        if above[_PC] >= EXCEPTION_RETURN:
            above = self._interrupted(above, read)
        return above

    def _interrupted(self, values: list[int], read: Callable[[int, int], bytes]) -> list[int]:
        """The registers of what an exception interrupted, on the main stack."""
        returning, frame = values[_PC], values[_SP]
        if returning & 4 and returning & 8:
            raise CallChainError  # it lies on the process stack
        words = struct.unpack("<8I", read(frame, 32))
        above = [*words[:4], *values[4:12], words[4], 0, words[5], words[6] + 3]
        size = 32 if returning & 0x10 else 104
        above[_SP] = frame + size + (4 if words[7] & 1 << 9 else 0)
        return above

    # DWARF

    @cached_property
    def _dwarf(self) -> Any:
        from elftools.elf.elffile import ELFFile

        try:
            elf = ELFFile(io.BytesIO(self.elf.file))
            return elf.get_dwarf_info() if elf.has_dwarf_info() else None
        except Exception:
            return None

    @cached_property
    def _lines(self) -> tuple[list[int], list[tuple[int, str]]]:
        """Where each row begins; (where it ends, its "path:number")."""
        rows: list[tuple[int, int, str]] = []
        with contextlib.suppress(Exception):  # a damaged image: what was read counts
            for unit in self._dwarf.iter_CUs() if self._dwarf else ():
                rows += _unit_lines(self._dwarf.line_program_for_CU(unit))
                if len(rows) > _MAX_ROWS:
                    break
        rows.sort()
        return [row[0] for row in rows], [(row[1], row[2]) for row in rows]

    def _line(self, address: int) -> str:
        begins, rest = self._lines
        index = bisect_right(begins, address) - 1
        if index < 0 or address >= rest[index][0]:
            return ""
        return rest[index][1]

    @cached_property
    def _frames(self) -> list[Any]:
        from elftools.dwarf.callframe import FDE

        try:
            if self._dwarf is None or not self._dwarf.has_CFI():
                return []
            return [entry for entry in self._dwarf.CFI_entries() if isinstance(entry, FDE)]
        except Exception:
            return []

    def _rules(self, address: int) -> tuple[int, int, dict[int, int]] | None:
        """(register, offset) of the frame's address, and where in the frame registers lie."""
        for entry in self._frames:
            begin = entry["initial_location"] & ~1
            if not begin <= address < begin + entry["address_range"]:
                continue
            rows = [row for row in entry.get_decoded().table if row["pc"] <= address]
            row = max(rows, key=lambda item: item["pc"])
            if row["cfa"].reg is None or row["cfa"].reg > _PC:
                raise CallChainError
            saved = {
                number: rule.arg
                for number, rule in row.items()
                if isinstance(number, int) and number <= _PC and rule.type == "OFFSET"
            }
            return row["cfa"].reg, row["cfa"].offset, saved
        return None


class CallChainError(Exception):
    """The chain of callers cannot be followed further."""


def _unit_lines(program: Any) -> list[tuple[int, int, str]]:
    """(begin, end, "path:number") of one unit's rows."""
    rows: list[tuple[int, int, str]] = []
    if program is None:
        return rows
    paths: dict[int, str] = {}
    before = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before is not None and before.address < state.address and before.line:
            if before.file not in paths:
                paths[before.file] = _path(program, before.file)
            rows.append((before.address, state.address, f"{paths[before.file]}:{before.line}"))
        before = None if state.end_sequence else state
    return rows


def _path(program: Any, number: int) -> str:
    """A file of the line table; DWARF 5 counts from 0, those before from 1."""
    header = program.header
    modern = header["version"] >= 5
    files = header["file_entry"]
    entry = files[number if modern else number - 1]
    name = entry.name.decode(errors="replace")
    folders = header["include_directory"]
    index = entry.dir_index if modern else entry.dir_index - 1
    folder = folders[index].decode(errors="replace") if 0 <= index < len(folders) else ""
    path = f"{folder}/{name}" if folder and not name.startswith("/") else name
    return re.sub(r"^(\./)+", "", path)


def called_from(callers: tuple[Place, ...]) -> str:
    """The chain in words, " Called from ...", or nothing."""
    if not callers:
        return ""
    shown = [place.short for place in callers[:4]]
    if len(callers) > len(shown):
        shown.append("...")
    return f" Called from {', from '.join(shown)}."


def hint_for(what: str) -> str:
    """What to try when `what` happened."""
    for pattern, hint in HINTS.items():
        if re.search(pattern, what):
            return hint.strip()
    return "The function named there, or one inlined into it, did this."
