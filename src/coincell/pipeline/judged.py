"""What the models said of each window of the test and validation splits: for the audit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline.store import Artefact

PLACES = ("float", "int8")
Split = Literal["validation", "test"]


@dataclass(frozen=True)
class Told:
    """What one model said of the n windows of a split.

    Attributes:
        scores: float64 [n, classes], 0 to 1 after a softmax; [n] of normality, how strange, as the
            threshold meets it; [n] of a quantity, the number.
        decisions: int64 [n], the class or evaluation.NO_DECISION; of normality 1 for an alarm,
            else 0; of a quantity 0.
    """

    scores: NDArray[np.float64]
    decisions: NDArray[np.int64]


def write_told(
    folder: Path,
    place: str,
    scores: NDArray[np.floating],
    decisions: NDArray[np.integer] | NDArray[np.bool_],
    split: Split = "test",
) -> None:
    """Lay down what `read_told` reads; see `Told`."""
    np.save(folder / _name("scores", place, split), np.asarray(scores, np.float64))
    np.save(folder / _name("decisions", place, split), np.asarray(decisions, np.int64))


def read_told(evaluated: Artefact, split: Split = "test") -> dict[str, Told]:
    """By place, float first; there is no float model where the user brought an int8 one, and of the
    validation split only classifiers are kept."""
    found = {}
    for place in PLACES:
        scores = evaluated.folder / _name("scores", place, split)
        if scores.is_file():
            decisions = np.load(evaluated.folder / _name("decisions", place, split))
            found[place] = Told(np.load(scores), decisions)
    return found


def _name(what: str, place: str, split: Split) -> str:
    return f"told-{what}-{split}-{place}.npy"
