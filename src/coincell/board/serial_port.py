"""A real board's serial line, as a `Transport`; a pseudo-terminal is one too."""

from __future__ import annotations

import errno
import time
from typing import Any, Self

from coincell.board.ports import Port, access_help, holders_of, serial_package
from coincell.errors import BoardError

BAUD = 1_000_000
"""Bits a second on a UART; USB takes no note of it. Never 1200, which starts the bootloader."""

PATIENCE_S = 5.0
"""How long a board may take over an answer: a slow network included."""

_TOUCH_BAUD = 1200
_QUIET_S = 0.05
_LONGEST_NOISE_S = 2.0
_SHOWN = 48


class SerialPort:
    """A `Transport` over a serial port, which is ours alone while it is open.

    A context manager: leaving it closes the port.

    Args:
        port: where the board hangs.
        patience_s: how long `receive` waits for a byte.
        baud: bits a second on a UART.

    Raises:
        BoardError: the port is not there, is not ours to use, or another program holds it.
        MissingExtraError: the extra "hardware" is not installed.
    """

    def __init__(self, port: Port, patience_s: float = PATIENCE_S, baud: int = BAUD) -> None:
        self.port = port
        self.patience_s = patience_s
        self._package = serial_package()
        self._heard = bytearray()
        self._line = _open(self._package, port, baud)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        self._line.close()

    def send(self, data: bytes) -> None:
        """Put bytes on the line.

        Raises:
            BoardError: the board is gone, or takes nothing.
        """
        self._heard.clear()
        try:
            self._line.write(data)
        except self._package.SerialTimeoutException as error:
            raise BoardError(
                f"The board at {self.port.device} takes no bytes.",
                hint="Press its reset button once, and try again.",
            ) from error
        except (OSError, TypeError) as error:  # pyserial: TypeError when the port was closed
            raise self._gone() from error

    def receive(self, count: int) -> bytes:
        """Exactly `count` bytes.

        Raises:
            BoardError: the board is gone, or has not sent them in time.
        """
        data = bytearray()
        while len(data) < count:
            part = self._read(count - len(data), self.patience_s)
            if not part:
                raise self._silent(len(data), count)
            data += part
        return bytes(data)

    def discard(self) -> None:
        """Forget what the board has sent so far; waits until it is quiet for a moment."""
        end = time.monotonic() + _LONGEST_NOISE_S
        while time.monotonic() < end and self._read(4096, _QUIET_S):
            pass

    def listen(self, seconds: float) -> bytes:
        """What comes within `seconds`: as soon as something has, all of it; b"" for nothing.

        Raises:
            BoardError: the board is gone.
        """
        data = self._read(1, seconds)
        return data + self._read(max(1, self._waiting()), 0.0) if data else data

    def _waiting(self) -> int:
        try:
            return int(self._line.in_waiting)
        except OSError as error:
            raise self._gone() from error

    def _read(self, count: int, seconds: float) -> bytes:
        try:
            self._line.timeout = seconds
            data: bytes = self._line.read(count)
        except (OSError, TypeError) as error:
            raise self._gone() from error
        self._heard = (self._heard + data)[-_SHOWN:]
        return data

    def _silent(self, came: int, count: int) -> BoardError:
        device = self.port.device
        others = holders_of(device)
        if others:
            return BoardError(
                f"{count} bytes of answer were expected from {device} and {came} came. It is "
                f"open in {', '.join(others)} too, which may have taken them.",
                hint="Close that program.",
            )
        if self._heard:
            return BoardError(
                f"{count} bytes of answer were expected from {device} within "
                f"{self.patience_s:g} s and {came} came. Heard before: {bytes(self._heard)!r}.",
                hint="The answer was cut short, or the program on the board is not Coincell's.",
            )
        return BoardError(
            f"The board at {device} said nothing for {self.patience_s:g} s: it does not speak "
            "Coincell's protocol.",
            hint="Does it run an image of `coincell run`? One compiled by hand may not answer. "
            "Flash one with `coincell flash`, or press the reset button once if it hangs.",
        )

    def _gone(self) -> BoardError:
        return BoardError(
            f"The board at {self.port.device} went away: it was unplugged, or it reset itself.",
            hint="Plug it in again; after a reset the port may have another number. If it does "
            "not come back, start its bootloader and flash it anew.",
        )


def touch(port: Port) -> None:
    """Open and close the port at 1200 baud: many boards start their bootloader on that.

    Raises:
        BoardError: as `SerialPort`.
    """
    package = serial_package()
    line = _open(package, port, _TOUCH_BAUD)
    try:
        line.dtr = False
    except OSError:
        pass  # it is gone already, which is what the touch is for; or it is no modem line
    finally:
        line.close()


def _open(package: Any, port: Port, baud: int) -> Any:
    try:
        return package.Serial(
            port.device, baud, timeout=PATIENCE_S, write_timeout=PATIENCE_S, exclusive=True
        )
    except (OSError, ValueError) as error:
        raise _cannot_open(port, error) from error


def _cannot_open(port: Port, error: OSError | ValueError) -> BoardError:
    device, code = port.device, getattr(error, "errno", None)
    if code in (errno.EACCES, errno.EPERM):
        return BoardError(f"You may not use the port {device}.", hint=access_help(device, port.usb))
    if code in (errno.EBUSY, errno.EAGAIN):
        others = holders_of(device)
        who = ", ".join(others) or "a program that cannot be seen from here"
        return BoardError(
            f"The port {device} is held by {who}.",
            hint="Close that program: a serial monitor, or another `coincell`."
            + ("" if others else f" As root `fuser -v {device}` tells which it is."),
        )
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return BoardError(
            f"The port {device} is not there any more.",
            hint="The board was unplugged or reset: it may have come back under another number.",
        )
    return BoardError(
        f"{device} cannot be opened as a serial port: {error}.",
        hint="Name a port such as /dev/ttyACM0; `coincell board ports` lists those there are.",
    )
