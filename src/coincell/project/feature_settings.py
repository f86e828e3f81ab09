"""[features] of the blocks for any time series and for pictures, told apart by `block`."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coincell.project.section import Section

Statistic = Literal[
    "mean",
    "minimum",
    "maximum",
    "rms",
    "deviation",
    "skewness",
    "kurtosis",
    "zero-crossings",
    "mean-crossings",
]
Edges = Annotated[tuple[float, ...], Field(strict=False)]


class RawSettings(Section):
    """[features] block = "raw": the samples as they are, a row each step"""

    block: Literal["raw"] = Field("raw", description="The samples themselves, scaled.")
    decimation: int = Field(
        1, ge=1, le=64, description="Steps whose mean is one row; more make the network smaller."
    )
    scaling: Literal["standard", "full-scale"] = Field(
        "standard",
        description="standard: each channel with the training split's mean and deviation, as "
        "channels of unlike units need; full-scale: the samples over 32768.",
    )


class StatisticsSettings(Section):
    """[features] block = "statistics": a few numbers for each channel of a window"""

    block: Literal["statistics"] = Field("statistics", description="Statistics of each channel.")
    statistics: Annotated[tuple[Statistic, ...], Field(strict=False)] = Field(
        (
            "mean",
            "minimum",
            "maximum",
            "rms",
            "deviation",
            "skewness",
            "kurtosis",
            "zero-crossings",
            "mean-crossings",
        ),
        min_length=1,
        description="Which, of each channel; they stand in the order of this default.",
    )

    @model_validator(mode="after")
    def _unique(self) -> Self:
        if len(set(self.statistics)) != len(self.statistics):
            raise ValueError(f"statistics must be unlike; received {list(self.statistics)}")
        return self


class _Transform(Section):
    """What the blocks with a spectrum in linear bands share."""

    fft_size: int = Field(
        128, description="Points of the transform, a power of two from 64 to 2048."
    )
    bands: int = Field(16, ge=1, le=256, description="Bands of like width from low_hz to high_hz.")
    low_hz: float = Field(0.0, ge=0, description="Lower edge of the lowest band.")
    high_hz: float = Field(
        0.0, ge=0, description="Upper edge of the highest band; 0: half the sample rate."
    )
    edges_hz: Edges = Field(
        (),
        max_length=257,
        description="Edges of bands of one's own, rising, such as [0.5, 3, 8, 20]; they replace "
        "bands, low_hz and high_hz.",
    )
    floor: float = Field(
        1e-10,
        ge=1e-12,
        lt=1,
        description="Added to a band's power before the logarithm, full scale being 1; 1e-10 is "
        "about what rounding to 16 bits adds.",
    )

    @model_validator(mode="after")
    def _transform_consistent(self) -> Self:
        size, edges = self.fft_size, self.edges_hz
        if size < 64 or size > 2048 or size & (size - 1):
            raise ValueError(f"fft_size must be a power of two from 64 to 2048; received {size}")
        if self.high_hz and self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz must be below high_hz; received {self.low_hz}, {self.high_hz}"
            )
        rising = all(low < high for low, high in pairwise(edges))
        if edges and (len(edges) < 2 or edges[0] < 0 or not rising):
            raise ValueError(
                f"edges_hz must be two or more rising frequencies from 0; received {list(edges)}"
            )
        return self


class SpectralSettings(_Transform):
    """[features] block = "spectral": what each channel's spectrum is like over a whole window"""

    block: Literal["spectral"] = Field(
        "spectral",
        description="Of each channel, its mean taken out: RMS, band powers, peaks, moments.",
    )
    filter: Literal["none", "low-pass", "high-pass"] = Field(
        "none", description="A Butterworth filter before everything else."
    )
    cutoff_hz: float = Field(
        0.0, ge=0, description="Where the filter lets half the power pass; 0 only without one."
    )
    order: Literal[2, 4, 6, 8] = Field(4, description="Of the filter: 6 dB an octave each.")
    rms: bool = Field(True, description="Root mean square of the filtered channel.")
    peaks: int = Field(
        3, ge=0, le=16, description="Highest peaks of the spectrum: frequency and height of each."
    )
    moments: bool = Field(
        True, description="Centre of the spectrum and its spread about it, weighed by power."
    )

    @model_validator(mode="after")
    def _filter_consistent(self) -> Self:
        if (self.filter == "none") != (self.cutoff_hz == 0):
            raise ValueError(
                "cutoff_hz belongs to a filter, and a filter needs it; received filter = "
                f"{self.filter!r}, cutoff_hz = {self.cutoff_hz:g}"
            )
        return self


class SpectrogramSettings(_Transform):
    """[features] block = "spectrogram": logarithms of band powers, frame by frame"""

    block: Literal["spectrogram"] = Field(
        "spectrogram", description="Logarithms of power in bands; a row each frame."
    )
    frame_ms: float = Field(1000.0, gt=0, description="Length of one analysis frame.")
    hop_ms: float = Field(500.0, gt=0, description="Step from frame to frame.")
    remove_mean: bool = Field(
        True, description="Take each frame's mean out first: an offset, gravity, hides low bands."
    )


class PictureSettings(Section):
    """[features] block = "picture": pixels at the network's size"""

    block: Literal["picture"] = Field("picture", description="The picture's pixels.")
    width: int = Field(96, ge=4, le=320, description="Pixels a row of the network's input.")
    height: int = Field(96, ge=4, le=320, description="Rows of it.")
    color: Literal["gray", "rgb"] = Field(
        "gray", description="One value a pixel (ITU-R BT.601 weights), or three."
    )
    resize: Literal["crop", "fit", "stretch"] = Field(
        "crop",
        description="crop: fill the input and cut off what overhangs; fit: the whole picture "
        "with mid-gray bars; stretch: the whole picture, its sides scaled apart.",
    )
    values: Literal["centred", "unit"] = Field(
        "centred", description="What 0 to 255 become: -1 to 1, or 0 to 1."
    )
