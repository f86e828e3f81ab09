"""Which families of models suit which block of features."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.project import Configuration

_CONVOLUTIONS = ("ds-cnn-small", "tiny-conv", "conv-1d", "fully-connected")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "log-mel": (*_CONVOLUTIONS, "ds-cnn-medium"),
    "mfcc": (*_CONVOLUTIONS, "ds-cnn-medium"),
    "spectrogram": ("conv-1d", "tiny-conv", "fully-connected", "ds-cnn-small"),
    "raw": ("conv-1d", "tiny-conv", "fully-connected"),
    "statistics": ("fully-connected",),
    "spectral": ("fully-connected",),
    "picture": ("resnet-8", "ds-cnn-small", "tiny-conv", "mobilenet-v1", "mobilenet-v2"),
}
"""The first of each is what usually suits the block."""
NORMALITY_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "statistics": ("gaussian-mixture", "mahalanobis", "k-means", "autoencoder-dense"),
    "spectral": ("gaussian-mixture", "mahalanobis", "k-means", "autoencoder-dense"),
    "spectrogram": ("autoencoder-conv", "autoencoder-dense", "k-means"),
    "log-mel": ("autoencoder-conv", "autoencoder-dense", "k-means"),
    "raw": ("autoencoder-dense", "autoencoder-conv"),
}


def families_of(configuration: Configuration) -> Mapping[str, tuple[str, ...]]:
    """Block -> families; of two that could start from weights, the one that the project's fit."""
    if configuration.goal == "normality":
        return NORMALITY_FAMILIES
    model = configuration.model
    if not model.weights:
        return FAMILIES
    others = [name for name in FAMILIES["picture"] if not name.startswith("mobilenet")]
    return {**FAMILIES, "picture": (model.architecture, *others)}


def fitting_architecture(block: str, configuration: Configuration) -> str:
    """The project's own architecture where it suits a block, else the one that usually does; "" of
    a model from a file, and where none is known."""
    model = configuration.model
    if model.file:
        return ""
    known = families_of(configuration).get(block, ())
    if model.architecture in known or configuration.classical:
        return model.architecture
    return known[0] if known else ""
