"""Windows for a virtual board: the first over its line, the others straight into its memory."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from coincell.board.client import BoardClient
from coincell.board.virtual import VirtualBoard

_BUFFER = "samples"
"""Of firmware/device/application/application.c: [window_values] of the application's samples."""


class PlacingClient(BoardClient):
    """Puts samples where the firmware would, as a debugger does: only bytes of the line are spared.

    The first window goes over the line. When it lies in the firmware's buffer as it was sent, the
    next ones are written there; in an image without such a buffer, all go over the line.
    """

    def __init__(self, virtual: VirtualBoard) -> None:
        super().__init__(virtual)
        self._virtual = virtual
        self._buffer: int | None = None
        self._sought = False

    def put_samples(self, window: NDArray[Any]) -> None:
        """[window_values], to be processed; the image does not listen meanwhile."""
        if self._buffer is None:
            super().put_samples(window)
            self._find_buffer(window)
        else:
            self.check_window(window)
            self._virtual.write_memory(self._buffer, _as_sent(window))

    def _find_buffer(self, window: NDArray[Any]) -> None:
        """Look once, with a window that can be told from an empty buffer."""
        if self._sought or not window.any():
            return
        self._sought = True
        data, ram = _as_sent(window), self._virtual.board.ram
        for symbol in self._virtual.elf.symbols:
            address, fits = symbol.address, symbol.end - symbol.address == len(data)
            within = ram.origin <= address <= ram.origin + ram.bytes - len(data)
            if fits and within and symbol.name.split(".")[0] == _BUFFER:
                if self._virtual.read_memory(address, len(data)) == data:
                    self._buffer = address
                return


def _as_sent(window: NDArray[Any]) -> bytes:
    """A window's bytes on the line and in the board's memory: low byte first."""
    return window.astype(window.dtype.newbyteorder("<")).tobytes()
