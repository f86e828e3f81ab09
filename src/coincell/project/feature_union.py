"""[features]: one kind of settings for each block, told apart by `block`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coincell.project.feature_settings import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    StatisticsSettings,
)
from coincell.project.mel_settings import MelSettings

FeatureSettings = Annotated[
    MelSettings
    | RawSettings
    | StatisticsSettings
    | SpectralSettings
    | SpectrogramSettings
    | PictureSettings,
    Field(discriminator="block"),
]
