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
    SpectrogramSettings,
    StatisticsSettings,
)
from coincell.report import FeatureExample, FeatureForm

_MOST_ROWS = 400
"""Rows of an example's picture; of more the mean of neighbours is shown."""


def feature_form(configuration: Configuration, shape: tuple[int, ...]) -> FeatureForm:
    """What features of `shape` of the project's block look like."""
    settings = configuration.features
    if isinstance(settings, PictureSettings):
        return "picture"
    if isinstance(settings, StatisticsSettings | SpectralSettings):
        return "columns"
    if isinstance(settings, RawSettings):
        return "channels"
    return "columns" if shape[0] == 1 else "bands"


def band_edges(configuration: Configuration) -> tuple[float | None, float | None]:
    """Lowest and highest frequency of the bands, in Hz; None where there are no bands."""
    settings = configuration.features
    edges = getattr(settings, "edges_hz", ())
    if edges:
        return edges[0], edges[-1]
    low, high = getattr(settings, "low_hz", None), getattr(settings, "high_hz", None)
    return low, configuration.data.form.rate_hz / 2 if high == 0 else high


def feature_columns(configuration: Configuration, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the columns, or none where a place says enough."""
    settings, data = configuration.features, configuration.data
    channels = data.channels or ("",)
    if isinstance(settings, RawSettings):
        return tuple(channels) if len(channels) == shape[-1] and data.channels else ()
    if isinstance(settings, SpectrogramSettings) and shape[-1] % len(channels) == 0:
        bands = range(1, shape[-1] // len(channels) + 1)
        return tuple(f"{channel} band {band}".strip() for channel in channels for band in bands)
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
