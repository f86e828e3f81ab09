# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The emulated core's registers, one or several at a call.

Unicorn's own Python interface looks at each register's kind first, which takes four times as long;
of registers with up to 64 bits that is not needed, and a virtual board reads them at each access to
a peripheral.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import unicorn
from unicorn.unicorn_py3.unicorn import uclib


def _check(status: int) -> None:
    if status != unicorn.UC_ERR_OK:
        raise unicorn.UcError(status)


class CoreRegisters:
    """Registers by Unicorn's numbers."""

    def __init__(self, engine: unicorn.Uc) -> None:
        self._handle = engine._uch
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)
        self._read, self._write = uclib.uc_reg_read, uclib.uc_reg_write

    def read(self, number: int) -> int:
        """One register."""
        self._value.value = 0
        _check(self._read(self._handle, number, self._pointer))
        return self._value.value

    def write(self, number: int, value: int) -> None:
        """One register."""
        self._value.value = value
        _check(self._write(self._handle, number, self._pointer))


class RegisterGroup:
    """Registers that are read and written together, by Unicorn's numbers."""

    def __init__(self, engine: unicorn.Uc, numbers: Sequence[int]) -> None:
        self._handle = engine._uch
        self._count = count = len(numbers)
        self._numbers = (ctypes.c_int * count)(*numbers)
        self._values = (ctypes.c_uint64 * count)()
        begin = ctypes.addressof(self._values)
        self._places = (ctypes.c_void_p * count)(*range(begin, begin + 8 * count, 8))

    def read(self) -> list[int]:
        """In the order of the numbers."""
        status = uclib.uc_reg_read_batch(self._handle, self._numbers, self._places, self._count)
        _check(status)
        return list(self._values)

    def write(self, values: Sequence[int]) -> None:
        """In the order of the numbers."""
        self._values[:] = list(values)
        status = uclib.uc_reg_write_batch(self._handle, self._numbers, self._places, self._count)
        _check(status)
