"""The features stage's artefact as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.features import InputQuantization
from coincell.pipeline.store import Artefact

CLIPS_FILE = "clips.npy"
ALTERED_FILE = "altered.npy"
ALTERED_ROWS_FILE = "altered-rows.npy"
FACTS_FILE = "features.json"


@dataclass(frozen=True)
class FeatureArrays:
    """int8 features as the device computes them.

    Attributes:
        clips: int8 [n, *shape], every window, in the order of `Clips`.
        altered: int8 [m, *shape], augmented copies of training windows.
        altered_rows: int64 [m], which window each is a copy of.
        quantization: value = (q - zero_point) * scale, frozen.
        learned: what the block chose on the training split, frozen too.
    """

    clips: NDArray[np.int8]
    altered: NDArray[np.int8]
    altered_rows: NDArray[np.int64]
    quantization: InputQuantization
    learned: Mapping[str, list[int]]


def read_features(artefact: Artefact) -> FeatureArrays:
    """The arrays that the features stage wrote."""
    facts = artefact.read_json(FACTS_FILE)
    return FeatureArrays(
        np.load(artefact.folder / CLIPS_FILE),
        np.load(artefact.folder / ALTERED_FILE),
        np.load(artefact.folder / ALTERED_ROWS_FILE),
        InputQuantization(facts["scale"], facts["zero_point"]),
        facts["learned"],
    )
