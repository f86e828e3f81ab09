# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The guest's code as the cycle model sees it: what a block costs, and where in it the core is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .block_hook import SETS_EVENT, code_region
from .core import ALIASES, LONGEST_BLOCK, SEND_EVENT
from .cortex_m4 import CortexM4, Instruction, UnknownInstructionError

if TYPE_CHECKING:
    from .machine import Machine


class Code:
    """Blocks of code by address and size, decoded once.

    Attributes:
        model: of the cycles.
        regions: what the hook on blocks keeps of flash and of RAM.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.model = CortexM4()
        self.regions = [code_region(*machine.flash), code_region(*machine.ram)]
        self._blocks: dict[tuple[int, int], list[Instruction]] = {}
        self._matched = (-1, 0)

    def clear(self) -> None:
        """No block runs."""
        self._matched = (-1, 0)

    def price(self, address: int, size: int) -> int:
        """Cycles of a block, waits for literals included, when it falls through.

        With what the hook should do at it beside, as block_hook.c says.
        """
        traps = self.machine.traps
        traps.check_place(address)
        instructions = self.decoded(address, size)
        if not instructions:
            return size // 2
        cycles = self.cycles_to(instructions, len(instructions) - 1)
        code = bytes(self.machine.engine.mem_read(address, size))
        sets_event = any(
            code.startswith(SEND_EVENT, item.address - address) for item in instructions
        )
        checked = traps.plan_checks(address, instructions)
        return min(cycles, 0xFFFF) | (SETS_EVENT if sets_event else 0) | checked

    def cycles_to(self, instructions: list[Instruction], last: int) -> int:
        """Up to the end of instruction `last`."""
        literals = sum(item.words for item in instructions[: last + 1] if item.literal)
        return instructions[last].cycles + self.machine.flash_wait * literals

    def decoded(self, address: int, size: int) -> list[Instruction]:
        """The instructions of a block; none where the model knows one of them not."""
        key = (address, size)
        if key not in self._blocks:
            code = bytes(self.machine.engine.mem_read(address, size))
            try:
                self._blocks[key] = self.model.decode(code, address)
            except UnknownInstructionError:
                self._blocks[key] = []
        return self._blocks[key]

    def block_at(self, address: int) -> list[Instruction]:
        """The instructions of a block that has run, or was about to."""
        found = [block for (begin, _), block in self._blocks.items() if begin == address]
        return found[-1] if found else []

    def forget(self, address: int, size: int) -> None:
        """What lies there has changed: its blocks are looked at anew."""
        end = address + size
        known = [key for key in self._blocks if key[0] < end and address < key[0] + key[1]]
        for key in known:
            del self._blocks[key]
        first = (address - self.machine.flash[0]) // 2
        for index in range(max(first - LONGEST_BLOCK // 2, 0), first + size // 2):
            self.regions[0].times[index].size = 0

    def moment_at(self, address: int) -> int:
        """When the instruction at `address` of the block that runs is done."""
        hook = self.machine.hook
        for index, instruction in enumerate(instructions := self.decoded(hook.block, hook.size)):
            if instruction.address == address:
                return int(hook.begun) + self.cycles_to(instructions, index)
        return int(hook.now)

    def moment_of(self, address: int) -> int:
        """When the instruction that accesses the register at `address` now does so."""
        hook = self.machine.hook
        found = self._accessing(address)
        if found is None:
            return int(hook.now)
        # The access happens in the last cycle of its instruction.
        return int(hook.begun) + self.cycles_to(*found) - 1

    def _accessing(self, address: int) -> tuple[list[Instruction], int] | None:
        """The block that runs, and which of its instructions touches `address`.

        Unicorn tells only the block, but its registers hold what they hold at the instruction. The
        accesses of one run of a block come in its order.
        """
        hook = self.machine.hook
        instructions = self.decoded(hook.block, hook.size)
        begun, after = self._matched
        first = after if begun == hook.begun else 0
        for index in range(first, len(instructions)):
            if self._touches(instructions[index], address):
                again = instructions[index].words > 1
                self._matched = (hook.begun, index if again else index + 1)
                return instructions, index
        return None

    def _touches(self, instruction: Instruction, address: int) -> bool:
        access = instruction.access
        if access is None or access.base == "pc":
            return False
        engine = self.machine.engine
        begin = engine.reg_read(ALIASES[access.base]) + access.displacement
        if access.offset:
            begin += engine.reg_read(ALIASES[access.offset]) << access.shift
        return bool((address - begin) & 0xFFFFFFFF < 4 * instruction.words)
