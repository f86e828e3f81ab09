"""What a page shows of single windows: examples, the worst mistakes, what mattered, maps.

It is no part of report.json, whose figures it would bury; its sizes are bounded by its maker.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from coincell.report import figures
from coincell.report.part import Count, Part, Share

Encoded = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
"""Bytes in base64."""


class Trace(Part):
    """One channel over a window: its lowest and highest reading in each of n steps."""

    name: str
    unit: str = ""
    low: tuple[float, ...]
    high: tuple[float, ...]

    @model_validator(mode="after")
    def _pairs(self) -> Trace:
        if not self.low or len(self.low) != len(self.high):
            raise ValueError(f"low and high must be alike: {len(self.low)}, {len(self.high)}")
        return self


class Mattered(Part):
    """A column of the features, and how much hiding it changes the answer."""

    name: str
    change: float


class Specimen(Part):
    """One test window that can be seen, and of sound heard."""

    file: str
    truth: str = Field(description="Its label, or its number with the unit.")
    said: str = Field(description="What the int8 model says of it, alike.")
    told: str = Field("", description="How sure, how strange, or how far off.")
    right: bool | None = None
    seconds: float = 0.0
    traces: tuple[Trace, ...] = ()
    picture: Encoded | None = Field(None, description="PNG of the window or its features.")
    heat: Encoded | None = Field(None, description="PNG: the features, tinted by what mattered.")
    mattered: tuple[Mattered, ...] = Field((), description="Of columns, the most first.")
    sound: Encoded | None = Field(None, description="WAV.")


class MapPoint(Part):
    """A test window's place on a map."""

    x: float
    y: float
    truth: str
    said: str
    file: str
    value: float | None = Field(None, description="The true number, where one is predicted.")
    predicted: float | None = None


class FeatureMap(Part):
    """Test windows in the two directions in which what is mapped varies most."""

    name: str
    title: str
    explained: tuple[Share, Share]
    of: Count = Field(description="Test windows that there are; the points may be fewer.")
    points: tuple[MapPoint, ...]


class Gallery(Part):
    """Everything that a page shows of single windows."""

    examples: tuple[Specimen, ...] = ()
    mistakes: tuple[Specimen, ...] = ()
    mistakes_found: Count = 0
    maps: tuple[FeatureMap, ...] = ()
    how: str = Field("", description="How what mattered was found.")

    def mistakes_title(self, word: str) -> str:
        """How many there are of which the worst are shown; `word` is "mistake" or "error"."""
        if self.mistakes_found == 1:
            return f"The only {word}"
        return f"The worst of {figures.count(self.mistakes_found)} {word}s"
