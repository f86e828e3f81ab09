"""The virtual board on a pseudo-terminal: programs that talk to a real board talk to it."""

from __future__ import annotations

import errno
import os
import select
import termios
import time
import tty
from collections.abc import Callable
from typing import Self

from coincell.board.on_battery import speaks_usb
from coincell.board.virtual import VirtualBoard
from coincell.errors import BoardError

_CHUNK = 4096
_PAUSE_S = 0.02
_LONGEST_CATCH_UP_S = 0.1
_SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (1200, 9600, 19200, 38400, 57600, 115200)}
"""What termios calls them -> bits a second; on USB others mean as little."""
_TOUCH_BAUD = 1200
_USUAL_BAUD = 115200
_BOOTLOADER = "asked for the bootloader"
"""In the emulator's words (peripherals/usbd.py)."""


def _nothing() -> None:
    pass


class Bridge:
    """A pseudo-terminal whose other end is the serial line of a virtual board.

    A context manager: leaving it closes the terminal. An image on USB is told what a real one is:
    whether a program holds the port, and at which speed.

    Args:
        virtual: the board; nobody else may drive it meanwhile.
        on_open: is called when a program opens the port, before its first byte.

    Attributes:
        name: the port that programs open, such as "/dev/pts/4".
        opened: whether a program has had the port open; the board's time begins with that.
        left: whether the last one has closed it since.
        touched: whether the board has gone to its bootloader. An image on USB goes by itself, when
            a program closes the port at 1200 baud. One on a UART has no part in it: there the
            speed alone counts, as if the board's own USB were the port.
    """

    def __init__(self, virtual: VirtualBoard, on_open: Callable[[], None] = _nothing) -> None:
        self._virtual = virtual
        self._on_open = on_open
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        os.close(slave)  # so that we are not among those that hold the port
        os.set_blocking(self._master, False)
        self._unsent = b""
        self.opened = self.left = self.touched = False
        self._on_usb = speaks_usb(virtual)
        self._line = (_USUAL_BAUD, True)  # as the virtual board has it from the start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the port away: who has it open sees the board go."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def serve(self, done: Callable[[], bool], real_time: bool = True) -> None:
        """Carry bytes to and fro until `done` or a touch; the board's time follows the wall's.

        Raises:
            BoardError, StackOverflowError: the firmware faulted or hung.
        """
        last = time.monotonic()
        while not done() and not self.touched:
            baud = self._baud()  # first: else a program that opens the port just now seems gone
            data = self._receive()
            try:
                self._set_line(baud)
                if data:
                    self._virtual.send(data)
                elif real_time and self.opened:
                    passed = min(time.monotonic() - last, _LONGEST_CATCH_UP_S)
                    self._virtual.advance(int(passed * self._virtual.board.clock_hz))
            except BoardError as error:
                if _BOOTLOADER not in error.message:
                    raise
                self.touched = True
            last = time.monotonic()
            self._send()

    def _set_line(self, baud: int) -> None:
        """Pass on the port's speed and whether it is held; at 1200 baud that may be a touch."""
        held = self.opened and not self.left
        if not self._on_usb:
            self.touched = baud == _TOUCH_BAUD
            return
        if (baud, held) == self._line:
            return
        steps = [(baud, held)]
        if not held and not self._line[1]:
            steps.insert(0, (baud, True))  # opened and closed between two looks
        self._line = (baud, held)
        for speed, opened in steps:
            self._virtual.put_world("usb", open=opened, baud=speed)
            self._virtual.send(b"")

    def _receive(self) -> bytes:
        """What a program has put on the line; b"" after a moment without."""
        ready, _, _ = select.select([self._master], [], [], _PAUSE_S)
        try:
            data = os.read(self._master, _CHUNK) if ready else b""
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EAGAIN):
                raise
            self.left = self.opened  # EIO: nobody has the port open
            time.sleep(_PAUSE_S)
            return b""
        if not self.opened or self.left:
            self._on_open()
        self.opened, self.left = True, False
        return data

    def _send(self) -> None:
        """Pass on what the board has sent, as far as the terminal takes it."""
        self._unsent += self._virtual.receive(self._virtual.waiting)
        if self.left or not self.opened:
            self._unsent = b""  # nobody listens, and a serial line keeps nothing
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._master, self._unsent) :]
        except BlockingIOError:
            pass  # full: the rest goes with the next round
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._unsent = b""  # it was closed just now

    def _baud(self) -> int:
        """What the program at the other end has set, in bits a second."""
        return _SPEEDS.get(termios.tcgetattr(self._master)[4], _USUAL_BAUD)
