"""[features] of log-mel and mfcc."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from coincell.project.section import Section


class MelSettings(Section):
    """[features] block = "log-mel" or "mfcc": of sound, spectra in bands as people hear them"""

    block: Literal["log-mel", "mfcc"] = Field(
        "log-mel",
        description="log-mel: logarithms of band energies; mfcc: their cosine transform (DCT-II "
        "times sqrt(2 / bands), as HTK and TensorFlow have it).",
    )
    frame_ms: float = Field(30.0, gt=0, le=256, description="Length of one analysis frame.")
    hop_ms: float = Field(20.0, gt=0, le=256, description="Step from frame to frame.")
    fft_size: int = Field(
        512, description="Points of the transform, a power of two from 64 to 2048, >= the frame."
    )
    bands: int = Field(
        40, ge=4, le=128, description="Mel bands: triangles, even on HTK's mel scale."
    )
    low_hz: float = Field(20.0, ge=0, description="Lower edge of the lowest band.")
    high_hz: float = Field(4000.0, gt=0, description="Upper edge of the highest band.")
    coefficients: int = Field(10, ge=1, le=128, description="mfcc: coefficients kept.")
    spectrum: Literal["power", "magnitude"] = Field(
        "power", description="What the bands sum; magnitude costs a square root a bin."
    )
    level: Literal["absolute", "peak"] = Field(
        "absolute",
        description="absolute: relative to full scale; peak: relative to the window's peak.",
    )
    floor: float = Field(
        1e-6,
        ge=1e-12,
        lt=1,
        description="Added to a band's power or magnitude before the logarithm, relative to the "
        "level; 1e-6 of power lies just above what 16-bit samples resolve.",
    )
    normalization: Literal["none", "mean"] = Field(
        "none", description="mean: subtract each band's mean over the window."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        size = self.fft_size
        if size < 64 or size > 2048 or size & (size - 1):
            raise ValueError(f"fft_size must be a power of two from 64 to 2048; received {size}")
        if self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz must be below high_hz; received {self.low_hz}, {self.high_hz}"
            )
        if self.block == "mfcc" and self.coefficients > self.bands:
            raise ValueError(f"coefficients must not exceed bands ({self.bands})")
        return self
