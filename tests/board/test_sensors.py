"""The inertial sensors: one driver in C on the virtual board, against the motion it was given."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from board.bare import link_bare
from coincell.board import VirtualBoard
from coincell.errors import BoardError
from coincell.firmware import device_sources, load_board, sensor_sources
from coincell.toolchain import Compiler, find_cross_compiler

Values = npt.NDArray[np.float64]
SECOND = 64_000_000
UNITS = np.array([8192.0] * 3 + [16.0] * 6)
"""Of the driver, for g, degrees a second and microtesla."""

PROGRAM = """
#include "sensors/imu.h"
#include "sensors/pins.h"
volatile int32_t status, count, moved, woken, rate, kind, identity;
int16_t samples[400 * 6];
int16_t field[3];
const uint32_t bmi270_configuration_bytes = CONFIGURATION;
const uint8_t bmi270_configuration[CONFIGURATION + 3] = {1, 2, 3};
imu_device device;
void image_main(void);
void image_main(void)
{
    __asm volatile("cpsid i");
    BODY
    for (;;) { wait_for_interrupt(); }
}
"""
READ = """
    status = imu_begin(&device, PARTS, RATE);
    kind = device.kind; identity = device.identity; rate = (int32_t)device.rate_millihertz;
    wait_at_least(WAIT);
    if (status == IMU_OK) { count = imu_read(&device, samples, 200); imu_field(&device, field); }
"""


@dataclass
class Answer:
    """What the program left."""

    board: VirtualBoard

    def number(self, name: str) -> int:
        """A variable."""
        data = self.board.read_memory(self.board.elf.symbol(name).address, 4)
        return int.from_bytes(data, "little", signed=True)

    def samples(self) -> Values:
        """(count, 6) in g and degrees a second."""
        count = self.number("count")
        assert count >= 0, f"imu_read: status {-count}"
        data = self.board.read_memory(self.board.elf.symbol("samples").address, 12 * count)
        found: Values = np.frombuffer(data, "<i2").reshape(-1, 6) / UNITS[:6]
        return found

    def field(self) -> Values:
        """(3,) in microtesla."""
        data = self.board.read_memory(self.board.elf.symbol("field").address, 6)
        found: Values = np.array(struct.unpack("<3h", data)) / UNITS[6:]
        return found


def program(body: str, configuration: int = 8192, **values: Any) -> dict[str, str]:
    text = PROGRAM.replace("BODY", body).replace("CONFIGURATION", str(configuration))
    for name, value in values.items():
        text = text.replace(name, str(value))
    sources = device_sources("sensors")
    headers = {"firmware/nrf52840.h": device_sources("firmware")["firmware/nrf52840.h"]}
    return {"main.c": text} | sources | headers


class Runner:
    """Runs programs; `stack` ends their boards."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    def __call__(
        self,
        sources: dict[str, str],
        folder: Path,
        rows: Values | None = None,
        seconds: float = 1.0,
        compiler: Compiler | None = None,
        **sensors: Any,
    ) -> Answer:
        """Run a program for a while on a board that is moved as `rows`, 100 a second, say."""
        board = self.stack.enter_context(VirtualBoard(link_bare(sources, folder, compiler)))
        if sensors:
            board.put_world("sensors", **sensors)
        if rows is not None:
            board.put_world("motion", rows.astype("<f4").tobytes(), rate_hz=100.0)
        board.restart()
        board.advance(int(seconds * SECOND))
        return Answer(board)


@pytest.fixture
def run() -> Iterator[Runner]:
    with ExitStack() as stack:
        yield Runner(stack)


def swing() -> Values:
    """Two seconds at 100 Hz, (200, 9): every axis on its own."""
    time = np.arange(200)[:, None] / 100
    phase = np.arange(9)[None, :]
    sizes = np.array([1.5, 1.0, 0.7, 300.0, 200.0, 100.0, 45.0, 30.0, 20.0])
    return sizes * np.sin(2 * np.pi * 0.7 * time + phase)


XIAO = "lsm6ds3tr-c"
BOARDS = {"lsm9ds1": ["lsm9ds1"], "bmi270": ["bmi270", "bmm150"], XIAO: [XIAO]}
KINDS = {"lsm9ds1": 1, "bmi270": 2, XIAO: 3}
MOVING = {"lsm9ds1": "gyroscope_low", "bmi270": "normal", XIAO: "gyroscope_low"}
BOTH = "IMU_ACCELERATION | IMU_ROTATION"
ALL = f"{BOTH} | IMU_FIELD"
STEPS = {
    "lsm9ds1": (0.122e-3, 70e-3, 0.014),
    "bmi270": (4 / 32768, 2000 / 32768, 0.33),
    XIAO: (0.122e-3, 70e-3, 0.0),
}
"""Of the sensors at the driver's full scales, for g, degrees a second and microtesla."""

STATUS = [
    *("OK", "HELD_LOW", "NO_SENSOR", "WRONG_SENSOR", "NO_MAGNETOMETER", "NO_CONFIGURATION"),
    *("REFUSED", "LOST", "OVERRUN"),
]


def at(rows: Values, times: Values) -> Values:
    """What the board feels at `times` in seconds, by NumPy."""
    known = np.arange(len(rows)) / 100
    return np.stack([np.interp(times, known, column) for column in rows.T], axis=1)


@pytest.mark.parametrize("family", ["gcc", "zig"])
@pytest.mark.parametrize("name", BOARDS)
def test_one_image_reads_either_sensor(name: str, family: str, tmp_path: Path, run: Runner) -> None:
    """Samples come at the sensor's rate, each within a step of the motion then."""
    if family == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("no arm-none-eabi-gcc")
    rows = swing()
    compiler = find_cross_compiler(prefer=family)
    parts = BOTH if name == XIAO else ALL
    sources = program(READ, PARTS=parts, RATE=100, WAIT=150000)
    answer = run(sources, tmp_path, rows, compiler=compiler, fitted=BOARDS[name])
    assert (answer.number("status"), answer.number("kind")) == (0, KINDS[name])
    changes = answer.board.activity()[1]
    begun = next(moment for moment, _, state in changes if state == MOVING[name]) / SECOND
    found, rate = answer.samples(), answer.number("rate") / 1000
    assert 0.15 * rate - 1 <= len(found) <= 0.25 * rate
    acceleration, rotation, field = STEPS[name]
    allowed = np.array(3 * [acceleration + 1 / 8192] + 3 * [rotation + 1 / 16]) / 2 * 1.05
    fits = [
        np.all(np.abs(found - at(rows, times)[:, :6]) <= allowed)
        for skipped in range(8)
        for times in [begun + (skipped + 1 + np.arange(len(found))) / rate]
    ]
    assert any(fits), "no sample was lost or invented"
    if name == XIAO:
        return
    now = begun + (np.arange(100) + 1) / 10
    measured = answer.field()
    assert min(np.abs(at(rows, now)[:, 6:] - measured).max(axis=1)) < 1.5 + field


SLEEPY = """
    REGISTER(0x40000008) = 1; /* the 32.768 kHz clock: RC */
    REGISTER(0x40011508) = 2047; /* RTC1: 16 a second */
    REGISTER(0x40011304) = 1u << 16; /* its first comparison wakes the core */
    NVIC_ISER0 = 1u << 17;
    REGISTER(0x40011000) = 1;
    status = imu_begin(&device, IMU_ACCELERATION | IMU_ROTATION, 100);
    rate = (int32_t)device.rate_millihertz;
    for (uint32_t wake = 1; wake <= 16; wake++) {
        REGISTER(0x40011540) = REGISTER(0x40011504) + 2;
        while (REGISTER(0x40011140) == 0) { wait_for_interrupt(); }
        REGISTER(0x40011140) = 0; (void)REGISTER(0x40011140);
        NVIC_ICPR0 = 1u << 17; /* left pending, it would end each sleep of a transfer at once */
        const int32_t more = imu_read(&device, samples + 6 * count, 400 - (uint32_t)count);
        if (more < 0) { status = -more; break; }
        count += more;
    }
"""


@pytest.mark.parametrize("name", BOARDS)
def test_asleep_between_looks_no_sample_is_lost(name: str, tmp_path: Path, run: Runner) -> None:
    """Eight looks a second by the real-time counter, for two seconds."""
    rows = swing()
    sources = program(SLEEPY)
    answer = run(sources, tmp_path, rows, seconds=3.0, fitted=BOARDS[name])
    assert answer.number("status") == 0
    found, rate = answer.samples(), answer.number("rate") / 1000
    assert 1.8 * rate <= len(found) <= 2.3 * rate
    report, changes = answer.board.activity()
    begun = next(moment for moment, _, state in changes if state == MOVING[name]) / SECOND
    acceleration, rotation, _ = STEPS[name]
    allowed = np.array(3 * [acceleration + 1 / 8192] + 3 * [rotation + 1 / 16]) / 2 * 1.05
    fits = [
        np.all(np.abs(found - at(rows, times)[:, :6]) <= allowed)
        for skipped in range(8)
        for times in [begun + (skipped + 1 + np.arange(len(found))) / rate]
    ]
    assert any(fits)
    awake = report["cycles"]["cpu"]["run"] / SECOND
    assert awake < 0.1, "of three seconds, and most of it waits for the sensors to start"


@pytest.mark.parametrize(
    ("sensors", "configuration", "status", "identity"),
    [
        ({"fitted": []}, 8192, "NO_SENSOR", 0),
        ({"fitted": ["lsm9ds1"], "identities": {"lsm9ds1": 0x6A}}, 8192, "WRONG_SENSOR", 0x6A),
        ({"fitted": ["bmi270"], "identities": {"bmi270": 0x43}}, 8192, "WRONG_SENSOR", 0x43),
        ({"fitted": [XIAO], "identities": {XIAO: 0x69}}, 8192, "WRONG_SENSOR", 0x69),
        ({"fitted": [XIAO]}, 8192, "NO_MAGNETOMETER", 0x6A),
        ({"fitted": ["bmi270"]}, 8192, "NO_MAGNETOMETER", 0x24),
        (
            {"fitted": ["bmi270", "bmm150"], "identities": {"bmm150": 0x33}},
            8192,
            "NO_MAGNETOMETER",
            0x33,
        ),
        ({"fitted": ["bmi270", "bmm150"]}, 0, "NO_CONFIGURATION", 0x24),
    ],
)
def test_a_wrong_or_missing_sensor_is_named(
    sensors: dict[str, Any],
    configuration: int,
    status: str,
    identity: int,
    tmp_path: Path,
    run: Runner,
) -> None:
    sources = program(READ, configuration, PARTS=ALL, RATE=100, WAIT=1000)
    answer = run(sources, tmp_path, **sensors)
    assert STATUS[answer.number("status")] == status
    assert answer.number("identity") == identity


def test_a_configuration_that_is_none_is_refused(tmp_path: Path, run: Runner) -> None:
    sources = program(READ, PARTS=ALL, RATE=100, WAIT=1000)
    sources["main.c"] = sources["main.c"].replace("{1, 2, 3}", "{0}")
    answer = run(sources, tmp_path, fitted=BOARDS["bmi270"])
    assert STATUS[answer.number("status")] == "REFUSED"


@pytest.mark.parametrize("name", BOARDS)
def test_samples_that_nobody_read_are_told(name: str, tmp_path: Path, run: Runner) -> None:
    parts = BOTH if name == XIAO else ALL
    sources = program(READ, PARTS=parts, RATE=400, WAIT=900000)
    answer = run(sources, tmp_path, swing(), fitted=BOARDS[name])
    assert answer.number("status") == 0
    assert STATUS[-answer.number("count")] == "OVERRUN"


SWITCHED = """
    pin_set(22, RAIL); pin_set(32, PULL_UPS);
    static const twim_bus bus = {TWIM1_BASE, 15, 14};
    twim_begin(&bus, TWIM_100_KHZ);
    uint8_t byte = 0;
    status = twim_read(&bus, ADDRESS, 0x0F, &byte, 1);
    identity = byte;
"""


@pytest.mark.parametrize(
    ("values", "status", "identity"),
    [
        ({"RAIL": 1, "PULL_UPS": 1, "ADDRESS": "0x6B"}, 0, 0x68),
        ({"RAIL": 1, "PULL_UPS": 0, "ADDRESS": "0x6B"}, 1, 0),
        ({"RAIL": 0, "PULL_UPS": 1, "ADDRESS": "0x6B"}, 2, 0),
        ({"RAIL": 1, "PULL_UPS": 1, "ADDRESS": "0x55"}, 2, 0),
    ],
)
def test_the_bus_needs_pull_ups_a_supply_and_the_right_address(
    values: dict[str, Any], status: int, identity: int, tmp_path: Path, run: Runner
) -> None:
    answer = run(program(SWITCHED, **values), tmp_path)
    assert (answer.number("status"), answer.number("identity")) == (status, identity)


@pytest.mark.parametrize(("speed", "hertz"), [("TWIM_100_KHZ", 100e3), ("TWIM_390_KHZ", 390e3)])
def test_bytes_take_their_time(speed: str, hertz: float, tmp_path: Path, run: Runner) -> None:
    """Two starts and a stop, two addresses and two bytes of nine bits each."""
    body = SWITCHED.replace("TWIM_100_KHZ", speed)
    answer = run(program(body, RAIL=1, PULL_UPS=1, ADDRESS="0x6B"), tmp_path)
    report = answer.board.activity()[0]
    assert report["cycles"]["twim1"]["busy"] == pytest.approx(
        (3 + 4 * 9) * SECOND / hertz, rel=0.01
    )
    assert report["counts"]["twim1_bytes"] == 4


ELSEWHERE = """
    REGISTER(0x40003500) = 6; REGISTER(0x40003544) = (uint32_t)samples;
    REGISTER(0x40003548) = 1; REGISTER(0x40003008) = 1;
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("REGISTER(0x40003500) = 7;", "SPI and TWIS share this address"),
        ("REGISTER(0x40003008) = 1;", "while it is not enabled"),
        (
            ELSEWHERE,
            "the board has no bus",
        ),
        (SWITCHED.replace("0x0F", "0x7F"), "register 0x7f of the LSM9DS1"),
    ],
)
def test_what_is_not_modelled_is_a_fault(
    code: str, message: str, tmp_path: Path, run: Runner
) -> None:
    with pytest.raises(BoardError, match=message):
        run(program(code, RAIL=1, PULL_UPS=1, ADDRESS="0x6B"), tmp_path)


def test_motion_wakes_the_rev2_from_sleep(tmp_path: Path, run: Runner) -> None:
    """INT1 through SENSE and GPIOTE: nothing runs while the board lies still."""
    body = """
    status = imu_begin(&device, IMU_ACCELERATION, 50);
    if (status == IMU_OK) { status = imu_watch(&device, 200); }
    for (;;) { wait_for_interrupt(); woken++; moved += imu_moved(&device, 200); }
    """
    rows = np.zeros((300, 9))
    rows[:, 2] = 1.0
    rows[200:, 0] = 0.5
    answer = run(program(body), tmp_path, rows, seconds=1.5, fitted=BOARDS["bmi270"])
    assert (answer.number("status"), answer.number("woken")) == (0, 0)
    answer.board.activity(restart=True)
    answer.board.advance(2 * SECOND)
    assert (answer.number("woken"), answer.number("moved")) == (1, 1)
    report, changes = answer.board.activity()
    first = next(moment for moment, name, state in changes if (name, state) == ("cpu", "run"))
    assert 2.0 <= first / SECOND <= 2.15, "five samples of 20 ms after the motion"
    assert report["cycles"]["cpu"]["run"] < 0.001 * SECOND
    assert report["cycles"]["imu"] == {"low_power": pytest.approx(2 * SECOND, rel=0.01)}


def test_the_xiao_finds_its_sensor_at_its_own_pins(tmp_path: Path, run: Runner) -> None:
    """Nothing fitted by hand: the description's pins and address, in firmware and virtual board."""
    xiao = load_board("xiao-sense")
    own = {"sensors/wiring.h": sensor_sources(board=xiao)["sensors/wiring.h"]}
    sources = program(READ, PARTS="IMU_ACCELERATION", RATE=100, WAIT=150000)
    for wiring, status, kind in ((own, "OK", KINDS[XIAO]), ({}, "HELD_LOW", 0)):
        folder = tmp_path / status
        image = link_bare(sources | wiring, folder)
        bare = {"flash": image.board.flash, "ram": image.board.ram}
        board = run.stack.enter_context(VirtualBoard(image, xiao.model_copy(update=bare)))
        board.put_world("motion", swing().astype("<f4").tobytes(), rate_hz=100.0)
        board.restart()
        board.advance(SECOND)
        answer = Answer(board)
        assert (STATUS[answer.number("status")], answer.number("kind")) == (status, kind)


@pytest.mark.parametrize("name", ["lsm9ds1", XIAO])
def test_motion_is_seen_by_looking_now_and_then_without_an_interrupt(
    name: str, tmp_path: Path, run: Runner
) -> None:
    body = """
    status = imu_begin(&device, IMU_ACCELERATION, 50);
    if (status == IMU_OK) { status = imu_watch(&device, 200); }
    for (int i = 0; i < 4; i++) {
        wait_at_least(800000);
        const int32_t seen = imu_moved(&device, 200);
        count |= seen < 0 ? seen : 0;
        moved |= (seen > 0) << i;
    }
    """
    rows = np.zeros((300, 9))
    rows[:, 2] = 1.0
    rows[200:, 0] = 0.5
    answer = run(program(body), tmp_path, rows, seconds=0.1, fitted=BOARDS[name])
    assert (answer.number("status"), answer.number("count")) == (0, 0)
    assert answer.number("moved") == 0b0010, "not before, and once"
