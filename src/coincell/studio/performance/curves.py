"""ROC, precision-recall and DET curves of groups, thinned, with the chosen threshold's point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from coincell.audit import GroupCurve, curve_of
from coincell.report import RateCurve, rates_svg
from coincell.studio.performance.examples import Examples
from coincell.studio.performance.wish import Wish

MOST_CURVES = 8
_POINTS = 160
_ENDS = 40
_STEPS = 11


@dataclass(frozen=True)
class _Named:
    """A curve, and the threshold at which its point is marked; None for no mark."""

    name: str
    curve: GroupCurve
    mark: float | None


def curves_of(examples: Examples, wish: Wish) -> dict[str, Any]:
    """Three charts, their legend and their figures at even thresholds. For the template.

    Without groups a curve a place; with them one for each of the largest groups, of one place.
    """
    named, left_out = _named(examples, wish)
    thresholds = np.linspace(*examples.range, _STEPS)
    return {
        "charts": [_chart(*chart, named, wish) for chart in _CHARTS],
        "legend": [each.name for each in named],
        "left_out": left_out,
        "thresholds": [_row(named, threshold) for threshold in thresholds.tolist()],
    }


_CHARTS = (
    ("ROC", "false-positive rate", "recall", ("fpr", "recall"), False),
    ("Precision and recall", "recall", "precision", ("recall", "precision"), False),
    ("DET", "false-positive rate", "false-negative rate", ("fpr", "fnr"), True),
)


def _named(examples: Examples, wish: Wish) -> tuple[list[_Named], int]:
    """The curves, and how many groups have none."""
    positive = examples.positive(wish.label)
    if not wish.columns:
        return [
            _Named(
                place,
                curve_of(positive, examples.scores(place, wish.label)),
                _mark(examples, wish, place),
            )
            for place in examples.places
        ], 0
    mark = _mark(examples, wish, wish.place)
    _, column = examples.sliced(wish.columns)
    scores = examples.scores(wish.place, wish.label)
    sizes = np.bincount(column.codes, minlength=len(column.values))
    largest = sorted(np.argsort(-sizes, kind="stable")[:MOST_CURVES].tolist())
    found = []
    for at in largest:
        own = column.codes == at
        found.append(_Named(column.values[at], curve_of(positive[own], scores[own]), mark))
    return found, len(column.values) - len(found)


def _mark(examples: Examples, wish: Wish, place: str) -> float | None:
    """The threshold asked for, else the device's, which a float detector does not share."""
    if wish.threshold is not None:
        return wish.threshold
    shared = examples.goal == "classes" or place == examples.judged
    return examples.now if shared else None


def _rates(curve: GroupCurve) -> dict[str, NDArray[np.float64]]:
    rates = dict(curve.rates())
    return rates | {"fnr": 1 - rates["recall"]}


def _chart(
    title: str,
    across: str,
    up: str,
    pair: tuple[str, str],
    deviates: bool,
    named: list[_Named],
    wish: Wish,
) -> dict[str, Any]:
    curves = [_rate_curve(each, pair) for each in named]
    drawn = rates_svg(f"{title} of {wish.label}", across, up, curves, deviates=deviates)
    return {"title": title, "svg": Markup(drawn)}  # noqa: S704 - escaped where it is drawn


def _rate_curve(each: _Named, pair: tuple[str, str]) -> RateCurve:
    rates = _rates(each.curve)
    across, up = (rates[name] for name in pair)
    known = ~(np.isnan(across) | np.isnan(up))
    if not known.any():
        return RateCurve(each.name, (), (), None, "not defined without both kinds of examples")
    kept = np.flatnonzero(known)[_thinned(across[known], up[known])]
    at, told = None, "no threshold is marked"
    if each.mark is not None:
        cut = int(each.curve.cuts_of(np.array([each.mark]))[0])
        if known[cut]:
            at = (float(across[cut]), float(up[cut]))
            told = f"at {each.mark:.4g} {100 * at[0]:.1f} % and {100 * at[1]:.1f} %"
    return RateCurve(each.name, across[kept].tolist(), up[kept].tolist(), at, told)


def _thinned(across: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of points that keep a curve's shape: even steps along it, and close to its ends."""
    count = len(across)
    if count <= _POINTS:
        return np.arange(count)
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))])
    even = np.searchsorted(way, np.linspace(0, way[-1], _POINTS))
    close = np.geomspace(1, count - 1, _ENDS).astype(np.int64)
    places = np.concatenate([[0], even, close, count - 1 - close])
    return np.unique(np.clip(places, 0, count - 1)).astype(np.int64)


def _row(named: list[_Named], threshold: float) -> dict[str, Any]:
    """Each curve's rates at a threshold."""
    rates = []
    for each in named:
        cut = int(each.curve.cuts_of(np.array([threshold]))[0])
        rates.append({name: float(values[cut]) for name, values in _rates(each.curve).items()})
    return {"threshold": threshold, "rates": rates}
