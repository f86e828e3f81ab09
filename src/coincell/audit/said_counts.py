"""Who is told a class and who is not, by group: counts, their rates, and rounds of the bootstrap.

Of one class against the rest, with thresholds of groups. People alike in all that is counted are
drawn together, so that a thousand rounds over tens of thousands of people take tenths of a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.audit.cheapest_cuts import Step, no_step
from coincell.audit.group_curves import Scored
from coincell.audit.measures import Values, share

COUNTS = ("tp", "fp", "fn", "tn")
"""Told and right, told and wrong, not told and wrong, not told and right."""
_DRAWN_AT_ONCE = 1_000_000  # numbers: a tenth of a second


def people_in_groups(scored: Scored) -> NDArray[np.int64]:
    """How many people each group has."""
    groups = range(len(scored.column.values))
    return np.array([len(np.unique(scored.person[scored.column.codes == at])) for at in groups])


def drawn_counts(
    scored: Scored, thresholds: Values, rounds: int, seed: int, step: Step = no_step
) -> Values:
    """Counts by group, round and strategy: [groups, 1 + rounds, strategies, 4], as in COUNTS.

    The table of people by group is summed with weights. People alike in all of it are drawn
    together, by how many they are: the same draws, of fewer kinds.

    Args:
        scored: the examples.
        thresholds: [strategies, groups].
        rounds: of the bootstrap.
        seed: its own.
        step: called often; what it raises ends the work.
    """
    person, group, sums = _table(scored, thresholds)
    kind, counts = _kinds(person, group, sums)
    draws = _draws(counts, rounds, seed, step)
    groups = len(scored.column.values)
    _, first = np.unique(kind * groups + group, return_index=True)
    totals = np.zeros((groups, 1 + rounds, sums.shape[1]))
    for at in range(len(totals)):
        step()
        rows = first[group[first] == at]
        totals[at] = draws[:, kind[rows]] @ sums[rows]
    return totals.reshape(*totals.shape[:2], len(thresholds), len(COUNTS))


def _draws(counts: NDArray[np.int64], rounds: int, seed: int, step: Step) -> Values:
    """How many people of each kind a round draws, float64 [1 + rounds, kinds], all first.

    In lots, so that it can be stopped; they are the draws of all rounds at once.
    """
    generator, people = np.random.default_rng(seed), int(counts.sum())
    draws = np.empty((1 + rounds, len(counts)))
    draws[0] = counts
    lot = max(1, _DRAWN_AT_ONCE // len(counts))
    for since in range(1, 1 + rounds, lot):
        step()
        rows = draws[since : since + lot]
        rows[:] = generator.multinomial(people, counts / people, size=len(rows))
    return draws


def _table(
    scored: Scored, thresholds: Values
) -> tuple[NDArray[np.int64], NDArray[np.int64], Values]:
    """Person [u], group [u] and the sums of their examples [u, strategies x 4]."""
    codes = scored.column.codes
    said = scored.scores[:, None] >= thresholds.T[codes]
    real = scored.positive[:, None]
    rows = np.stack([real & said, ~real & said, real & ~said, ~real & ~said], axis=2)
    order = np.lexsort([codes, scored.person])
    ordered = np.stack([scored.person[order], codes[order]])
    first = np.flatnonzero(np.append(True, (np.diff(ordered) != 0).any(axis=0)))
    sums = np.add.reduceat(rows[order].reshape(len(order), -1).astype(np.float64), first, axis=0)
    return ordered[0, first], ordered[1, first], sums


def _kinds(
    person: NDArray[np.int64], group: NDArray[np.int64], sums: Values
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The kind of each row [u], and of how many people each kind is.

    People of one row are of a kind if the rows are the same; others are each their own.
    """
    _, inverse, rows = np.unique(person, return_inverse=True, return_counts=True)
    alone = rows[inverse] == 1
    marks = np.where(alone, -1, person)[:, None]
    kind = _places(
        np.concatenate([marks, group[:, None] * alone[:, None], sums * alone[:, None]], axis=1)
    )
    each = np.where(alone, 1.0, 1.0 / rows[inverse])  # a person of several rows is one
    return kind, np.rint(np.bincount(kind, weights=each)).astype(np.int64)


def _places(rows: Values) -> NDArray[np.int64]:
    """Each row's place among the distinct ones in their order: np.unique's inverse, but faster."""
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    place = np.empty(len(rows), np.int64)
    place[order] = np.cumsum(np.append(False, (np.diff(ordered, axis=0) != 0).any(axis=1)))
    return place


def rates_of(counts: Values) -> dict[str, Values]:
    """Counts [..., 4] -> metric -> [...]; NaN where one is not defined."""
    found, false, missed, rest = np.moveaxis(counts, -1, 0)
    every = found + false + missed + rest
    return {
        "accuracy": share(found + rest, every),
        "selection_rate": share(found + false, every),
        "recall": share(found, found + missed),
        "fpr": share(false, false + rest),
        "precision": share(found, found + false),
    }
