# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Flash as the core writes it: a store to it stops the emulator, and is done here.

Flash is mapped read only, so that no store goes unseen; the controller (peripherals/nvmc.py) says
whether it is allowed and how long it takes, and the word becomes what was there AND what is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import capstone

from .registers import GuestFaultError

if TYPE_CHECKING:
    from .machine import Machine

MEMORY = capstone.arm.ARM_OP_MEM
IN_IT_BLOCK = 0x0600FC00
"""In xPSR: the state of an IT block."""
Store = tuple[list[tuple[int, int, int]], dict[str, int], int]
"""(address, value, bytes) of each word, base registers that change, length of the instruction."""
ALIAS = {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12"}
MULTIPLE = ("stm", "stmia", "stmea")


class Guard(Protocol):
    """The controller of flash."""

    def check_write(self, address: int, size: int) -> None:
        """Raise a `GuestFaultError` where a store is not allowed."""

    def wrote(self, words: int) -> None:
        """So many words were stored."""


class Flash:
    """Its content lives in the emulator; changes come through here.

    Attributes:
        guard: the controller; without one, nothing can be written.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.guard: Guard | None = None
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, mode)
        self._decoder.detail = True

    def holds(self, address: int) -> bool:
        """Whether it is an address of flash."""
        begin, size = self.machine.flash
        return begin <= address < begin + size

    def runs(self) -> bool:
        """Whether the code that runs lies in flash, and so waits while flash is busy."""
        return self.holds(self.machine.hook.block)

    def change(self, address: int, data: bytes) -> None:
        """New content; code that was there is translated and priced anew."""
        machine = self.machine
        machine.engine.mem_write(address, data)
        machine.engine.ctl_remove_cache(address, address + len(data))
        offset = address - machine.flash[0]
        machine.content[offset : offset + len(data)] = data
        machine.code.forget(address, len(data))
        machine.traps.code = []  # the image no longer tells where code lies

    def store(self) -> None:
        """The store at the program counter, which the emulator refused; the core goes on behind it.

        Raises:
            GuestFaultError: the controller does not allow it, or no such store is modelled.
        """
        machine = self.machine
        at = machine.register("pc") & ~1
        moment = machine.code.moment_at(at)
        machine.hook.now = machine.hook.begun = moment
        words, written_back, size = self._decode(at)
        if self.guard is None:
            raise GuestFaultError(f"a write to flash at {words[0][0]:#010x}")
        self.guard.check_write(words[0][0], sum(size for _, _, size in words))
        for address, value, _ in words:
            before = machine.word(address)
            self.change(address, (before & value).to_bytes(4, "little"))
        for name, value in written_back.items():
            machine.set_register(ALIAS.get(name, name), value)
        machine.go(at + size, 0)
        self.guard.wrote(len(words))

    def _decode(self, at: int) -> Store:
        machine = self.machine
        code = bytes(machine.engine.mem_read(at, 4))
        instruction = next(self._decoder.disasm(code, at))
        name = instruction.mnemonic.removesuffix(".w")
        registers = machine.alias
        operands = instruction.operands
        if name in MULTIPLE and not machine.special("xpsr") & IN_IT_BLOCK:
            base = instruction.reg_name(operands[0].reg)
            begin = registers(base)
            values = [registers(instruction.reg_name(item.reg)) for item in operands[1:]]
            words = [(begin + 4 * i, value, 4) for i, value in enumerate(values)]
            new_base = {base: begin + 4 * len(values)} if instruction.writeback else {}
            return words, new_base, instruction.size
        if name not in ("str", "strh", "strb", "strd") or machine.special("xpsr") & IN_IT_BLOCK:
            raise GuestFaultError(
                f"flash written by {instruction.mnemonic} {instruction.op_str} at {at:#010x}; the "
                "virtual board knows STR, STRD and STM there, outside of IT blocks"
            )
        return self._single(instruction)

    def _single(self, instruction: Any) -> Store:
        """STR, STRH, STRB, STRD."""
        registers = self.machine.alias
        operands = instruction.operands
        place = next(i for i, item in enumerate(operands) if item.type == MEMORY)
        memory = operands[place].mem
        base = instruction.reg_name(memory.base)
        offset = memory.disp
        if memory.index:
            shift = operands[place].shift.value
            offset += registers(instruction.reg_name(memory.index)) << shift
        after = operands[place + 1].imm if place + 1 < len(operands) else 0
        address = registers(base) + offset & 0xFFFFFFFF
        width = {"strh": 2, "strb": 1}.get(instruction.mnemonic.removesuffix(".w"), 4)
        words = [
            (address + 4 * i, registers(instruction.reg_name(item.reg)), width)
            for i, item in enumerate(operands[:place])
        ]
        new_base = {base: address + after & 0xFFFFFFFF} if instruction.writeback else {}
        return words, new_base, instruction.size
