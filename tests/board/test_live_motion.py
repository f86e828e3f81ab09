"""The always-on firmware on motion: the inertial sensors' readings, decided on as on the host."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.board import (
    BoardClient,
    Request,
    VirtualBoard,
    fit_sensors,
    load_battery,
    motion_of,
    open_image,
    run_session,
    sensing_activity,
)
from coincell.board.protocol import Listening
from coincell.errors import BoardError
from coincell.features import make_feature_block
from coincell.firmware import (
    Application,
    Channels,
    HostStream,
    Link,
    StreamEvent,
    build_image,
    device_sources,
    load_board,
)
from coincell.project import DecisionSettings, RawSettings, WindowForm
from coincell.toolchain import build_shared_library
from stand_in import StandInNetwork, stand_in_application

SECOND = 64_000_000
CONFIGURATION = bytes(8191) + b"\1"
AXES = ("aX", "aY", "aZ", "gX", "gY", "gZ", "mX", "mY", "mZ")


def moving(names: tuple[str, ...], rate_hz: int) -> Application:
    """Windows of 32 values -> 3 labels."""
    form = WindowForm("motion", 32 // len(names), len(names), rate_hz)
    block = make_feature_block(RawSettings(scaling="full-scale"), form)
    units = {"a": ("g", 2.0), "g": ("deg/s", 500.0), "m": ("uT", 100.0)}
    return replace(
        stand_in_application(),
        features=block,
        labels=("still", "left", "right"),
        channels=Channels(
            names, tuple(units[n[0]][0] for n in names), tuple(units[n[0]][1] for n in names)
        ),
        decision=DecisionSettings(smoothing_windows=2, threshold=0.2, hop_ms=100),
    )


def shaking(seconds: float, seed: int = 3) -> NDArray[np.float32]:
    """float32 (rows, 9), 200 rows a second: what the board feels."""
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal((round(200 * seconds), 9))
    smooth = np.apply_along_axis(lambda c: np.convolve(c, np.ones(20) / 6, "same"), 0, rows)
    return (smooth * ([1.0] * 3 + [200.0] * 3 + [40.0] * 3)).astype(np.float32)


def moved(rows: NDArray[np.float32]) -> Callable[[VirtualBoard], None]:
    return lambda virtual: virtual.put_world("motion", rows.astype("<f4").tobytes(), rate_hz=200.0)


def number(virtual: VirtualBoard, name: str) -> int:
    data = virtual.read_memory(virtual.elf.symbol(name).address, 4)
    return int.from_bytes(data, "little")


def follow(
    virtual: VirtualBoard, application: Application, seconds: float, rows: NDArray[np.float32]
) -> tuple[NDArray[np.int16], list[StreamEvent]]:
    """What the firmware took from its sensor, int16 [n], and what it decided."""
    client = BoardClient(virtual)
    client.listen(Listening.OFF)
    moved(rows)(virtual)
    client.listen(Listening.ALL)
    channels = application.form.channels
    given, readings, events = 0, [], []
    for _ in range(round(seconds * 500)):
        virtual.advance(SECOND // 500)
        total = number(virtual, "given")
        if total != given:
            count = total - given
            data = virtual.read_memory(virtual.elf.symbol("block").address, 2 * channels * count)
            readings.append(np.frombuffer(data, "<i2"))
            given = total
    while client.event_kept or virtual.waiting:
        event = client.next_event()
        assert (event.lost, event.status) == (0, 0)
        events.append(StreamEvent(event.samples, event.label, event.score))
    return np.concatenate(readings), events


BOARDS = [("nano33ble", "first"), ("nano33ble", "rev2"), ("xiao-sense", "")]


@pytest.mark.parametrize(("board", "sensors"), BOARDS)
@pytest.mark.parametrize(
    ("names", "rate_hz"),
    [(AXES[:3] + AXES[5:6], 119), (("gY", "aX"), 25), (("aZ", "gY"), 100)],
)
def test_decisions_equal_the_host_librarys(
    board: str, sensors: str, names: tuple[str, ...], rate_hz: int, tmp_path: Path
) -> None:
    application = moving(names, rate_hz)
    image = build_image(application, load_board(board), tmp_path, imu_configuration=CONFIGURATION)
    with VirtualBoard(image) as virtual:
        if sensors:
            fit_sensors(virtual, sensors)
        readings, events = follow(virtual, application, 4, shaking(4))
        shares = virtual.activity()[0]["cycles"]["cpu"]
    settling = -(-rate_hz // 10)
    expected = HostStream(application, settling_samples=settling).process(readings)
    assert len(expected) >= 20
    assert len({event.label for event in expected}) > 1
    assert events == expected[: len(events)]
    assert len(events) >= len(expected) - 1
    assert abs(len(readings) / len(names) - 4 * rate_hz) < 0.4 * rate_hz, "the project's rate"
    assert shares["sleep"] > 5 * shares["run"]


def test_a_picture_of_the_readings_is_what_the_board_felt(tmp_path: Path) -> None:
    """A board turned on its side: 1 g on y in the project's units, and a rate of rotation."""
    channels = Channels(("aY", "gX"), ("m/s2", "rad/s"), (2 * 9.80665, 5.0))
    application = replace(moving(("aY", "gX"), 104), channels=channels)
    image = build_image(application, load_board("xiao-sense"), tmp_path)
    rows = np.zeros((100, 9), np.float32)
    rows[:, 1], rows[:, 3] = 1.0, np.degrees(2.5)
    with VirtualBoard(image) as virtual:
        readings, _ = follow(virtual, application, 1, rows)
    assert np.abs(readings.reshape(-1, 2)[5:] - [16384, 16384]).max() < 20


def test_a_sensor_that_is_not_there_is_told(tmp_path: Path) -> None:
    application = moving(("aX", "aY"), 100)
    image = build_image(application, load_board("nano33ble"), tmp_path)
    for sensors, text in (("none", "no inertial sensor"), ("rev2", "Arduino_BMI270_BMM150")):
        with VirtualBoard(image) as virtual:
            fit_sensors(virtual, sensors)
            virtual.restart()
            client = BoardClient(virtual)
            with pytest.raises(BoardError, match=text):
                client.listen(Listening.ALL)
            assert client.info().window_values == 32, "it answers on"
            virtual.activity(restart=True)
            virtual.advance(SECOND)
            assert set(virtual.activity()[0]["cycles"]["cpu"]) == {"sleep"}


def test_an_overrun_is_counted_and_told(tmp_path: Path) -> None:
    """A network of 0.6 s, and a queue of 32 samples at 119 a second."""
    slow = "for (volatile int i = 0; i < 4000000; i++) { }"
    application = replace(moving(("aX", "aY"), 119), model=StandInNetwork(invoke=slow))
    image = build_image(application, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        client.listen(Listening.ALL)
        virtual.advance(6 * SECOND)
        events = []
        while client.event_kept or virtual.waiting:
            events.append(client.next_event())
    assert events[-1].lost > 0
    assert events[-1].status == 0
    assert abs(events[-1].samples - 6 * 119) < 2 * 119, "positions count what was lost"


@pytest.mark.parametrize(("sensors", "chip"), [("first", "lsm9ds1"), ("rev2", "bmi270")])
def test_a_sensor_that_falls_silent_is_told(sensors: str, chip: str, tmp_path: Path) -> None:
    """Its supply sags: it answers as before, and its queue stays empty."""
    application = moving(("aX", "gZ"), 100)
    image = build_image(
        application, load_board("nano33ble"), tmp_path, imu_configuration=CONFIGURATION
    )
    with VirtualBoard(image) as virtual:
        fit_sensors(virtual, sensors)
        client = BoardClient(virtual)
        client.listen(Listening.ALL)
        virtual.advance(2 * SECOND)
        virtual.put_world("sensors", sagged=chip)
        virtual.advance(3 * SECOND)
        events = []
        while client.event_kept or virtual.waiting:
            events.append(client.next_event())
        assert [event.status for event in events[:-1]] == [0] * (len(events) - 1)
        assert events[-1].status == 256 + 39
        assert len(events) > 10
        client.listen(Listening.ALL)
        virtual.advance(SECOND)
        assert client.next_event().status == 0, "begun again, it is configured anew"


@pytest.mark.parametrize(
    ("board", "names", "rate_hz", "text"),
    [
        ("nano33ble", ("aX", "aY"), 500, "up to 400 readings"),
        ("xiao-sense", ("aX", "mX"), 50, "no magnetometer for mX"),
    ],
)
def test_what_the_sensor_cannot_give_is_refused(
    board: str, names: tuple[str, ...], rate_hz: int, text: str, tmp_path: Path
) -> None:
    with pytest.raises(BoardError, match=text) as refusal:
        build_image(moving(names, rate_hz), load_board(board), tmp_path)
    assert "otherwise" in refusal.value.hint
    other = replace(moving(names, rate_hz), channels=Channels(("u", "i"), ("V", "A"), (5.0, 1.0)))
    image = build_image(other, load_board(board), tmp_path)
    with VirtualBoard(image) as virtual, pytest.raises(BoardError, match="does not listen"):
        BoardClient(virtual).listen(Listening.ALL)


@pytest.mark.parametrize(
    ("unit", "full_scale", "text"), [("furlong", 4.0, "furlong"), ("g", 1e7, "4 g")]
)
def test_units_that_cannot_be_are_refused(unit: str, full_scale: float, text: str) -> None:
    with pytest.raises(BoardError, match=text):
        Channels(("aX",), (unit,), (full_scale,)).factors()


_WRAPPER = """\
#include "firmware/readings.h"
void scale_all(const int16_t *values, int32_t factor, int16_t *out, int32_t count);
int32_t resample(const int16_t *samples, int32_t count, uint32_t from, uint32_t to,
                 int16_t *out);
void scale_all(const int16_t *values, int32_t factor, int16_t *out, int32_t count)
{
    for (int32_t i = 0; i < count; i++) out[i] = readings_scaled(values[i], factor);
}
int32_t resample(const int16_t *samples, int32_t count, uint32_t from, uint32_t to,
                 int16_t *out)
{
    readings_rate rate;
    int64_t sums[1] = {0};
    int32_t given = 0;
    readings_begin(&rate, from, to);
    for (int32_t i = 0; i < count; i++)
        given += readings_take(&rate, samples + i, sums, out + given, 1);
    return given;
}
"""


@pytest.fixture(scope="module")
def readings() -> ctypes.CDLL:
    header = {"firmware/readings.h": device_sources("firmware")["firmware/readings.h"]}
    return ctypes.CDLL(str(build_shared_library("readings", header | {"main.c": _WRAPPER})))


def pointer(values: NDArray[np.int16]) -> ctypes.c_void_p:
    return values.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("factor", [1.0, 0.5, 1.024, 127.9, 1e-6, 2.0**-7])
def test_scaling_rounds_half_to_even_and_saturates(readings: ctypes.CDLL, factor: float) -> None:
    values = np.arange(-32768, 32768).astype(np.int16)
    out, fixed = np.zeros_like(values), round(factor * 2**24)
    readings.scale_all(pointer(values), ctypes.c_int32(fixed), pointer(out), len(values))
    exact = np.rint(values.astype(np.float64) * (fixed / 2**24))
    assert np.array_equal(out, exact.clip(-32768, 32767))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=60),
    st.integers(1000, 3_333_000),
    st.floats(0.01, 1.0),
)
def test_a_reading_is_the_mean_over_its_stretch_of_time(
    readings: ctypes.CDLL, values: list[int], rate: int, share: float
) -> None:
    """Against integrals of the staircase, each step as long as a sample."""
    to = max(1, int(rate * share))
    samples, out = np.array(values, np.int16), np.zeros(len(values) + 1, np.int16)
    given = readings.resample(
        pointer(samples), len(samples), ctypes.c_uint32(rate), ctypes.c_uint32(to), pointer(out)
    )
    assert given == len(values) * to // rate
    integral = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64))])
    ends = np.interp(np.arange(given + 1) * rate / to, np.arange(len(integral)), integral)
    assert np.abs(out[:given] - np.diff(ends) * to / rate).max(initial=0) <= 0.5 + 1e-6
    if to == rate:
        assert np.array_equal(out[:given], samples)


def test_the_magnetic_field_is_held_between_its_own_samples(tmp_path: Path) -> None:
    application = moving(("mX", "aZ"), 50)
    rows = np.zeros((200, 9), np.float32)
    rows[:, 6], rows[:, 2] = 25.0, 1.0
    for sensors in ("first", "rev2"):
        image = build_image(
            application, load_board("nano33ble"), tmp_path, imu_configuration=CONFIGURATION
        )
        with VirtualBoard(image) as virtual:
            fit_sensors(virtual, sensors)
            readings, _ = follow(virtual, application, 1, rows)
        assert np.abs(readings.reshape(-1, 2)[30:] - [8192, 16384]).max() < 60


@pytest.mark.parametrize("link", ["uart", "usb"])
def test_a_session_shows_decisions_and_what_they_took(link: Link, tmp_path: Path) -> None:
    application = moving(("aX", "gZ"), 119)
    board = load_board("nano33ble")
    image = build_image(application, board, tmp_path, link=link)
    known = open_image(image.elf)
    with VirtualBoard(image) as virtual:
        request = Request(
            board, 3.0, np.zeros(0, np.int16), load_battery("cr2032"), False, moved(shaking(3))
        )
        session = run_session(known, "shaken", request, virtual)
    assert session.listened
    assert session.seconds == pytest.approx(3.0, abs=0.1)
    assert 20 <= len(session.decisions) <= 30
    times = [decision.at_s for decision in session.decisions]
    assert np.allclose(np.diff(times), 12 / 119)
    assert {decision.label for decision in session.decisions} & {"left", "right"}
    states = {line.component: line.state for line in session.energy.lines}
    assert states["imu"].startswith("gyroscope")
    assert session.cpu_duty < 0.2


def test_a_session_tells_why_nothing_is_sensed(tmp_path: Path) -> None:
    board = load_board("nano33ble")
    image = build_image(moving(("aX", "gZ"), 119), board, tmp_path)
    with VirtualBoard(image) as virtual:
        fit_sensors(virtual, "none")
        virtual.restart()
        request = Request(board, 0.5, np.zeros(0, np.int16), load_battery("cr2032"))
        session = run_session(open_image(image.elf), "bare", request, virtual)
    assert not session.listened
    assert any("no inertial sensor answers" in note for note in session.notes)


def test_a_motion_made_of_readings_gives_those_readings() -> None:
    channels = Channels(("aZ", "gX", "mY"), ("m/s2", "rad/s", "gauss"), (20.0, 10.0, 1.0))
    readings = np.array([[100, -200, 300], [-32768, 32767, 0]], np.int16)
    motion = motion_of(readings.ravel(), channels, 50)
    assert motion.rate_hz == 50
    steps = np.array([8192.0, 16.0, 16.0])
    units = motion.rows[:, [2, 3, 7]] * steps
    back = units * np.array(channels.factors()) / 2**24
    assert np.allclose(back, readings, rtol=1e-4, atol=0.01)
    assert np.array_equal(motion.rows[:, 0], [0, 0])


def test_energy_facts_are_of_a_board_that_senses(tmp_path: Path) -> None:
    application = moving(("aX", "gZ"), 119)
    board = load_board("nano33ble")
    image = build_image(application, board, tmp_path)
    rest = moved(np.zeros((2, 9), np.float32))
    with VirtualBoard(image) as virtual:
        activity = sensing_activity(virtual, rest, 1.0)
    assert activity is not None
    assert activity.seconds == pytest.approx(1.0, abs=0.1)
    assert activity.share("imu", "gyroscope_low") + activity.share("imu", "gyroscope") > 0.9
