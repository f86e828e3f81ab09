"""Vibration of a machine on rolling bearings, from its physics: recordings that nobody had to make.

What is modelled, and where it comes from:

- The bearing's characteristic frequencies follow from its geometry, without slip (Harris, Rolling
  Bearing Analysis, 4th edition, 2001, section 25): `Bearing`.
- A local fault strikes whenever a ball meets it: a train of impulses, modulated as the fault moves
  through the load zone (McFadden and Smith 1984, Model for the vibration produced by a single point
  defect in a rolling element bearing). Balls slip at random, so that the time between two impacts
  varies by about one percent (Randall and Antoni 2011, Rolling element bearing diagnostics: a
  tutorial, section 3).
- The load on a ball at an angle is Stribeck's, q(a) = (1 - (1 - cos a) / (2 e))^1.5 with e = 0.5
  for a bearing without clearance (Harris, section 7).
- Each impact, and the roughness of the surfaces at all times, makes the structure ring: damped
  modes of one degree of freedom, a low one of the frame and a high one of the bearing's housing.
- Unbalance turns with the shaft: acceleration of the rotor's centre is G * w, where G, a velocity,
  is its balance quality grade (ISO 21940-11). Misalignment gives twice and three times the
  speed, along the axis too; the motor hums at twice the mains frequency.
- The sensor adds white noise of a density as data sheets of MEMS accelerometers state it
  (Bosch BMI270: 160 ug/sqrt(Hz)), feels gravity, sits a little askew, and ends at its range.

Amplitudes are plausible, not measured: figures on this data say that a chain works, not how well it
does on a machine. All random choices come from the generator that is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import soxr
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.units import STANDARD_GRAVITY

Float = NDArray[np.float64]
Fault = Literal["none", "inner", "outer", "ball"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
AXES = 3

_SIMULATION_HZ = 12_000  # at least; a whole multiple of the sensor's rate is taken
_LEAD_IN_S = 0.2  # simulated and dropped, so that all modes ring
_REFERENCE_HZ = 25.0  # the speed that the machine's amplitudes are told at: 1500 rpm
_KNOTS_HZ = 2.0  # how fast the speed wanders
_LOAD_ZONE = 0.5  # Stribeck's load distribution factor, without clearance


@dataclass(frozen=True)
class Bearing:
    """A ball bearing's geometry. The default is the SKF 6205-2RS of the drive end of the test rig
    of Case Western Reserve University's Bearing Data Center.

    Attributes:
        balls: how many.
        ball_mm: diameter of a ball.
        pitch_mm: diameter of the circle through the balls' centres.
        contact_degrees: angle between the load on a ball and the radial plane.
    """

    balls: int = 9
    ball_mm: float = 7.94
    pitch_mm: float = 39.04
    contact_degrees: float = 0.0

    @property
    def ratio(self) -> float:
        """Ball over pitch diameter, seen along the contact."""
        return self.ball_mm / self.pitch_mm * math.cos(math.radians(self.contact_degrees))

    @property
    def cage(self) -> float:
        """Turns of the cage a turn of the shaft; the outer ring stands still."""
        return (1 - self.ratio) / 2

    @property
    def outer(self) -> float:
        """Balls that pass a place of the outer ring, a turn of the shaft."""
        return self.balls * self.cage

    @property
    def inner(self) -> float:
        """Balls that pass a place of the inner ring, a turn of the shaft."""
        return self.balls * (1 + self.ratio) / 2

    @property
    def ball(self) -> float:
        """Times a place of a ball meets a ring, either one, a turn of the shaft: twice its spin."""
        cosine = math.cos(math.radians(self.contact_degrees))
        return cosine * (1 - self.ratio**2) / self.ratio


@dataclass(frozen=True)
class Mode:
    """One way in which the structure rings.

    Attributes:
        frequency_hz: undamped.
        damping: ratio to critical damping.
        gains: what each axis sees of it: horizontal, vertical, axial.
    """

    frequency_hz: float
    damping: float
    gains: tuple[float, float, float]


@dataclass(frozen=True)
class Machine:
    """One machine: what stays the same from recording to recording.

    Attributes:
        bearing: its geometry.
        modes: of frame and housing.
        grade_mm_s: balance quality grade of the rotor, such as 6.3 for G 6.3.
        rotor_share: the rotor's mass as a share of all that moves with the sensor.
        misalignment_g: acceleration at twice the speed, at 1500 rpm.
        roughness_g: root mean square of what the surfaces excite in the modes, at 1500 rpm.
        mains_hz: 50 or 60.
        hum_g: acceleration at twice the mains frequency.
        tilt: rotation of the sensor's axes, rows of an orthogonal matrix 3 x 3.
    """

    bearing: Bearing
    modes: tuple[Mode, ...]
    grade_mm_s: float
    rotor_share: float
    misalignment_g: float
    roughness_g: float
    mains_hz: float
    hum_g: float
    tilt: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Running:
    """How it runs while it is recorded.

    Attributes:
        speed_rpm: of the shaft, its mean over the recording.
        load: on the bearing, as a share of what it is made for, above 0 to 1.
        fault: where the bearing is damaged.
        severity: peak of one impact in the structure at 1500 rpm and full load, in g.
    """

    speed_rpm: float
    load: float = 0.5
    fault: Fault = "none"
    severity: float = 0.0


@dataclass(frozen=True)
class Sensor:
    """An accelerometer of three axes.

    Attributes:
        rate_hz: samples a second.
        range_g: readings end at plus and minus this.
        noise_ug: density of its noise, micro-g a square root of hertz.
    """

    rate_hz: int
    range_g: float = 8.0
    noise_ug: float = 160.0


def draw_machine(generator: np.random.Generator) -> Machine:
    """A machine as there are many: a small motor with a fan or pump on ball bearings."""
    bearings = (
        Bearing(9, 7.94, 39.04),  # SKF 6205
        Bearing(8, 6.75, 28.5),  # SKF 6203, of the same test rig's fan end
        Bearing(8, 7.94, 33.5),  # two more of like proportions
        Bearing(7, 6.35, 25.6),
    )
    radial = generator.uniform(0.5, 1.0, (2, 2))
    axial = generator.uniform(0.1, 0.5, 2)
    frame = Mode(
        float(generator.uniform(140, 420)),
        float(generator.uniform(0.02, 0.06)),
        (float(radial[0, 0]), float(radial[0, 1]), float(axial[0])),
    )
    housing = Mode(
        float(generator.uniform(1500, 4000)),
        float(generator.uniform(0.03, 0.08)),
        (float(radial[1, 0]), float(radial[1, 1]), float(axial[1])),
    )
    return Machine(
        bearing=bearings[int(generator.integers(len(bearings)))],
        modes=(frame, housing),
        grade_mm_s=float(generator.uniform(2.5, 6.3)),
        rotor_share=float(generator.uniform(0.1, 0.3)),
        misalignment_g=float(generator.uniform(0.002, 0.02)),
        roughness_g=float(generator.uniform(0.01, 0.03)),
        mains_hz=float(generator.choice([50.0, 60.0])),
        hum_g=float(generator.uniform(0.0, 0.01)),
        tilt=_tilt(generator.normal(0.0, math.radians(4.0), 3)),
    )


def bearing_vibration(
    machine: Machine,
    running: Running,
    sensor: Sensor,
    seconds: float,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Acceleration in g, float32 [round(seconds * rate), 3]: horizontal, vertical (which feels
    gravity, +1 g) and axial.

    Args:
        machine: what vibrates.
        running: speed, load and fault.
        sensor: rate, range, noise.
        seconds: length, above 0.
        generator: of phases, slip, wander of the speed, roughness and noise.

    Raises:
        DataError: speed, load, severity, length or rate is not above 0 (severity: not negative).
    """
    _check(running, sensor, seconds)
    steps = max(1, math.ceil(_SIMULATION_HZ / sensor.rate_hz))
    rate_hz = sensor.rate_hz * steps
    wanted = round(seconds * sensor.rate_hz)
    count = wanted * steps + round(_LEAD_IN_S * sensor.rate_hz) * steps
    turns = _shaft_turns(running.speed_rpm / 60.0, count, rate_hz, generator)
    strokes = _strokes(machine, running, turns, generator)
    strokes += _roughness(machine, running, count, rate_hz, generator)
    shaken = _ring(machine.modes, strokes, rate_hz)
    shaken += _rotor(machine, running, turns, generator)
    shaken[:, :2] += _hum(machine, count, rate_hz, generator)
    shaken[:, 1] += 1.0
    felt = soxr.resample(shaken @ np.array(machine.tilt).T, rate_hz, sensor.rate_hz, "HQ")
    felt = felt[len(felt) - wanted :]
    density = sensor.noise_ug * 1e-6 * math.sqrt(sensor.rate_hz / 2.0)
    felt = felt + generator.standard_normal(felt.shape) * density
    clipped: NDArray[np.float32] = np.clip(felt, -sensor.range_g, sensor.range_g).astype(np.float32)
    return clipped


def _check(running: Running, sensor: Sensor, seconds: float) -> None:
    wanted = {
        "speed_rpm": running.speed_rpm,
        "load": running.load,
        "seconds": seconds,
        "rate_hz": sensor.rate_hz,
        "range_g": sensor.range_g,
    }
    for name, value in wanted.items():
        if not 0 < value < math.inf:
            raise DataError(f"{name} of a vibration must be above 0; received {value:g}.")
    if not 0 <= running.severity < math.inf:
        raise DataError(f"severity must not be negative; received {running.severity:g}.")


def _tilt(angles: Float) -> tuple[tuple[float, float, float], ...]:
    """Rotations about the three axes, one after the other."""
    matrix = np.eye(AXES)
    for axis, angle in enumerate(angles):
        one, other = (axis + 1) % AXES, (axis + 2) % AXES
        turn = np.eye(AXES)
        turn[[one, other], [one, other]] = math.cos(angle)
        turn[one, other], turn[other, one] = -math.sin(angle), math.sin(angle)
        matrix = turn @ matrix
    rows = matrix.tolist()
    return tuple((row[0], row[1], row[2]) for row in rows)


def _shaft_turns(
    speed_hz: float, count: int, rate_hz: int, generator: np.random.Generator
) -> Float:
    """Turns of the shaft since some beginning, float64 [count]; the speed wanders by 0.3 %."""
    seconds = np.arange(count) / rate_hz
    knots = np.arange(0.0, seconds[-1] + 2.0 / _KNOTS_HZ, 1.0 / _KNOTS_HZ)
    wander = np.interp(seconds, knots, generator.normal(0.0, 0.003, len(knots)))
    wander -= wander.mean()
    return generator.uniform(0.0, 1.0) + np.cumsum(speed_hz * (1.0 + wander)) / rate_hz


def _load_at(turns: Float) -> Float:
    """Stribeck's share of the largest load on a ball, at an angle in turns from the load."""
    share = 1.0 - (1.0 - np.cos(2.0 * math.pi * turns)) / (2.0 * _LOAD_ZONE)
    load: Float = np.maximum(share, 0.0) ** 1.5
    return load


def _strokes(
    machine: Machine, running: Running, turns: Float, generator: np.random.Generator
) -> Float:
    """Impacts of a fault, float64 [n]: zero but where a ball meets it."""
    train = np.zeros(len(turns))
    if running.fault == "none" or running.severity == 0:
        return train
    bearing = machine.bearing
    order = {"inner": bearing.inner, "outer": bearing.outer, "ball": bearing.ball}[running.fault]
    # the angle through which the fault moves in the load zone: with its ring, or with the cage
    moves = {"inner": 1.0, "outer": 0.0, "ball": bearing.cage}[running.fault]
    total = math.ceil((turns[-1] - turns[0]) * order * 1.1) + 8
    apart = (1.0 + 0.01 * generator.standard_normal(total)) / order
    at = turns[0] + generator.uniform(0.0, 1.0) / order + np.cumsum(apart)
    at = at[at < turns[-1]]
    phase = generator.uniform(-0.1, 0.1) if running.fault == "outer" else generator.uniform()
    strength = _load_at(at * moves + phase) * (1.0 + 0.1 * generator.standard_normal(len(at)))
    places = np.interp(at, turns, np.arange(len(turns)))
    before = np.minimum(places.astype(np.int64), len(turns) - 2)
    share = places - before
    # the contact's speed grows with the shaft's, its force with the load
    scale = running.severity * running.speed_rpm / 60.0 / _REFERENCE_HZ * running.load
    np.add.at(train, before, scale * strength * (1.0 - share))
    np.add.at(train, before + 1, scale * strength * share)
    return train


def _roughness(
    machine: Machine, running: Running, count: int, rate_hz: int, generator: np.random.Generator
) -> Float:
    """White noise float64 [count] that gives `roughness_g` in the frame's mode."""
    energy = float(np.sum(_response(machine.modes[0], rate_hz) ** 2))
    level = machine.roughness_g * running.speed_rpm / 60.0 / _REFERENCE_HZ * running.load**0.5
    noise: Float = generator.standard_normal(count) * (level / math.sqrt(energy))
    return noise


def _response(mode: Mode, rate_hz: int) -> Float:
    """A mode's answer to an impact, until a millionth is left."""
    angular = 2.0 * math.pi * mode.frequency_hz
    decay = mode.damping * angular
    seconds = np.arange(math.ceil(rate_hz * math.log(1e6) / decay)) / rate_hz
    rang: Float = np.exp(-decay * seconds) * np.sin(
        angular * math.sqrt(1.0 - mode.damping**2) * seconds
    )
    return rang


def _ring(modes: tuple[Mode, ...], strokes: Float, rate_hz: int) -> Float:
    """What the axes see of impacts, float64 [n, 3]."""
    shaken = np.zeros((len(strokes), AXES))
    for mode in modes:
        response = _response(mode, rate_hz)
        points = 1 << (len(strokes) + len(response)).bit_length()
        spectrum = np.fft.rfft(strokes, points) * np.fft.rfft(response, points)
        shaken += np.fft.irfft(spectrum, points)[: len(strokes), None] * np.array(mode.gains)
    return shaken


def _rotor(
    machine: Machine, running: Running, turns: Float, generator: np.random.Generator
) -> Float:
    """Unbalance and misalignment, float64 [n, 3] in g."""
    angular = 2.0 * math.pi * running.speed_rpm / 60.0
    unbalance = machine.grade_mm_s / 1000.0 * angular * machine.rotor_share / STANDARD_GRAVITY
    ratio = (running.speed_rpm / 60.0 / _REFERENCE_HZ) ** 2
    misaligned = machine.misalignment_g * ratio
    angle = 2.0 * math.pi * turns
    phases = generator.uniform(0.0, 2.0 * math.pi, 3)
    once = unbalance * np.stack([np.cos(angle), np.sin(angle), 0.1 * np.cos(angle)], axis=1)
    twice = misaligned * np.cos(2.0 * angle + phases[0])[:, None] * np.array([0.7, 0.7, 1.0])
    thrice = 0.3 * misaligned * np.cos(3.0 * angle + phases[1])[:, None] * np.array([1.0, 1.0, 0.5])
    turning: Float = once + twice + thrice
    return turning


def _hum(machine: Machine, count: int, rate_hz: int, generator: np.random.Generator) -> Float:
    """The motor's magnetic forces at twice the mains frequency, float64 [count, 1]."""
    seconds = np.arange(count) / rate_hz
    phase = generator.uniform(0.0, 2.0 * math.pi)
    hum: Float = machine.hum_g * np.cos(4.0 * math.pi * machine.mains_hz * seconds + phase)
    return hum[:, None]
