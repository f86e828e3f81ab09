"""The always-on firmware on motion and pictures: what is around the board in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from coincell.board.client import BoardClient
from coincell.board.on_battery import battery_run, speaks_usb
from coincell.board.protocol import Listening
from coincell.board.stream import check_event
from coincell.board.virtual import VirtualBoard
from coincell.errors import BoardError
from coincell.firmware import SENSES_NOTHING, StreamEvent

Surroundings = Callable[[VirtualBoard], None]
"""Puts around a board what its sensors see, from that moment on."""


def nothing_around(virtual: VirtualBoard) -> None:
    """It lies as it is."""


_STEPS_A_SECOND = 20
LEARN_S = 1.5
"""For how long waits are learned: more than a window, so that all of the chain runs."""

_Took = tuple[dict[str, Any], list[tuple[int, str, str]]]
"""As `VirtualBoard.activity` tells it."""


def why_deaf(virtual: VirtualBoard) -> str:
    """Why the image does not sense by itself, as it says; "" when it does.

    Raises:
        BoardError: it faults.
    """
    client = BoardClient(virtual)
    try:
        client.listen(Listening.CHANGES)
    except BoardError as error:
        if "refused LISTEN" not in error.message:
            raise
        told = client.info().description.get(SENSES_NOTHING)
        return told if isinstance(told, str) and told else error.message
    client.listen(Listening.OFF)
    virtual.discard()
    return ""


def sensed_events(
    virtual: VirtualBoard,
    surroundings: Surroundings,
    seconds: float,
    progress: Callable[[int, int], None] | None = None,
    reported: Callable[[bytes], None] | None = None,
) -> Iterator[tuple[float, StreamEvent]]:
    """Decisions of a board that senses for `seconds`, each with the second in which it came.

    The activity of the board begins anew with the sensor, and it senses on afterwards. `reported`
    is called with each report that it tells.

    Raises:
        BoardError: it faults, its sensor fails, or it lost readings.
    """
    client = BoardClient(virtual, reported)
    client.listen(Listening.OFF)
    surroundings(virtual)
    client.listen(Listening.ALL)
    virtual.activity(restart=True)
    clock, steps = virtual.board.clock_hz, max(1, round(seconds * _STEPS_A_SECOND))
    total = round(seconds * clock)
    sequence: int | None = None
    for step in range(1, steps + 1):
        virtual.advance(total * step // steps - total * (step - 1) // steps)
        if progress is not None:
            progress(step, steps)
        for event in client.events(lambda: virtual.waiting):
            check_event(event, sequence)
            sequence = event.sequence
            yield seconds * step / steps, StreamEvent(event.samples, event.label, event.score)


def sensed_activity(
    virtual: VirtualBoard,
    surroundings: Surroundings,
    seconds: float,
    progress: Callable[[int, int], None] | None = None,
) -> _Took:
    """What such a board does meanwhile; a USB cable is pulled. It senses no more afterwards.

    Raises:
        BoardError: as `sensed_events`.
    """
    if speaks_usb(virtual):
        return battery_run(virtual, surroundings, seconds, progress)
    for _ in sensed_events(virtual, surroundings, seconds, progress):
        pass
    took = virtual.activity()
    BoardClient(virtual).listen(Listening.OFF)
    return took


def learn_sensing(
    virtual: VirtualBoard,
    surroundings: Surroundings,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """A moment of sensing in which the board learns how long its code waits for constants."""
    client = BoardClient(virtual)
    surroundings(virtual)
    client.listen(Listening.ALL)
    with virtual.learning_waits():
        steps = round(LEARN_S * _STEPS_A_SECOND)
        for step in range(1, steps + 1):
            virtual.advance(virtual.board.clock_hz // _STEPS_A_SECOND)
            if progress is not None:
                progress(step, steps)
    client.listen(Listening.OFF)
    virtual.discard()
