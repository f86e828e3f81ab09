# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What every peripheral is made of: registers, tasks, events, interrupts, EasyDMA."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine


class GuestFaultError(Exception):
    """The guest did what the hardware, or this model of it, does not allow."""


class Registers:
    """A page of registers that keep what is written; `tasks` run on a write instead.

    An access to an offset that is not listed is a fault: what is not modelled must not look as if
    it were zero.

    Attributes:
        values: offset -> what plain registers hold now; `reset` brings back their first values.
        tasks: offset -> what a write runs, with the value written.
        readers: offset -> what a read asks.
    """

    def __init__(self, name: str, base: int, plain: dict[int, int]) -> None:
        self.name = name
        self.base = base
        self.reset_values = plain
        self.values = dict(plain)
        self.tasks: dict[int, Callable[[int], None]] = {}
        self.readers: dict[int, Callable[[], int]] = {}

    def reset(self) -> None:
        """As after power on."""
        self.values = dict(self.reset_values)

    def reset_by(self, reason: int) -> None:
        """A reset while power stays on; `reason` is its bit of RESETREAS. Most forget all."""
        del reason
        self.reset()

    def read(self, offset: int, size: int) -> int:
        """The value at `offset`."""
        self._check("read from", offset, size)
        if offset in self.readers:
            return self.readers[offset]() & 0xFFFFFFFF
        return self.values.get(offset, 0)

    def write(self, offset: int, size: int, value: int) -> None:
        """Store, or run the task there."""
        self._check("write to", offset, size)
        if offset in self.tasks:
            self.tasks[offset](value)
        else:
            self.values[offset] = value

    def set_and_clear(
        self, target: int, set_: int, clear: int, changed: Callable[[], None] | None = None
    ) -> None:
        """The pair of registers that set and clear bits of the plain one at `target`."""

        def on_set(value: int) -> None:
            self.values[target] |= value
            if changed is not None:
                changed()

        def on_clear(value: int) -> None:
            self.values[target] &= ~value & 0xFFFFFFFF
            if changed is not None:
                changed()

        for offset, task in ((set_, on_set), (clear, on_clear)):
            self.tasks[offset] = task
            self.readers[offset] = lambda: self.values[target]

    def _check(self, verb: str, offset: int, size: int) -> None:
        known = offset in self.values or offset in self.tasks or offset in self.readers
        if not known or size != 4:
            raise GuestFaultError(
                f"{size}-byte {verb} {self.base + offset:#010x} ({self.name}), "
                "a register that the virtual board does not model"
            )


class Peripheral(Registers):
    """A peripheral of the nRF52840: tasks, events and an interrupt.

    An event's bit in INTEN is (offset - 0x100) / 4. The interrupt's line is high while any enabled
    event is 1. The peripherals' instances have the interrupt number (base >> 12) & 0xFF.

    Args:
        machine: time, memory, interrupts, activity.
        name, base: of the instance.
        plain: offset -> value after reset, of registers without effect.
        events: offsets.
    """

    INTEN, INTENSET, INTENCLR, SHORTS = 0x300, 0x304, 0x308, 0x200

    def __init__(
        self,
        machine: Machine,
        name: str,
        base: int,
        plain: dict[int, int],
        events: Iterable[int],
    ) -> None:
        self.events = tuple(events)
        super().__init__(name, base, plain | dict.fromkeys((*self.events, self.INTEN), 0))
        self.machine = machine
        self.interrupt = base >> 12 & 0xFF
        self._enabled: tuple[int, tuple[int, ...]] = (0, ())
        self.set_and_clear(self.INTEN, self.INTENSET, self.INTENCLR, self.update_interrupt)

    def write(self, offset: int, size: int, value: int) -> None:
        """Store, or run the task there; clearing an event may lower the interrupt's line."""
        super().write(offset, size, value)
        if offset in self.events or offset == self.INTEN:
            self.update_interrupt()

    def event(self, offset: int) -> None:
        """The event at `offset` happens."""
        self.values[offset] = 1
        self.update_interrupt()

    def enabled(self, event: int) -> bool:
        """Whether the event at this offset raises the interrupt."""
        return bool(self.values[self.INTEN] >> ((event - 0x100) // 4) & 1)

    def update_interrupt(self) -> None:
        """The line follows the enabled events."""
        values = self.values
        if self._enabled[0] != values[self.INTEN]:
            able = tuple(event for event in self.events if self.enabled(event))
            self._enabled = (values[self.INTEN], able)
        high = any(values[event] for event in self._enabled[1])
        self.machine.interrupts.set_line(self.interrupt, high)


class Memory:
    """Guest memory as EasyDMA sees it: RAM only."""

    def __init__(self, machine: Machine, begin: int, size: int) -> None:
        self.machine = machine
        self.begin = begin
        self.end = begin + size

    def read(self, address: int, count: int, who: str) -> bytes:
        """Bytes that the peripheral `who` takes."""
        self._check(address, count, who)
        return bytes(self.machine.engine.mem_read(address, count))

    def write(self, address: int, data: bytes, who: str) -> None:
        """Bytes that the peripheral `who` puts."""
        self._check(address, len(data), who)
        self.machine.engine.mem_write(address, data)

    def _check(self, address: int, count: int, who: str) -> None:
        if count == 0 or self.begin <= address <= self.end - count:
            return
        where = "; it reaches RAM only"
        if self.begin <= address < self.end:
            where = f", beyond the end of RAM at {self.end:#010x}"
        raise GuestFaultError(f"{who}'s EasyDMA of {count} bytes at {address:#010x}{where}")
