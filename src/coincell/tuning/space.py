"""What a search tries: the settings, and the values that each may have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from coincell.project import Configuration, Span

if TYPE_CHECKING:
    import optuna

Space = Mapping[str, Union[tuple[Any, ...], Span, "Branch"]]


@dataclass(frozen=True)
class Branch:
    """A setting whose value decides what else there is to search, as a feature block does.

    Attributes:
        ways: value -> what is searched with it.
    """

    ways: Mapping[Any, Space]


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
_TREES: Space = {
    "model.classical.trees": (8, 16, 32, 64),
    "model.classical.smallest_leaf": (1, 3, 10),
}
_LINEAR: Space = {"model.classical.regularization": Span(low=0.001, high=10.0, log=True)}
_CLASSICAL: Mapping[str, Space] = {
    "random-forest": {**_TREES, "model.classical.leaves": (16, 32, 64, 128, 256)},
    "gradient-boosting": {
        **_TREES,
        "model.classical.boosted_leaves": (4, 8, 16),
        "model.classical.learning_rate": Span(low=0.03, high=0.5, log=True),
    },
    "logistic-regression": _LINEAR,
    "linear-svm": _LINEAR,
    "ridge": _LINEAR,
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
    if configuration.classical:
        return space | dict(_CLASSICAL[configuration.classical])
    space |= learning_space(configuration)
    if configuration.model.file or configuration.goal == "normality":
        return space
    if configuration.model.architecture.startswith("mobilenet"):
        return space if configuration.model.weights else space | {"model.alpha": (0.25, 0.35, 0.5)}
    if names := _ARCHITECTURES.get(block):
        space["model.architecture"] = names
    return space


def learning_space(configuration: Configuration) -> Space:
    """What of a network's training is worth searching, whatever the network."""
    classes = configuration.goal == "classes"
    unlike = () if classes else ("training.label_smoothing",)
    return {name: values for name, values in _LEARNING.items() if name not in unlike}


def suggested(trial: optuna.Trial, space: Space, way: str = "") -> None:
    """Have `trial` choose a value of each setting, of branches only along the way it takes.

    A parameter bears the way to it: "features.block=mfcc/features.coefficients". One name may then
    have other values along another way, which Optuna would refuse.
    """
    for name, values in space.items():
        parameter = way + name
        if isinstance(values, Branch):
            chosen = trial.suggest_categorical(parameter, list(values.ways))
            suggested(trial, values.ways[chosen], f"{parameter}={chosen}/")
        elif not isinstance(values, Span):
            trial.suggest_categorical(parameter, values)
        elif isinstance(values.low, int) and isinstance(values.high, int):
            step = int(values.step or 1)
            trial.suggest_int(parameter, values.low, values.high, log=values.log, step=step)
        else:
            low, high = values.low, values.high
            trial.suggest_float(parameter, low, high, log=values.log, step=values.step)


def settings_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's parameters as settings: "model.dropout" -> 0.1, and so on."""
    return {name.rpartition("/")[2]: value for name, value in parameters.items()}


def parameters_of(settings: Mapping[str, Any], space: Space, way: str = "") -> dict[str, Any]:
    """`settings` as parameters of `space`; those that it does not search are left out."""
    found: dict[str, Any] = {}
    for name, values in space.items():
        if name not in settings:
            continue
        found[way + name] = settings[name]
        if isinstance(values, Branch):
            below = values.ways[settings[name]]
            found |= parameters_of(settings, below, f"{way}{name}={settings[name]}/")
    return found


def searched(space: Space) -> Iterator[tuple[str, Any]]:
    """Every setting of `space`, of all ways, with one of its values."""
    for name, values in space.items():
        if isinstance(values, Branch):
            yield name, next(iter(values.ways))
            for below in values.ways.values():
                yield from searched(below)
        else:
            yield name, values[0] if isinstance(values, tuple) else values.low


def candidates(space: Space) -> float:
    """How many different candidates there are; infinity where a setting is any number."""
    return math.prod(_choices(values) for values in space.values())


def _choices(values: Any) -> float:
    if isinstance(values, Branch):
        return sum(candidates(below) for below in values.ways.values())
    if not isinstance(values, Span):
        return len(set(values))
    if values.low == values.high:
        return 1
    whole = isinstance(values.low, int) and isinstance(values.high, int)
    step = values.step or (1 if whole else 0)
    return (values.high - values.low) // step + 1 if step else math.inf


def told(space: Space) -> dict[str, Any]:
    """The space as JSON values, by which two studies are told apart."""
    return {name: _told(values) for name, values in space.items()}


def _told(values: Any) -> Any:
    if isinstance(values, Branch):
        return {"ways": [[value, told(below)] for value, below in values.ways.items()]}
    return values.model_dump() if isinstance(values, Span) else list(values)


def untold(space: Mapping[str, Any]) -> Space:
    """What `told` made, as a space again."""
    return {name: _untold(values) for name, values in space.items()}


def _untold(values: Any) -> Any:
    if isinstance(values, list):
        return tuple(values)
    if "ways" in values:
        return Branch({value: untold(below) for value, below in values["ways"]})
    return Span.model_validate(values)
