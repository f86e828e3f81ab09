"""The known window of an export, and what the chain makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.firmware.application import Application
from coincell.firmware.host import build_host_library

_CANDIDATES = 24
_SEED = 20
_NEAR_THE_LIMIT = 127


@dataclass(frozen=True)
class Golden:
    """One window in, and every number that must come out.

    Attributes:
        window: int16 [window_samples], made up: no recording of anybody leaves the project.
        features: int8 [features].
        scores: int8 [classes].
        label: index of the class, -1 for none.
        score: fixed point.
    """

    window: NDArray[np.int16]
    features: NDArray[np.int8]
    scores: NDArray[np.int8]
    label: int
    score: int


def golden_vector(application: Application) -> Golden:
    """The made-up window, of a few, that the chain is least sure of.

    There scores lie between their limits, and what goes wrong before them is not hidden.
    """
    windows = made_up_sounds(application.form.values)
    result = build_host_library(application).process(windows)
    inside = np.abs(result.scores.astype(int) + 0.5) < _NEAR_THE_LIMIT
    best = int(np.argmax(inside.sum(axis=1)))
    return Golden(
        window=windows[best],
        features=result.features[best],
        scores=result.scores[best],
        label=int(result.labels[best]),
        score=int(result.decision_scores[best]),
    )


def made_up_sounds(samples: int) -> NDArray[np.int16]:
    """int16 [24, samples]: gliding tones with harmonics, swelling and fading, over noise."""
    random = np.random.default_rng(_SEED)
    time = np.linspace(0.0, 1.0, samples, endpoint=False)
    windows = []
    for _ in range(_CANDIDATES):
        first, last = random.uniform(0.002, 0.12, 2) * np.pi
        phase = np.cumsum(first + (last - first) * time)
        tone = sum(np.sin(phase * h + random.uniform(0, 6)) / h for h in range(1, 6))
        middle, width = random.uniform(0.2, 0.8), random.uniform(0.05, 0.3)
        swell = np.exp(-(((time - middle) / width) ** 2))
        noise = random.standard_normal(samples) * random.uniform(0.001, 0.05)
        sound = tone * swell * random.uniform(0.05, 0.4) + noise
        windows.append(np.clip(sound * 32768, -32768, 32767).astype(np.int16))
    return np.stack(windows)
