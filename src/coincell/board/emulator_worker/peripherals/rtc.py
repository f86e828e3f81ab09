# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""RTC0 to RTC2 of the nRF52840 (product specification, section 6.22), at 32.768 kHz.

They stand still while the low-frequency clock does. Components: "rtc0" to "rtc2", off or on.
"""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral
from ..schedule import Event
from .low_clock import LowClock

TICK, OVERFLOW, COMPARE, CC = 0x100, 0x104, 0x140, 0x540
EVTEN, EVTENSET, EVTENCLR, COUNTER, PRESCALER = 0x340, 0x344, 0x348, 0x504, 0x508
MASK = 0xFFFFFF
BEFORE_OVERFLOW = 0xFFFFF0
INSTANCES = ((0x4000B000, 3), (0x40011000, 4), (0x40024000, 4))
"""Base address, and how many registers of comparison."""


class Rtc(Peripheral):
    """A 24-bit counter. An event happens only where INTEN or EVTEN enables it.

    A comparison with the next value, written while the counter runs, is missed: the specification
    promises an event only from the value after next on, so what works here works on the chip.
    """

    def __init__(self, machine: Machine, number: int, clock: LowClock) -> None:
        base, self.channels = INSTANCES[number]
        plain = dict.fromkeys((EVTEN, PRESCALER), 0)
        plain |= {CC + 4 * n: 0 for n in range(self.channels)}
        events = [TICK, OVERFLOW, *(COMPARE + 4 * n for n in range(self.channels))]
        super().__init__(machine, f"RTC{number}", base, plain, events)
        self.component = f"rtc{number}"
        self.clock = clock
        clock.changed.append(self._clock_changed)
        self.set_and_clear(EVTEN, EVTENSET, EVTENCLR, self._plan)
        self.set_and_clear(self.INTEN, self.INTENSET, self.INTENCLR, self._enabled_changed)
        self.readers[COUNTER] = self.counter
        self.tasks |= {
            0x000: self._start,
            0x004: self._stop,
            0x008: partial(self._set, 0),
            0x00C: partial(self._set, BEFORE_OVERFLOW),
        }
        self._forget()

    def _forget(self) -> None:
        self.running = False
        self._value, self._since = 0, 0  # the counter, and the clock's edges when it held that
        self._due: list[Event] = []
        self._missed: set[int] = set()

    def reset(self) -> None:
        """As after power on: stopped, at zero."""
        super().reset()
        self._forget()
        self.machine.activity.set(self.component, "off")

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; comparisons may move."""
        if offset == PRESCALER and self.running:
            raise GuestFaultError(f"{self.name}.PRESCALER is written while the counter runs")
        super().write(offset, size, value & 0xFFF if offset == PRESCALER else value)
        if CC <= offset < CC + 4 * self.channels:
            channel = (offset - CC) // 4
            self._missed.discard(channel)
            if self.running and (value - self.counter()) & MASK == 1:
                self._missed.add(channel)
            self._plan()

    @property
    def _edges_a_count(self) -> int:
        return self.values[PRESCALER] + 1

    def _counted(self) -> int:
        return (self.clock.edges() - self._since) // self._edges_a_count if self.running else 0

    def counter(self) -> int:
        """What it has counted up to now."""
        return self._value + self._counted() & MASK

    def _enabled_changed(self) -> None:
        self.update_interrupt()
        self._plan()

    def _clock_changed(self) -> None:
        self._plan()

    def _start(self, value: int) -> None:
        if value & 1 and not self.running:
            self.running, self._since = True, self.clock.edges()
            self.machine.activity.set(self.component, "on")
            self._plan()

    def _stop(self, value: int) -> None:
        if value & 1:
            self._value, self.running = self.counter(), False
            self.machine.activity.set(self.component, "off")
            self._plan()

    def _set(self, counter: int, value: int) -> None:
        if value & 1:
            self._value, self._since = counter, self.clock.edges()
            self._plan()

    def _plan(self) -> None:
        """Schedule the next event of each kind that is enabled."""
        for event in self._due:
            event.cancel()
        self._due = []
        if not self.running or not self.clock.running:
            return
        wanted = self.values[EVTEN] | self.values[self.INTEN]
        counted = self._counted()
        for offset in self.events:
            if not wanted >> (offset - 0x100) // 4 & 1:
                continue
            if offset == TICK:
                ahead = 1
            else:
                compared = offset >= COMPARE
                target = self.values[CC + offset - COMPARE] if compared else 0
                ahead = (target - self._value - counted & MASK) or MASK + 1
                if compared and ahead == 1 and (offset - COMPARE) // 4 in self._missed:
                    ahead += MASK + 1
            moment = self.clock.moment(self._since + (counted + ahead) * self._edges_a_count)
            self._due.append(self.machine.schedule.at(moment, partial(self._happens, offset)))

    def _happens(self, offset: int) -> None:
        self._missed.clear()
        self.event(offset)
        self._plan()
