"""The always-on firmware: what the microphone hears, decided on as the host library decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from board.listening import listening_host
from coincell.board import BoardClient, VirtualBoard, run_stream
from coincell.board.protocol import Listening
from coincell.board.stream import stream_events
from coincell.errors import BoardError, DataError
from coincell.features import make_feature_block
from coincell.firmware import Application, HostStream, Image, build_image, load_board
from coincell.project import DecisionSettings, MelSettings, WindowForm
from coincell.toolchain import find_cross_compiler
from stand_in import WINDOW_SAMPLES, StandInNetwork, random_windows, stand_in_application

SECOND = 64_000_000


def sound(seconds: float, seed: int = 5) -> NDArray[np.int16]:
    """Noise of all loudnesses, which turns from dark to bright and back."""
    count = round(16_000 * seconds)
    noise = random_windows(-(-count // WINDOW_SAMPLES), seed).ravel()[:count].astype(float)
    dark = np.convolve(noise, np.ones(12) / 12, "same")
    share = 0.5 + 0.5 * np.sin(np.arange(count) / 2000)
    return (share * dark + (1 - share) * noise).astype(np.int16)


def hear(virtual: VirtualBoard, samples: NDArray[np.int16]) -> None:
    virtual.put_world("microphone", samples.astype("<i2").tobytes(), rate=16_000)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_decisions_equal_the_host_librarys(
    application: Application, compiler: str, tmp_path: Path
) -> None:
    image = build_image(
        application, load_board("nano33ble"), tmp_path, find_cross_compiler(prefer=compiler)
    )
    samples = sound(7.77)
    expected = listening_host(application).process(samples)
    assert len(expected) > 25
    assert len({event.label for event in expected}) > 1
    assert run_stream(image, samples) == expected


@pytest.mark.parametrize("settling_ms", [0, 7, 20, 333])
def test_no_decision_is_made_on_what_settles(
    application: Application, settling_ms: int, tmp_path: Path
) -> None:
    """Whatever the microphone gives until then; behind it the stream is that of the rest."""
    board = load_board("nano33ble")
    assert board.microphone is not None
    microphone = board.microphone.model_copy(update={"settling_ms": settling_ms})
    image = build_image(application, board.model_copy(update={"microphone": microphone}), tmp_path)
    samples, settling = sound(1.5), 16 * settling_ms
    rest = HostStream(application).process(samples[settling:])
    expected = [replace(event, samples=event.samples + settling) for event in rest]
    for unsettled in (samples[:settling], 32767 * np.ones(settling, np.int16)):
        samples[:settling] = unsettled
        assert run_stream(image, samples) == expected != []
        assert HostStream(application, settling_samples=settling).process(samples) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"level": "peak"},
        {"normalization": "mean"},
        {"frame_ms": 16.0, "hop_ms": 23.0},
        {"level": "peak", "frame_ms": 337 / 16, "hop_ms": 331 / 16},
    ],
)
def test_other_features_stream_alike(changes: dict[str, object], tmp_path: Path) -> None:
    settings = MelSettings(bands=8, frame_ms=30, hop_ms=20, fft_size=512)
    application = replace(
        stand_in_application(),
        features=make_feature_block(
            settings.model_copy(update=changes), WindowForm("sound", WINDOW_SAMPLES, 1, 16000)
        ),
        decision=DecisionSettings(smoothing_windows=2, threshold=0.25, hop_ms=60),
    )
    image = build_image(application, load_board("nano33ble"), tmp_path)
    samples = sound(1.5)
    expected = listening_host(application).process(samples)
    assert len(expected) > 15
    assert run_stream(image, samples) == expected


def test_a_sound_shorter_than_a_window_decides_nothing(image: Image) -> None:
    assert run_stream(image, sound(0.05)) == []
    with pytest.raises(DataError, match=r"int16 \[n\]"):
        run_stream(image, np.zeros(16000))  # type: ignore[arg-type]


def test_it_listens_after_power_on_and_tells_changes_only(
    application: Application, virtual: VirtualBoard
) -> None:
    samples = sound(6)
    hear(virtual, samples)
    virtual.advance(6 * SECOND + SECOND // 10)
    client = BoardClient(virtual)
    told = []
    while virtual.waiting:
        event = client.next_event()
        told.append((event.samples, event.label, event.score))
    before, expected = None, []
    for event in listening_host(application).process(samples):
        if event.label != before:
            expected.append((event.samples, event.label, event.score))
        before = event.label
    assert told[: len(expected)] == expected
    assert 1 < len(expected) < 20


def test_questions_are_answered_while_it_listens(
    application: Application, virtual: VirtualBoard
) -> None:
    samples = sound(4)
    client = BoardClient(virtual)
    client.listen(Listening.OFF)
    hear(virtual, samples)
    client.listen(Listening.ALL)
    infos = []
    for _ in range(40):
        virtual.advance(SECOND // 10 + 7919)
        infos.append(client.info())
    assert len({info.description["name"] for info in infos}) == 1
    assert infos[0].stack_peak <= infos[-1].stack_peak < infos[-1].stack_bytes
    events = []
    while client.event_kept or virtual.waiting:
        events.append(client.next_event())
    heard = np.concatenate([samples, np.zeros(16_000, np.int16)])  # the answers take time too
    expected = listening_host(application).process(heard)[: len(events)]
    assert len(events) > 10
    assert [(e.samples, e.label, e.score) for e in events] == [
        (e.samples, e.label, e.score) for e in expected
    ]


@pytest.mark.parametrize("message", ["samples", "process"])
def test_a_hosted_window_ends_listening_until_told_again(
    application: Application, virtual: VirtualBoard, message: str
) -> None:
    client = BoardClient(virtual)
    hear(virtual, sound(9))
    virtual.advance(SECOND)
    assert virtual.activity()[0]["cycles"]["microphone"].get("on", 0) > 0
    if message == "samples":
        client.put_samples(random_windows(1)[0])
    else:
        client.run()
    virtual.advance(SECOND // 10)
    virtual.discard()
    virtual.activity(restart=True)
    virtual.advance(2 * SECOND)
    report, _ = virtual.activity()
    assert set(report["cycles"]["microphone"]) == {"off"}
    assert set(report["cycles"]["pdm"]) == {"off"}
    assert set(report["cycles"]["cpu"]) == {"sleep"}
    outputs = int.from_bytes(virtual.read_memory(0x50000504, 4), "little")
    assert not outputs >> 17 & 1, "the microphone has no power"
    assert virtual.waiting == 0
    samples = sound(2, seed=9)
    events = list(stream_events(virtual, samples))
    assert events == listening_host(application).process(samples) != []


def test_it_sleeps_between_blocks_with_the_converter_on(virtual: VirtualBoard) -> None:
    hear(virtual, sound(10))
    virtual.advance(SECOND)
    virtual.activity(restart=True)
    virtual.advance(8 * SECOND)
    report, changes = virtual.activity()
    cycles = report["cycles"]
    assert set(cycles["regulator"]) == {"dcdc"}
    assert set(cycles["hfclk"]) == {"crystal"}
    assert set(cycles["pdm"]) == set(cycles["microphone"]) == {"on"}
    assert cycles["uarte"]["receiving"] > 0.99 * 8 * SECOND, "questions may come at any time"
    assert cycles["cpu"]["sleep"] > 0.9 * 8 * SECOND
    naps = sum(1 for _, component, state in changes if (component, state) == ("cpu", "sleep"))
    assert 8 * 50 - 2 <= naps < 8 * 120, "awake for blocks and little else"


@pytest.mark.parametrize("gain_db", [20.0, -7.5])
def test_a_gain_is_what_the_host_hears_louder(
    application: Application, gain_db: float, tmp_path: Path
) -> None:
    image = build_image(application, load_board("nano33ble"), tmp_path, microphone_gain_db=gain_db)
    samples = sound(2)
    louder = np.rint(samples * 10 ** (gain_db / 20)).clip(-32768, 32767).astype(np.int16)
    expected = listening_host(application).process(louder)
    assert expected != listening_host(application).process(samples)
    assert run_stream(image, samples) == expected


def test_a_level_that_wakes_lets_the_core_sleep(tmp_path: Path) -> None:
    """A network that takes a while, on sound of which most is quiet."""
    slow = "for (volatile int i = 0; i < 100000; i++) { }"
    settings = DecisionSettings(smoothing_windows=3, threshold=0.25, hop_ms=100)
    always = replace(stand_in_application(StandInNetwork(invoke=slow)), decision=settings)
    waking = replace(always, decision=settings.model_copy(update={"wake_dbfs": -20.0}))
    samples = sound(6)
    samples[16_000:80_000] //= 64
    run = []
    for name, application in (("always", always), ("waking", waking)):
        image = build_image(application, load_board("nano33ble"), tmp_path / name)
        with VirtualBoard(image) as virtual:
            events = list(stream_events(virtual, samples))
            run.append(virtual.activity()[0]["cycles"]["cpu"]["run"])
        assert events == listening_host(application).process(samples)
    assert run[1] < 0.6 * run[0]


def test_the_light_is_on_while_a_keyword_is_decided(
    application: Application, virtual: VirtualBoard
) -> None:
    samples = sound(8)
    list(stream_events(virtual, samples))
    _, changes = virtual.activity()
    light = [(at, state) for at, component, state in changes if component == "led_builtin"]
    events = listening_host(application).process(samples)
    wanted, before = [], False
    for event in events:
        on = event.label >= 0 and application.labels[event.label] != "silence"
        if on != before:
            wanted.append("on" if on else "off")
        before = on
    found = [state for _, state in light]
    begin = 1 if found[:1] == ["off"] and wanted[:1] == ["on"] else 0
    assert found[begin : begin + len(wanted)] == wanted
    assert len(wanted) > 1


def test_lost_samples_are_counted_and_told(tmp_path: Path) -> None:
    """A network that takes 60 ms or more, with a hop of 20 ms."""
    slow = "for (volatile int i = 0; i < 400000; i++) { }"
    application = replace(
        stand_in_application(StandInNetwork(invoke=slow)),
        decision=DecisionSettings(smoothing_windows=3, threshold=0.0, hop_ms=20),
    )
    image = build_image(application, load_board("nano33ble"), tmp_path)
    with pytest.raises(BoardError, match=r"lost .* samples") as refusal:
        run_stream(image, sound(4))
    assert "hop_ms" in refusal.value.hint
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        client.listen(Listening.OFF)
        samples = sound(6)
        hear(virtual, samples)
        client.listen(Listening.ALL)
        virtual.advance(6 * SECOND)
        events = []
        while client.event_kept or virtual.waiting:
            events.append(client.next_event())
    lost = [event.lost for event in events]
    assert lost == sorted(lost)
    assert lost[0] == 0 < lost[-1]
    assert all(count % 320 == 0 for count in lost)
    # Behind each gap windows and smoothing begin anew, on the samples from there on.
    stream, position, found = listening_host(application), 0, []
    for event in events:
        gap = event.lost - sum(step for _, step in found)
        if gap:
            # The block that follows the gap begins where a first window does.
            begin = event.samples - 1440
            stream.reset()
            stream.lose(begin)
            position = begin
            found.append((begin, gap))
        decided = stream.process(samples[position : event.samples])
        position = event.samples
        assert [(e.samples, e.label, e.score) for e in decided] == [
            (event.samples, event.label, event.score)
        ]
    assert found


def test_blocks_are_counted_on_after_years(tmp_path: Path) -> None:
    """Nine blocks, of which the network lets some wait when the count of blocks goes round."""
    slow = "for (volatile int i = 0; i < 500000; i++) { }"
    application = replace(
        stand_in_application(StandInNetwork(invoke=slow)),
        decision=DecisionSettings(smoothing_windows=3, threshold=0.0, hop_ms=100),
    )
    image = build_image(application, load_board("nano33ble"), tmp_path)
    samples = sound(2)
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        client.listen(Listening.OFF)
        hear(virtual, samples)
        client.listen(Listening.ALL)
        count = 2**32 - 2**32 % 9 - 40
        for name in ("filled", "taken"):  # as if it had listened for years already
            symbol = next(s for s in virtual.elf.symbols if s.name == name and s.size == 4)
            virtual.write_memory(symbol.address, count.to_bytes(4, "little"))
        virtual.advance(2 * SECOND)
        events = []
        while client.event_kept or virtual.waiting:
            events.append(client.next_event())
        symbol = next(s for s in virtual.elf.symbols if s.name == "filled" and s.size == 4)
        assert int.from_bytes(virtual.read_memory(symbol.address, 4), "little") < 100
    expected = listening_host(application).process(samples)[: len(events)]
    assert len(events) > 12
    assert [(e.samples, e.label, e.score, e.lost) for e in events] == [
        (e.samples, e.label, e.score, 0) for e in expected
    ]


def test_without_a_microphone_the_image_does_not_listen(
    application: Application, tmp_path: Path
) -> None:
    deaf = load_board("nano33ble").model_copy(update={"microphone": None, "light": None})
    image = build_image(application, deaf, tmp_path / "deaf")
    with pytest.raises(BoardError, match="does not listen"):
        run_stream(image, sound(1))
    slow = make_feature_block(
        MelSettings(bands=8, frame_ms=60, hop_ms=40, fft_size=512, high_hz=4000),
        WindowForm("sound", application.form.samples, 1, 8000),
    )
    other_rate = replace(application, features=slow)
    image = build_image(other_rate, load_board("nano33ble"), tmp_path / "rate")
    with pytest.raises(BoardError, match="does not listen"):
        run_stream(image, sound(1))
    assert not any(item.symbol == "blocks" for item in image.contributors), "not linked"


def test_a_listen_message_that_cannot_be_is_refused(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    with pytest.raises(BoardError, match="not there"):
        client.listen(3)  # type: ignore[arg-type]
