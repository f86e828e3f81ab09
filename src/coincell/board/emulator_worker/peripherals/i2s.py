# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""I2S of the nRF52840 (product specification, section 6.11), as the source of a master clock.

Components: "i2s", off or on. Sound over it is not modelled.
"""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral

START, STOP, STOPPED = 0x000, 0x004, 0x108
ENABLE, MODE, RXEN, TXEN, MCKEN, MCKFREQ = 0x500, 0x504, 0x508, 0x50C, 0x510, 0x514
PSEL_MCK, DISCONNECTED = 0x560, 0xFFFFFFFF
DIVIDERS = {0x80000000: 2, 0x50000000: 3, 0x40000000: 4, 0x30000000: 5, 0x28000000: 6}
DIVIDERS |= {0x20000000: 8, 0x18000000: 10, 0x16000000: 11, 0x11000000: 15, 0x10000000: 16}
"""MCKFREQ's value -> what the 32 MHz are divided by."""


class I2s(Peripheral):
    """`listeners`: pin -> called with the clock's frequency there, 0 when it stops."""

    def __init__(self, machine: Machine) -> None:
        plain = {ENABLE: 0, MODE: 0, RXEN: 0, TXEN: 0, MCKEN: 1, MCKFREQ: 0x20000000}
        plain |= dict.fromkeys(range(PSEL_MCK, PSEL_MCK + 20, 4), DISCONNECTED)
        super().__init__(machine, "I2S", 0x40025000, plain, (STOPPED,))
        self.tasks |= {START: self._start, STOP: self._stop}
        self.listeners: dict[int, Callable[[int], None]] = {}
        self._pin = DISCONNECTED

    def reset(self) -> None:
        """As after power on: no clock."""
        super().reset()
        self._silence()

    def _silence(self) -> None:
        self.machine.activity.set("i2s", "off")
        pin, self._pin = self._pin, DISCONNECTED
        if pin in self.listeners:
            self.listeners[pin](0)

    def _start(self, value: int) -> None:
        if not value & 1:
            return
        if not self.values[ENABLE] & 1 or self.values[RXEN] & 1 or self.values[TXEN] & 1:
            raise GuestFaultError("I2S is started other than enabled and for its clock alone")
        divider = DIVIDERS.get(self.values[MCKFREQ])
        if divider is None:
            raise GuestFaultError(f"MCKFREQ of I2S is {self.values[MCKFREQ]:#010x}")
        self.machine.activity.set("i2s", "on")
        if self.values[MCKEN] & 1:
            self._pin = self.values[PSEL_MCK]
            if self._pin in self.listeners:
                self.listeners[self._pin](32_000_000 // divider)

    def _stop(self, value: int) -> None:
        if value & 1:
            self._silence()
            self.event(STOPPED)
