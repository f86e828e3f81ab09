"""Applications that count, and what they must have counted, by NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.firmware import Application, Counting, StreamEvent, build_host_library
from coincell.monitor import CounterLayout, Report, parse_report
from coincell.pipeline.reference import SplitWindows, make_plan
from sketch_twin import counted

REFERENCE = bytes.fromhex("0123456789abcdef")
DEVICE = b"coincell"
"""Of the virtual board, and what the host's stream takes to be compared with it."""


def split_of(
    application: Application, windows: NDArray[Any], labels: NDArray[np.int16] | None = None
) -> SplitWindows:
    """[n, form.values] -> what the chain makes of each; `labels`: as a stream decided."""
    made = build_host_library(application).process(windows)
    scores: NDArray[Any] = made.scores
    if application.goal == "normality":
        scores = np.ascontiguousarray(scores).view("<i4").reshape(-1)
    elif application.goal == "quantity":
        scores = scores.reshape(-1).astype(np.int32)
    decided = made.labels if labels is None else labels
    return SplitWindows(made.features, scores, decided, windows, None)


def counting(application: Application, windows: NDArray[Any], interval_s: int = 2) -> Application:
    """The same, which counts by edges from `windows`."""
    form, block = application.form, application.features
    split = split_of(application, windows)
    steps = block.frame[0] if block.by_row else form.samples
    unit, labels = application.score_unit, len(application.labels)
    plan = make_plan(split, split, form, block.shape, steps, unit, labels)
    return replace(application, counting=Counting(plan, REFERENCE, interval_s))


def layout_of(application: Application) -> CounterLayout:
    """How its counters lie in a vector."""
    assert application.counting is not None
    plan = application.counting.plan
    return CounterLayout(plan.classes, plan.channels, plan.cells)


def expected(
    application: Application, stream: NDArray[Any], events: list[StreamEvent]
) -> NDArray[np.int64]:
    """All that a stream [steps * values] must have counted, window by window, by NumPy."""
    assert application.counting is not None
    plan, form, step = application.counting.plan, application.form, application.step_values
    ends = np.array([event.samples for event in events]) * step
    windows = np.stack([stream[end - form.values : end] for end in ends])
    labels = np.array([event.label for event in events], np.int16)
    split = split_of(application, windows, labels)
    samples = split.samples.reshape(len(windows), -1, plan.channels)
    return counted(plan, split.features, split.scores, labels, samples)


def told(reports: list[bytes]) -> list[Report]:
    """Parsed; each holds at most 256 bytes."""
    assert all(len(report) <= 256 for report in reports)
    return [parse_report(report).report for report in reports]


def untimed(reports: list[Report]) -> list[Report]:
    """Without what only a board knows: its clock, its starts."""
    return [replace(report, latency=None, boot=0) for report in reports]
