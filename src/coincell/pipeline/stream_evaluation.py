"""`coincell evaluate --stream`: hours through the device's C, told events against labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import LabelledStream, find_streams, read_stream
from coincell.errors import InternalError, UserError
from coincell.evaluation import (
    Estimate,
    Interval,
    Match,
    OperatingPoint,
    StreamMetrics,
    Told,
    choose_operating_point,
    match_alarms,
    match_events,
    poisson_rate,
    stream_metrics,
    wilson_by_group,
)
from coincell.firmware import Application, HostStream, StreamEvent
from coincell.pipeline.clips import read_clips
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.runner import Demand, Listener, alone, run_stages, unheard
from coincell.pipeline.stages.firmware import application
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.stitching import stitch, stream_rate
from coincell.project import Configuration, Project
from coincell.runtime import Decision, Level, Rest, decision_threshold

ANOMALY = "anomaly"
_CHUNK_S = 10.0
_LOWEST_SCORE = -128 * 256
_SHARES = (*np.round(np.arange(0.02, 0.99, 0.02), 2).tolist(), 0.99, 0.995, 1.0)
_LEVELS = 60

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class StreamRequest:
    """What to evaluate.

    Attributes:
        path: a recording or a folder of them; None: stitched from the test split.
        hours: how long what is stitched is, at least.
        false_alarms_an_hour: the most that is wished.
        background: labels that are no events, beside the project's own silence and unknown.
    """

    path: Path | None = None
    hours: float = 1.0
    false_alarms_an_hour: float = 1.0
    background: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamEvaluation:
    """What came of it.

    Attributes:
        streams: their names.
        stitched: whether they were made of the test split.
        events: the labels that are events.
        threshold: of the project, in the unit of `points`.
        step: what one of that unit is worth to a person: 1 of shares, of strangeness its unit.
        unit: of thresholds times `step`, in words; "" of shares.
        now: at the project's own threshold.
        points: by rising threshold.
        chosen: the operating point for the wish; None where no threshold that tells anything keeps
            it.
        wished: false alarms an hour.
        misses: label -> (missed, of).
        miss_rates: the same as rates with their intervals.
        advice: what to write into coincell.toml, or to do.
        notes: what the figures do not say.
    """

    streams: tuple[str, ...]
    stitched: bool
    events: tuple[str, ...]
    threshold: float
    now: StreamMetrics
    points: tuple[OperatingPoint, ...]
    chosen: OperatingPoint | None
    wished: float
    misses: dict[str, tuple[int, int]]
    miss_rates: dict[str, Estimate]
    advice: str
    notes: tuple[str, ...]
    step: float = 1.0
    unit: str = ""

    def told(self, threshold: float) -> str:
        """A threshold as a person reads it."""
        return f"{threshold * self.step:.4g} {self.unit}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "streams": list(self.streams),
            "stitched": self.stitched,
            "events": list(self.events),
            "threshold": self.threshold,
            "threshold_step": self.step,
            "threshold_unit": self.unit,
            "now": self.now.to_json(),
            "points": [point.to_json() for point in self.points],
            "chosen": self.chosen.to_json() if self.chosen else None,
            "wished_false_alarms_an_hour": self.wished,
            "misses": {
                label: {"missed": missed, "of": count, "rate": self.miss_rates[label].to_json()}
                for label, (missed, count) in self.misses.items()
            },
            "advice": self.advice,
            "notes": list(self.notes),
        }


def evaluate_stream(
    project: Project,
    request: StreamRequest,
    listener: Listener = unheard,
    progress: Progress | None = None,
) -> StreamEvaluation:
    """Let the project's chain, as it stands, hear streams; stale stages are brought up to date.

    Raises:
        UserError: the project predicts a number, a recording is not usable, or a stage fails.
    """
    configuration = project.configuration
    if configuration.goal == "quantity":
        raise UserError(
            "A stream is evaluated by the events it tells; a project that predicts a number tells "
            "none.",
            hint="coincell evaluate tells how far its numbers are off.",
        )
    background = _background(configuration, request.background)
    with alone(project, STAGES, listener):
        artefacts = run_stages(project, STAGES, Demand(until="quantize"), listener).artefacts
        chain = application(artefacts["features"], artefacts["quantize"], configuration)
        if request.path is None:
            clips, seed = read_clips(artefacts["dataset"]), configuration.project.seed
            hours_s = 3600 * request.hours
            streams = [stitch(clips, configuration, background, hours_s, seed)]
        else:
            paths = find_streams(request.path, configuration.data)
            streams = [read_stream(path, configuration.data) for path in paths]
    found = evaluate_streams(chain, configuration, streams, background, request, progress)
    if configuration.goal != "normality":
        return found
    detector = DetectorModel(artefacts["quantize"])
    return replace(found, step=detector.detector.unit, unit=detector.unit)


def _background(configuration: Configuration, named: Sequence[str]) -> frozenset[str]:
    data = configuration.data
    for label in named:
        if label not in data.labels:
            raise UserError(
                f"--background names a label of the project: {', '.join(data.labels)}. "
                f"Received: {label!r}."
            )
    own = (data.normal_label,) if configuration.goal == "normality" else ()
    return frozenset((data.silence_label, data.unknown_label, *own, *named)) - {""}


def evaluate_streams(
    chain: Application,
    configuration: Configuration,
    streams: Sequence[LabelledStream],
    background: frozenset[str],
    request: StreamRequest,
    progress: Progress | None = None,
) -> StreamEvaluation:
    """The same of a chain and streams that are there."""
    judge = _Judge(chain, configuration, background)
    streams = _grouped(judge, streams)
    heard = [judge.hear(stream, progress) for stream in streams]
    pairs = list(zip(streams, heard, strict=True))
    matches = [judge.match(stream, each, each.labels) for stream, each in pairs]
    thresholds = judge.thresholds(heard)
    points = []
    for number, threshold in enumerate(thresholds):
        found = [judge.match(stream, each, judge.decide(each, threshold)) for stream, each in pairs]
        points.append(OperatingPoint(threshold, stream_metrics(found)))
        if progress is not None:
            progress(number + 1, len(thresholds), "thresholds")
    chosen = choose_operating_point(points, request.false_alarms_an_hour)
    if chosen is not None and 0 < chosen.metrics.intervals == chosen.metrics.missed:
        chosen = None  # it keeps the wish by telling nothing
    return StreamEvaluation(
        streams=tuple(stream.name for stream in streams),
        stitched=request.path is None,
        events=judge.events,
        threshold=judge.threshold,
        now=stream_metrics(matches),
        points=tuple(points),
        chosen=chosen,
        wished=request.false_alarms_an_hour,
        **_misses(judge, streams, matches),
        advice=judge.advice(chosen, heard, streams),
        notes=_notes(streams, request, chosen is not None, configuration.data.window_ms / 1000),
    )


@dataclass(frozen=True)
class _Heard:
    """What the chain made of a stream: decisions, and int8 [n, scores] of their windows."""

    decisions: tuple[StreamEvent, ...]
    scores: NDArray[np.int8]

    @property
    def labels(self) -> NDArray[np.int16]:
        return np.array([event.label for event in self.decisions], np.int16)


class _Judge:
    """Labels, thresholds and events of a project's decisions."""

    def __init__(
        self, chain: Application, configuration: Configuration, background: frozenset[str]
    ) -> None:
        self.chain, self.settings = chain, configuration.decision
        self.strange = configuration.goal == "normality"
        self.background = background
        self.labels = ("normal", ANOMALY) if self.strange else chain.labels
        told = tuple(label for label in self.labels if label not in background)
        self.events = (ANOMALY,) if self.strange else told
        self.rate = stream_rate(configuration)
        window_s = configuration.data.form.seconds
        self.hop_s = chain.hop_samples / self.rate
        self.tolerance_s = window_s + self.settings.smoothing_windows * self.hop_s

    @property
    def threshold(self) -> float:
        """The project's own."""
        return float(self.chain.threshold) if self.strange else self.settings.threshold

    def hear(self, stream: LabelledStream, progress: Progress | None) -> _Heard:
        """Through the C of the device."""
        seen = "looks at" if self.chain.form.sense == "picture" else "hears"
        if progress is not None:
            progress(0, len(stream.values), f"builds what {seen} {stream.name}")
        host = HostStream(self.chain)
        chunk = max(1, round(_CHUNK_S * self.rate)) * self.chain.step_values
        decisions: list[StreamEvent] = []
        scores = []
        for begin in range(0, len(stream.values), chunk):
            more, outputs = host.process_scored(stream.values[begin : begin + chunk])
            decisions += more
            scores.append(outputs)
            if progress is not None:
                done = min(begin + chunk, len(stream.values))
                progress(done, len(stream.values), f"{seen} {stream.name}")
        none = np.zeros((0, self.chain.score_bytes), np.int8)
        heard = _Heard(tuple(decisions), np.concatenate([none, *scores]))
        if not np.array_equal(self.decide(heard, self.threshold), heard.labels):
            raise InternalError("The decision by itself gave other labels than the stream.")
        return heard

    def decide(self, heard: _Heard, threshold: float) -> NDArray[np.int16]:
        """Labels [n] at another threshold, by the same C."""
        settings = self.settings
        if self.strange:
            fixed = int(threshold)
            level = Level(
                settings.smoothing_windows,
                fixed,
                release=fixed - round(abs(fixed) * settings.hysteresis),
                refractory=settings.refractory_windows,
            )
            return level.run(strangeness(heard.scores))[0]
        assert self.chain.model is not None
        out = self.chain.model.outputs[0]
        fixed = decision_threshold(threshold, out.scale, out.zero_point)
        share = max(0.0, threshold - settings.hysteresis)
        rest = Rest(
            release=min(fixed, decision_threshold(share, out.scale, out.zero_point)),
            windows=settings.refractory_windows,
            of_any=settings.refractory_of == "any",
            events=[place for place, told in enumerate(self.chain.events) if told],
        )
        decision = Decision(len(self.labels), settings.smoothing_windows, fixed, rest)
        return _run_with_quiet(decision, heard)

    def match(self, stream: LabelledStream, heard: _Heard, labels: NDArray[np.int16]) -> Match:
        """Events, which begin where a label does, against the stream's intervals; of normality the
        alarm, while it is on."""
        if self.strange:
            alarms = self._alarms(heard, labels)
            found = match_alarms(alarms, self.intervals(stream), stream.seconds, self.tolerance_s)
            return replace(found, groups=self.groups(stream))
        told, before = [], -1
        for event, label in zip(heard.decisions, labels.tolist(), strict=True):
            if label >= 0 and label != before and self.labels[label] in self.events:
                told.append(Told(event.samples / self.rate, self.labels[label]))
            before = label
        found = match_events(told, self.intervals(stream), stream.seconds, self.tolerance_s)
        return replace(found, groups=self.groups(stream))

    def _alarms(self, heard: _Heard, labels: NDArray[np.int16]) -> list[Interval]:
        """From the decision that turns the alarm on to the one that turns it off."""
        ends = [event.samples / self.rate for event in heard.decisions]
        on = np.concatenate([[0], (labels > 0).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(on))
        return [
            Interval(ends[begin], ends[min(end, len(ends) - 1)], ANOMALY)
            for begin, end in edges.reshape(-1, 2).tolist()
        ]

    def intervals(self, stream: LabelledStream) -> list[Interval]:
        """Of what is an event, in the order in which they begin."""
        return [
            Interval(start, end, ANOMALY if self.strange else label)
            for start, end, label in (stream.intervals[place] for place in self._places(stream))
        ]

    def groups(self, stream: LabelledStream) -> tuple[str, ...] | None:
        """Whose each of those is; None where it is not known."""
        if stream.groups is None:
            return None
        return tuple(stream.groups[place] for place in self._places(stream))

    def _places(self, stream: LabelledStream) -> list[int]:
        kept = [at for at, (*_, label) in enumerate(stream.intervals)
                if label not in self.background]  # fmt: skip
        return sorted(kept, key=lambda at: stream.intervals[at][:2])

    def thresholds(self, heard: Sequence[_Heard]) -> list[float]:
        """Rising; the project's own is one of them."""
        if not self.strange:
            return sorted({*_SHARES, self.threshold})
        scores = np.sort(np.concatenate([strangeness(each.scores) for each in heard]))
        shares = np.linspace(0, 1, _LEVELS) ** 0.25  # most where few windows are
        places = np.minimum((shares * len(scores)).astype(int), len(scores) - 1)
        chosen = {float(scores[place]) for place in places} if len(scores) else set()
        top = {float(scores[-1]) + 1} if len(scores) else set()
        return sorted(chosen | top | {self.threshold})

    def advice(
        self,
        chosen: OperatingPoint | None,
        heard: Sequence[_Heard],
        streams: Sequence[LabelledStream],
    ) -> str:
        """What to write into coincell.toml."""
        if chosen is None:
            return (
                "No threshold at which anything is told keeps that wish. A class of background, "
                "more recordings of what is told by mistake, more smoothing_windows or a larger "
                "network would help."
            )
        if not self.strange:
            return f"Write under [decision]: threshold = {chosen.threshold:g}"
        pairs = zip(heard, streams, strict=True)
        counts = [self._normal_above(*pair, chosen.threshold) for pair in pairs]
        above, of = sum(pair[0] for pair in counts), sum(pair[1] for pair in counts)
        rate = above / of if of else 0.0
        return (
            f"Write under [decision]: false_alarm_rate = {max(rate, 1e-6):.2g} (the share of this "
            "stream's normal windows that reach the threshold to take)"
        )

    def _normal_above(
        self, heard: _Heard, stream: LabelledStream, threshold: float
    ) -> tuple[int, int]:
        """Windows outside of all intervals: how many reach a score, and of how many."""
        ends = np.array([event.samples / self.rate for event in heard.decisions])
        normal = np.ones(len(ends), bool)
        for interval in self.intervals(stream):
            normal &= (ends < interval.start) | (ends > interval.end + self.tolerance_s)
        return int(np.sum(strangeness(heard.scores)[normal] >= threshold)), int(normal.sum())


def strangeness(scores: NDArray[np.int8]) -> NDArray[np.int32]:
    """int8 [n, 4], low byte first -> int32 [n]."""
    if not len(scores):
        return np.zeros(0, np.int32)
    return np.ascontiguousarray(scores).view("<i4").reshape(-1).astype(np.int32)


def _run_with_quiet(decision: Decision, heard: _Heard) -> NDArray[np.int16]:
    """Labels; windows that were quiet (decision.wake_dbfs) pass undecided."""
    quiet = np.array([e.label < 0 and e.score == _LOWEST_SCORE for e in heard.decisions], bool)
    labels = np.full(len(quiet), -1, np.int16)
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8))) + 1
    for begin, end in zip([0, *edges], [*edges, len(quiet)], strict=True):
        if begin == end:
            continue
        if quiet[begin]:
            for _ in range(begin, end):
                decision.pass_by()
        else:
            labels[begin:end] = decision.run(heard.scores[begin:end])[0]
    return labels


def _grouped(judge: _Judge, streams: Sequence[LabelledStream]) -> list[LabelledStream]:
    """Intervals of one recording belong together, where more than one recording has any."""
    several = sum(bool(judge.intervals(stream)) for stream in streams) > 1
    return [
        replace(stream, groups=(f"{at}: {stream.name}",) * len(stream.intervals))
        if several and stream.groups is None
        else stream
        for at, stream in enumerate(streams)
    ]


def _misses(
    judge: _Judge, streams: Sequence[LabelledStream], matches: Sequence[Match]
) -> dict[str, Any]:
    """`misses` and `miss_rates` at the project's threshold."""
    missed: dict[str, list[bool]] = {label: [] for label in judge.events}
    whose: dict[str, list[str]] = {label: [] for label in judge.events}
    for stream, match in zip(streams, matches, strict=True):
        groups = judge.groups(stream)
        for at, interval in enumerate(judge.intervals(stream)):
            missed[interval.label].append(match.delays[at] is None)
            whose[interval.label] += [groups[at]] if groups else []
    return {
        "misses": {label: (sum(each), len(each)) for label, each in missed.items()},
        "miss_rates": {
            label: wilson_by_group(np.array(each, bool), whose[label] or None)
            for label, each in missed.items()
        },
    }


def _notes(
    streams: Sequence[LabelledStream], request: StreamRequest, chosen: bool, window_s: float
) -> tuple[str, ...]:
    notes = [note for stream in streams for note in stream.notes]
    if short := [stream.name for stream in streams if stream.seconds < window_s]:
        notes.append(
            f"Shorter than a window of {window_s:g} s, so that nothing can be told of them: "
            f"{len(short)} of {len(streams)} ({short[0]})."
        )
    if chosen:
        notes.append(
            "The operating point was chosen on the very stream that it is judged on, so that its "
            "figures flatter it: write it down, and evaluate other recordings."
        )
    unlabelled = [stream.name for stream in streams if not stream.labelled]
    if unlabelled:
        notes.append(
            f"{len(unlabelled)} of {len(streams)} recordings have no file of intervals beside them "
            f"({unlabelled[0]}): whatever is told in those is a false alarm."
        )
    if request.path is None:
        notes.append(
            "Stitched from the test split: its background is what the data set holds. A recording "
            "of the place where the device will be tells more about false alarms."
        )
    hours = sum(stream.seconds for stream in streams) / 3600
    if hours * request.false_alarms_an_hour < 3:
        notes.append(
            f"{hours:.2g} h are few for a rate of {request.false_alarms_an_hour:g} an hour: "
            "even none in them allows "
            f"{poisson_rate(0, hours).high or 0.0:.2g} an hour. Take more with --hours."
        )
    return tuple(notes)
