# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The guest's code as the cycle model sees it: what a block costs, and where in it the core is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .block_hook import SETS_EVENT, code_region
from .core import ALIASES, LONGEST_BLOCK, SEND_EVENT
from .cortex_m4 import CortexM4, Instruction, UnknownInstructionError

if TYPE_CHECKING:
    from .machine import Machine


WORD_BYTES = 4


class Touch(NamedTuple):
    """A load or store as `Access` has it, by the emulator's registers.

    `bytes` are those it moves, `cycles` those from the block's begin to its end.
    """

    base: int
    displacement: int
    offset: int | None
    shift: int
    bytes: int
    cycles: int


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
        self._touching: dict[tuple[int, int], list[Touch]] = {}
        self.clear()

    def clear(self) -> None:
        """No block runs."""
        self._matched, self._after = -1, 0

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
        checked = traps.plan_checks(address, instructions, address + size)
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

    def holding(self, address: int) -> list[Instruction]:
        """The instructions of a block that has run and holds `address`."""
        blocks = self._blocks.items()
        return next((b for (begin, size), b in blocks if begin <= address < begin + size), [])

    def forget(self, address: int, size: int) -> None:
        """What lies there has changed: its blocks are looked at anew."""
        end = address + size
        self.machine.traps.exact.forget(address, size)
        known = [key for key in self._blocks if key[0] < end and address < key[0] + key[1]]
        for key in known:
            del self._blocks[key]
            self._touching.pop(key, None)
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
        """When the instruction that accesses the register at `address` now does so.

        Unicorn tells only the block, but its registers hold what they hold at the instruction. The
        accesses of one run of a block come in its order.
        """
        hook, read = self.machine.hook, self.machine.core.read
        touches, begun = self._touches(hook.block, hook.size), hook.begun
        for index in range(self._after if self._matched == begun else 0, len(touches)):
            touch = touches[index]
            begin = read(touch.base) + touch.displacement
            if touch.offset is not None:
                begin += read(touch.offset) << touch.shift
            if (address - begin) & 0xFFFFFFFF < touch.bytes:
                again = touch.bytes > WORD_BYTES
                self._matched, self._after = begun, index if again else index + 1
                # The access happens in the last cycle of its instruction.
                return int(begun) + touch.cycles - 1
        return int(hook.now)

    def _touches(self, address: int, size: int) -> list[Touch]:
        """The loads and stores of a block."""
        key = (address, size)
        if key not in self._touching:
            instructions = self.decoded(address, size)
            self._touching[key] = [
                Touch(
                    ALIASES[access.base],
                    access.displacement,
                    ALIASES[access.offset] if access.offset else None,
                    access.shift,
                    WORD_BYTES * instruction.words,
                    self.cycles_to(instructions, index),
                )
                for index, instruction in enumerate(instructions)
                if (access := instruction.access) is not None and access.base != "pc"
            ]
        return self._touching[key]
