"""The sketch in NumPy, window by window after docs/telemetry.md: the oracle of the C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.monitor import CounterLayout
from coincell.runtime import SketchPlan


def watched(plan: SketchPlan, features: NDArray[np.int8]) -> NDArray[np.int64]:
    """int8 [n, rows, columns] -> [n, cells] in sixteenths."""
    rows = np.arange(plan.rows) * plan.row_groups // plan.rows
    columns = np.arange(plan.columns) * plan.column_groups // plan.columns
    cell = rows[:, None] * plan.column_groups + columns[None, :]
    wide = 16 * features.astype(np.int64)
    values = []
    looked = np.zeros_like(cell, bool)
    tops = [int(np.argmax(rows == group)) for group in range(plan.row_groups)]
    lefts = [int(np.argmax(columns == group)) for group in range(plan.column_groups)]
    for row in range(plan.rows):
        for column in range(plan.columns):
            down, right = row - tops[rows[row]], column - lefts[columns[column]]
            looked[row, column] = down % plan.row_step == 0 and right % plan.column_step == 0
    for number in range(plan.cells):
        part = wide[:, (cell == number) & looked]
        mean = part.sum(-1) // part.shape[-1]
        spread = np.abs(part - mean[:, None]).sum(-1) // part.shape[-1]
        values.append(spread if plan.spread else mean)
    return np.stack(values, -1)


def bins(values: NDArray[np.int64], edges: object, count: int) -> NDArray[np.int64]:
    """values [n] -> a histogram of `count` bins, by NumPy's search."""
    places = np.searchsorted(np.asarray(edges), values, side="right")
    return np.bincount(places, minlength=count)


def health(plan: SketchPlan, samples: NDArray[np.generic]) -> list[list[int]]:
    """[n, steps, channels] -> a row of six counters a channel."""
    last = samples.shape[1] - 1
    steps = last - np.arange(plan.health_steps) * plan.health_stride
    block = samples[:, steps].astype(np.int64)
    ends = np.iinfo(samples.dtype)
    mean = block.sum(1) // plan.health_steps
    level = np.abs(block - mean[:, None]).sum(1) // plan.health_steps
    return [
        [
            len(samples),
            int(np.isin(block[..., c], (ends.min, ends.max)).sum()),
            int(mean[:, c].sum()),
            int(level[:, c].sum()),
            int((block[..., c] == block[:, :1, c]).all(1).sum()),
            int(level[:, c].min(initial=65535)),
        ]
        for c in range(plan.channels)
    ]


def counted(
    plan: SketchPlan,
    features: NDArray[np.int8],
    scores: NDArray[np.generic],
    labels: NDArray[np.int16],
    samples: NDArray[np.generic],
) -> NDArray[np.int64]:
    """What the C counts of windows, as a vector of the layout."""
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    vector = layout.nothing()
    vector[layout.header["windows"]] = len(features)
    values = watched(plan, features.reshape(len(features), plan.rows, plan.columns))
    if plan.labels:
        best, top = scores.argmax(1), scores.max(1).astype(np.int64)
        margins = top - np.sort(scores.astype(np.int64), 1)[:, -2] if plan.labels > 1 else 0 * top
    else:
        best, top, margins = labels.astype(np.int64), scores.astype(np.int64), 0 * labels
    last = plan.classes - 1
    vector[layout.places[1]] = np.bincount(np.minimum(best[best >= 0], last), minlength=last + 1)
    before = np.concatenate([[-1], labels[:-1]])
    new = labels[(labels >= 0) & (labels != before)]
    vector[layout.places[2]] = np.bincount(np.minimum(new, last), minlength=last + 1)
    vector[layout.places[3]] = bins(top, plan.score_edges, 16)
    apart = np.abs(values - np.asarray(plan.centre)) * np.asarray(plan.weights)
    distance = apart.sum(1) >> plan.distance_shift
    vector[layout.places[4]] = [*bins(distance, plan.distance_edges, 8), int(margins.sum())]
    vector[layout.health] = np.ravel(health(plan, samples))
    histograms = [bins(values[:, j], plan.edges[j], 8) for j in range(plan.cells)]
    vector[layout.feature_bins] = np.ravel(histograms)
    return vector
