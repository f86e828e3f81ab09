"""How a block's features are drawn, and what their columns are called."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.features import make_feature_block
from coincell.project import (
    Configuration,
    PictureSettings,
    RawSettings,
    SpectralSettings,
    StatisticsSettings,
)
from coincell.report import FeatureExample, FeatureForm

_MOST_ROWS = 400
"""Rows of an example's picture; of more the mean of neighbours is shown."""


def feature_form(configuration: Configuration) -> FeatureForm:
    """What the features of the project's block look like."""
    settings = configuration.features
    if isinstance(settings, PictureSettings):
        return "picture"
    if isinstance(settings, StatisticsSettings | SpectralSettings):
        return "columns"
    return "channels" if isinstance(settings, RawSettings) else "bands"


def feature_columns(configuration: Configuration, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the columns, or none where a place says enough."""
    settings, data = configuration.features, configuration.data
    channels = data.channels or ("",)
    if isinstance(settings, RawSettings):
        return tuple(channels) if len(channels) == shape[-1] and data.channels else ()
    if not isinstance(settings, StatisticsSettings | SpectralSettings):
        return ()
    block = make_feature_block(settings, data.form)
    kinds = getattr(block, "names", None) or _numbered(getattr(block, "column_kinds", ()))
    names = tuple(f"{channel} {kind}".strip() for channel in channels for kind in kinds)
    return names if len(names) == shape[-1] else ()


def _numbered(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds that come more than once, told apart by a number from 1."""
    seen: dict[str, int] = {}
    names = []
    for kind in kinds:
        seen[kind] = seen.get(kind, 0) + 1
        names.append(f"{kind} {seen[kind]}" if kinds.count(kind) > 1 else kind)
    return tuple(names)


def feature_example(
    features: NDArray[np.int8], label: str, file: str, form: FeatureForm
) -> FeatureExample:
    """One window's features int8 [rows, columns] or [height, width, colours], to be drawn."""
    colors = 3 if features.ndim == 3 and features.shape[2] == 3 else 1
    flat = features.reshape(features.shape[0], -1)
    if form != "picture" and len(flat) > _MOST_ROWS:
        step = -(-len(flat) // _MOST_ROWS)
        whole = flat[: len(flat) // step * step].reshape(-1, step, flat.shape[1])
        flat = whole.mean(axis=1).round().astype(np.int8)
    values = tuple(tuple(row) for row in flat.tolist())
    return FeatureExample(
        label=label, file=file, form=form, colors=colors if form == "picture" else 1, values=values
    )
