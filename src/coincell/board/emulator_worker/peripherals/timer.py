# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""TIMER0 to TIMER4 of the nRF52840 (product specification, section 6.30), exact to the cycle.

Components: "timer0" to "timer4", off or on. A running timer keeps the 16 MHz clock on.
"""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral
from ..schedule import Event

CAPTURE, COMPARE, CC = 0x040, 0x140, 0x540
MODE, BITMODE, PRESCALER = 0x504, 0x508, 0x510
BITS = (16, 8, 24, 32)
CORE_CYCLES = 4
"""Of 64 MHz, in one of the timers' 16 MHz."""
MAX_PRESCALER = 9
INSTANCES = ((0x40008000, 4), (0x40009000, 4), (0x4000A000, 4), (0x4001A000, 6), (0x4001B000, 6))
"""Base address, and how many registers of comparison."""


class Timer(Peripheral):
    """A counter of up to 32 bits; each comparison is an event when the counter comes to its value.

    The value after `_since` follows from the time; only comparisons are scheduled.
    """

    def __init__(self, machine: Machine, number: int) -> None:
        base, self.channels = INSTANCES[number]
        channels = range(self.channels)
        plain = dict.fromkeys((self.SHORTS, MODE, BITMODE), 0) | {PRESCALER: 4}
        plain |= {CC + 4 * n: 0 for n in channels}
        events = [COMPARE + 4 * n for n in channels]
        super().__init__(machine, f"TIMER{number}", base, plain, events)
        self.component = f"timer{number}"
        self.tasks |= {
            0x000: self._start,
            0x004: self._stop,
            0x008: self._count,
            0x00C: self._clear,
            0x010: self._shut_down,
        }
        self.tasks |= {CAPTURE + 4 * n: partial(self._capture, CC + 4 * n) for n in channels}
        self._forget()

    def _forget(self) -> None:
        self._running = False
        self._value, self._since = 0, 0
        self._due: list[Event] = []

    def reset(self) -> None:
        """As after power on: stopped, at zero."""
        super().reset()
        self._forget()
        self.machine.activity.set(self.component, "off")

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; comparisons may move."""
        if offset in (MODE, BITMODE, PRESCALER) and self._running:
            raise GuestFaultError(
                f"{self.name}'s mode, width or prescaler is changed while it runs, which the "
                "product specification does not allow"
            )
        if offset == PRESCALER and value > MAX_PRESCALER:
            raise GuestFaultError(f"{self.name}.PRESCALER = {value}; 0 to {MAX_PRESCALER} is known")
        super().write(offset, size, value)
        if CC <= offset < CC + 4 * self.channels:
            self._plan()

    @property
    def _mask(self) -> int:
        return (1 << BITS[self.values[BITMODE] & 3]) - 1

    @property
    def _period(self) -> int:
        return CORE_CYCLES << self.values[PRESCALER]

    @property
    def _ticking(self) -> bool:
        return self._running and not self.values[MODE] & 3

    def counter(self) -> int:
        """What it has counted up to now."""
        if not self._ticking:
            return self._value
        return self._value + (self.machine.now - self._since) // self._period & self._mask

    def _start(self, value: int) -> None:
        if value & 1 and not self._running:
            self._running, self._since = True, self.machine.now
            self.machine.activity.set(self.component, "on")
            self._plan()

    def _stop(self, value: int) -> None:
        if value & 1:
            self._value, self._running = self.counter(), False
            self.machine.activity.set(self.component, "off")
            self._plan()

    def _shut_down(self, value: int) -> None:
        self._stop(value)
        self._clear(value)

    def _clear(self, value: int) -> None:
        if value & 1:
            self._value, self._since = 0, self.machine.now
            self._plan()

    def _count(self, value: int) -> None:
        if value & 1 and self._running and self.values[MODE] & 3:
            self._value = self._value + 1 & self._mask
            for channel in range(self.channels):
                if self.values[CC + 4 * channel] & self._mask == self._value:
                    self._compared(channel)

    def _capture(self, register: int, value: int) -> None:
        if value & 1:
            self.values[register] = self.counter()
            self._plan()

    def _plan(self) -> None:
        """Schedule the next time that each comparison comes true."""
        for event in self._due:
            event.cancel()
        self._due = []
        if not self._ticking:
            return
        counted = (self.machine.now - self._since) // self._period
        for channel in range(self.channels):
            target = self.values[CC + 4 * channel] & self._mask
            ahead = target - self._value - counted & self._mask
            moment = self._since + (counted + (ahead or self._mask + 1)) * self._period
            self._due.append(self.machine.schedule.at(moment, partial(self._compared, channel)))

    def _compared(self, channel: int) -> None:
        shorts = self.values[self.SHORTS]
        if shorts >> channel & 1:
            self._value, self._since = 0, self.machine.now
        if shorts >> channel + 8 & 1:
            self._stop(1)
        self.event(COMPARE + 4 * channel)
        self._plan()
