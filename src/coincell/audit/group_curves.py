"""What every threshold would do to every group: counts at all cuts between distinct scores.

A cut k of a group tells the k highest distinct scores positive: cut 0 nobody, the last everybody.
No grid: between two neighbouring scores all thresholds decide alike, so that the cuts are all
that any threshold can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit.measures import Values, share
from coincell.audit.people import Column
from coincell.errors import DataError, InternalError

NEVER = float("inf")
"""The threshold that no score reaches."""


@dataclass(frozen=True)
class Scored:
    """n examples of one class against the rest, and the groups that are compared.

    Attributes:
        positive: bool [n], which are of the class.
        scores: float64 [n], finite; the higher, the likelier.
        person: int64 [n], whose each is.
        column: the groups; examples that do not tell theirs are left out.
    """

    positive: NDArray[np.bool_]
    scores: Values
    person: NDArray[np.int64]
    column: Column

    def __post_init__(self) -> None:
        count = len(self.positive)
        if not count == len(self.scores) == len(self.person) == len(self.column.codes):
            raise InternalError("Truths, scores, people and groups must be as many.")
        if not np.isfinite(self.scores).all():
            raise DataError(
                "Scores must be finite numbers; "
                f"{int((~np.isfinite(self.scores)).sum()):,} of {count:,} are not.",
                hint="Take those rows out, or give them a score.",
            )

    @property
    def told(self) -> Scored:
        """Those that tell their group; the column without the group of the others."""
        names = tuple(
            value for value, told in zip(self.column.values, self.column.told, strict=True) if told
        )
        kept = self.column.codes < len(names)
        column = Column(self.column.parts, names, self.column.codes[kept])
        return Scored(self.positive[kept], self.scores[kept], self.person[kept], column)


@dataclass(frozen=True)
class GroupCurve:
    """What each cut of one group does; k + 1 cuts of k distinct scores.

    Attributes:
        scores: float64 [k], distinct, falling.
        found: float64 [k + 1], positives that are told (true positives).
        false: float64 [k + 1], negatives that are told (false positives).
    """

    scores: Values
    found: Values
    false: Values

    @property
    def thresholds(self) -> Values:
        """Of the cuts, falling, [k + 1]: a score that reaches one is told positive."""
        return thresholds_between(self.scores)

    @property
    def positives(self) -> float:
        """How many there are."""
        return float(self.found[-1])

    @property
    def negatives(self) -> float:
        """How many there are."""
        return float(self.false[-1])

    def cost(self, ratio: float) -> Values:
        """False positives x ratio + false negatives, [k + 1]."""
        return self.false * ratio + (self.positives - self.found)

    def rates(self) -> Mapping[str, Values]:
        """Metric -> [k + 1], NaN where it is not defined."""
        everybody = np.array([self.positives + self.negatives])
        right = self.found + self.negatives - self.false
        return {
            "selection_rate": share(self.found + self.false, everybody),
            "recall": share(self.found, np.array([self.positives])),
            "fpr": share(self.false, np.array([self.negatives])),
            "accuracy": share(right, everybody),
            "precision": share(self.found, self.found + self.false),
        }

    def cuts_of(self, thresholds: Values) -> NDArray[np.int64]:
        """The cuts that thresholds make; same shape."""
        return np.searchsorted(-self.scores, -np.asarray(thresholds), side="right")


def curve_of(positive: NDArray[np.bool_], scores: Values) -> GroupCurve:
    """The curve of n examples: bool [n], float64 [n]."""
    distinct, place = np.unique(scores, return_inverse=True)
    count = len(distinct)
    sums = [
        np.concatenate([[0.0], np.cumsum(np.bincount(place, weights=kind, minlength=count)[::-1])])
        for kind in (positive, ~positive)
    ]
    return GroupCurve(distinct[::-1], *sums)


def thresholds_between(falling: Values) -> Values:
    """Distinct scores [k], falling -> a threshold for each cut, [k + 1].

    The first is NEVER, others lie halfway between two scores, the last is 0 or the lowest score.
    """
    if not len(falling):
        return np.array([NEVER])
    above, below = falling[:-1], falling[1:]
    middle = above / 2 + below / 2
    middle = np.where((middle > below) & (middle <= above), middle, above)  # of close neighbours
    return np.concatenate([[NEVER], middle, [min(0.0, float(falling[-1]))]])


def group_curves(scored: Scored) -> tuple[GroupCurve, ...]:
    """A curve for each group of the column."""
    return tuple(
        curve_of(scored.positive[own], scored.scores[own])
        for own in (scored.column.codes == group for group in range(len(scored.column.values)))
    )
