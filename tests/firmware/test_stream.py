"""The stream's decisions are those of whole windows, each computed for itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.features import make_feature_block
from coincell.firmware import Application, HostStream, StreamEvent, build_host_library
from coincell.project import DecisionSettings, MelSettings, WindowForm
from coincell.runtime import Decision
from stand_in import WINDOW_SAMPLES, random_windows, stand_in_application

SETTINGS = MelSettings(bands=8, frame_ms=30, hop_ms=20, fft_size=512)


def by_whole_windows(
    application: Application, samples: NDArray[np.int16], begin: int = 0
) -> list[StreamEvent]:
    """The oracle: windows cut from the samples, features by `features_run`, decisions by Python.

    A window ends where its last frame does, or with its last sample where level is the window's.
    """
    block, hop = application.features, application.hop_samples
    length, step = block.frame
    span = (block.shape[0] - 1) * step + length if block.by_row else block.form.samples
    padded = np.concatenate([samples, np.zeros(block.form.samples, np.int16)])
    starts = range(0, len(samples) - span + 1, hop)
    if not starts:
        return []
    windows = np.stack([padded[i : i + block.form.samples] for i in starts])
    scores = build_host_library(application).process(windows).scores
    settings = application.decision
    decision = Decision(scores.shape[1], settings.smoothing_windows, application.threshold)
    labels, means = decision.run(scores)
    ends = [begin + start + span for start in starts]
    return list(map(StreamEvent, ends, labels.tolist(), means.tolist()))


def sound(count: int) -> NDArray[np.int16]:
    """Noise of all loudnesses, which turns from dark to bright and back: features that differ."""
    noise = random_windows(-(-count // WINDOW_SAMPLES)).ravel()[:count].astype(float)
    dark = np.convolve(noise, np.ones(12) / 12, "same")
    share = 0.5 + 0.5 * np.sin(np.arange(count) / 2000)
    return (share * dark + (1 - share) * noise).astype(np.int16)


def with_features(settings: MelSettings, hop_ms: int) -> Application:
    return replace(
        stand_in_application(),
        features=make_feature_block(settings, WindowForm("sound", WINDOW_SAMPLES, 1, 16000)),
        decision=DecisionSettings(smoothing_windows=3, threshold=0.25, hop_ms=hop_ms),
    )


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        SETTINGS.model_copy(update={"normalization": "mean"}),
        SETTINGS.model_copy(update={"level": "peak"}),
        SETTINGS.model_copy(update={"level": "peak", "normalization": "mean"}),
        SETTINGS.model_copy(update={"frame_ms": 16.0, "hop_ms": 23.0}),
    ],
    ids=["plain", "mean", "peak", "peak mean", "gaps between frames"],
)
@pytest.mark.parametrize("hop_ms", [10, 60, 250])
def test_decisions_are_those_of_whole_windows(settings: MelSettings, hop_ms: int) -> None:
    application = with_features(settings, hop_ms)
    samples = sound(21_000)
    expected = by_whole_windows(application, samples)
    assert len(expected) > 3
    assert len({(event.label, event.score) for event in expected}) > 1
    assert HostStream(application).process(samples) == expected


def quietly(application: Application, samples: NDArray[np.int16], level: int) -> list[StreamEvent]:
    """The oracle with a level that wakes: windows of quiet frames are passed over."""
    block, hop = application.features, application.hop_samples
    (length, step), frames = block.frame, block.shape[0]
    span = (frames - 1) * step + length if block.by_row else block.form.samples
    decision = Decision(
        len(application.labels), application.decision.smoothing_windows, application.threshold
    )
    events = []
    for start in range(0, len(samples) - span + 1, hop):
        window = np.zeros(block.form.samples, np.int16)
        window[: min(len(window), span)] = samples[start : start + span]
        heard = window.astype(int)
        if block.by_row:
            heard = np.stack([heard[i * step : i * step + length] for i in range(frames)])
        label, score = -1, -128 * 256
        if np.abs(heard).max() >= level:
            scores = build_host_library(application).process(window[np.newaxis]).scores[0]
            label, score = decision.step(scores)
        else:
            decision.reset()
        events.append(StreamEvent(start + span, label, score))
    return events


@pytest.mark.parametrize("level", ["absolute", "peak"])
@pytest.mark.parametrize("hop_ms", [20, 100])
def test_a_level_wakes_the_network(level: str, hop_ms: int) -> None:
    application = with_features(SETTINGS.model_copy(update={"level": level}), hop_ms)
    awake = replace(
        application, decision=application.decision.model_copy(update={"wake_dbfs": -20.0})
    )
    assert awake.wake_level == 3277
    samples = sound(30_000)
    samples[4_000:12_000] //= 64  # long enough for quiet windows
    samples[20_000] = -32768
    samples[23_000:23_500] = 3276
    samples[27_000] = -3277
    expected = quietly(awake, samples, 3277)
    quiet = sum(event == StreamEvent(event.samples, -1, -128 * 256) for event in expected)
    assert 2 < quiet < len(expected) - 2
    assert HostStream(awake).process(samples) == expected
    assert application.wake_level == 0
    assert HostStream(application).process(samples) == by_whole_windows(application, samples)


def test_parts_of_any_length_give_the_same() -> None:
    application = stand_in_application()
    samples = sound(30_000)
    stream = HostStream(application)
    whole = stream.process(samples)
    stream.reset()
    cuts = np.sort(np.random.default_rng(2).integers(0, len(samples), 200))
    parts = [event for part in np.split(samples, cuts) for event in stream.process(part)]
    assert parts == whole != []


def test_two_streams_in_turns_do_not_mix() -> None:
    application = stand_in_application()
    one, other = sound(16_000), sound(32_000)[16_000:]
    streams = HostStream(application), HostStream(application)
    events: tuple[list[StreamEvent], list[StreamEvent]] = ([], [])
    for begin in range(0, 16_000, 700):
        for stream, samples, found in zip(streams, (one, other), events, strict=True):
            found += stream.process(samples[begin : begin + 700])
    assert events[0] == HostStream(application).process(one)
    assert events[1] == HostStream(application).process(other)
    assert events[0] != events[1]


def test_behind_a_gap_windows_begin_anew() -> None:
    application = stand_in_application()
    before, after = sound(5_000), sound(20_000)[11_000:]
    stream = HostStream(application)
    events = stream.process(before)
    stream.lose(777)
    events += stream.process(after)
    assert events == [
        *by_whole_windows(application, before),
        *by_whole_windows(application, after, begin=5_777),
    ]


@pytest.mark.parametrize("lost", [0, 60, 100, 900])
def test_a_loss_while_it_settles_counts_as_settled(lost: int) -> None:
    application = stand_in_application()
    samples = sound(9_000)
    stream = HostStream(application, settling_samples=700)
    assert stream.process(samples[:601]) == []
    stream.lose(lost)
    begin = max(0, 99 - lost)
    assert stream.process(samples[601:]) == by_whole_windows(
        application, samples[601 + begin :], begin=601 + lost + begin
    )
    stream.reset()
    assert stream.process(samples) == by_whole_windows(application, samples[700:], begin=700)


def test_the_hop_is_whole_rows() -> None:
    assert with_features(SETTINGS, 250).hop_samples == 12 * 320
    assert with_features(SETTINGS, 10).hop_samples == 320
    assert with_features(SETTINGS, 4000).hop_samples == 200 * 320


def test_other_arrays_are_refused() -> None:
    stream = HostStream(stand_in_application())
    with pytest.raises(DataError, match=r"int16 \[n\]"):
        stream.process(np.zeros(5))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"int16 \[n\]"):
        stream.process(np.zeros((2, 5), np.int16))
    assert stream.process(np.zeros(0, np.int16)) == []
