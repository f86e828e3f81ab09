"""Sound through the always-on firmware: what the microphone hears in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from coincell.board.client import BoardClient
from coincell.board.protocol import BoardEvent, Listening
from coincell.board.virtual import VirtualBoard
from coincell.errors import BoardError, DataError
from coincell.firmware import Image, StreamEvent

STREAM_RATE_HZ = 16_000
"""Samples a second of the board's microphone."""

_STEP_SAMPLES = STREAM_RATE_HZ
"""How much is heard between two looks at what the board sent."""

_LONGEST_WAIT = 10 * STREAM_RATE_HZ
"""A decision comes at most a hop and its processing after its samples."""

_HINT = "Raise [decision] hop_ms, or take a smaller model."


def run_stream(
    image: Image,
    samples: NDArray[np.int16],
    progress: Callable[[int, int], None] | None = None,
) -> list[StreamEvent]:
    """Let the virtual board's microphone hear int16 [n] at 16 kHz; every decision, in order.

    They equal those of `coincell.firmware.HostStream` on the same samples.

    Args:
        image: of an application that listens, on a board with a microphone.
        samples: the sound from the moment the microphone starts.
        progress: is called with the samples that were heard, and all.

    Raises:
        DataError: the samples have another type or shape.
        BoardError: the board does not listen, faults, or lost samples.
    """
    with VirtualBoard(image) as virtual:
        return list(stream_events(virtual, samples, progress))


def stream_events(
    virtual: VirtualBoard,
    samples: NDArray[np.int16],
    progress: Callable[[int, int], None] | None = None,
    at_end: Callable[[], None] | None = None,
    reported: Callable[[bytes], None] | None = None,
) -> Iterator[StreamEvent]:
    """The same on a board that runs, one decision after the other; it listens on afterwards.

    The activity of the board begins anew with the first sample, so that `virtual.activity` tells
    what the sound took. `at_end` is called at the last one: some decisions come a moment later.
    `reported` is called with each report that the board tells.
    """
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise DataError(f"A stream is int16 [n]. Received: {samples.dtype} {list(samples.shape)}.")
    client = BoardClient(virtual, reported)
    client.listen(Listening.OFF)
    virtual.put_world("microphone", samples.astype("<i2").tobytes(), rate=STREAM_RATE_HZ)
    client.listen(Listening.ALL)
    virtual.activity(restart=True)
    sequence: int | None = None
    heard = decided = 0
    while heard < len(samples) + _LONGEST_WAIT:
        step = min(_STEP_SAMPLES, len(samples) - heard) if heard < len(samples) else _STEP_SAMPLES
        virtual.advance(step * virtual.board.clock_hz // STREAM_RATE_HZ)
        heard += step
        if at_end is not None and heard == len(samples):
            at_end()
        if progress is not None:
            progress(min(heard, len(samples)), len(samples))
        for event in client.events(lambda: virtual.waiting):
            check_event(event, sequence)
            sequence = event.sequence
            if event.samples > len(samples):
                return
            decided = event.samples
            yield StreamEvent(event.samples, event.label, event.score)
    raise BoardError(
        f"The board heard {heard:,} samples and has decided on {decided:,}: it falls behind.", _HINT
    )


def check_event(event: BoardEvent, before: int | None) -> None:
    """Refuse an event that tells of a failure or a loss, or does not follow the one `before`.

    Raises:
        BoardError: it is such an event.
    """
    if event.status:
        raise BoardError(f"The board listens no more: {event.failure}")
    if event.lost:
        raise BoardError(
            f"The board lost {event.lost:,} samples until {event.samples:,}: it takes longer to "
            "decide than its hop leaves it.",
            _HINT,
        )
    if before is not None and event.sequence != (before + 1) % 256:
        raise BoardError(f"Events of the board are missing before sample {event.samples:,}.")
