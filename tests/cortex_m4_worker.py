# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""A Cortex-M4 that calls one function of a program, for tests; a process of its own.

Unicorn is GPL; this file imports nothing of Coincell. Reads from standard input a line of JSON,

    {"elf": path, "samples": address, "features": address, "size": bytes,
     "window_bytes": bytes of one window, "calls": [function addresses]}

then windows of samples. For each window and each function it answers `size` bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm_const

FLASH, RAM, RAM_BYTES = 0x0, 0x20000000, 0x40000
STOP = 0xF0000


def main() -> None:
    """Answer until the input ends."""
    order = json.loads(sys.stdin.buffer.readline())
    core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
    core.mem_map(FLASH, 0x100000)
    core.mem_map(RAM, RAM_BYTES)
    with Path(order["elf"]).open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            core.mem_write(segment["p_paddr"], segment.data())
    while window := sys.stdin.buffer.read(order["window_bytes"]):
        core.mem_write(order["samples"], window)
        for function in order["calls"]:
            core.reg_write(arm_const.UC_ARM_REG_SP, RAM + RAM_BYTES)
            core.reg_write(arm_const.UC_ARM_REG_LR, STOP | 1)
            core.reg_write(arm_const.UC_ARM_REG_R0, order["samples"])
            core.reg_write(arm_const.UC_ARM_REG_R1, order["features"])
            core.emu_start(function | 1, STOP)
            sys.stdout.buffer.write(core.mem_read(order["features"], order["size"]))


if __name__ == "__main__":
    main()
