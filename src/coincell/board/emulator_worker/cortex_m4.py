# SPDX-License-Identifier: Apache-2.0
"""The Cortex-M4 cycle model at zero wait states, one basic block of code at a time.

The rules are those of the core's public timing tables (Arm DDI 0439, "Instruction set summary" and
"Load/store timings"), applied within a block; what a block does to the next is neglected, save for
the refill of the pipeline when it is left by a jump:

- arithmetic, multiplication (SMLAD and its kin included), moves, IT, compare: 1
- division: 7 of 2 to 12; VMLA and VFMA families: 3; VDIV and VSQRT: 14
- load: 2, or 1 straight after a single load whose result is not in its address
- store: 1; with a register in the offset 2, or 1 straight after such a load
- LDRD, STRD: 3; LDM, STM, PUSH, POP and the VFP's: 1 + registers; VLDR, VSTR: 2, of doubles 3
- 1 more where an address uses what a data-processing instruction straight before has written
- table branch: 3; and any jump taken: 2 more

A conditional instruction inside an IT block costs as if its condition held.

It needs capstone, and nothing of Coincell: both the worker and Coincell itself import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

TAKEN_CYCLES = 2
"""Refill of the pipeline after a jump."""

_DIVIDE_CYCLES = 7
_SLOW = dict.fromkeys(("vdiv", "vsqrt"), 14) | dict.fromkeys(
    ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"), 3
)
_SLOW |= {"sdiv": _DIVIDE_CYCLES, "udiv": _DIVIDE_CYCLES, "tbb": 3, "tbh": 3}
_LOADS = {"ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrt", "ldrbt", "ldrht", "ldrex", "ldrexb"}
_STORES = {"str", "strb", "strh", "strt", "strbt", "strht", "strex", "strexb"}
_PAIRS = {"ldrd", "strd"}
_MULTIPLE_PREFIXES = ("ldm", "stm", "push", "pop", "vldm", "vstm", "vpush", "vpop")
_VFP_TRANSFERS = {"vldr", "vstr"}
_ALIGNED = ("ldrd", "strd", "ldm", "stm", "vldr", "vstr", "vldm", "vstm")
EXCLUSIVE = ("ldrex", "strex")

ALWAYS = 14
"""The condition of an instruction that has none (Arm DDI 0403, section A7.3)."""


class UnknownInstructionError(Exception):
    """Bytes that the model does not know as an instruction."""


@dataclass(frozen=True)
class BlockCost:
    """One run of a block.

    Attributes:
        instructions: exact.
        cycles: when it is left to the address behind it; a jump adds `TAKEN_CYCLES`.
        literal_loads: words loaded relative to the program counter: from flash, where code is.
    """

    instructions: int
    cycles: int
    literal_loads: int


@dataclass(frozen=True)
class Access:
    """The address that a load or store uses: base + (offset << shift) + displacement.

    Attributes:
        base, offset: names of registers as capstone has them; no offset: "".
        shift: bits that the offset is moved left.
        displacement: bytes; 0 where it is added only afterwards.
    """

    base: str
    offset: str
    shift: int
    displacement: int


@dataclass(frozen=True)
class Instruction:
    """What the model looks at.

    Attributes:
        address, size: where it lies, in bytes.
        name: of the instruction, such as "ldr".
        address_registers, written: registers, by capstone's numbers.
        offset_register: whether a register is in the offset of the address.
        literal: whether it loads relative to the program counter.
        words: how many a load or store moves.
        access: of a load or store.
        aligned: whether it faults unless its address is a multiple of 4.
        condition: under which it runs, as it is encoded; 14 for always.
        writes_back: whether it moves its base.
        cycles: from the block's begin to its end.
    """

    address: int
    size: int
    name: str
    address_registers: frozenset[int]
    written: frozenset[int]
    offset_register: bool
    literal: bool
    words: int
    access: Access | None
    aligned: bool = False
    condition: int = ALWAYS
    writes_back: bool = False
    cycles: int = 0


class CortexM4:
    """Costs of blocks of Thumb code.

    Raises:
        ImportError: the package capstone is not installed.
    """

    def __init__(self) -> None:
        import capstone

        self._capstone = capstone
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, mode)
        self._decoder.detail = True

    def register_name(self, number: int) -> str:
        """Of capstone's register `number`."""
        return str(self._decoder.reg_name(number))

    def block_cost(self, code: bytes, address: int) -> BlockCost:
        """Of the block `code`, which lies at `address`.

        Raises:
            UnknownInstructionError: it holds something that is no instruction.
        """
        instructions = self.decode(code, address)
        return BlockCost(
            instructions=len(instructions),
            cycles=instructions[-1].cycles if instructions else 0,
            literal_loads=sum(item.words for item in instructions if item.literal),
        )

    def decode(self, code: bytes, address: int) -> list[Instruction]:
        """The instructions of the block, each with the cycles up to its end.

        Raises:
            UnknownInstructionError: it holds something that is no instruction.
        """
        instructions: list[Instruction] = []
        cycles = 0
        before: Instruction | None = None
        for instruction in self._decode(code, address):
            cycles += _base_cycles(instruction, before) + _address_stall(instruction, before)
            before = replace(instruction, cycles=cycles)
            instructions.append(before)
        return instructions

    def _decode(self, code: bytes, address: int) -> Iterator[Instruction]:
        end = address
        for instruction in self._decoder.disasm(code, address):
            end = instruction.address + instruction.size
            yield self._abstract(instruction)
        if end != address + len(code):
            raise UnknownInstructionError(
                f"The code at {end:#010x} is no instruction that the cycle model knows: "
                f"{code[end - address : end - address + 4].hex(' ')}."
            )

    def _abstract(self, instruction: Any) -> Instruction:
        arm = self._capstone.arm
        name = self._decoder.insn_name(instruction.id)
        registers: set[int] = set()
        offset_register = literal = False
        access: Access | None = None
        for operand in instruction.operands:
            if operand.type == arm.ARM_OP_MEM:
                registers |= {operand.mem.base, operand.mem.index} - {0}
                offset_register = operand.mem.index != 0
                literal = operand.mem.base == arm.ARM_REG_PC
                access = self._access(operand.mem, operand.shift.value)
        listed = [operand.reg for operand in instruction.operands if operand.type == arm.ARM_OP_REG]
        if name.startswith(_MULTIPLE_PREFIXES):
            stack = name in ("push", "pop", "vpush", "vpop")
            base = arm.ARM_REG_SP if stack else listed.pop(0)
            registers = {base}
            access = Access(self._decoder.reg_name(base), "", 0, 0)
        _, written = instruction.regs_access()
        return Instruction(
            address=instruction.address,
            size=instruction.size,
            name=name,
            address_registers=frozenset(registers),
            written=frozenset(written),
            offset_register=offset_register,
            literal=literal and name in _LOADS | _PAIRS | _VFP_TRANSFERS | {"tbb", "tbh"},
            words=_words(name, listed, arm),
            access=access,
            aligned=name.startswith(_ALIGNED) or name in EXCLUSIVE,
            condition=instruction.cc - arm.ARM_CC_EQ if instruction.cc else ALWAYS,
            writes_back=instruction.writeback,
        )

    def _access(self, memory: Any, shift: int) -> Access:
        return Access(
            base=self._decoder.reg_name(memory.base),
            offset=self._decoder.reg_name(memory.index) if memory.index else "",
            shift=shift if memory.index else 0,
            displacement=memory.disp,
        )


def _words(name: str, listed: list[int], arm: Any) -> int:
    """How many words a load or store moves."""
    first, last = int(arm.ARM_REG_D0), int(arm.ARM_REG_D31)
    doubles = sum(first <= register <= last for register in listed)
    if name.startswith(_MULTIPLE_PREFIXES):
        return len(listed) + doubles
    if name in _VFP_TRANSFERS:
        return 1 + doubles
    return 2 if name in _PAIRS else 1


def _base_cycles(instruction: Instruction, before: Instruction | None) -> int:
    name = instruction.name
    if name in _LOADS:
        return 1 if _pipelined(instruction, before) else 2
    if name in _STORES:
        return 2 if instruction.offset_register and not _pipelined(instruction, before) else 1
    if name in _PAIRS or name in _VFP_TRANSFERS or name.startswith(_MULTIPLE_PREFIXES):
        return 1 + instruction.words
    return _SLOW.get(name, 1)


def _pipelined(instruction: Instruction, before: Instruction | None) -> bool:
    """Whether a load or store overlaps with the load straight before it."""
    if before is None or before.name not in _LOADS:
        return False
    return not (before.written - before.address_registers) & instruction.address_registers


def _address_stall(instruction: Instruction, before: Instruction | None) -> int:
    """1 where the address waits for a result of the data-processing instruction before."""
    if before is None or before.address_registers:
        return 0
    return 1 if before.written & instruction.address_registers else 0
