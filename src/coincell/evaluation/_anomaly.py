"""How well a score tells strange windows from normal ones, and what its threshold does."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation._bootstrap import resample
from coincell.evaluation._estimate import Estimate, wilson_by_group
from coincell.evaluation._roc import OneAgainstRest, RocCurve

PARTIAL_RATE = 0.1
"""False-positive rate up to which the partial area is taken."""


@dataclass(frozen=True)
class AnomalyMetrics:
    """Figures of a score on labelled windows; one without a value is undefined on them.

    Attributes:
        auc: area under the ROC curve.
        partial_auc: the area up to a false-positive rate of 0.1, standardised (McClish 1989):
            1 is perfect, 0.5 is chance.
        detection_rate: strange windows at or above the threshold.
        false_alarm_rate: normal windows at or above it.
        normal: how many normal windows there were.
        strange: how many others.
        notes: what the figures do not say.
    """

    auc: Estimate
    partial_auc: Estimate
    detection_rate: Estimate
    false_alarm_rate: Estimate
    normal: int
    strange: int
    notes: tuple[str, ...]

    def metrics(self) -> dict[str, Estimate]:
        """By the names that report.json has them under."""
        return {
            "auc": self.auc,
            "partial_auc": self.partial_auc,
            "detection_rate": self.detection_rate,
            "false_alarm_rate": self.false_alarm_rate,
        }

    def to_json(self) -> dict[str, Any]:
        """As report.json has it; `notes` belong among its warnings."""
        return {
            "normal": self.normal,
            "strange": self.strange,
            **{name: estimate.to_json() for name, estimate in self.metrics().items()},
        }


def evaluate_anomaly(
    strange: NDArray[np.bool_],
    scores: NDArray[np.integer | np.floating],
    threshold: float,
    *,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> AnomalyMetrics:
    """Figures of scores [n] against labels bool [n], True for strange; an alarm is a score of at
    least `threshold`.

    Args:
        strange: bool [n].
        scores: [n], finite; the higher, the stranger.
        threshold: of an alarm.
        seed: of the bootstrap, which gives the areas' intervals; rates have Wilson's, by group.
        rounds: of the bootstrap.
        groups: each window's recording (or other unit that windows share), [n]; None: unknown.

    Raises:
        DataError: there are no windows.
    """
    strange, values = _checked(strange, scores)
    alarms = values >= threshold
    normal, odd = int((~strange).sum()), int(strange.sum())
    resampling = resample(len(values), groups, rounds, np.random.default_rng(seed))

    def areas(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _areas(strange, values, weights)

    whole, partial = areas(np.ones((len(values), 1)))[0]
    drawn = resampling.over_blocks(areas)
    return AnomalyMetrics(
        auc=resampling.interval(whole, drawn[:, 0]),
        partial_auc=resampling.interval(partial, drawn[:, 1]),
        detection_rate=_rate(alarms, strange, groups),
        false_alarm_rate=_rate(alarms, ~strange, groups),
        normal=normal,
        strange=odd,
        notes=_notes(normal, odd, resampling.units, groups is not None),
    )


def _rate(
    alarms: NDArray[np.bool_], of: NDArray[np.bool_], groups: Sequence[Hashable] | None
) -> Estimate:
    """Share of alarms among the windows `of`, bool [n] both."""
    own = None if groups is None else [groups[at] for at in np.flatnonzero(of).tolist()]
    return wilson_by_group(alarms[of], own)


def anomaly_curve(
    strange: NDArray[np.bool_], scores: NDArray[np.integer | np.floating], auc: Estimate
) -> RocCurve:
    """The ROC curve of scores [n] against labels bool [n]; `auc` is `evaluate_anomaly`'s."""
    strange, values = _checked(strange, scores)
    return OneAgainstRest(strange, values).curve(auc)


def _checked(
    strange: NDArray[np.bool_], scores: NDArray[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    values = np.asarray(scores, np.float64)
    if strange.dtype != np.bool_ or strange.shape != values.shape or values.ndim != 1:
        raise InternalError(f"labels {list(strange.shape)} and scores {list(values.shape)}")
    if len(values) == 0:
        raise DataError("There are no windows to evaluate.")
    if not np.isfinite(values).all():
        raise InternalError("scores must be finite")
    return strange, values


def _areas(
    strange: NDArray[np.bool_], values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area and standardised partial area for each round: weights [n, rounds] -> [rounds, 2].

    NaN where a round has no normal window, or no strange one.
    """
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    drawn = weights[order]
    hit = np.cumsum(drawn * strange[order, None], axis=0)
    missed = np.cumsum(drawn, axis=0) - hit
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = _from_zero(hit[last] / hit[-1])
        run = _from_zero(missed[last] / missed[-1])
        least = PARTIAL_RATE**2 / 2
        partial = _area(run, rise, PARTIAL_RATE)
        standard = (1 + (partial - least) / (PARTIAL_RATE - least)) / 2
    return np.stack([_area(run, rise, 1.0), standard], axis=1)


def _from_zero(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """[points, rounds] with the point 0 before them."""
    return np.concatenate([np.zeros((1, curve.shape[1])), curve])


def _area(run: NDArray[np.float64], rise: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """Under the straight lines through (run, rise) [points, rounds], for run up to `most`."""
    wide = np.diff(run, axis=0)
    used = np.minimum(run[1:], most) - np.minimum(run[:-1], most)
    share = np.zeros_like(wide)
    np.divide(used, wide, out=share, where=wide != 0)
    high = rise[:-1] + share * np.diff(rise, axis=0)
    area: NDArray[np.float64] = (used * (rise[:-1] + high) / 2).sum(axis=0)
    return area


def _notes(normal: int, strange: int, units: int, grouped: bool) -> tuple[str, ...]:
    notes = []
    for count, word in ((normal, "normal"), (strange, "strange")):
        if count == 0:
            notes.append(f"No test window is {word}: areas are undefined.")
    if not grouped:
        notes.append(
            "Recordings are unknown: windows of one recording may be in training and test alike, "
            "and the intervals take windows as independent. On new recordings expect less."
        )
    elif units < 2:
        notes.append("All test windows are of one recording: a bootstrap interval is undefined.")
    return tuple(notes)
