# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""FICR and UICR: what the factory and the programmer wrote (product specification, 4.4 and 4.5)."""

from __future__ import annotations

from collections.abc import Sequence

from ..machine import Machine
from ..registers import GuestFaultError, Registers

DEVICE_ID = (0x636F696E, 0x63656C6C)
"""Of the virtual board: "coincell" in ASCII."""
UICR_BYTES = 0x30C
UICR_BASE = 0x10001000


class Ficr(Registers):
    """An nRF52840 in the QI package; nothing can be written."""

    def __init__(self, machine: Machine, device: Sequence[int] = DEVICE_ID) -> None:
        plain = {
            0x010: 4096,  # CODEPAGESIZE
            0x014: 256,  # CODESIZE, in pages
            0x060: device[0],
            0x064: device[1],
            0x0A0: 1,  # DEVICEADDRTYPE: random
            0x0A4: device[0],
            0x0A8: device[1] & 0xFFFF,
            0x100: 0x52840,  # INFO.PART
            0x104: 0x41414430,  # INFO.VARIANT: AAD0
            0x108: 0x2004,  # INFO.PACKAGE: QI
            0x10C: 256,  # INFO.RAM, in KiB
            0x110: 1024,  # INFO.FLASH, in KiB
        }
        super().__init__("FICR", 0x10000000, plain)
        self.machine = machine

    def write(self, offset: int, size: int, value: int) -> None:
        """It is read only."""
        del size, value
        raise GuestFaultError(f"a write to FICR at {self.base + offset:#010x}, which is read only")


class Uicr(Registers):
    """Erased; it survives resets, and is written and erased through the NVMC."""

    def __init__(self, machine: Machine) -> None:
        super().__init__("UICR", UICR_BASE, dict.fromkeys(range(0, UICR_BYTES, 4), 0xFFFFFFFF))
        self.machine = machine

    def reset(self) -> None:
        """Nothing: it is flash."""

    def erase(self) -> None:
        """All ones."""
        self.values = dict(self.reset_values)

    def write(self, offset: int, size: int, value: int) -> None:
        """Bits can be cleared while the NVMC allows writing."""
        self._check("write to", offset, size)
        guard = self.machine.writable.guard
        assert guard is not None
        guard.check_write(self.base + offset, size)
        self.values[offset] &= value
        guard.wrote(1)
