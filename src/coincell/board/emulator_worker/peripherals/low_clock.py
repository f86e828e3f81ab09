# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The low-frequency clock, 32.768 kHz, that the real-time counters and the watchdog count."""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine

# 64 MHz / 32.768 kHz = 15625 / 8.
CYCLES, EDGES = 15_625, 8


class LowClock:
    """Counts its edges while it runs.

    Attributes:
        running: whether it does.
        held: the watchdog keeps it on.
        changed: is called when it starts or stops.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.changed: list[Callable[[], None]] = []
        self.reset()

    def reset(self) -> None:
        """As after power on: off."""
        self.running = self.held = False
        self._counted, self._since = 0, 0

    def edges(self) -> int:
        """How many there have been."""
        if not self.running:
            return self._counted
        return self._counted + (self.machine.now - self._since) * EDGES // CYCLES

    def moment(self, edges: int) -> int:
        """The cycle at which the clock, if it goes on, has had so many."""
        return self._since - (-(edges - self._counted) * CYCLES // EDGES)

    def hold(self) -> None:
        """The watchdog starts it, and keeps it on."""
        self.held = True
        self.switch(True)

    def release(self) -> None:
        """Nobody else needs it."""
        if not self.held:
            self.switch(False)

    def switch(self, running: bool) -> None:
        """Start or stop it."""
        if running == self.running:
            return
        self._counted, self._since = self.edges(), self.machine.now
        self.running = running
        for call in self.changed:
            call()
