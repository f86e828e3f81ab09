"""The area under the ROC curve by group, in every round of the bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.audit.people import Column
from coincell.evaluation import OneAgainstRest

_MOST_VALUES = 1 << 20  # of one block of clip weights: 8 MiB of float64


def group_areas(
    truth: NDArray[np.int64],
    scores: NDArray[np.float64],
    person: NDArray[np.int64],
    column: Column,
    draws: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Areas of each class against the rest, [groups, 1 + rounds, C]; NaN without both kinds.

    Args:
        truth: int64 [n].
        scores: float64 [n, C], the higher, the likelier.
        person: int64 [n].
        column: whose groups.
        draws: [1 + rounds, people], how often each person counts.
    """
    found = np.full((len(column.values), len(draws), scores.shape[1]), np.nan)
    by_person = np.ascontiguousarray(draws.T)
    for group in range(len(column.values)):
        clips = np.flatnonzero(column.codes == group)
        curves = [
            OneAgainstRest(truth[clips] == label, scores[clips, label])
            for label in range(scores.shape[1])
        ]
        block = max(1, _MOST_VALUES // len(clips))
        for start in range(0, len(draws), block):
            weights = by_person[person[clips], start : start + block]
            for label, curve in enumerate(curves):
                found[group, start : start + block, label] = curve.areas(weights)
    return found
