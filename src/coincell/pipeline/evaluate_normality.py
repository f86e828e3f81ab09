"""Figures of what tells the strange from the normal: float and int8 side by side, by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import threshold_for
from coincell.evaluation import AnomalyMetrics, anomaly_curve, evaluate_anomaly
from coincell.pipeline.clips import Clips, held_out_rows, normal_class, read_clips, silence_class
from coincell.pipeline.detector_model import (
    DetectorModel,
    in_steps,
    smoothed,
    strangeness_of,
)
from coincell.pipeline.judged import write_told
from coincell.pipeline.stage import StageContext
from coincell.pipeline.trained import FLOAT_SCORES, trained
from coincell.project import Configuration

_MOST_SCORES = 50_000
_MOST_VALUES = 12
"""A group column of more values is no group, but a measurement; but for what the split is by."""
_MOST_UNITS = 40
"""Of what the split is by, machines or people: those with the most wrong answers."""
_INTERVALS = (
    "Areas: percentile bootstrap over {unit}. Rates: Wilson's score interval of as many windows as "
    "those of one {unit} are worth (Rao and Scott 1992)."
)


@dataclass(frozen=True)
class TestWindows:
    """The test split, and how it is judged.

    Attributes:
        clips: the data set.
        rows: positions of the test windows, [n].
        strange: which are not normal, bool [n].
        units: what windows share, so what the bootstrap draws, [n]; None: unknown.
        configuration: seed, rounds, decision.
    """

    clips: Clips
    rows: NDArray[np.int64]
    strange: NDArray[np.bool_]
    units: list[str] | None
    configuration: Configuration

    @classmethod
    def of(cls, clips: Clips, configuration: Configuration) -> TestWindows:
        """The test split of `clips`."""
        data, rows = configuration.data, clips.rows("test")
        strange = clips.labels[rows] != normal_class(data)
        units = clips.units(rows, data.split.by, silence_class(data))
        return cls(clips, rows, strange, units, configuration)

    def smoothed(self, strangeness: NDArray[np.int32]) -> NDArray[np.int32]:
        """Scores of the test windows, int32 [n] -> as the device compares them."""
        return smoothed(strangeness, self.clips, self.rows, self.configuration.decision)

    def judge(
        self, scores: NDArray[np.int32], threshold: int, chosen: NDArray[np.bool_] | None = None
    ) -> AnomalyMetrics:
        """Figures of the test windows, or of those `chosen`, bool [n]."""
        at = np.arange(len(self.rows)) if chosen is None else np.flatnonzero(chosen)
        return evaluate_anomaly(
            self.strange[at],
            scores[at],
            threshold,
            seed=self.configuration.project.seed,
            rounds=self.configuration.evaluation.bootstrap_rounds,
            groups=None if self.units is None else [self.units[row] for row in at],
        )


def evaluate_normality(
    context: StageContext, model: DetectorModel, scores: NDArray[np.int8], whole: Any
) -> dict[str, Any]:
    """What evaluation.json holds; every score is smoothed as on the device.

    Args:
        context: of the stage.
        model: the detector.
        scores: int8 [n, 4] of the test split: int32, low byte first.
        whole: float64 [n], how strange the test windows are before quantization, or None.
    """
    clips = read_clips(context.inputs["dataset"])
    test = TestWindows.of(clips, context.configuration)
    alone = strangeness_of(scores)
    means = test.smoothed(alone)
    metrics = test.judge(means, model.threshold)
    unit = model.detector.unit
    write_told(context.output, "int8", means * unit, means >= model.threshold)
    facts: dict[str, Any] = {
        "float": None,
        "comparison": None,
        "int8": _part(test, model, means, model.threshold, metrics),
        "notes": [*metrics.notes, *_notes(test, model)],
        "decisions": {},
    }
    if context.configuration.decision.smoothing_windows > 1:
        single = test.judge(alone, model.threshold)
        facts["decisions"] = {"auc_of_single_windows": single.auc.to_json()}
    if whole is not None:
        facts["float"] = _float_part(context, test, model, whole)
    return facts


def _float_part(
    context: StageContext, test: TestWindows, model: DetectorModel, whole: NDArray[np.floating]
) -> dict[str, Any]:
    """The same before quantization, with a threshold of its own by the same held-out windows."""
    configuration, unit = context.configuration, model.detector.unit
    everything = np.load(trained(context.inputs).folder / FLOAT_SCORES)
    rows, _ = held_out_rows(test.clips, configuration, trained=model.facts["trained"])
    held_out = in_steps(everything[rows], unit)
    means = smoothed(held_out, test.clips, rows, configuration.decision)
    threshold = threshold_for(means, configuration.decision.false_alarm_rate)
    scores = test.smoothed(in_steps(whole, unit))
    write_told(context.output, "float", scores * unit, scores >= threshold)
    return _part(test, model, scores, threshold, test.judge(scores, threshold))


def _part(
    test: TestWindows,
    model: DetectorModel,
    scores: NDArray[np.int32],
    threshold: int,
    metrics: AnomalyMetrics,
) -> dict[str, Any]:
    """As report.json has it under "int8" or "float"."""
    unit = model.detector.unit
    curve = anomaly_curve(test.strange, scores, metrics.auc)
    roc = {
        "label": "strange",
        "fpr": curve.false_positive_rate,
        "tpr": curve.true_positive_rate,
        "auc": metrics.auc.value,
    }
    data = test.configuration.data
    drawn = "windows" if test.units is None else f"{data.split.by} or recording"
    return {
        "samples": len(test.rows),
        "normality": {
            "detector": model.detector.kind,
            "normal_label": data.normal_label,
            **metrics.to_json(),
            "unit": model.unit,
            "threshold": threshold * unit,
            "wished_false_alarm_rate": test.configuration.decision.false_alarm_rate,
            "roc": roc if curve.false_positive_rate else None,
            "labels": _labels(test, scores, threshold, unit),
            "groups": _groups(test, scores, threshold),
        },
        "intervals": _INTERVALS.format(unit=drawn),
    }


def _labels(
    test: TestWindows, scores: NDArray[np.int32], threshold: int, unit: float
) -> list[dict[str, Any]]:
    """Each label's scores, normal first; what is strange against all that is normal."""
    data, labels = test.configuration.data, test.clips.labels[test.rows]
    rest = [label for label in data.labels if label != data.normal_label]
    step = -(-len(scores) // _MOST_SCORES)
    found = []
    for label in (data.normal_label, *rest):
        own = labels == data.labels.index(label)
        if not own.any():
            continue
        strange = label != data.normal_label
        metrics = test.judge(scores, threshold, own | ~test.strange)
        rate = metrics.detection_rate if strange else metrics.false_alarm_rate
        found.append(
            {
                "label": label,
                "strange": strange,
                "samples": int(own.sum()),
                "alarms": rate.to_json(),
                "auc": metrics.auc.to_json() if strange else None,
                "scores": (scores[own][::step] * unit).tolist(),
            }
        )
    return found


def _groups(test: TestWindows, scores: NDArray[np.int32], threshold: int) -> list[dict[str, Any]]:
    """The figures by the values of each group column."""
    groups = [test.clips.groups[row] for row in test.rows]
    found = []
    for column in sorted({column for group in groups for column in group}):
        values = [group.get(column, "") for group in groups]
        counts = Counter(value for value in values if value)
        units = column == test.configuration.data.split.by
        if len(counts) < 2 or (len(counts) > _MOST_VALUES and not units):
            continue
        wrong = Counter(np.array(values)[(scores >= threshold) != test.strange].tolist())
        shown = sorted(counts, key=lambda value: (-wrong[value] / counts[value], value))
        for value in sorted(shown[:_MOST_UNITS]):
            own = np.array([each == value for each in values])
            metrics = test.judge(scores, threshold, own)
            found.append({"column": column, "value": value, **metrics.to_json()})
    return found


def _notes(test: TestWindows, model: DetectorModel) -> list[str]:
    """What the figures do not say."""
    decision, data = test.configuration.decision, test.configuration.data
    notes = []
    if decision.smoothing_windows > 1 and data.window_step_ms not in (0, decision.hop_ms):
        notes.append(
            f"Smoothing was judged on windows {data.window_step_ms} ms apart; the device decides "
            f"every {decision.hop_ms} ms, so that there it averages over less time."
        )
    if decision.smoothing_windows > 1 and data.window_step_ms == 0:
        notes.append(
            "Each recording is one window, so that smoothing had nothing to average: the device, "
            "which listens on, is calmer than these figures."
        )
    rows, shared = held_out_rows(test.clips, test.configuration, trained=model.facts["trained"])
    if shared:
        notes.append(
            "The threshold was chosen by windows that training watched, too, to keep its best "
            "epoch: they are too few to be shared out, and the false-alarm rate may come out above "
            "the wish. Record more, or raise data.split.validation."
        )
    counts = Counter(test.clips.files[row] for row in rows)
    held_out = sum(counts.values())
    if held_out > 5 * len(counts):
        notes.append(
            f"The threshold was chosen by {held_out} held-out windows of only {len(counts)} "
            "recordings, which are alike within each: the wished false-alarm rate of "
            f"{model.facts['false_alarm_rate']:g} is not promised for new recordings."
        )
    return notes


def methods_of(
    yardsticks: list[Mapping[str, Any]] | None, int8: Mapping[str, Any], detector: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The used method and the others, best area first.

    Args:
        yardsticks: of the yardstick stage.
        int8: of `evaluate_normality`, under "normality".
        detector: "name", "table_bytes" and "scratch_bytes" of the one used.
    """
    figures = ("auc", "partial_auc", "detection_rate", "false_alarm_rate")
    used = {**detector, "used": True, **{name: int8[name] for name in figures}}
    return sorted(
        [used, *(dict(each) for each in yardsticks or ())],
        key=lambda each: -((each.get("auc") or {}).get("value") or 0.0),
    )
