# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Faults of the core that the emulator lets pass, found here: data that runs, misaligned words,
divisions by zero. And those that it finds, in words.

Armv7-M Architecture Reference Manual (Arm DDI 0403), sections A3.2.1 (alignment) and B3.2.8 (CCR).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from unicorn import UC_HOOK_CODE, Uc, UcError

from .block_hook import CHECKED
from .cortex_m4 import ALWAYS, EXCLUSIVE, Instruction
from .exact_checks import ExactChecks
from .registers import GuestFaultError

if TYPE_CHECKING:
    from .machine import Machine

CCR = 0xD14
DIV_0_TRP, UNALIGN_TRP = 1 << 4, 1 << 3
THUMB = 1 << 24
BASES = [f"r{i}" for i in range(9)] + ["sb", "sl", "fp", "ip"]
"""r0 to r12, as capstone calls them."""
UNKNOWN_UNALIGNED = "an unaligned load or store of several words"


class Traps:
    """Checks of what runs.

    Attributes:
        code: ranges [begin, end) where code may run; none: anywhere.
        exact: what is looked at instruction by instruction.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.code: list[list[int]] = []
        self.exact = ExactChecks(machine)
        self._divisions: set[int] = set()

    # Data that runs

    def may_run(self, address: int) -> bool:
        """Whether code lies there, as far as it is known."""
        return not self.code or any(begin <= address < end for begin, end in self.code)

    def check_place(self, address: int) -> None:
        """Of a block that is new."""
        machine = self.machine
        if not self.may_run(address):
            machine.stop(f"jump to data at {address:#010x}", address)
            machine.fault_from = machine.hook.from_ - 2

    def explain_invalid(self, error: UcError | None, at: int) -> str:
        """Why the emulator stopped at `at`."""
        if error is None:
            return "the emulator stopped for no reason that is known here"
        machine = self.machine
        if "INSN_INVALID" not in str(error):
            return str(error)
        if not machine.special("xpsr") & THUMB:
            hook = machine.hook
            machine.fault_from = (hook.from_ if hook.block == at else hook.previous_end) - 2
            return f"jump to the even address {at:#010x}; a Cortex-M runs Thumb code, at odd ones"
        first, second = struct.unpack("<HH", machine.engine.mem_read(at, 4))
        text = f"{first:#06x}" + (f" {second:#06x}" if first >= 0xE800 else "")
        return f"an invalid instruction, {text}"

    # Misaligned words

    def plan_checks(self, address: int, instructions: list[Instruction], end: int) -> int:
        """Note which registers the hook checks at the block [address, end), and answer its flag."""
        before = after = 0
        changed: set[str] = set()
        later: dict[str, list[Instruction]] = {}
        exact: list[Instruction] = []
        for instruction in instructions:
            access = instruction.access
            own = set()
            if instruction.aligned and access is not None and access.base in BASES:
                own = {access.base} if instruction.writes_back else set()
                if instruction.condition != ALWAYS or instruction.name in EXCLUSIVE:
                    exact.append(instruction)
                elif access.base not in changed:
                    before |= 1 << BASES.index(access.base)
                else:
                    later.setdefault(access.base, []).append(instruction)
            written = self._names(instruction) - own
            changed |= written
            for name in written & set(later):
                exact += later.pop(name)
        for name in later:
            after |= 1 << BASES.index(name)
        bases = [BASES.index(item.access.base) for item in exact if item.access is not None]
        self.exact.want(exact, bases, range(address, end))
        self._set(address, before | after << 16)
        return CHECKED if before | after else 0

    def _names(self, instruction: Instruction) -> set[str]:
        return {self.machine.code.model.register_name(number) for number in instruction.written}

    def _set(self, address: int, mask: int) -> None:
        for region in self.machine.hook.regions:
            index = (address - region.begin) // 2
            if 0 <= index < region.halfwords:
                region.checks[index] = mask

    def explain_here(self) -> str:
        """What the hook on single instructions found; inside an IT block the core is beyond it."""
        machine, hook = self.machine, self.machine.hook
        at = hook.misaligned
        if machine.register("pc") & ~1 != at:
            machine.fault_done = at
        for instruction in machine.code.holding(at):
            if instruction.address == at:
                return self._words(instruction, hook.misaligned_base)
        return UNKNOWN_UNALIGNED

    def _words(self, instruction: Instruction, base: int) -> str:
        assert instruction.access is not None
        address = base + instruction.access.displacement & 0xFFFFFFFF
        self.machine.fault_address = address
        name = instruction.name.upper()
        if instruction.words == 1:
            return f"unaligned {name} at {address:#010x}: it needs a multiple of 4"
        return (
            f"unaligned {name} at {address:#010x}: {instruction.words} words at once need a "
            "multiple of 4"
        )

    def explain_unaligned(self, before: bool) -> str:
        """Which instruction of the block that comes, where the core goes, or of the one before."""
        machine, hook = self.machine, self.machine.hook
        block = hook.checked if before else hook.block
        found = machine.code.block_at(block)
        for instruction in found:
            access = instruction.access
            if not instruction.aligned or access is None or access.base not in BASES:
                continue
            if instruction.condition != ALWAYS:
                continue
            base = machine.alias(access.base)
            if base & 3:
                if before:
                    machine.fault_done = instruction.address
                else:
                    self._set(block, 0)
                    machine.run_to(block, instruction.address)
                return self._words(instruction, base)
        return UNKNOWN_UNALIGNED

    # Division

    def configure(self, value: int) -> None:
        """CCR is written."""
        if value & UNALIGN_TRP:
            raise GuestFaultError("CCR.UNALIGN_TRP, which the virtual board does not model")
        self.machine.interrupts.values[CCR] = value
        if value & DIV_0_TRP and not self._divisions:
            self._watch_divisions()

    def _watch_divisions(self) -> None:
        """Look at the divisor of each SDIV and UDIV in flash; data that look like one are idle."""
        machine = self.machine
        words = memoryview(bytes(machine.content)).cast("H")
        for index in range(len(words) - 1):
            if words[index] & 0xFFD0 == 0xFB90 and words[index + 1] & 0xF0F0 == 0xF0F0:
                at = machine.flash[0] + 2 * index
                self._divisions.add(at)
                machine.engine.hook_add(UC_HOOK_CODE, self._divides, begin=at, end=at)
        machine.engine.ctl_flush_tb()
        machine.repeat()  # the block that runs may divide too

    def _divides(self, _engine: Uc, at: int, _size: int, _user: object) -> None:
        machine = self.machine
        if not machine.interrupts.values[CCR] & DIV_0_TRP:
            return
        divisor = machine.engine.mem_read(at + 2, 1)[0] & 15
        if divisor < 13 and machine.register(f"r{divisor}") == 0:
            machine.stop("division by zero, which CCR.DIV_0_TRP makes a fault")
