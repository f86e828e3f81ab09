# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""GPIO of the nRF52840, product specification section 6.9: ports 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..machine import Machine
from ..registers import Registers
from ..resets import OFF

PINS = 48
OUT, OUTSET, OUTCLR, IN, DIR, DIRSET, DIRCLR = 0x504, 0x508, 0x50C, 0x510, 0x514, 0x518, 0x51C
PIN_CNF = 0x700
PULL_UP = 3


class Gpio(Registers):
    """Pins by number: 0 to 31 are P0.00 to P0.31, 32 to 47 are P1.00 to P1.15.

    What stands outside drives inputs with `drive`, listens to outputs with `listen`, and calls
    `sense` when a level that it drives has changed.

    Attributes:
        detected: called when DETECT rises: a pin that senses a level has it.
    """

    def __init__(self, machine: Machine) -> None:
        plain: dict[int, int] = {}
        for port in (0x000, 0x300):
            plain |= {port + OUT: 0, port + DIR: 0}
            plain |= dict.fromkeys((port + PIN_CNF + 4 * pin for pin in range(32)), 2)
        super().__init__("GPIO", 0x50000000, plain)
        self.machine = machine
        self._listeners: dict[int, list[Callable[[bool], None]]] = {}
        self._driven: dict[int, Callable[[], bool | None]] = {}
        self._levels: dict[int, bool] = {}
        self._ports: tuple[list[tuple[int, Callable[[], int | None]]], ...] = ([], [])
        self._watchers: dict[int, Callable[[], None]] = {}
        self._still: list[int | None] = [None, None]
        self._detect = False
        self.detected: Callable[[], None] = lambda: None
        for number, port in enumerate((0x000, 0x300)):
            changed = self._changed
            self.set_and_clear(port + OUT, port + OUTSET, port + OUTCLR, changed)
            self.set_and_clear(port + DIR, port + DIRSET, port + DIRCLR, changed)
            self.readers[port + IN] = partial(self._inputs, number)

    def reset(self) -> None:
        """All pins are inputs."""
        super().reset()
        self._levels = dict.fromkeys(self._listeners, False)
        self._detect = False
        self._still = [None, None]

    def reset_by(self, reason: int) -> None:
        """Pins stay as they are in System OFF, and when it ends."""
        if not reason & OFF:
            self.reset()

    def wakes(self) -> int:
        """The bit of RESETREAS when DETECT is high, which ends System OFF."""
        self.sense()
        return OFF if self._detect else 0

    def listen(self, pin: int, call: Callable[[bool], None]) -> None:
        """Call with the level of an output when it changes; it begins low."""
        self._listeners.setdefault(pin, []).append(call)
        self._levels[pin] = False

    def drive(self, pin: int, level: Callable[[], bool | None]) -> None:
        """What is connected to an input says its level when it is read; None: nothing is."""
        self._driven[pin] = level

    def drive_port(self, number: int, mask: int, levels: Callable[[], int | None]) -> None:
        """The same for the pins of `mask` of a port together."""
        self._ports[number].append((mask, levels))

    def watch(self, pin: int, call: Callable[[], None]) -> None:
        """Call when a pin may begin or end to sense a level."""
        self._watchers[pin] = call

    def directed(self, pin: int) -> bool:
        """Whether the pin is an output."""
        return bool(self.values[0x300 * (pin // 32) + DIR] >> pin % 32 & 1)

    def output(self, pin: int) -> bool:
        """Whether the pin is an output and high."""
        port = 0x300 * (pin // 32)
        return bool((self.values[port + OUT] & self.values[port + DIR]) >> pin % 32 & 1)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; levels may change."""
        super().write(offset, size, value)
        self._still = [None, None]
        for port in (0x000, 0x300):
            if 0 <= offset - port - PIN_CNF < 128:  # the direction stands in both registers
                bit = 1 << (offset - port - PIN_CNF) // 4
                direction = self.values[port + DIR] & ~bit
                self.values[port + DIR] = direction | (bit if value & 1 else 0)
                self.sense()
                pin = 32 * (port // 0x300) + (offset - port - PIN_CNF) // 4
                if pin in self._watchers:
                    self._watchers[pin]()
        self._changed()

    def sensed(self, pin: int) -> int:
        """The level that a pin senses: 2 high, 3 low, 0 none."""
        return self.values[0x300 * (pin // 32) + PIN_CNF + 4 * (pin % 32)] >> 16 & 3

    def sense(self) -> None:
        """Look whether DETECT has risen."""
        before = self._detect
        self._detect = any(
            wanted == (2 if now else 3)
            for pin, level in self._driven.items()
            if (wanted := self.sensed(pin)) and (now := level()) is not None
        )
        if self._detect and not before:
            self.detected()

    def _changed(self) -> None:
        for pin, before in self._levels.items():
            level = self.output(pin)
            if level != before:
                self._levels[pin] = level
                for call in self._listeners[pin]:
                    call(level)

    def _inputs(self, number: int) -> int:
        """IN of a port: what is driven; else an output's own level, or the pull-up."""
        value = self._still[number]
        if value is None:
            value = self._still[number] = self._undriven(number)
        for pin, level in self._driven.items():
            if pin // 32 == number and (now := level()) is not None:
                value = value & ~(1 << pin % 32) | now << pin % 32
        for mask, levels in self._ports[number]:
            if (driven := levels()) is not None:
                value = value & ~mask | driven & mask
        return value

    def _undriven(self, number: int) -> int:
        """The pins of a port while nothing outside drives them."""
        port, value = 0x300 * number, 0
        for bit in range(32):
            configuration = self.values[port + PIN_CNF + 4 * bit]
            if configuration & 1:
                level = bool(self.values[port + OUT] >> bit & 1)
            else:
                level = configuration >> 2 & 3 == PULL_UP
            value |= level << bit
        return value
