"""A clip of sound -> one window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS_PER_WINDOW = 100


def fit_window(clip: NDArray[np.int16], window_samples: int) -> NDArray[np.int16]:
    """Bring a clip to the window's length, always in the same way.

    Args:
        clip: int16 [n].
        window_samples: the length wanted.

    Returns:
        int16 [window_samples]. A shorter clip stands in the middle between zeros (the odd one
        goes behind). Of a longer one the loudest stretch is kept: of all stretches that begin at
        a multiple of a hundredth of the window, the first one with the greatest energy.
    """
    missing = window_samples - len(clip)
    if missing == 0:
        return clip
    if missing > 0:
        return np.pad(clip, (missing // 2, missing - missing // 2))
    step = max(1, window_samples // _STEPS_PER_WINDOW)
    energy = np.concatenate(([0], np.cumsum(clip.astype(np.int64) ** 2)))
    starts = np.arange(0, len(clip) - window_samples + 1, step)
    loudest = starts[int(np.argmax(energy[starts + window_samples] - energy[starts]))]
    return clip[loudest : loudest + window_samples]
