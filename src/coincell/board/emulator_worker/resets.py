# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Resets while power stays on, and System OFF: nRF52840 product specification, section 5.3.

Time and the sums of activity go on; RAM keeps its content but in System OFF.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine

# Bits of RESETREAS.
PIN, DOG, SREQ, LOCKUP, OFF = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 16

LOOP = 5
"""So many resets in a row, each within `LOOP_CYCLES` of the one before, are a boot loop."""
LOOP_CYCLES = 64_000_000
MAX_LOG = 1000
RAM_AFTER_OFF = 0xA5


class Resets:
    """Who asked for a reset, and what it leaves.

    Attributes:
        reasons: RESETREAS.
        log: of each since power on: cycle, reason, what happened and the registers at that moment.
        off: in System OFF.
        wakers: each answers the bits of RESETREAS with which it ends System OFF now, 0 for not.
        also: is called at each reset with its bit of RESETREAS, before the peripherals' own.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.wakers: list[Callable[[], int]] = []
        self.also: list[Callable[[int], None]] = []
        self.clear()

    def clear(self) -> None:
        """As after power on."""
        self.reasons = 0
        self.log: list[dict[str, Any]] = []
        self.off = False
        self._pending = 0
        self._row = 0
        self._begun = 0

    @property
    def pending(self) -> bool:
        """Whether one was asked for and has not happened."""
        return bool(self._pending)

    def request(self, reason: int, what: str) -> None:
        """Reset the chip before anything else runs."""
        if not self._pending:
            self._note(reason, what)
        self._pending |= reason
        self.machine.engine.emu_stop()

    def bite(self, what: str) -> None:
        """The watchdog's. It is a fault that stops the run; the next run begins with the reset."""
        self.request(DOG, what)
        self.machine.stop(what)

    def switch_off(self) -> None:
        """System OFF: nothing runs until a pin, or whoever else is in `wakers`, ends it."""
        self._note(OFF, "the firmware switched the system off")
        self.off = True
        self.machine.engine.emu_stop()

    def enter_off(self) -> None:
        """Everything on the chip stops, the first time that this is called."""
        machine = self.machine
        if machine.activity.state("cpu") == "off":
            return
        machine.wake()
        machine.schedule.clear(outside=False)
        self._reset_peripherals(OFF)
        machine.activity.set("cpu", "off")

    def look_for_wakers(self) -> bool:
        """End System OFF if someone does."""
        reason = 0
        for waker in self.wakers:
            reason |= waker()
        self._pending |= reason
        return bool(reason)

    def perform(self) -> str:
        """The reset that was asked for; answers a fault, "" for none."""
        machine, reason = self.machine, self._pending
        begun, self._begun = self._begun, machine.hook.now
        self._row = self._row + 1 if machine.hook.now - begun < LOOP_CYCLES else 1
        self.reasons |= reason
        self._pending, self.off = 0, False
        machine.schedule.clear(outside=False)
        for call in self.also:
            call(reason)
        self._reset_peripherals(reason)
        if reason & OFF:
            machine.fill_ram(RAM_AFTER_OFF)
        machine.start_core()
        if self._row >= LOOP:
            return (
                f"it reset {self._row} times in a row, each within a second of the one before: "
                f"a boot loop. The last time, {self.log[-1]['what']}"
            )
        return ""

    def settled(self) -> None:
        """The firmware came so far that it waits: what was no loop is forgotten."""
        self._row = 0

    def _reset_peripherals(self, reason: int) -> None:
        for peripheral in self.machine.peripherals:
            peripheral.reset_by(reason)

    def _note(self, reason: int, what: str) -> None:
        machine = self.machine
        if len(self.log) < MAX_LOG:
            entry = {"cycle": machine.now, "reason": reason, "what": what}
            self.log.append(entry | {"registers": machine.registers()})
