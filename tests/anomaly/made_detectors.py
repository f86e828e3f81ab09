"""Detectors and windows that the tests of this folder share."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import (
    Detector,
    DetectorSettings,
    FormDetector,
    fit_detector,
    reconstruction_detector,
)
from coincell.features import InputQuantization

COLUMNS = 24
GIVEN, MADE = InputQuantization(0.03125, 3), InputQuantization(0.029296875, -7)

KINDS = {
    "clusters": ("k-means", DetectorSettings(centres=5)),
    "distance": ("mahalanobis", DetectorSettings()),
    "diagonal": ("gaussian-mixture", DetectorSettings(centres=6)),
    "full": ("gaussian-mixture", DetectorSettings(centres=3, covariance="full")),
    "sharp": ("gaussian-mixture", DetectorSettings(centres=9, regularization=0)),
}
"""Name in C -> kind and settings."""


@functools.cache
def normal_windows() -> NDArray[np.int8]:
    """int8 [600, 24]: three states of a machine, with correlated columns, two of them narrow."""
    generator = np.random.default_rng(11)
    mixing = generator.normal(size=(COLUMNS, COLUMNS)) * 4
    centres = generator.uniform(-60, 60, (3, COLUMNS))
    states = np.repeat(np.arange(3), 200)
    windows = centres[states] + generator.normal(size=(600, COLUMNS)) @ mixing
    windows[:, 0] = 5  # never varies
    windows[:, 1] = generator.integers(0, 2, 600)
    return np.clip(np.rint(windows), -128, 127).astype(np.int8)


def hard_windows() -> NDArray[np.int8]:
    """Normal ones, any, and the farthest there are."""
    generator = np.random.default_rng(5)
    anything = generator.integers(-128, 128, (200, COLUMNS))
    corners = generator.choice([-128, 127], (60, COLUMNS))
    ends = np.stack([np.full(COLUMNS, -128), np.full(COLUMNS, 127)])
    return np.concatenate([normal_windows()[::4], anything, corners, ends]).astype(np.int8)


@functools.cache
def detector_named(name: str) -> FormDetector:
    """One of KINDS, fitted on the normal windows."""
    kind, settings = KINDS[name]
    return fit_detector(kind, normal_windows(), GIVEN, settings, seed=3)


NETWORK = f"""\
#include "halves.h"

static int8_t values[{COLUMNS}];

int8_t *halves_input(int index)
{{
    (void)index;
    return values;
}}

int8_t *halves_output(int index)
{{
    (void)index;
    return values;
}}

int halves_invoke(void)
{{
    for (int j = 0; j < {COLUMNS}; j++) values[j] = (int8_t)(values[j] / 2);
    return 0;
}}
"""

NETWORK_HEADER = """\
#include <stdint.h>

int8_t *halves_input(int index);
int8_t *halves_output(int index);
int halves_invoke(void);
"""


def halves(features: NDArray[np.int8]) -> NDArray[np.int8]:
    """What the network above computes, in place as compiled ones may."""
    return np.trunc(features / 2).astype(np.int8)


def sources_of(name: str) -> dict[str, str]:
    """C of a detector, "halves" being a reconstruction with its network."""
    sources = detector_of_any(name).c_sources(name)
    if name == "halves":
        sources |= {"halves.c": NETWORK, "halves.h": NETWORK_HEADER}
    return sources


def detector_of_any(name: str) -> Detector:
    """One of KINDS, or "halves"."""
    if name == "halves":
        return reconstruction_detector(COLUMNS, GIVEN, MADE, halves, "halves")
    return detector_named(name)
