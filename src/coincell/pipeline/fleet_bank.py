"""A project's test windows, through the device's chain, as what each adds to a sketch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import Progress, augment_sound, silent
from coincell.errors import UserError
from coincell.monitor import Bank, Condition, CounterLayout, Reference, merged_by, parse_report
from coincell.pipeline.clips import silence_class
from coincell.pipeline.field_drift import DRIFTS, drifted
from coincell.pipeline.ready import ReadyModel
from coincell.pipeline.run import run_until
from coincell.pipeline.runner import Demand
from coincell.pipeline.stages.reference import read_reference
from coincell.project import Project
from coincell.runtime import HostSketch, ReportFacts, SketchPlan

_SEVERITIES = 16
"""Steps between no drift and the worst, of which the least that costs enough is taken."""

_MOST_WINDOWS = 4000
_FEW = 450
"""Windows that the severity is chosen by."""

_ALL = slice(None)
_LIGHT = {"gain_db": (-3.0, 3.0), "noise_snr_db": (20.0, 40.0), "shift_ms": 0.0}
"""What differs from one time a word is said to the next."""


def make_bank(
    project: Project,
    cost: float = 0.05,
    takes: int = 3,
    kinds: Sequence[str] = DRIFTS,
    seed: int = 1,
    progress: Progress = silent,
) -> Bank:
    """What the test split's windows, of people never trained on, add to a device's counters.

    Of each kind of drift the least severity is taken that costs `cost` of the accuracy, or the
    worst where none does. Features, scores and decisions are the device's C on this computer, and
    so is the sketch.

    Args:
        project: with telemetry; what it lacks up to the reference is made.
        cost: accuracy that a drift takes, 0 to 1.
        takes: of sound, so many lightly altered windows for each.
        kinds: of `DRIFTS`.
        seed: of alterations and noise.
        progress: told each drift.

    Raises:
        UserError: the project has no telemetry, or no classes.
    """
    configuration = project.configuration
    artefacts = run_until(project, Demand(until="reference")).artefacts
    reference = read_reference(artefacts["reference"])
    if reference is None:
        raise UserError(
            "A fleet is simulated of devices that tell of themselves; this project's do not.",
            hint="Set telemetry.enabled = true in coincell.toml and call `coincell run`.",
        )
    if reference.right is None:
        raise UserError(
            "A fleet is simulated where drift costs accuracy, which takes classes; this project "
            f"tells {'how strange something is' if reference.goal == 'normality' else 'a number'}.",
            hint="Devices of any project are judged by `coincell monitor report`.",
        )
    ready = ReadyModel(configuration, artefacts)
    clips = ready.clips
    rng = np.random.default_rng(seed)
    rows = clips.rows("test")
    rows = rng.permutation(rows)[:_MOST_WINDOWS]
    takes = takes if configuration.data.form.sense == "sound" else 1
    rows = np.sort(np.repeat(rows, max(1, min(takes, _MOST_WINDOWS // max(len(rows), 1)))))
    silence = silence_class(configuration.data)
    told = clips.units(rows, configuration.data.split.by, silence)
    units = told if told is not None else [""] * len(rows)
    people = [
        "" if label == silence else unit
        for label, unit in zip(clips.labels[rows], units, strict=True)
    ]
    windows = _taken(np.asarray(clips.windows[rows]), ready, rng)
    maker = _Maker(ready, reference, windows, clips.labels[rows])
    progress(0, len(kinds) + 1, "clean")
    clean = maker.condition("none", 0.0)
    drifts = []
    for number, kind in enumerate(kinds, 1):
        progress(number, len(kinds) + 1, kind)
        severity = maker.severity(kind, cost)
        drifts.append(maker.condition(kind, severity))
    return Bank(reference, tuple(people), clips.labels[rows], clean, tuple(drifts))


def _taken(windows: NDArray[Any], ready: ReadyModel, rng: np.random.Generator) -> NDArray[Any]:
    """Sound lightly altered, so that no two windows are alike; other senses as they are."""
    form = ready.configuration.data.form
    if form.sense != "sound" or form.channels != 1:
        return windows
    settings = ready.configuration.augmentation.model_copy(update=_LIGHT)
    noise = ready.clips.noise
    return np.stack(
        [augment_sound(window, settings, noise, rng, form.rate_hz) for window in windows]
    )


class _Maker:
    """Windows -> conditions, by the device's chain."""

    def __init__(
        self,
        ready: ReadyModel,
        reference: Reference,
        windows: NDArray[Any],
        labels: NDArray[np.int64],
    ) -> None:
        self._ready, self._reference = ready, reference
        self._windows, self._labels = windows, labels

    def severity(self, kind: str, cost: float) -> float:
        """The least of some severities that takes at least `cost` of the accuracy, by bisection as
        if more drift never cost less; else 1."""
        some = slice(None, None, max(1, len(self._windows) // _FEW))
        accuracy = float(self._right(self._heard(kind, 0.0, some)[1], some).mean()) - cost
        low, high = 0, _SEVERITIES
        while high - low > 1:
            middle = (low + high) // 2
            _, result = self._heard(kind, middle / _SEVERITIES, some)
            left = float(self._right(result, some).mean())
            low, high = (low, middle) if left <= accuracy else (middle, high)
        return high / _SEVERITIES

    def condition(self, kind: str, severity: float) -> Condition:
        """What each window counts under a drift."""
        windows, result = self._heard(kind, severity)
        vectors = window_vectors(
            self._reference.plan,
            result.features.reshape(len(windows), *self._ready.shape),
            result.scores,
            result.labels,
            windows,
        )
        return Condition(kind, severity, vectors, self._right(result))

    def _heard(self, kind: str, severity: float, some: slice = _ALL) -> tuple[NDArray[Any], Any]:
        form = self._ready.configuration.data.form
        # The same noise for every severity, so that a greater one costs more.
        windows = drifted(self._windows[some], form, kind, severity, np.random.default_rng(1))
        return windows, self._ready.library.process(windows)

    def _right(self, result: Any, some: slice = _ALL) -> NDArray[np.bool_]:
        right: NDArray[np.bool_] = result.scores.argmax(1) == self._labels[some]
        return right


def window_vectors(
    plan: SketchPlan,
    features: NDArray[np.int8],
    scores: NDArray[Any],
    labels: NDArray[np.int16],
    samples: NDArray[Any],
) -> NDArray[np.int64]:
    """What each of n windows alone adds to a sketch by the C that the device runs, int64 [n, size].

    `seconds`, `windows` and `reports` of the vectors are 0: they are the stream's.
    """
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    sketch = HostSketch(plan)
    reports, owners = [], []
    for row in range(len(features)):
        one = slice(row, row + 1)
        sketch.add(features[one], scores[one], labels[one], samples[one])
        while True:
            report = parse_report(sketch.report(ReportFacts(bytes(8)))).report
            if not report.sections:
                break
            reports.append(report)
            owners.append(row)
    _, vectors = merged_by(layout, np.array(owners, np.int64), layout.vectors_of(reports))
    vectors[:, : layout.places[1].start] = 0
    return vectors
