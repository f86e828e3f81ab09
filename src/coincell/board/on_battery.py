"""A listening board with its USB cable pulled: what it takes on a battery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board.client import BoardClient
from coincell.board.protocol import Listening
from coincell.board.stream import STREAM_RATE_HZ, check_event
from coincell.board.virtual import VirtualBoard
from coincell.errors import BoardError

_STEPS_A_SECOND = 10
"""Of progress: a camera's frame takes seconds here."""

_LONGEST_WAIT_S = 10
"""Back on the cable, the next decision comes a hop and its processing later at most."""


def speaks_usb(virtual: VirtualBoard) -> bool:
    """Whether the computer has found the board that `virtual` runs on its USB."""
    return bool(virtual.usb()["state"] == "configured")


def pull_cable(virtual: VirtualBoard) -> None:
    """Leave the board to its battery; nobody reads what it tells from now on."""
    virtual.put_world("usb", plugged=False)
    virtual.send(b"")


def activity_on_battery(
    virtual: VirtualBoard,
    samples: NDArray[np.int16],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
    """What the board does while it hears int16 [n] at 16 kHz with its cable pulled.

    Afterwards the cable is in again, and the board listens no more.

    Args:
        virtual: a board that `speaks_usb`, and listens.
        samples: the sound, from the moment the microphone starts.
        progress: is called with the samples that were heard, and all.

    Returns:
        As `VirtualBoard.activity`: from the first sample to the last.

    Raises:
        BoardError: it faults, its application fails, or it lost samples meanwhile.
    """

    def hear(board: VirtualBoard) -> None:
        board.put_world("microphone", samples.astype("<i2").tobytes(), rate=STREAM_RATE_HZ)

    return battery_run(virtual, hear, len(samples) / STREAM_RATE_HZ, progress, STREAM_RATE_HZ)


def battery_run(
    virtual: VirtualBoard,
    surroundings: Callable[[VirtualBoard], None],
    seconds: float,
    progress: Callable[[int, int], None] | None = None,
    unit_hz: int = 1000,
) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
    """The same of a board that senses whatever `surroundings` puts around it.

    `progress` counts in `unit_hz` a second.
    """
    client = BoardClient(virtual)
    client.listen(Listening.OFF)
    surroundings(virtual)
    client.listen(Listening.ALL)
    pull_cable(virtual)
    virtual.activity(restart=True)
    total = round(seconds * unit_hz)
    step = max(1, unit_hz // _STEPS_A_SECOND)
    for begin in range(0, total, step):
        end = min(begin + step, total)
        virtual.advance((end - begin) * virtual.board.clock_hz // unit_hz)
        if progress is not None:
            progress(end, total)
    found = virtual.activity()
    virtual.put_world("usb", plugged=True)
    _ask_how_it_went(virtual)
    return found


def _ask_how_it_went(virtual: VirtualBoard) -> None:
    """The next decision tells how many samples were lost since listening began."""
    client = BoardClient(virtual)
    for _ in range(_LONGEST_WAIT_S):
        virtual.advance(virtual.board.clock_hz)
        for event in client.events(lambda: virtual.waiting):
            check_event(event, None)
            virtual.discard()
            client.listen(Listening.OFF)
            return
    raise BoardError(
        "With its USB cable pulled the board stopped listening, or falls behind.",
        hint="Raise [decision] hop_ms, or take a smaller model.",
    )
