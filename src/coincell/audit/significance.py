"""Which differences are more than chance: tests over people, corrected for how many there are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.audit.measures import NOT_RATES, Values

LEVEL = 0.05
"""A difference is called clear where its corrected p is below this."""
_LARGE = 300  # degrees of freedom from which on Student's distribution is taken for the normal


def student_p(statistic: float, degrees: float) -> float:
    """Two-sided p of Student's t, for the whole number of degrees of freedom below `degrees`.

    Finite sums of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
    """
    if math.isinf(statistic):
        return 0.0
    count = max(1, math.floor(degrees)) if degrees < _LARGE else _LARGE
    if count >= _LARGE:
        return math.erfc(abs(statistic) / math.sqrt(2))
    angle = math.atan(abs(statistic) / math.sqrt(count))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = count % 2 == 1
    term, total = (cosine if odd else 1.0), 0.0
    for power in range(1 if odd else 0, count - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    area = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return min(1.0, max(0.0, 1.0 - area))


def holm(values: Sequence[float]) -> list[float]:
    """p values corrected for how many there are (Holm 1979), in their order."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    corrected, least = [0.0] * len(values), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(values) - rank) * values[at]))
        corrected[at] = least
    return corrected


def paired_p(differences: NDArray[np.float64], person: NDArray[np.int64]) -> float:
    """p of a mean difference being 0, where each person was judged twice; two-sided, 0 to 1.

    A ratio estimator of the mean over people who have unlike numbers of clips, and its linearized
    variance (Cochran 1977, section 6.3), in Student's t with a degree of freedom less than there
    are people. Of equal numbers it is the paired t-test on people's means. One person, or people
    who all differ alike, tell nothing of chance: 1.

    Args:
        differences: float64 [n], of each clip.
        person: int64 [n], whose it is.
    """
    _, place = np.unique(person, return_inverse=True)
    clips = np.bincount(place).astype(np.float64)
    if len(clips) < 2:
        return 1.0
    mean = float(differences.mean())
    residuals = np.bincount(place, differences) - mean * clips
    people = len(clips)
    error = math.sqrt(people / (people - 1) * float(np.square(residuals).sum())) / clips.sum()
    return student_p(mean / error, people - 1) if error > 1e-12 else 1.0


def two_groups_p(
    group: Values, rest: Values, people: tuple[int, int], shared: bool, metric: str
) -> float:
    """p of the difference between a group and the rest.

    The bootstrap's variances, each by m / (m - 1) for its m people, in Welch's test (1947); people
    that are on both sides make it one of paired differences. A side whose rounds are all alike is
    given the variance of one more success and one more failure, so that nothing is ever certain.

    Args:
        group: [1 + rounds], the figure itself first.
        rest: the same.
        people: how many are in the group, and in the rest.
        shared: whether some are in both.
        metric: the figure's name.
    """
    difference = float(group[0] - rest[0])
    sides = [
        _variance(values, count, metric)
        for values, count in zip((group, rest), people, strict=True)
    ]
    if shared:
        count = min(people)
        variance = _variance(group - rest, count, "")
        return _p(difference, variance, count - 1)
    variance = sum(sides)
    if variance == 0:
        return 1.0 if difference == 0 else 0.0
    below = sum(side**2 / max(1, count - 1) for side, count in zip(sides, people, strict=True))
    return _p(difference, variance, variance**2 / below)


def _variance(rounds: Values, people: int, metric: str) -> float:
    known = rounds[1:][~np.isnan(rounds[1:])]
    spread = float(np.var(known)) * people / max(1, people - 1) if len(known) else 0.0
    if spread > 0 or not metric or metric in NOT_RATES:
        return spread
    return float(least_variance(rounds[:1], np.array([people]))[0])


def least_variance(rate: Values, people: NDArray[np.int64]) -> Values:
    """Of rates in which all people are alike: that of one more success and one more failure."""
    likely = (rate * people + 1) / (people + 2)
    found: Values = likely * (1 - likely) / np.maximum(people, 1)
    return found


def _p(difference: float, variance: float, degrees: float) -> float:
    if difference == 0:
        return 1.0
    if variance == 0:
        return 0.0
    return student_p(difference / math.sqrt(variance), degrees)


def widening_p(added: Values) -> float:
    """p of a gap that is wider than before, on the same people: [1 + rounds] of what was added.

    The bootstrap's test: how often chance alone, the rounds about their own figure, moves the gap
    as far (Davison and Hinkley 1997, 4.4).
    """
    known: NDArray[np.float64] = added[1:][~np.isnan(added[1:])]
    if np.isnan(added[0]) or added[0] == 0 or not len(known):
        return 1.0
    far = int(np.count_nonzero(abs(known - added[0]) >= abs(added[0]) - 1e-12))
    return (far + 1) / (len(known) + 1)
