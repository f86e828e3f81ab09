"""One table of counts, and every group and every round of the bootstrap as its weighted sums.

A row of the table is a person within one intersection of all columns. A round of the bootstrap
draws as many people as there are, with replacement; it is kept as how often each was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit.measures import NOT_RATES, Measure, Values
from coincell.audit.people import Column, People
from coincell.evaluation import Estimate, wilson

_LOW, _HIGH = 0.025, 0.975
_ROUNDING = 1e-12
"""Rounds that are no further apart are alike."""


def draw_people(count: int, rounds: int, seed: int) -> Values:
    """float64 [1 + rounds, count]: how often each person counts; once each in the first row."""
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(count, np.full(count, 1.0 / count), size=rounds)
    return np.concatenate([np.ones((1, count)), draws]).astype(np.float64)


@dataclass(frozen=True)
class CountTable:
    """Sums of clips by person and intersection.

    Attributes:
        person: int64 [u].
        groups: int64 [u, columns], codes in each column.
        sums: float64 [u, k].
    """

    person: NDArray[np.int64]
    groups: NDArray[np.int64]
    sums: Values

    @classmethod
    def of(cls, people: People, measure: Measure) -> CountTable:
        """The table of all clips."""
        codes = np.stack([people.person, *(column.codes for column in people.columns)], axis=1)
        order = np.lexsort(codes.T[::-1])
        codes = codes[order]
        begins = np.append(True, (np.diff(codes, axis=0) != 0).any(axis=1))
        first = np.flatnonzero(begins)
        sums = np.add.reduceat(measure.rows()[order], first, axis=0)
        return cls(codes[first, 0], codes[first, 1:], sums)


@dataclass(frozen=True)
class GroupFigures:
    """Figures of the groups of one column, of all of them together, and of all but each.

    Attributes:
        figures: float64 [groups, 1 + rounds, m]; the first of the rounds are the figures
            themselves. NaN where one is not defined.
        rest: the same of the told groups but this one.
        whole: float64 [1 + rounds, m], of all clips.
        people: int64 [groups], how many there are.
        people_of: int64 [groups, m], whose clips each figure is of.
        clips_of: float64 [groups, m], of how many clips it is.
        shared: bool [groups], whether some of its people are in other groups too.
    """

    figures: Values
    rest: Values
    whole: Values
    people: NDArray[np.int64]
    people_of: NDArray[np.int64]
    clips_of: Values
    shared: NDArray[np.bool_]


def group_figures(
    table: CountTable, at: int, column: Column, measure: Measure, draws: Values
) -> GroupFigures:
    """Figures by the groups of one column.

    Args:
        table: of the clips.
        at: the column's position in it.
        column: its values.
        measure: what is measured.
        draws: of `draw_people`, [1 + rounds, people].
    """
    codes, count = table.groups[:, at], len(column.values)
    totals = np.empty((count, len(draws), table.sums.shape[1]))
    members = np.zeros((count, draws.shape[1]), np.bool_)
    people_of = np.zeros((count, len(measure.keys)), np.int64)
    for group in range(count):
        rows = np.flatnonzero(codes == group)
        persons = table.person[rows]
        totals[group] = draws[:, persons] @ table.sums[rows]
        members[group, persons] = True
        has = measure.bases(table.sums[rows]) > 0
        people_of[group] = _distinct(persons, has)
    told = column.told
    together = totals[told].sum(axis=0)
    rest = np.where(told[:, None, None], together - totals, totals * 0)
    often = members[told].sum(axis=0) > 1
    return GroupFigures(
        measure.figures(totals),
        measure.figures(rest),
        measure.figures(totals.sum(axis=0)),
        members.sum(axis=1),
        people_of,
        measure.bases(totals[:, 0]),
        (members & often).any(axis=1),
    )


def _distinct(persons: NDArray[np.int64], has: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many different persons have each figure: [rows] and [rows, m] -> [m]."""
    _, inverse = np.unique(persons, return_inverse=True)
    found = np.zeros((int(inverse.max()) + 1, has.shape[1]), np.bool_)
    np.logical_or.at(found, inverse.reshape(-1), has)
    counts: NDArray[np.int64] = found.sum(axis=0)
    return counts


def interval_ends(rounds: Values) -> tuple[Values, Values]:
    """The 2.5 % and the 97.5 % quantile over rounds, NaN left out: [rounds, ...] -> [...] twice."""
    ordered = np.sort(np.ascontiguousarray(np.moveaxis(rounds, 0, -1)), axis=-1)
    known = (~np.isnan(ordered)).sum(axis=-1)
    return _quantile(ordered, known, _LOW), _quantile(ordered, known, _HIGH)


def _quantile(ordered: Values, known: NDArray[np.int64], level: float) -> Values:
    """By linear interpolation among the first `known` of each row; NaN where there are none."""
    place = np.maximum(known - 1, 0) * level
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    low = np.take_along_axis(ordered, below[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, above[..., None], axis=-1)[..., 0]
    found: Values = low + (place - below) * (high - low)
    return found


def estimate(value: float, low: float, high: float, people: int, metric: str) -> Estimate:
    """A figure with its interval; none for a single person.

    Where all rounds of a rate came out alike, as all people are right equally often, resampling
    knows no spread: the interval is Wilson's then, each person one trial.
    """
    if np.isnan(value):
        return Estimate(None)
    if people < 2 or np.isnan(low):
        return Estimate(float(value))
    if high - low <= _ROUNDING and metric not in NOT_RATES:
        told = wilson(value * people, people)
        return Estimate(float(value), told.low, told.high)
    return Estimate(float(value), float(low), float(high))
