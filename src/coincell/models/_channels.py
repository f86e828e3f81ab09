"""Which channels of a network go together, found in its graph; and the network without some.

A channel is an index of a tensor's last dimension. Convolutions and dense layers make new ones.
Everything else carries what it reads: a depthwise convolution and a normalization channel by
channel, an addition ties its operands' channels in pairs, flattening repeats them. What is tied
so is a bundle: all of it goes, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.models._folding import call_unmasked
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras

Indices = NDArray[np.int64]

FIXED = 0
"""The bundle of all that stays: inputs, outputs, and what an unknown layer reads or gives."""


@dataclass(frozen=True)
class Channels:
    """The bundles of a network.

    Attributes:
        read, given: name of a layer -> int64 [channels], the bundle of each channel of what it
            reads (of several inputs, the first) and gives.
        makers: each bundle but the fixed one -> names of the layers with a kernel that make it.
    """

    read: Mapping[str, Indices]
    given: Mapping[str, Indices]
    makers: Mapping[int, tuple[str, ...]]

    @property
    def families(self) -> dict[tuple[str, ...], list[int]]:
        """Makers -> the bundles that they make: what is one width."""
        families: dict[tuple[str, ...], list[int]] = {}
        for bundle, makers in self.makers.items():
            families.setdefault(makers, []).append(bundle)
        return families


def channels_of(model: keras.Model) -> Channels:
    """The bundles of `model`, whose layers of unknown kinds keep all that they read and give."""
    ties = _Ties()
    of_tensor: dict[int, Indices] = {}
    read: dict[str, Indices] = {}
    given: dict[str, Indices] = {}
    nodes = model._nodes_by_depth
    for depth in sorted(nodes, reverse=True):
        for node in nodes[depth]:
            layer, (output, *others) = node.operation, node.outputs
            sources = [of_tensor[id(tensor)] for tensor in node.arguments.keras_tensors]
            made = ties.through(layer, sources, tuple(output.shape))
            for name, ids, known in ((layer.name, made, given), *(
                (layer.name, ids, read) for ids in sources[:1]
            )):  # fmt: skip
                if name in known:  # a layer that is called twice
                    ties.join(known[name], ids)
                known[name] = ids
            for tensor in (output, *others):
                of_tensor[id(tensor)] = made if tensor is output else np.zeros(1, np.int64)
    for tensor in model.outputs:
        ties.fix(of_tensor[id(tensor)])
    return _settled(model, ties, read, given)


def _settled(
    model: keras.Model, ties: _Ties, read: dict[str, Indices], given: dict[str, Indices]
) -> Channels:
    """With bundles as they are after all ties."""
    read = {name: ties.found(ids) for name, ids in read.items()}
    given = {name: ties.found(ids) for name, ids in given.items()}
    makers: dict[int, tuple[str, ...]] = {}
    for layer in model.layers:
        if mixes(layer):
            for bundle in np.unique(given[layer.name]).tolist():
                if bundle != FIXED:
                    makers[bundle] = (*makers.get(bundle, ()), layer.name)
    return Channels(read, given, makers)


def mixes(layer: Any) -> bool:
    """Whether each channel that `layer` gives is made of all that it reads: a convolution of one
    group, or a dense layer."""
    _, keras = load_tensorflow()
    if isinstance(layer, keras.layers.Conv2D):
        return bool(layer.groups == 1 and layer.data_format == "channels_last")
    return isinstance(layer, keras.layers.Dense)


class _Ties:
    """Channels numbered as they are met, and which of them are one bundle."""

    def __init__(self) -> None:
        self._parents = [FIXED]

    def through(self, layer: Any, sources: Sequence[Indices], shape: tuple[Any, ...]) -> Indices:
        """The channels that `layer` gives, [shape[-1]], by those of its inputs."""
        _, keras = load_tensorflow()
        layers, channels = keras.layers, int(shape[-1] or 1)
        if len(shape) > 1 and mixes(layer):
            return self._fresh(channels) if _keeps_zero(layer) else np.zeros(channels, np.int64)
        if len(shape) > 1 and sources and _keeps_zero(layer):
            if isinstance(layer, layers.DepthwiseConv2D):
                return np.repeat(sources[0], layer.depth_multiplier)
            if isinstance(layer, layers.Flatten):
                return np.resize(sources[0], channels)
            if isinstance(layer, layers.Reshape):
                return self._reshaped(sources[0], channels)
            if isinstance(layer, layers.Concatenate) and layer.axis in (-1, len(shape) - 1):
                return np.concatenate(sources)
            if isinstance(layer, _carrying(layers)) and {len(s) for s in sources} == {channels}:
                return self._together(sources)
        for ids in sources:
            self.fix(ids)
        return np.zeros(channels, np.int64)

    def _fresh(self, count: int) -> Indices:
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count)

    def _together(self, sources: Sequence[Indices]) -> Indices:
        for other in sources[1:]:
            self.join(sources[0], other)
        return sources[0]

    def _reshaped(self, ids: Indices, channels: int) -> Indices:
        """Values stay in their order, so that channel i of one is channel i modulo of the other."""
        if channels % len(ids) == 0:
            return np.resize(ids, channels)
        if len(ids) % channels == 0:
            rows = ids.reshape(-1, channels)
            return self._together(list(rows))
        self.fix(ids)
        return np.zeros(channels, np.int64)

    def join(self, first: Indices, second: Indices) -> None:
        """Tie channels pair by pair."""
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            roots = sorted((self._root(one), self._root(other)))
            self._parents[roots[1]] = roots[0]

    def fix(self, ids: Indices) -> None:
        """Keep these channels, and all that is tied to them."""
        self.join(np.full(len(ids), FIXED), ids)

    def found(self, ids: Indices) -> Indices:
        """The bundle of each of these channels."""
        return np.array([self._root(each) for each in ids.tolist()], np.int64)

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number


def _carrying(layers: Any) -> tuple[type[Any], ...]:
    """Layers whose channels pass one by one."""
    return (
        layers.Activation, layers.Add, layers.AveragePooling2D, layers.BatchNormalization,
        layers.Concatenate, layers.Cropping2D, layers.Dropout, layers.GlobalAveragePooling2D,
        layers.GlobalMaxPooling2D, layers.Identity, layers.MaxPooling2D, layers.ReLU,
        layers.Rescaling, layers.SpatialDropout2D, layers.UpSampling2D, layers.ZeroPadding2D,
    )  # fmt: skip


def _keeps_zero(layer: Any) -> bool:
    """Whether a channel of zeros (its kernel, bias and normalization taken for zero) gives zeros:
    leaving it out is then the same as keeping it."""
    _, keras = load_tensorflow()
    kinds = keras.activations
    activation = getattr(layer, "activation", kinds.linear)
    if activation not in (kinds.linear, kinds.relu, kinds.relu6, kinds.tanh):
        return False
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    if isinstance(layer, keras.layers.Rescaling):
        return not np.any(layer.offset) and np.ndim(layer.scale) == 0
    if isinstance(layer, keras.layers.BatchNormalization):
        axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
        return bool(axis in (-1, len(layer.input.shape) - 1))
    return True


def without_channels(model: keras.Model, channels: Channels, gone: set[int]) -> keras.Model:
    """A smaller network that gives what `model` would if the bundles `gone` were zero.

    Args:
        model: any network.
        channels: its bundles.
        gone: those to leave out, none of them fixed; each layer keeps a channel at least.
    """
    _, keras = load_tensorflow()
    layers = keras.layers
    leaving = np.array(sorted(gone), np.int64)
    read = {name: ~np.isin(ids, leaving) for name, ids in channels.read.items()}
    given = {name: ~np.isin(ids, leaving) for name, ids in channels.given.items()}

    def clone(layer: Any) -> Any:
        told = layer.get_config()
        left = int(given[layer.name].sum())
        if isinstance(layer, layers.Reshape):
            told["target_shape"] = (*layer.output.shape[1:-1], left)
        elif mixes(layer):
            told["units" if isinstance(layer, layers.Dense) else "filters"] = left
        return layer.__class__.from_config(told)

    made = keras.models.clone_model(model, clone_function=clone, call_function=call_unmasked)
    for layer in model.layers:
        weights = layer.get_weights()
        if not weights:
            continue
        stays, goes_on = read[layer.name], given[layer.name]
        if mixes(layer):
            kernel = weights[0][..., stays, :][..., goes_on]
            weights = [kernel, *(bias[goes_on] for bias in weights[1:])]
        elif isinstance(layer, layers.DepthwiseConv2D):
            weights = [weights[0][:, :, stays], *(bias[goes_on] for bias in weights[1:])]
        elif isinstance(layer, layers.BatchNormalization):
            weights = [each[stays] for each in weights]
        made.get_layer(layer.name).set_weights(weights)
    return made
