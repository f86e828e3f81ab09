"""Whether a device's last day is unlike its own beginning: a test over all histograms at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit import student_p
from coincell.monitor.distances import expected_psi, psi, shares
from coincell.monitor.histograms import Histograms
from coincell.monitor.history import History

_DAY = 24
_FEWEST_DAYS = 5
_FEW = 50
"""Windows below which nothing is said of a day."""

_FINE_HOURS = 6
_FEW_FINE = 25
_SHRUNK = 0.1
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class ChangeSettings:
    """How change is looked for.

    Attributes:
        beginning_days: a device is compared with so many of its first days.
        step_hours: how often; its last 24 hours are judged, which always hold one night.
        level: of the test over all histograms.
        least_psi: a change that is certain but smaller is none.
        spread: usual standard deviation of the logarithm of a day's distance from the others.
        spread_degrees: degrees of freedom that this stands for beside the device's own days.
    """

    beginning_days: int = 10
    step_hours: int = 6
    level: float = 1e-3
    least_psi: float = 0.1
    spread: float = 0.5
    spread_degrees: float = 20.0


@dataclass(frozen=True)
class Changes:
    """What was found at each of n moments.

    Attributes:
        ends: hours since 1970, int64 [n].
        p: of the test over all histograms; 1 where nothing can be said.
        psi: between the last 24 hours and the beginning, of each histogram, less what samples so
            small give without a change, [n, histograms].
        most: the histogram whose PSI is greatest, int64 [n].
        changed: p below the level, and the greatest PSI at least the least, bool [n].
    """

    ends: NDArray[np.int64]
    p: NDArray[np.float64]
    psi: NDArray[np.float64]
    most: NDArray[np.int64]
    changed: NDArray[np.bool_]


def find_changes(
    histograms: Histograms, history: History, settings: ChangeSettings | None = None
) -> Changes:
    """Whether the last day lies further from the first days than those from each other.

    Windows that follow each other are alike, and so are features, so neither counts for itself. A
    day is one observation: the mean ridit (Bross 1958) of each histogram, by the bins of the
    beginning, and the spread of ridits. How these move together while nothing is wrong, as people
    come and go, is learned from spans of six hours, and shrunk towards the diagonal; the distance
    is Mahalanobis' by it (1936; Hotelling 1931), so that only what is unlike the device's usual ups
    and downs counts. Each of the first days is measured against the others likewise; the
    logarithms of their distances are what the last day's is held against, in a one-sided t-test
    whose variance is drawn towards `settings.spread` (Smyth 2004). So sample size, dependence in
    time and the number of features all are in the yardstick.
    """
    settings = settings or ChangeSettings()
    ends = history.ends(settings.step_hours)
    p, psis = np.ones(len(ends)), np.zeros((len(ends), histograms.count))
    beginning = _Beginning.of(histograms, history, settings)
    if beginning is not None:
        first = int(history.hours[0])
        late = np.flatnonzero(ends >= first + _DAY * (settings.beginning_days + 1))
        told = histograms.read(history.over(ends[late], _DAY).vectors)
        p[late] = beginning.p_values(told, settings)
        known = np.broadcast_to(beginning.counts, told.shape)
        psis[late] = _psi(histograms, told, known)
    changed = (p < settings.level) & (psis.max(1, initial=0.0) >= settings.least_psi)
    return Changes(ends, p, psis, psis.argmax(1), changed)


@dataclass(frozen=True)
class _Beginning:
    """A device's first days.

    Attributes:
        counts: of all of them, [histograms, 16].
        scores: what a window in each bin scores, [2, histograms, 16].
        days: each day's mean scores, [days, 2 * histograms].
        precision: inverse of how the scores of six hours vary together.
        distances: logarithm of each day's distance from the others, [days].
        usual: windows a day.
    """

    counts: NDArray[np.int64]
    scores: NDArray[np.float64]
    days: NDArray[np.float64]
    precision: NDArray[np.float64]
    distances: NDArray[np.float64]
    usual: float

    @classmethod
    def of(
        cls, histograms: Histograms, history: History, settings: ChangeSettings
    ) -> _Beginning | None:
        """None where too little was told."""
        if not len(history.hours):
            return None
        first, days = int(history.hours[0]), settings.beginning_days
        told = histograms.read(history.over(first + _DAY * np.arange(1, days + 1), _DAY).vectors)
        kept = np.flatnonzero(told.sum(-1).min(-1) >= _FEW)
        if len(kept) < _FEWEST_DAYS:
            return None
        moments = first + _FINE_HOURS * np.arange(1, days * _DAY // _FINE_HOURS + 1)
        fine = histograms.read(history.over(moments, _FINE_HOURS).vectors)
        day_of = np.arange(len(fine)) * _FINE_HOURS // _DAY
        held = fine.sum(-1).min(-1) >= _FEW_FINE
        if held.sum() < 2 * _FEWEST_DAYS:
            return None
        counts = told[kept].sum(0)
        scores = _rank_scores(counts)
        values, spans = _means(told[kept], scores), _means(fine[held], scores)
        distances = []
        for row, day in enumerate(kept):
            others = np.delete(values, row, axis=0)
            precision = _precision(spans[day_of[held] != day])
            distances.append(_distance(values[row : row + 1], others, precision)[0])
        return cls(
            counts, scores, values, _precision(spans), np.log(distances),
            float(told[kept].sum(-1).mean()),
        )  # fmt: skip

    def p_values(self, told: NDArray[np.int64], settings: ChangeSettings) -> NDArray[np.float64]:
        """Of days [n, histograms, 16], each against the beginning, [n]; 1 where too few windows."""
        sizes = told.sum(-1)
        fewer = np.minimum(1.0, sizes.mean(-1) / self.usual)
        distances = _distance(_means(told, self.scores), self.days, self.precision) * fewer
        count = len(self.distances)
        own, given = count - 1, settings.spread_degrees
        variance = own * self.distances.var(ddof=1) + given * settings.spread**2
        error = np.sqrt(variance / (own + given) * (1 + 1 / count))
        t = (np.log(np.maximum(distances, 1e-300)) - self.distances.mean()) / error
        two_sided = np.array([student_p(float(value), own + given) for value in t])
        one_sided = np.where(t > 0, two_sided / 2, 1 - two_sided / 2)
        return np.where(sizes.min(-1) >= _FEW, one_sided, 1.0)


def _precision(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, scores] -> the inverse of their shrunk covariance."""
    apart = values - values.mean(0)
    covariance = apart.T @ apart / (len(values) - 1)
    own = np.diag(np.diag(covariance) + _LEAST_VARIANCE)
    precision: NDArray[np.float64] = np.linalg.inv((1 - _SHRUNK) * covariance + _SHRUNK * own)
    return precision


def _distance(
    values: NDArray[np.float64], days: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[n, scores] from the mean of days [m, scores], squared, [n]."""
    apart = values - days.mean(0)
    squared: NDArray[np.float64] = np.einsum("ni,ij,nj->n", apart, precision, apart)
    return np.maximum(squared / (1 + 1 / len(days)), 1e-12)


def _psi(
    histograms: Histograms, seen: NDArray[np.int64], known: NDArray[np.int64]
) -> NDArray[np.float64]:
    """[n, histograms, 16] counts -> PSI above what is expected, [n, histograms]."""
    found = np.zeros(seen.shape[:2])
    for size in np.unique(histograms.real.sum(1)):
        which = np.flatnonzero(histograms.real.sum(1) == size)
        pair = seen[:, which, :size], known[:, which, :size]
        found[:, which] = np.maximum(psi(*pair) - expected_psi(*pair), 0.0)
    return found


def _rank_scores(beginning: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts [histograms, 16] -> what a window in each bin scores, [2, histograms, 16]: its ridit,
    and the square of that less the middle, both of mean 0 and variance 1 at the beginning."""
    held = shares(beginning)
    ridit = np.cumsum(held, -1) - held / 2
    both = np.stack([ridit, np.square(ridit - 0.5)])
    both -= (both * held).sum(-1, keepdims=True)
    spread = np.sqrt((np.square(both) * held).sum(-1, keepdims=True))
    scores: NDArray[np.float64] = np.divide(both, spread, out=np.zeros_like(both), where=spread > 0)
    return scores


def _means(counts: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts [n, histograms, 16] -> mean scores, [n, 2 * histograms]."""
    means = np.einsum("nhb,chb->nch", shares(counts), scores)
    flat: NDArray[np.float64] = means.reshape(len(counts), scores[..., 0].size)
    return flat
