# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""TWIM0 and TWIM1 of the nRF52840 (product specification, section 6.31): I2C by EasyDMA."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral
from ..schedule import Event
from .wire import Bus, RegisterDevice

STOPPED, ERROR, SUSPENDED, RXSTARTED, TXSTARTED = 0x104, 0x124, 0x148, 0x14C, 0x150
LASTRX, LASTTX = 0x15C, 0x160
STARTRX, STARTTX, STOP, SUSPEND, RESUME = 0x000, 0x008, 0x014, 0x01C, 0x020
ERRORSRC, ENABLE, PSEL_SCL, PSEL_SDA, FREQUENCY = 0x4C4, 0x500, 0x508, 0x50C, 0x524
RXD_PTR, RXD_MAXCNT, RXD_AMOUNT, RXD_LIST = 0x534, 0x538, 0x53C, 0x540
TXD_PTR, TXD_MAXCNT, TXD_AMOUNT, TXD_LIST, ADDRESS = 0x544, 0x548, 0x54C, 0x550, 0x588
LASTTX_STARTRX, LASTTX_STOP, LASTRX_STARTTX, LASTRX_STOP = 1 << 7, 1 << 9, 1 << 10, 1 << 12
MODELLED_SHORTS = LASTTX_STARTRX | LASTTX_STOP | LASTRX_STARTTX | LASTRX_STOP
ENABLED = 6
ADDRESS_NACK = 1 << 1
CYCLES_A_BIT = {0x01980000: 640, 0x04000000: 256, 0x06200000: 164, 0x06400000: 160}
"""100, 250, 390 (the way around the chip's anomaly 219) and 400 kHz, at 64 MHz."""


class Twim(Peripheral):
    """A master. States in `activity`: off, idle, busy.

    Its page belongs to SPIM, SPIS, TWIS, TWI and SPI of the same number too; only one of them may
    be enabled, and the others are not modelled.
    """

    def __init__(self, machine: Machine, number: int, buses: Sequence[Bus]) -> None:
        plain = dict.fromkeys(
            (
                *(self.SHORTS, ERRORSRC, ENABLE, RXD_PTR, RXD_MAXCNT, RXD_AMOUNT, RXD_LIST),
                *(TXD_PTR, TXD_MAXCNT, TXD_AMOUNT, TXD_LIST, ADDRESS),
            ),
            0,
        )
        plain |= {PSEL_SCL: 0xFFFFFFFF, PSEL_SDA: 0xFFFFFFFF, FREQUENCY: 0x04000000}
        events = (STOPPED, ERROR, SUSPENDED, RXSTARTED, TXSTARTED, LASTRX, LASTTX)
        self.component = f"twim{number}"
        super().__init__(machine, f"TWIM{number}", 0x40003000 + 0x1000 * number, plain, events)
        self.buses = buses
        self.tasks |= {
            STARTTX: self._task(self._start_tx),
            STARTRX: self._task(self._start_rx),
            STOP: self._task(self._stop),
            RESUME: self._task(lambda: None),
            ERRORSRC: self._clear_errors,
        }
        self.readers[ERRORSRC] = lambda: self.values[ERRORSRC]
        self._next: Event | None = None

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self._next = None
        self.machine.activity.set(self.component, "off")
        for bus in self.buses:
            bus.reset()

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; what is enabled draws current."""
        super().write(offset, size, value)
        if offset == ENABLE:
            if value not in (0, ENABLED):
                raise GuestFaultError(
                    f"ENABLE of {self.name} is set to {value}: SPI and TWIS share this address "
                    "with it, and the virtual board models TWIM (6) alone"
                )
            self._cancel()
            self.machine.activity.set(self.component, "idle" if value else "off")
        if offset == self.SHORTS and value & ~MODELLED_SHORTS:
            raise GuestFaultError(f"SHORTS of {self.name} is set to {value:#x}")

    @staticmethod
    def _task(call: Callable[[], None]) -> Callable[[int], None]:
        return lambda value: call() if value & 1 else None

    def _clear_errors(self, value: int) -> None:
        self.values[ERRORSRC] &= ~value

    def _cancel(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _bus(self) -> Bus:
        if self.values[ENABLE] != ENABLED:
            raise GuestFaultError(f"a transfer on {self.name} while it is not enabled")
        for bus in self.buses:
            if (self.values[PSEL_SCL], self.values[PSEL_SDA]) == (bus.scl, bus.sda):
                return bus
        raise GuestFaultError(f"{self.name} is set to pins on which the board has no bus")

    def _after(self, bits: int, call: Callable[[], None]) -> None:
        if self.values[FREQUENCY] not in CYCLES_A_BIT:
            raise GuestFaultError(f"FREQUENCY of {self.name} is {self.values[FREQUENCY]:#010x}")
        moment = self.machine.now + bits * CYCLES_A_BIT[self.values[FREQUENCY]]
        self._next = self.machine.schedule.at(moment, call, foreground=True)

    def _begin(self, started: int, count: int, go_on: Callable[[RegisterDevice], None]) -> None:
        """Start condition and address; without pull-ups SCL never rises, and nothing happens."""
        bus = self._bus()
        if not count:
            raise GuestFaultError(f"a transfer of no bytes on {self.name}")
        self._cancel()
        self.machine.activity.set(self.component, "busy")
        self.event(started)
        if not bus.pulled_up():
            return

        def addressed() -> None:
            device = bus.find(self.values[ADDRESS] & 0x7F)
            if device is not None:
                go_on(device)
            else:
                self.values[ERRORSRC] |= ADDRESS_NACK
                self.event(ERROR)

        self._after(10, addressed)

    def _start_tx(self) -> None:
        self._bus()
        count = self.values[TXD_MAXCNT] & 0xFFFF
        data = self.machine.memory.read(self.values[TXD_PTR], count, self.name)
        self.values[TXD_AMOUNT] = 0

        def last(device: RegisterDevice) -> None:
            self.event(LASTTX)
            self._after(9, lambda: done(device))

        def done(device: RegisterDevice) -> None:
            self.values[TXD_AMOUNT] = count
            self.machine.activity.count(f"{self.component}_bytes", count + 1)
            device.write(data)
            self._shortcut(LASTTX_STOP, LASTTX_STARTRX, self._start_rx)

        def go_on(device: RegisterDevice) -> None:
            self._after(9 * (count - 1), lambda: last(device))

        self._begin(TXSTARTED, count, go_on)

    def _start_rx(self) -> None:
        count = self.values[RXD_MAXCNT] & 0xFFFF
        self.values[RXD_AMOUNT] = 0

        def last(device: RegisterDevice) -> None:
            self.event(LASTRX)
            self._after(9, lambda: done(device))

        def done(device: RegisterDevice) -> None:
            self.machine.memory.write(self.values[RXD_PTR], device.read(count), self.name)
            self.values[RXD_AMOUNT] = count
            self.machine.activity.count(f"{self.component}_bytes", count + 1)
            self._shortcut(LASTRX_STOP, LASTRX_STARTTX, self._start_tx)

        def go_on(device: RegisterDevice) -> None:
            self._after(9 * (count - 1), lambda: last(device))

        self._begin(RXSTARTED, count, go_on)

    def _shortcut(self, stop: int, start: int, other: Callable[[], None]) -> None:
        """What the shortcuts make follow the last byte; with none, SCL stays low."""
        shorts = self.values[self.SHORTS]
        self._next = None
        if shorts & start:
            other()
        elif shorts & stop:
            self._stop()

    def _stop(self) -> None:
        if not self._bus().pulled_up():
            return
        self._cancel()
        self._after(1, self._stopped)

    def _stopped(self) -> None:
        self._next = None
        self.machine.activity.set(self.component, "idle")
        self.event(STOPPED)
