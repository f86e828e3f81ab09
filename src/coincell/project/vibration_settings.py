"""[synthesis.vibration]: machines on rolling bearings that `coincell data synthesize` makes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from coincell.project.section import Range, Section, check_ordered


class VibrationSettings(Section):
    """[synthesis.vibration]: for regression and anomaly detection of motion"""

    machines: int = Field(
        16, ge=3, le=200, description="Machines, each unlike; a machine never crosses a split."
    )
    recordings: int = Field(
        24, ge=1, le=1000, description="Recordings of each machine without a fault."
    )
    faulty_recordings: int = Field(
        6,
        ge=1,
        le=1000,
        description="Anomaly detection: recordings of each held-out machine with each fault that "
        "data.labels names (inner, outer, ball).",
    )
    seconds: float = Field(4.0, ge=0.1, le=60, description="Length of each recording.")
    speed_rpm: Range = Field((600.0, 3000.0), description="Rotational speed, drawn evenly.")
    load: Range = Field((0.2, 1.0), description="On the bearing, share of what it is made for.")
    severity_g: Range = Field(
        (0.5, 4.0),
        description="Peak of an impact of a fault at 1500 rpm and full load, in g; drawn evenly "
        "in its logarithm.",
    )
    noise_ug: float = Field(
        160.0,
        ge=0,
        le=10000,
        description="Density of the sensor's noise, micro-g a square root of hertz; 160 is a "
        "BMI270's.",
    )

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for name in ("speed_rpm", "load", "severity_g"):
            pair = getattr(self, name)
            check_ordered(name, pair)
            if pair[0] <= 0:
                raise ValueError(f"{name} must be above 0; received {list(pair)}")
        if self.load[1] > 1:
            raise ValueError(f"load is a share, at most 1; received {list(self.load)}")
        if self.speed_rpm[1] > 30000:
            raise ValueError(f"speed_rpm must be at most 30000; received {list(self.speed_rpm)}")
        return self
