# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What the emulator calls cores, registers, accesses; and the instructions that end in sleep."""

from __future__ import annotations

import unicorn
from unicorn import arm_const as arm

CORES = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4f": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7f": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33f": arm.UC_CPU_ARM_CORTEX_M33,
}
REGISTERS = {f"r{i}": getattr(arm, f"UC_ARM_REG_R{i}") for i in range(13)} | {
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
}
# Capstone's other names.
ALIASES = REGISTERS | {"sb": REGISTERS["r9"], "sl": REGISTERS["r10"], "fp": REGISTERS["r11"]}
ALIASES |= {"ip": REGISTERS["r12"]}
SPECIAL = {
    "xpsr": arm.UC_ARM_REG_XPSR,
    "control": arm.UC_ARM_REG_CONTROL,
    "primask": arm.UC_ARM_REG_PRIMASK,
    "basepri": arm.UC_ARM_REG_BASEPRI,
    "faultmask": arm.UC_ARM_REG_FAULTMASK,
    "fpscr": arm.UC_ARM_REG_FPSCR,
    "msp": arm.UC_ARM_REG_MSP,
    "psp": arm.UC_ARM_REG_PSP,
}
MASKS = ("basepri", "primask", "faultmask")
STACKED = ("r0", "r1", "r2", "r3", "r12", "lr", "pc")
FPU_STACKED = [getattr(arm, f"UC_ARM_REG_S{i}") for i in range(16)]

LONGEST_BLOCK = 4096
"""Bytes of code; the emulator's are shorter."""

WAIT_FOR_INTERRUPT = (b"\x30\xbf", b"\xaf\xf3\x03\x80")
WAIT_FOR_EVENT = (b"\x20\xbf", b"\xaf\xf3\x02\x80")
SEND_EVENT = (b"\x40\xbf", b"\xaf\xf3\x04\x80")
SUPERVISOR_CALL, DATA_ABORT, BREAKPOINT, EXCEPTION_EXIT = 2, 4, 7, 8
VERBS = {
    unicorn.UC_MEM_READ_UNMAPPED: "{}-byte read from",
    unicorn.UC_MEM_WRITE_UNMAPPED: "{}-byte write to",
    unicorn.UC_MEM_FETCH_UNMAPPED: "jump to",
    unicorn.UC_MEM_WRITE_PROT: "{}-byte write to flash at",
    unicorn.UC_MEM_READ_PROT: "{}-byte read from",
    unicorn.UC_MEM_FETCH_PROT: "jump to",
}
