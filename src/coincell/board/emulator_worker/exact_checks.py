# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Misaligned loads and stores that cannot be seen at the begin or end of their block.

Those inside an IT block run or not as the flags say; of others the base is set and overwritten in
the same block. The emulator calls block_hook.c at each of these instructions, in flash only: what
lies in RAM may change unseen.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import unicorn
from unicorn.unicorn_py3.unicorn import uclib

from .block_hook import AlignedAccess

if TYPE_CHECKING:
    from .cortex_m4 import Instruction
    from .machine import Machine


class ExactChecks:
    """Which instructions are watched one by one."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._handles: dict[int, tuple[ctypes.c_size_t, AlignedAccess]] = {}
        self._wanted: list[tuple[Instruction, int]] = []
        self._range = (0, 0)

    def want(self, instructions: list[Instruction], registers: list[int], block: range) -> None:
        """Watch each of `instructions`, whose base is the register beside it.

        Code that was translated knows nothing of it: the hook on blocks stops before `block` runs.
        """
        flash = self.machine.writable
        found = zip(instructions, registers, strict=True)
        new = [item for item in found if item[0].address not in self._handles]
        if new and flash.holds(block.start):
            self._wanted, self._range = new, (block.start, block.stop)
            self.machine.hook.again = 1

    def install(self) -> None:
        """What was wanted; between blocks."""
        engine, hook = self.machine.engine, self.machine.hook
        for instruction, register in self._wanted:
            watched = AlignedAccess(ctypes.pointer(hook), register, instruction.condition)
            handle = ctypes.c_size_t()
            status = uclib.uc_hook_add(
                engine._uch,
                ctypes.byref(handle),
                unicorn.UC_HOOK_CODE,
                self.machine.function("coincell_on_aligned"),
                ctypes.byref(watched),
                ctypes.c_uint64(instruction.address),
                ctypes.c_uint64(instruction.address),
            )
            if status != unicorn.UC_ERR_OK:
                raise unicorn.UcError(status)
            self._handles[instruction.address] = handle, watched
        self._wanted = []
        engine.ctl_remove_cache(*self._range)

    def forget(self, address: int, size: int) -> None:
        """The code there has changed."""
        for at in [at for at in self._handles if address - 4 < at < address + size]:
            handle, _ = self._handles.pop(at)
            uclib.uc_hook_del(self.machine.engine._uch, handle)
