"""The generator of bearing vibration, held against published figures and against physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.data.bearing import (
    Bearing,
    Fault,
    Machine,
    Mode,
    Running,
    Sensor,
    bearing_vibration,
    draw_machine,
)
from coincell.errors import DataError

_LEVEL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_MACHINE = Machine(
    Bearing(), (Mode(2000.0, 0.05, (1.0, 1.0, 1.0)),), 2.5, 0.2, 0.005, 0.001, 50.0, 0.0, _LEVEL
)
_SENSOR = Sensor(12_000)


def _made(running: Running, sensor: Sensor = _SENSOR, seconds: float = 4.0) -> NDArray[np.float64]:
    readings = bearing_vibration(_MACHINE, running, sensor, seconds, np.random.default_rng(5))
    return readings.astype(np.float64)


def _strongest(values: NDArray[np.float64], rate_hz: float, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(len(values)))) ** 2
    frequencies = np.fft.rfftfreq(len(values), 1.0 / rate_hz)
    power[(frequencies < low) | (frequencies > high)] = 0.0
    return float(frequencies[power.argmax()])


# Case Western Reserve University, Bearing Data Center, "Bearing information": defect frequencies
# as multiples of the running speed, of the drive end's 6205-2RS and the fan end's 6203-2RS.
@pytest.mark.parametrize(
    ("bearing", "inner", "outer", "cage", "ball"),
    [
        (Bearing(9, 7.94, 39.04), 5.4152, 3.5848, 0.39828, 4.7135),
        (Bearing(8, 6.75, 28.5), 4.9469, 3.0530, 0.3817, 3.9874),
    ],
)
def test_characteristic_frequencies(
    bearing: Bearing, inner: float, outer: float, cage: float, ball: float
) -> None:
    assert bearing.inner == pytest.approx(inner, rel=1e-3)
    assert bearing.outer == pytest.approx(outer, rel=1e-3)
    assert bearing.cage == pytest.approx(cage, rel=1e-3)
    assert bearing.ball == pytest.approx(ball, rel=2e-3)


@pytest.mark.parametrize("fault", ["inner", "outer", "ball"])
def test_envelope_tells_the_fault(fault: Fault) -> None:
    """The envelope's spectrum has its highest line at the fault's frequency, or beside it by what
    modulates it: the shaft for the inner ring, the cage for a ball."""
    speed_hz = 29.0
    readings = _made(Running(60 * speed_hz, 1.0, fault, severity=2.0))[:, 0]
    spectrum = np.fft.rfft(readings)
    band = np.fft.rfftfreq(len(readings), 1 / 12_000)
    spectrum[(band < 1200) | (band > 3000)] = 0.0
    analytic = np.fft.ifft(np.concatenate([spectrum[:-1], np.zeros(len(readings) // 2)]))
    order = getattr(Bearing(), fault)
    modulation = {"inner": 1.0, "outer": 0.0, "ball": Bearing().cage}[fault]
    found = _strongest(np.abs(analytic), 12_000, 2.5 * speed_hz, 6.9 * speed_hz) / speed_hz
    assert any(abs(found - order - side * modulation) < 0.03 * order for side in (-1, 0, 1))


def test_without_a_fault_nothing_strikes() -> None:
    """Kurtosis of a sound bearing is a Gauss's, 3; of a damaged one far higher."""

    def kurtosis(running: Running) -> float:
        values = _made(running)[:, 2]
        fast = np.diff(values - values.mean())
        return float(np.mean((fast - fast.mean()) ** 4) / fast.var() ** 2)

    assert kurtosis(Running(1500.0, 0.5)) < 3.3
    assert kurtosis(Running(1500.0, 0.5, "outer", 1.0)) > 6.0


def test_the_shaft_shows_at_its_speed() -> None:
    slow = Sensor(400, noise_ug=0.0)
    readings = _made(Running(1830.0, 0.5), slow)
    assert readings.shape == (1600, 3)
    assert _strongest(readings[:, 0], 400, 5, 150) == pytest.approx(1830 / 60, abs=0.5)
    assert readings[:, 1].mean() == pytest.approx(1.0, abs=0.01)


def test_unbalance_is_the_grades() -> None:
    """G 2.5 of a rotor of a fifth of the mass: 2.5 mm/s * w * 0.2, 0.0080 g at 1500 rpm."""
    still = replace(_MACHINE, misalignment_g=0.0, roughness_g=0.0)
    readings = bearing_vibration(
        still, Running(1500.0, 0.5), Sensor(400, noise_ug=0.0), 8.0, np.random.default_rng(1)
    )
    peak = np.sqrt(2.0) * readings[:, 0].astype(np.float64).std()
    assert peak == pytest.approx(2.5e-3 * 2 * np.pi * 25 * 0.2 / 9.80665, rel=0.02)


def test_noise_has_its_density() -> None:
    running = Running(600.0, 0.1)
    quiet = replace(_MACHINE, grade_mm_s=0.0, misalignment_g=0.0, roughness_g=0.0)
    readings = bearing_vibration(
        quiet, running, Sensor(800, noise_ug=160.0), 20.0, np.random.default_rng(2)
    )
    density = readings[:, 0].astype(np.float64).std() / np.sqrt(400.0)
    assert density == pytest.approx(160e-6, rel=0.03)


def test_readings_end_at_the_range() -> None:
    readings = _made(Running(3000.0, 1.0, "outer", 40.0), Sensor(12_000, range_g=2.0), 0.5)
    assert np.abs(readings).max() == 2.0


def test_equal_seeds_give_equal_readings() -> None:
    machines = [draw_machine(np.random.default_rng(seed)) for seed in (3, 3, 4)]
    assert machines[0] == machines[1] != machines[2]
    assert np.allclose(np.array(machines[0].tilt) @ np.array(machines[0].tilt).T, np.eye(3))
    first, second = (_made(Running(1200.0, 0.5, "ball", 0.5), seconds=0.5) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("running", "message"),
    [
        (Running(0.0), "speed_rpm"),
        (Running(float("nan")), "speed_rpm"),
        (Running(600.0, load=0.0), "load"),
        (Running(600.0, severity=-1.0), "severity"),
    ],
)
def test_what_cannot_run(running: Running, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _made(running)
