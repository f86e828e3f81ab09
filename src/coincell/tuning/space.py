"""What a search tries: the settings, and the values that each may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coincell.project import Configuration, Span

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Space = Mapping[str, tuple[Any, ...] | Span]

_LEARNING: Space = {
    "training.learning_rate": Span(low=0.0005, high=0.01, log=True),
    "training.label_smoothing": (0.0, 0.05, 0.1),
    "model.dropout": (0.0, 0.1, 0.2, 0.3),
    "quantization.calibration": ("min-max", "percentile", "squared-error"),
}
_FEATURES: Mapping[str, Space] = {
    "log-mel": {"features.bands": (16, 24, 32, 40), "features.hop_ms": (15.0, 20.0, 30.0)},
    "mfcc": {"features.coefficients": (8, 10, 13), "features.hop_ms": (15.0, 20.0, 30.0)},
    "raw": {"features.decimation": (1, 2, 4)},
    "statistics": {},
    "spectral": {"features.fft_size": (64, 128, 256), "features.bands": (8, 16, 32)},
    "spectrogram": {"features.bands": (8, 16, 32)},
    "picture": {},
}
_ARCHITECTURES: Mapping[str, tuple[str, ...]] = {
    "log-mel": ("tiny-conv", "conv-1d", "ds-cnn-small", "fully-connected"),
    "mfcc": ("tiny-conv", "conv-1d", "ds-cnn-small", "fully-connected"),
    "raw": ("conv-1d", "tiny-conv", "fully-connected"),
    "spectrogram": ("conv-1d", "tiny-conv", "fully-connected"),
}
_DETECTORS = ("k-means", "mahalanobis", "gaussian-mixture")


def space_of(configuration: Configuration) -> Space:
    """The space of [tune], or where it names none one made for the project."""
    if configuration.tune.space:
        return configuration.tune.space
    block = configuration.features.block
    space = dict(_FEATURES[block])
    if configuration.goal == "normality" and not configuration.has_network:
        return space | {"model.architecture": _DETECTORS}
    space |= _LEARNING
    if configuration.goal != "classes":
        del space["training.label_smoothing"]
    if configuration.model.file or configuration.goal == "normality":
        return space
    if configuration.model.architecture.startswith("mobilenet"):
        return space if configuration.model.weights else space | {"model.alpha": (0.25, 0.35, 0.5)}
    if names := _ARCHITECTURES.get(block):
        space["model.architecture"] = names
    return space


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space as Optuna has it."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    made: dict[str, BaseDistribution] = {}
    for name, values in space.items():
        if not isinstance(values, Span):
            made[name] = CategoricalDistribution(values)
        elif isinstance(values.low, int) and isinstance(values.high, int):
            step = int(values.step or 1)
            made[name] = IntDistribution(values.low, values.high, values.log, step)
        else:
            made[name] = FloatDistribution(values.low, values.high, values.log, values.step)
    return made


def told(space: Space) -> dict[str, Any]:
    """The space as JSON values, by which two studies are told apart."""
    return {
        name: values.model_dump() if isinstance(values, Span) else list(values)
        for name, values in sorted(space.items())
    }
