"""The channels of a project's readings, and which of them an inertial sensor gives."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.errors import BoardError
from coincell.units import need_factor, unit_factor

_AXES = ("aX", "aY", "aZ", "gX", "gY", "gZ", "mX", "mY", "mZ")
_FRACTION_BITS = 24
_LEAST_FACTOR, _MOST_FACTOR = 1024, 2**31 - 1

_STEPS = {"a": 8192.0, "g": 16.0, "m": 16.0}
"""Of the driver (device/sensors/imu.h), for 1 g, 1 degree a second, 1 microtesla."""

SENSOR_UNITS = {"a": "g", "g": "deg/s", "m": "uT"}
"""Unit of each part of an inertial sensor: acceleration, rotation, magnetic field."""


@dataclass(frozen=True)
class Channels:
    """What the values of one step in time are.

    Attributes:
        names: aX, aY, aZ of acceleration, gX to gZ of rotation, mX to mZ of the magnetic field are
            what the board's own sensor gives; others come from elsewhere.
        units: of each.
        full_scale: of each, in its unit: what 32768 stands for.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    full_scale: tuple[float, ...]

    @property
    def inertial(self) -> bool:
        """Whether all are an inertial sensor's, by their names."""
        return all(name in _AXES for name in self.names)

    @property
    def unit_of(self) -> dict[str, str]:
        """Name of a channel -> its unit."""
        return dict(zip(self.names, self.units, strict=True))

    @property
    def parts(self) -> str:
        """Which parts of the sensor are needed: of "a", "g" and "m"."""
        return "".join(part for part in "agm" if any(name[0] == part for name in self.names))

    @property
    def columns(self) -> tuple[int, ...]:
        """Of each channel its place among the driver's nine values."""
        return tuple(_AXES.index(name) for name in self.names)

    @property
    def physical(self) -> tuple[float, ...]:
        """Of each channel what one step of 16 bits is, in g, degrees a second or microtesla."""
        each = zip(self.names, self.units, self.full_scale, strict=True)
        return tuple(
            most / 32768 * need_factor(unit, SENSOR_UNITS[name[0]], name, "The image")
            for name, unit, most in each
        )

    def factors(self) -> tuple[int, ...]:
        """Of each channel, the driver's steps to the project's, in 2^-24.

        Raises:
            BoardError: the unit is not known, or the full scale is far from the sensor's.
        """
        each = zip(self.names, self.units, self.full_scale, strict=True)
        return tuple(_factor(*channel) for channel in each)


def _factor(name: str, unit: str, full_scale: float) -> int:
    known = unit_factor(unit, SENSOR_UNITS[name[0]])
    if known is None:
        raise BoardError(
            f"The board's sensor gives {name} in {SENSOR_UNITS[name[0]]}, and data.units has "
            f"{unit!r}, which is not known to be the other.",
            hint="Correct data.units, or name the channel otherwise when it is another sensor's.",
        )
    factor = 32768 / (_STEPS[name[0]] * full_scale * known)
    fixed: int = round(factor * (1 << _FRACTION_BITS))
    if not _LEAST_FACTOR <= fixed <= _MOST_FACTOR:
        raise BoardError(
            f"data.full_scale of {name} is {full_scale:g} {unit}, far from what the sensor "
            "measures: 4 g, 2000 deg/s.",
            hint="Take the range of the sensor.",
        )
    return fixed
