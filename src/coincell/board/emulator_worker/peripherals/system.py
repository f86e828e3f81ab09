# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""CLOCK and POWER (one page of registers), DWT and SysTick.

nRF52840 product specification, sections 5.4 (CLOCK) and 5.3 (POWER); Armv7-M Architecture Reference
Manual, sections C1.8 (DWT) and B3.3 (SysTick).
"""

from __future__ import annotations

from ..exceptions import DEMCR, SYSTICK
from ..machine import Machine
from ..registers import GuestFaultError, Peripheral, Registers
from ..resets import DOG, PIN
from ..schedule import Event
from .low_clock import LowClock

CLOCK_HZ = 64_000_000
CRYSTAL_CYCLES = 23_040
"""Start-up of the 32 MHz crystal, 0.36 ms typical."""
LOW_CRYSTAL_CYCLES = 16_000_000
"""Start-up of the 32.768 kHz crystal, 0.25 s typical; the RC oscillator's is 0.6 ms."""
LOW_RC_CYCLES = 38_400

HFCLKSTARTED, LFCLKSTARTED = 0x100, 0x104
HFCLKSTAT, LFCLKSTAT, LFCLKSRC = 0x40C, 0x418, 0x518
RESETREAS, DCDCEN, DCDCEN0, SYSTEMOFF = 0x400, 0x578, 0x580, 0x500
HFCLKRUN, LFCLKRUN = 0x408, 0x414
POFWARN, POFCON = 0x108, 0x510
RETAINED = (0x51C, 0x520)
"""GPREGRET and GPREGRET2."""


class ClockPower(Peripheral):
    """Clocks start after their start-up time; the DC/DC converter is a switch that energy sees."""

    def __init__(self, machine: Machine, low: LowClock) -> None:
        plain = dict.fromkeys((HFCLKSTAT, LFCLKSTAT, LFCLKSRC, DCDCEN, DCDCEN0), 0)
        plain |= dict.fromkeys((*RETAINED, HFCLKRUN, LFCLKRUN, POFCON), 0)
        events = (HFCLKSTARTED, LFCLKSTARTED, POFWARN)
        super().__init__(machine, "CLOCK", 0x40000000, plain, events)
        self.low = low
        self.volts = 3.0
        self._starting: list[Event] = []
        self.readers[RESETREAS] = lambda: machine.resets.reasons
        self.tasks |= {
            RESETREAS: self._forget_reasons,
            0x000: self._start_high,
            0x004: self._stop_high,
            0x008: self._start_low,
            0x00C: self._stop_low,
            SYSTEMOFF: self._off,
            0x078: lambda _: machine.activity.set("latency", "constant"),
            0x07C: lambda _: machine.activity.set("latency", "low power"),
        }

    def reset(self) -> None:
        """As after power on: internal oscillator, LDO."""
        super().reset()
        self._starting = []
        self.machine.activity.set("regulator", "ldo")
        self.machine.activity.set("hfclk", "off")
        self.machine.activity.set("lfclk", "off")

    def reset_by(self, reason: int) -> None:
        """GPREGRET outlives most resets."""
        kept = {} if reason & (DOG | PIN) else {key: self.values[key] for key in RETAINED}
        self.reset()
        self.values |= kept

    def load(self, blob: bytes, **settings: object) -> None:
        """The world "supply": it becomes `volts`.

        It outlives resets.
        """
        del blob
        self.volts = float(str(settings["volts"]))
        self._compare()

    def compares(self) -> bool:
        """Whether the power-fail comparator is on."""
        return bool(self.values[POFCON] & 1)

    def _compare(self) -> None:
        """The comparator warns when the supply falls and when it is switched on.

        Below 1.7 V and 0.1 V more for each step of POFCON.THRESHOLD above 4.
        """
        control = self.values[POFCON]
        threshold = 1.7 + 0.1 * (max(4, control >> 1 & 0xF) - 4)
        if control & 1 and self.volts < threshold:
            self.event(POFWARN)

    def _forget_reasons(self, value: int) -> None:
        self.machine.resets.reasons &= ~value

    def write(self, offset: int, size: int, value: int) -> None:
        """A register."""
        super().write(offset, size, value & 0xFF if offset in RETAINED else value)
        if offset == POFCON:
            self._compare()
        if offset == DCDCEN:
            self.machine.activity.set("regulator", "dcdc" if value & 1 else "ldo")

    def _start_high(self, value: int) -> None:
        if value & 1:
            self.machine.activity.set("hfclk", "crystal")
            self.machine.schedule.at(self.machine.now + CRYSTAL_CYCLES, self._high_runs, True)

    def _high_runs(self) -> None:
        self.values[HFCLKSTAT] = 0x10001
        self.event(HFCLKSTARTED)

    def _stop_high(self, value: int) -> None:
        if value & 1:
            self.values[HFCLKSTAT] = 0
            self.machine.activity.set("hfclk", "off")

    def _start_low(self, value: int) -> None:
        """Until the crystal swings, the RC oscillator stands in for it."""
        if not value & 1 or self.values[LFCLKRUN]:
            return
        self.values[LFCLKRUN] = 1
        source = self.values[LFCLKSRC] & 3
        self.machine.activity.set("lfclk", ("rc", "crystal", "synthesized", "?")[source])
        now, at = self.machine.now, self.machine.schedule.at
        delay = LOW_CRYSTAL_CYCLES if source == 1 else LOW_RC_CYCLES
        self._starting = [
            at(now + LOW_RC_CYCLES, lambda: self.low.switch(True)),
            at(now + delay, self._low_runs, True),
        ]

    def _low_runs(self) -> None:
        self.values[LFCLKSTAT] = 0x10000 | self.values[LFCLKSRC] & 3
        self.event(LFCLKSTARTED)

    def _stop_low(self, value: int) -> None:
        if not value & 1:
            return
        for event in self._starting:
            event.cancel()
        self.values[LFCLKSTAT] = self.values[LFCLKRUN] = 0
        self.low.release()
        self.machine.activity.set("lfclk", "off")

    def _off(self, value: int) -> None:
        if value & 1:
            self.machine.resets.switch_off()


class Dwt(Registers):
    """The cycle counter: exact to the instruction that reads it; it stands still in sleep."""

    def __init__(self, machine: Machine) -> None:
        super().__init__("DWT", 0xE0001000, {0x000: 0x40000000})
        self.machine = machine
        self._offset = 0
        self._held = 0
        self.readers[0x004] = self._count
        self.tasks |= {0x004: self._set, 0x000: self._control}

    def reset(self) -> None:
        """Off, at zero."""
        super().reset()
        self._offset = self._held = 0

    def _runs(self) -> bool:
        trace = self.machine.interrupts.values[DEMCR] >> 24 & 1
        return bool(trace and self.values[0x000] & 1)

    def _count(self) -> int:
        return self.machine.awake - self._offset if self._runs() else self._held

    def _set(self, value: int) -> None:
        self._offset, self._held = self.machine.awake - value, value

    def _control(self, value: int) -> None:
        self._held = self._count()
        self.values[0x000] = 0x40000000 | value & 1
        self._offset = self.machine.awake - self._held


class SysTick:
    """The core's timer, in the page of the system control space.

    Where it is in its count is reckoned when someone asks. Only the moment of the next interrupt is
    scheduled, and only while none is pending: a timer that runs fast costs nothing by itself.
    """

    CTRL, LOAD, VAL, CALIB = 0x010, 0x014, 0x018, 0x01C

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        space = machine.interrupts
        space.readers |= {
            self.CTRL: self._read_control,
            self.LOAD: lambda: self.load,
            self.VAL: self._value,
            self.CALIB: lambda: 0xC0000000,
        }
        space.tasks |= {self.CTRL: self._write_control, self.LOAD: self._write_load}
        space.tasks[self.VAL] = self._write_value
        space.systick_taken = self._plan
        self.reset()

    def reset(self) -> None:
        """Off."""
        self.control = self.load = self.held = 0
        self.flag = False
        self._wraps: int | None = None  # when it comes to zero next
        self._highest = 0  # what it counts down from until then
        self._due: Event | None = None

    def _catch_up(self) -> None:
        """Past the zeros that it has come to up to now."""
        now = self.machine.now
        if self._wraps is None or now < self._wraps:
            return
        self.flag, self._highest = True, self.load
        if self.load:
            period = self.load + 1
            self._wraps += ((now - self._wraps) // period + 1) * period
        else:
            self._wraps, self.held = None, 0

    def _value(self) -> int:
        self._catch_up()
        if self._wraps is None:
            return self.held
        left = self._wraps - self.machine.now
        return left if left <= self._highest else 0  # it takes a cycle to load it anew

    def _read_control(self) -> int:
        self._catch_up()
        value = self.control | self.flag << 16
        self.flag = False
        return value

    def _write_control(self, value: int) -> None:
        if value & 1 and not value & 4:
            raise GuestFaultError("SysTick on the external clock, which the nRF52840 lacks")
        self.held = self._value()
        if value & 1 and not self.control & 1:
            self._restart(self.held)
        if not value & 1:
            self._wraps = None
        self.control = value & 7
        self._plan()

    def _write_load(self, value: int) -> None:
        self._catch_up()
        self.load = value & 0xFFFFFF

    def _write_value(self, _value: int) -> None:
        self._catch_up()
        self.flag, self.held = False, 0
        if self._wraps is not None:
            self._restart(0)
            self._plan()

    def _restart(self, first: int) -> None:
        """Count down from `first`, or from LOAD, which it takes one cycle to load."""
        self._highest = first or self.load
        cycles = first or self.load + 1
        self._wraps = self.machine.now + cycles if self.load else None

    def _plan(self) -> None:
        """Schedule the next interrupt, unless one waits to be taken; then that calls again."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._catch_up()
        if self._wraps is None or not self.control & 2:
            return
        if SYSTICK not in self.machine.interrupts.system_pending:
            self._due = self.machine.schedule.at(self._wraps, self._interrupt)

    def _interrupt(self) -> None:
        self._due = None
        self._catch_up()
        self.machine.interrupts.pend_system(SYSTICK)
