"""From settings to a feature block."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.features.block import FeatureBlock
from coincell.features.mel import MelBlock
from coincell.features.tables import make_tables
from coincell.project import FeatureSettings, WindowForm


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
    del learned  # log-mel and MFCC learn nothing
    return MelBlock(make_tables(settings, form.rate_hz, form.samples), form.rate_hz)
