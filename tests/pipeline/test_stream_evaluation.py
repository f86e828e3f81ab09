"""Streams through the host's chain: thresholds as the device would have them, stitching, files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.data import LabelledStream, find_streams, read_stream
from coincell.data.audio import encode_wav
from coincell.data.streams import read_intervals
from coincell.errors import DataError
from coincell.evaluation import wilson, wilson_by_group
from coincell.firmware import HostStream
from coincell.pipeline.clips import Clips
from coincell.pipeline.stitching import stitch
from coincell.pipeline.stream_evaluation import StreamRequest, _Judge, evaluate_streams
from coincell.project import Configuration, DecisionSettings, parse_configuration
from motion_project import motion_toml
from stand_in import WINDOW_SAMPLES, random_windows, stand_in_application

LABELS = ("silence", "yes", "no")


def configured(decision: DecisionSettings, **data: Any) -> Configuration:
    table = {"labels": LABELS, "window_ms": 100, "silence_label": "silence", "unknown_label": ""}
    return Configuration.model_validate(
        {"project": {"name": "tiny"}, "data": table | data, "decision": decision.model_dump()}
    )


def sound(seconds: float) -> NDArray[np.int16]:
    windows = random_windows(round(10 * seconds), 7).ravel().astype(float)
    share = 0.5 + 0.5 * np.sin(np.arange(len(windows)) / 3000)
    dark = np.convolve(windows, np.ones(12) / 12, "same")
    return np.asarray(share * dark + (1 - share) * windows).astype(np.int16)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hysteresis": 0.2, "refractory_windows": 4},
        {"refractory_windows": 9, "refractory_of": "any", "wake_dbfs": -20.0},
    ],
)
def test_another_threshold_decides_as_a_device_with_it(changes: dict[str, Any]) -> None:
    settings = DecisionSettings(smoothing_windows=2, threshold=0.4, hop_ms=60).model_copy(
        update=changes
    )
    chain = replace(stand_in_application(), decision=settings)
    judge = _Judge(chain, configured(settings), frozenset({"silence"}))
    samples = sound(6)
    moves: list[tuple[int, int, str]] = []
    heard = judge.hear(
        LabelledStream("s", samples, 6.0, (), True), lambda *move: moves.append(move)
    )
    assert moves[0] == (0, len(samples), "builds what hears s"), "compiling takes long, too"
    assert moves[-1] == (len(samples), len(samples), "hears s")
    found = set()
    for threshold in (0.1, 0.35, 0.6):
        other = settings.model_copy(update={"threshold": threshold})
        expected = HostStream(replace(chain, decision=other)).process(samples)
        labels = judge.decide(heard, threshold).tolist()
        assert labels == [event.label for event in expected]
        found.add(tuple(labels))
    assert len(found) > 1


def test_figures_of_a_stream_whose_events_are_known() -> None:
    """Intervals laid where the chain tells something: nothing is missed, and nothing is false."""
    settings = DecisionSettings(smoothing_windows=1, threshold=0.3, hop_ms=60)
    chain = replace(stand_in_application(), decision=settings)
    samples, before, intervals = sound(8), -1, []
    for event in HostStream(chain).process(samples):
        if event.label > 0 and event.label != before:
            at = event.samples / 16_000
            intervals.append((at - 0.01, at + 0.001, LABELS[event.label]))
        before = event.label
    assert len(intervals) > 5
    stream = LabelledStream("s", samples, 8.0, tuple(intervals), True)
    found = evaluate_streams(
        chain, configured(settings), [stream], frozenset({"silence"}), StreamRequest(Path("s"))
    )
    assert (found.now.missed, found.now.false_alarms) == (0, 0)
    assert found.now.intervals == len(intervals)
    assert found.chosen is not None
    assert found.chosen.threshold <= 0.3
    assert any("chosen on the very stream" in note for note in found.notes)
    assert found.advice == f"Write under [decision]: threshold = {found.chosen.threshold:g}"
    assert [point.threshold for point in found.points] == sorted(p.threshold for p in found.points)
    assert found.now.miss_rate == wilson(0, len(intervals)), "of one recording, each by itself"
    assert sum(missed for missed, _ in found.misses.values()) == 0
    second = replace(stream, values=np.zeros_like(samples))
    both = evaluate_streams(
        chain, configured(settings), [stream, second], frozenset({"silence"}), StreamRequest(Path())
    )
    missed = np.repeat([False, True], len(intervals))
    assert both.now.miss_rate == wilson_by_group(missed, missed.tolist()), "of two, by recording"
    rate = both.to_json()["misses"][LABELS[1]]["rate"]
    assert rate["ci95"][1] > (wilson(*both.misses[LABELS[1]]).high or 1)
    empty = replace(stream, intervals=())
    alarms = evaluate_streams(
        chain, configured(settings), [empty], frozenset({"silence"}), StreamRequest(Path("s"))
    )
    assert alarms.now.false_alarms == len(intervals)
    assert alarms.to_json()["now"]["false_alarms_an_hour"]["value"] == len(intervals) * 450


def clips_of(windows: NDArray[Any], labels: list[int], noise: NDArray[np.int16]) -> Clips:
    clips = Clips(
        folder=Path(),
        files=tuple(str(row) for row in range(len(windows))),
        labels=np.array(labels, np.int64),
        targets=np.full(len(windows), np.nan),
        splits=np.array(["test"] * (len(windows) - 1) + ["train"]),
        groups=tuple({} for _ in windows),
    )
    clips.__dict__["windows"] = windows
    clips.__dict__["noise"] = noise
    return clips


def test_each_test_window_is_stitched_once_where_its_interval_says() -> None:
    settings = DecisionSettings(hop_ms=60)
    windows = random_windows(12, 2)
    labels = [1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 1]
    clips = clips_of(windows, labels, np.full((1, 5000), 77, np.int16))
    stream = stitch(clips, configured(settings), frozenset({"silence"}), 20.0, seed=1)
    assert stream.seconds == pytest.approx(20.0, abs=0.2)
    assert len(stream.values) == round(stream.seconds * 16_000)
    assert len(stream.intervals) == 8
    left = {windows[row].tobytes(): LABELS[labels[row]] for row in range(11) if labels[row]}
    for start, end, label in stream.intervals:
        begin = round(start * 16_000)
        assert round(end * 16_000) - begin == WINDOW_SAMPLES
        assert left.pop(stream.values[begin : begin + WINDOW_SAMPLES].tobytes()) == label
    assert not left
    assert stream.groups is None, "windows of one recording each, without a group"
    people = tuple({"speaker": str(row % 3)} for row in range(len(labels)))
    spoken = replace(clips, groups=people)
    spoken.__dict__.update(windows=clips.windows, noise=clips.noise)
    whose = stitch(spoken, configured(settings), frozenset({"silence"}), 20.0, seed=1).groups
    assert whose is not None
    assert sorted(whose) == sorted(str(row % 3) for row in range(11) if labels[row])
    assert np.mean(stream.values == 77) > 0.2, "recorded noise between"
    again = stitch(clips, configured(settings), frozenset({"silence"}), 20.0, seed=1)
    assert np.array_equal(again.values, stream.values)
    with pytest.raises(DataError, match="no window"):
        stitch(clips, configured(settings), frozenset(LABELS), 20.0, seed=1)


def test_a_recording_and_its_intervals_are_read(tmp_path: Path) -> None:
    settings = configured(DecisionSettings()).data
    (tmp_path / "a.wav").write_bytes(encode_wav(sound(2), 16_000))
    (tmp_path / "b.wav").write_bytes(encode_wav(sound(1), 16_000))
    (tmp_path / "a.labels.csv").write_text("label,start,end\nyes,0.5,0.75\n\nno,1,1.5\n")
    paths = find_streams(tmp_path, settings)
    assert [path.name for path in paths] == ["a.wav", "b.wav"]
    first, second = (read_stream(path, settings) for path in paths)
    assert first.intervals == ((0.5, 0.75, "yes"), (1.0, 1.5, "no"))
    assert (first.seconds, first.labelled, second.labelled) == (2.0, True, False)
    assert np.array_equal(first.values, sound(2))
    with pytest.raises(DataError, match="There is no"):
        find_streams(tmp_path / "none", settings)


def test_what_is_done_to_a_recording_on_the_way_in_is_told(tmp_path: Path) -> None:
    """A gap that is filled, another rate, a window that it does not fill."""
    labels = 'labels = ["a", "b"]\nsilence_label = ""\nunknown_label = ""'
    channels = {"x": ("g", 2.0)}
    motion = motion_toml("gesture", channels, rate_hz=50, window_ms=2000, data=labels)
    settings = parse_configuration(motion).data
    steps = [step for step in range(200) if step not in (70, 71, 72)]
    lines = [f"{10 * step},{np.sin(step)}" for step in steps]
    (tmp_path / "a.csv").write_text("\n".join(["time [ms],x [g]", *lines]))
    told = read_stream(tmp_path / "a.csv", settings).notes
    assert told == (
        "a.csv: 3 readings missing by their times, filled in.",
        "a.csv: resampled from 100 Hz.",
    )
    configuration = configured(DecisionSettings())
    short = WINDOW_SAMPLES // 2
    values = np.zeros(short, np.int16)
    stream = LabelledStream("b.wav", values, short / 16_000, (), True, notes=("b.wav: said.",))
    notes = evaluate_streams(
        stand_in_application(), configuration, [stream], frozenset(), StreamRequest(Path())
    ).notes
    assert notes[0] == "b.wav: said."
    assert "nothing can be told of them: 1 of 1 (b.wav)" in notes[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with nothing"),
        ("start,end\n1,2\n", "begins with start, end"),
        ("start,end,label\n1,2\n", "line 2 has 2 fields"),
        ("start,end,label\n1,x,yes\n", "line 2: start and end"),
        ("start,end,label\n1,nan,yes\n", "line 2: an interval"),
        ("start,end,label\n2,1,yes\n", "line 2: an interval"),
        ("start,end,label\n1,11,yes\n", "within the recording of 10.00 s"),
        ("start,end,label\n1,2,maybe\n", "received 'maybe'"),
    ],
)
def test_intervals_that_are_wrong_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.labels.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_intervals(path, LABELS, 10.0)
