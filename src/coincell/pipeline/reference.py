"""A model's reference: the sketch's constants, and what it counts over the project's data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.monitor import CounterLayout, Counts, parse_report
from coincell.project import WindowForm
from coincell.runtime import HostSketch, ReportFacts, ScoreUnit, SketchPlan

_MOST_CELLS = 40
_PICTURE_CELLS = 6
"""A picture is watched in 6 x 6 cells."""

_MOST_CLASSES = 16
_MOST_HEALTH_VALUES = 256
"""Of all channels, looked at for the sensor's health; and of the features:"""

_MOST_LOOKED_AT = 512
"""Values of a window: what the device can look at for 1 % of what a small network takes."""

_SIXTEENTHS = 16
_FEATURE_QUANTILES = tuple(eighth / 8 for eighth in range(1, 8))
_DISTANCE_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
"""The rare large ones matter: a window unlike all that was learned from."""

_SHARES = (0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995)
"""Edges of scores that are shares: doubt is rare in validation and grows under drift, so that it
needs bins of its own, which quantiles would not give."""

_USUAL_WEIGHT = 64
_DISTANCE_SHIFT = 4
_BATCH = 50_000
"""Windows, below what a section can count."""

_FEW = 512
"""Windows at once where they are widened to integers of four bytes."""


@dataclass(frozen=True)
class SplitWindows:
    """Windows of one split, with what the device makes of them.

    Attributes:
        features: int8 [n, *shape].
        scores: int8 [n, labels], or int32 [n] where there are none.
        labels: int16 [n], as decided.
        samples: [n, values], as recorded.
        units: whose they are, [n]; None where each window is a unit.
    """

    features: NDArray[np.int8]
    scores: NDArray[Any]
    labels: NDArray[np.int16]
    samples: NDArray[Any]
    units: Sequence[str] | None


def make_plan(
    training: SplitWindows,
    validation: SplitWindows,
    form: WindowForm,
    shape: tuple[int, ...],
    buffer_steps: int,
    score: ScoreUnit | None,
    labels: int,
) -> SketchPlan:
    """The sketch's constants, by quantiles of the training split.

    Args:
        training: what edges of features and the centre come from.
        validation: what edges of scores come from, where they are no shares.
        form: of a window.
        shape: of its features: (rows, columns), or (height, width, channels).
        buffer_steps: so many of the newest steps a stream holds when it decides.
        score: what an int8 score stands for; None where it is one number.
        labels: classes, or what a decision can be.
    """
    rows, columns = shape[0], int(np.prod(shape[1:]))
    picture = form.sense == "picture"
    row_groups = min(_PICTURE_CELLS, rows) if picture else 1
    column_groups = min(_PICTURE_CELLS if picture else _MOST_CELLS, columns)
    row_step, column_step = _steps(rows, columns, form.channels) if picture else (1, 1)
    if not picture:
        row_step = -(-rows // max(1, _MOST_LOOKED_AT // columns))
    features = training.features.reshape(-1, rows, columns)
    cells = _Cells(rows, columns, row_groups, column_groups, row_step, column_step)
    means, spreads = _watched(features, cells)
    # Where a block takes each band's own mean away, the means say nothing.
    spread = float(np.median(spreads.std(0))) > float(np.median(means.std(0)))
    values = spreads if spread else means
    centre = np.floor(values.mean(0)).astype(np.int64)
    weights = _weights(values)
    distance = (np.abs(values - centre) * weights).sum(1) >> _DISTANCE_SHIFT
    steps = form.width * form.height if picture else buffer_steps
    health_steps = min(max(1, _MOST_HEALTH_VALUES // form.channels), steps)
    return SketchPlan(
        rows=rows,
        columns=columns,
        row_groups=row_groups,
        column_groups=column_groups,
        row_step=row_step,
        column_step=column_step,
        labels=labels if score is not None else 0,
        classes=min(labels, _MOST_CLASSES),
        channels=form.channels,
        sample_bytes=form.dtype.itemsize,
        health_steps=health_steps,
        health_stride=steps // health_steps if picture else 1,
        spread=int(spread),
        distance_shift=_DISTANCE_SHIFT,
        edges=tuple(
            _quantiles(values[:, cell], _FEATURE_QUANTILES) for cell in range(values.shape[1])
        ),
        centre=tuple(centre.tolist()),
        weights=tuple(weights.tolist()),
        distance_edges=_quantiles(distance, _DISTANCE_QUANTILES),
        score_edges=_score_edges(validation.scores, score),
    )


def count_windows(plan: SketchPlan, windows: SplitWindows) -> Counts:
    """What the device would count over `windows`, by the C that it runs."""
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    parts = [layout.nothing()]
    count = len(windows.features)
    for begin in range(0, count, _BATCH):
        part = slice(begin, begin + _BATCH)
        sketch = HostSketch(plan)
        sketch.add(
            windows.features[part],
            windows.scores[part],
            windows.labels[part],
            np.asarray(windows.samples[part]),
        )
        parts.append(_told(sketch, layout))
    vector = layout.merged(np.stack(parts))
    units = len(set(windows.units)) if windows.units is not None else count
    return Counts(count, units, vector)


def right_by_score(
    plan: SketchPlan, scores: NDArray[np.int8], truth: NDArray[np.int64]
) -> NDArray[np.int64]:
    """int8 [n, labels] and what is true [n] -> how many are right in each score bin, int64 [16]."""
    bins = np.searchsorted(plan.score_edges, scores.max(1), side="right")
    right = scores.argmax(1) == truth
    counts: NDArray[np.int64] = np.bincount(bins[right], minlength=len(plan.score_edges) + 1)
    return counts.astype(np.int64)


def watched_names(columns: Sequence[str], plan: SketchPlan, picture: bool) -> tuple[str, ...]:
    """A name for each watched feature, by those of the block's columns where it has some."""
    if picture:
        places = [
            (row, column) for row in range(plan.row_groups) for column in range(plan.column_groups)
        ]
        return tuple(
            f"row {row + 1} of {plan.row_groups}, column {column + 1}" for row, column in places
        )
    first = [
        -(-group * plan.columns // plan.column_groups) for group in range(plan.column_groups + 1)
    ]
    if len(columns) != plan.columns:
        kind = "band" if plan.columns > 1 else "feature"
        columns = [f"{kind} {number}" for number in range(1, plan.columns + 1)]
    return tuple(
        columns[begin] if end - begin == 1 else f"{columns[begin]} to {columns[end - 1]}"
        for begin, end in itertools.pairwise(first)
    )


def _steps(rows: int, columns: int, channels: int) -> tuple[int, int]:
    """So that few enough values of a picture are looked at, and all its colours."""
    step = 1
    while -(-rows // step) * -(-columns // step) > _MOST_LOOKED_AT or (
        step > 1 and math.gcd(step, channels) > 1
    ):
        step += 1
    return min(step, rows), min(step, columns)


@dataclass(frozen=True)
class _Cells:
    """How a window's features are cut, and what is looked at of each cell."""

    rows: int
    columns: int
    row_groups: int
    column_groups: int
    row_step: int
    column_step: int

    @property
    def looked_at(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """The rows of each group of rows, and the columns of each group of columns."""
        return (
            _members(self.rows, self.row_groups, self.row_step),
            _members(self.columns, self.column_groups, self.column_step),
        )


def _members(size: int, groups: int, step: int) -> list[NDArray[np.int64]]:
    ends = [-(-group * size // groups) for group in range(groups + 1)]
    return [np.arange(begin, end, step) for begin, end in itertools.pairwise(ends)]


def _watched(
    features: NDArray[np.int8], cells: _Cells
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """int8 [n, rows, columns] -> mean and mean absolute deviation of each cell, [n, cells] each, in
    sixteenths, as runtime/sketch has them."""
    by_rows, by_columns = cells.looked_at
    rows, columns = np.concatenate(by_rows), np.concatenate(by_columns)
    heights, widths = [len(group) for group in by_rows], [len(group) for group in by_columns]
    tops, lefts = [0, *np.cumsum(heights)[:-1]], [0, *np.cumsum(widths)[:-1]]
    sizes = np.outer(heights, widths)
    means = np.empty((len(features), *sizes.shape), np.int64)
    spreads = np.empty_like(means)
    for begin in range(0, len(features), _FEW):
        part = features[begin : begin + _FEW, rows][:, :, columns].astype(np.int32)
        part *= _SIXTEENTHS
        mean = _sums(part, tops, lefts) // sizes
        apart = np.abs(part - np.repeat(np.repeat(mean, heights, 1), widths, 2))
        means[begin : begin + _FEW] = mean
        spreads[begin : begin + _FEW] = _sums(apart, tops, lefts) // sizes
    return means.reshape(len(features), -1), spreads.reshape(len(features), -1)


def _sums(values: NDArray[Any], tops: list[int], lefts: list[int]) -> NDArray[np.int64]:
    """[n, rows, columns] -> the sum of each cell."""
    by_rows = np.add.reduceat(values, tops, axis=1, dtype=np.int64)
    sums: NDArray[np.int64] = np.add.reduceat(by_rows, lefts, axis=2)
    return sums


def _weights(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n, cells] -> [cells], 1 to 255: 64 for the usual spread, more for what varies less."""
    spread = values.std(0)
    usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
    weights = np.rint(_USUAL_WEIGHT * usual / np.maximum(spread, usual / 1000))
    whole: NDArray[np.int64] = np.clip(weights, 1, 255).astype(np.int64)
    return whole


def _quantiles(values: NDArray[np.int64], shares: Sequence[float]) -> tuple[int, ...]:
    """[n] -> the values at those shares of the sorted ones: at or above each lie the rest."""
    places = [min(len(values) - 1, int(len(values) * share)) for share in shares]
    return tuple(np.sort(values)[places].tolist())


def _score_edges(scores: NDArray[Any], unit: ScoreUnit | None) -> tuple[int, ...]:
    if unit is None:
        return _quantiles(scores.astype(np.int64), [part / 16 for part in range(1, 16)])
    edges = [int(np.ceil(share / unit.scale + unit.zero_point - 1e-9)) for share in _SHARES]
    return tuple(min(127, max(-128, edge)) for edge in edges)


def _told(sketch: HostSketch, layout: CounterLayout) -> NDArray[np.int64]:
    """All counters of a sketch, by its own reports."""
    reports = []
    while True:
        report = parse_report(sketch.report(ReportFacts(bytes(8)))).report
        reports.append(report)
        if not report.sections:
            return layout.merged(layout.vectors_of(reports))
