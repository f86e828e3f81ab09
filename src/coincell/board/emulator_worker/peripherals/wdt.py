# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The watchdog of the nRF52840 (product specification, section 6.36).

Component "wdt": off or on. It keeps the low-frequency clock on by itself.
"""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from ..registers import Peripheral
from ..resets import LOCKUP, SREQ
from ..schedule import Event
from .low_clock import CYCLES, EDGES, LowClock

TIMEOUT, RUNSTATUS, REQSTATUS = 0x100, 0x400, 0x404
CRV, RREN, CONFIG, RR = 0x504, 0x508, 0x50C, 0x600
RELOAD = 0x6E524635
RUNS_IN_SLEEP = 1
GRACE_EDGES = 2
"""From the event to the reset, if its interrupt is enabled."""


class Watchdog(Peripheral):
    """Bites unless every enabled reload register is written in time; then it begins anew.

    Once started, nothing but a bite, the reset pin or power stops it or changes its settings.
    """

    def __init__(self, machine: Machine, clock: LowClock) -> None:
        plain = {CRV: 0xFFFFFFFF, RREN: 1, CONFIG: 1}
        super().__init__(machine, "WDT", 0x40010000, plain, (TIMEOUT,))
        self.clock = clock
        self.tasks |= {0x000: self._start}
        self.tasks |= {RR + 4 * n: partial(self._reload, n) for n in range(8)}
        self.readers |= {RUNSTATUS: lambda: self.running, REQSTATUS: lambda: self._requests}
        self._forget()

    def _forget(self) -> None:
        self.running = False
        self._requests = 1
        self._reloaded = 0  # when, as `_counted`
        self._due: Event | None = None

    def reset(self) -> None:
        """As after power on: off."""
        super().reset()
        self._forget()
        self.machine.activity.set("wdt", "off")

    def reset_by(self, reason: int) -> None:
        """It goes on over a reset by the firmware."""
        if not self.running or reason & ~(SREQ | LOCKUP):
            self.reset()
            return
        self.values[TIMEOUT] = self.values[self.INTEN] = 0
        self.clock.hold()
        self._plan()

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; settings are locked while it runs."""
        if offset in (CRV, RREN, CONFIG) and self.running:
            return
        super().write(offset, size, value)

    @property
    def cycles(self) -> int:
        """From a reload to the bite."""
        return (max(self.values[CRV], 0xF) + 1) * CYCLES // EDGES

    def _counted(self) -> int:
        """Cycles that it has been counting; asleep it may stand still."""
        machine = self.machine
        return machine.now if self.values[CONFIG] & RUNS_IN_SLEEP else machine.awake

    def _start(self, value: int) -> None:
        if value & 1 and not self.running:
            self.running = True
            self._requests = self.values[RREN] & 0xFF
            self.machine.activity.set("wdt", "on")
            self.clock.hold()
            self._begin()

    def _reload(self, number: int, value: int) -> None:
        if value != RELOAD or not self.running:
            return
        self._requests &= ~(1 << number)
        if not self._requests:
            self._requests = self.values[RREN] & 0xFF
            self._begin()

    def _begin(self) -> None:
        self._reloaded = self._counted()
        self._plan()

    def _plan(self) -> None:
        """Look again when the time may be up: not before, however little the core sleeps."""
        if self._due is not None:
            self._due.cancel()
        left = self._reloaded + self.cycles - self._counted()
        self._due = self.machine.schedule.at(self.machine.now + max(left, 0), self._look)

    def _look(self) -> None:
        if self._counted() - self._reloaded < self.cycles:
            self._plan()
            return
        self.event(TIMEOUT)
        if self.enabled(TIMEOUT):
            moment = self.machine.now + GRACE_EDGES * CYCLES // EDGES
            self._due = self.machine.schedule.at(moment, self._bite)
        else:
            self._bite()

    def _bite(self) -> None:
        seconds = self.values[CRV] + 1
        self.machine.resets.bite(
            f"the watchdog bit: nobody reloaded it for {seconds / 32768:.3g} s "
            f"(WDT.CRV = {self.values[CRV]})"
        )
