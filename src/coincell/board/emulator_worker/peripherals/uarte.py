# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""UARTE0 of the nRF52840 (product specification, section 6.34): bytes by EasyDMA, as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral

ENDRX, ENDTX, RXSTARTED, TXSTARTED, TXSTOPPED = 0x110, 0x120, 0x14C, 0x150, 0x158
RXDRDY, TXDRDY, RXTO, ERROR = 0x108, 0x11C, 0x144, 0x124
ENABLE, RXD_PTR, RXD_MAXCNT, RXD_AMOUNT = 0x500, 0x534, 0x538, 0x53C
TXD_PTR, TXD_MAXCNT, TXD_AMOUNT = 0x544, 0x548, 0x54C
PSEL_TXD, PSEL_RXD, BAUDRATE, CONFIG = 0x50C, 0x514, 0x524, 0x56C
PINS = (35, 42)
"""TX and RX of the Nano 33 BLE Sense."""
CYCLES_A_BYTE = 640
"""Ten bits at 1 Mbaud, at 64 MHz."""


class Uarte(Peripheral):
    """What the host feeds waits here until the firmware receives it."""

    def __init__(self, machine: Machine, pins: Sequence[int] = PINS) -> None:
        sender, receiver = pins
        self._line = {PSEL_TXD: sender, PSEL_RXD: receiver, BAUDRATE: 0x10000000, CONFIG: 0}
        transfers = (RXD_PTR, RXD_MAXCNT, TXD_PTR, TXD_MAXCNT, RXD_AMOUNT, TXD_AMOUNT)
        plain = dict.fromkeys((*transfers, ENABLE), 0)
        plain |= dict.fromkeys((0x508, PSEL_TXD, 0x510, PSEL_RXD), 0xFFFFFFFF)
        plain |= {BAUDRATE: 0x04000000, CONFIG: 0}
        events = (ENDRX, ENDTX, RXSTARTED, TXSTARTED, TXSTOPPED)
        super().__init__(machine, "UARTE0", 0x40002000, plain, events)
        self.tasks |= {0x000: self._start_rx, 0x008: self._start_tx, 0x00C: self._stop_tx}
        self._clear()

    def _clear(self) -> None:
        self.receiving = False
        self.incoming = bytearray()
        self.outgoing = bytearray()

    def reset(self) -> None:
        """As after power on, with nothing on the line."""
        super().reset()
        self._clear()

    def reset_by(self, reason: int) -> None:
        """What was sent is on its way."""
        sent = self.outgoing
        super().reset_by(reason)
        self.outgoing = sent

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; what is enabled draws current."""
        super().write(offset, size, value)
        if offset == ENABLE:
            self.machine.activity.set("uarte", "idle" if value == 8 else "off")

    def feed(self, data: bytes) -> None:
        """Bytes from the host."""
        self.incoming += data
        self._receive()

    def take(self) -> bytes:
        """What the firmware has sent since the last call."""
        sent = bytes(self.outgoing)
        self.outgoing.clear()
        return sent

    def _check_line(self) -> None:
        if self.values[ENABLE] != 8:
            raise GuestFaultError("a transfer on UARTE0 while it is not enabled")
        if any(self.values[register] != value for register, value in self._line.items()):
            raise GuestFaultError("UARTE0 is not set to the board's pins, 1 Mbaud and 8N1")

    def _start_rx(self, value: int) -> None:
        if value & 1:
            self._check_line()
            self.values[RXD_AMOUNT] = 0
            self.receiving = True
            self.machine.activity.set("uarte", "receiving")
            self.event(RXSTARTED)
            self._receive()

    def _receive(self) -> None:
        if not self.receiving:
            return
        begin, length = self.values[RXD_PTR], self.values[RXD_MAXCNT] & 0xFFFF
        done = self.values[RXD_AMOUNT]
        count = min(length - done, len(self.incoming))
        self.machine.memory.write(begin + done, bytes(self.incoming[:count]), self.name)
        del self.incoming[:count]
        self.values[RXD_AMOUNT] = done + count
        if done + count == length:
            self.receiving = False
            self._after(count, self._end_rx)

    def _end_rx(self) -> None:
        self.machine.activity.set("uarte", "idle")
        self.event(ENDRX)

    def _start_tx(self, value: int) -> None:
        if value & 1:
            self._check_line()
            count = self.values[TXD_MAXCNT] & 0xFFFF
            self.event(TXSTARTED)
            self.outgoing += self.machine.memory.read(self.values[TXD_PTR], count, self.name)
            self.values[TXD_AMOUNT] = count
            self.machine.activity.set("uarte", "sending")
            self._after(count, self._end_tx)

    def _end_tx(self) -> None:
        self.machine.activity.set("uarte", "receiving" if self.receiving else "idle")
        self.event(ENDTX)

    def _stop_tx(self, value: int) -> None:
        if value & 1:
            self.event(TXSTOPPED)

    def _after(self, count: int, call: Callable[[], None]) -> None:
        moment = self.machine.now + CYCLES_A_BYTE * count
        self.machine.schedule.at(moment, call, foreground=True)
