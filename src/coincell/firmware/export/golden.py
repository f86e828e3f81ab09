"""The known window of an export, and what the chain makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.firmware.application import Application
from coincell.firmware.host import build_host_library
from coincell.project import WindowForm

_CANDIDATES = 24
_SEED = 20
_NEAR_THE_LIMIT = 127


@dataclass(frozen=True)
class Golden:
    """One window in, and every number that must come out.

    Attributes:
        window: [form.values] of form.dtype, made up: no recording of anybody leaves the project.
        features: int8 [features].
        scores: int8 [classes]; of normality the four bytes of how strange it is.
        label: index of the class, -1 for none; of normality 1 for what is strange.
        score: fixed point.
    """

    window: NDArray[Any]
    features: NDArray[np.int8]
    scores: NDArray[np.int8]
    label: int
    score: int


def golden_vector(application: Application) -> Golden:
    """The made-up window, of a few, that the chain is least sure of.

    There scores lie between their limits, and what goes wrong before them is not hidden.
    """
    windows = made_up_windows(application.form)
    result = build_host_library(application).process(windows)
    # Of normality the scores are bytes of one number, which have no limits.
    looked_at = result.features if application.goal == "normality" else result.scores
    inside = np.abs(looked_at.astype(int) + 0.5) < _NEAR_THE_LIMIT
    best = int(np.argmax(inside.sum(axis=1)))
    return Golden(
        window=windows[best],
        features=result.features[best],
        scores=result.scores[best],
        label=int(result.labels[best]),
        score=int(result.decision_scores[best]),
    )


def made_up_windows(form: WindowForm) -> NDArray[Any]:
    """[24, form.values] of form.dtype: each channel a sound of its own, or pictures of one."""
    random = np.random.default_rng(_SEED)
    if form.sense == "picture":
        return _made_up_pictures(form, random)
    channels = [_made_up_sounds(form.samples, random) for _ in range(form.channels)]
    return np.stack(channels, axis=-1).reshape(_CANDIDATES, form.values)


def _made_up_sounds(samples: int, random: np.random.Generator) -> NDArray[np.int16]:
    """int16 [24, samples]: gliding tones with harmonics, swelling and fading, over noise."""
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


def _made_up_pictures(form: WindowForm, random: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 [24, form.values]: waves of light in every direction, with grain."""
    row, column = np.mgrid[0 : form.height, 0 : form.width]
    shape = (_CANDIDATES, 1, 1, form.channels)
    down, along = random.uniform(-0.4, 0.4, (2, *shape))
    wave = np.sin(down * row[..., None] + along * column[..., None] + random.uniform(0, 6, shape))
    light = random.uniform(60, 190, shape) + wave * random.uniform(10, 90, shape)
    grain = random.standard_normal((_CANDIDATES, *form.shape)) * random.uniform(0, 12, shape)
    pictures: NDArray[np.uint8] = np.clip(light + grain, 0, 255).astype(np.uint8)
    return pictures.reshape(_CANDIDATES, form.values)
