"""From settings to a feature block."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.features.block import FeatureBlock
from coincell.features.mel import MelBlock
from coincell.features.picture import PictureBlock
from coincell.features.raw import RawBlock
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.spectrogram import SpectrogramBlock
from coincell.features.statistics import StatisticsBlock
from coincell.features.tables import make_tables
from coincell.project import (
    FeatureSettings,
    MelSettings,
    PictureSettings,
    RawSettings,
    SpectralSettings,
    StatisticsSettings,
    WindowForm,
)


def make_feature_block(
    settings: FeatureSettings,
    form: WindowForm,
    learned: Mapping[str, list[int]] | None = None,
) -> FeatureBlock:
    """The block that `settings` describe.

    Args:
        settings: which block, and how.
        form: of the windows that it gets.
        learned: what the block's `fit` chose on the training split; None: not fitted yet.

    Raises:
        ConfigurationError: the settings do not fit the window.
        DataError: `learned` is not what such a block learns.
    """
    if isinstance(settings, MelSettings):
        return MelBlock(make_tables(settings, form.rate_hz, form.samples), form.rate_hz)
    if isinstance(settings, RawSettings):
        return RawBlock(settings, form, learned)
    if isinstance(settings, StatisticsSettings):
        return StatisticsBlock(settings, form, learned)
    if isinstance(settings, PictureSettings):
        return PictureBlock(settings, form)
    if isinstance(settings, SpectralSettings):
        return SpectralSummaryBlock(settings, form, learned)
    return SpectrogramBlock(settings, form)
