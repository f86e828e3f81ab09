"""Sound through the always-on firmware: what the microphone hears in, decisions out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coincell.firmware import Image, StreamEvent

STREAM_RATE_HZ = 16_000
"""Samples a second of the board's microphone."""


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
        BoardError: the board does not listen, faults, or lost samples.
    """
    raise NotImplementedError
