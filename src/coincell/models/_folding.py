"""Folding what the converter does not fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras


def fold_rescaling_into_dense(model: keras.Model) -> keras.Model:
    """The same function with Rescaling -> Dense, and Dense -> Rescaling, made one Dense each;
    `model` itself if there is none.

    The converter folds a Rescaling into a convolution, not into a dense layer, where two
    operators on the whole input would stay. Flatten and Reshape may stand between the two.

        kernel' = scale * kernel,  bias' = bias + offset * sum over inputs of kernel
        kernel' = scale * kernel,  bias' = scale * bias + offset        behind the Dense
    """
    _, keras = load_tensorflow()
    pairs, behind = _pairs(model, keras), _pairs_behind(model, keras)
    if not pairs and not behind:
        return model

    def clone(layer: Any) -> Any:
        if layer.name in pairs or layer.name in behind:
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    folded = keras.models.clone_model(model, clone_function=clone)
    folded.set_weights(model.get_weights())
    for name, dense_name in pairs.items():
        rescaling, dense = model.get_layer(name), folded.get_layer(dense_name)
        kernel, bias = dense.get_weights()
        dense.set_weights([kernel * rescaling.scale, bias + rescaling.offset * kernel.sum(axis=0)])
    for name, dense_name in behind.items():
        rescaling, dense = model.get_layer(name), folded.get_layer(dense_name)
        kernel, bias = dense.get_weights()
        scale = rescaling.scale
        dense.set_weights([kernel * scale, bias * scale + rescaling.offset])
    return folded


def fold_normalizations(model: keras.Model) -> keras.Model:
    """The same function, as evaluated, with each BatchNormalization made part of the convolution or
    dense layer that it alone reads (Jacob et al. 2018, section 3.2); `model` itself if it has none.

        kernel' = kernel * gamma / sqrt(variance + epsilon)
        bias'   = beta + (bias - mean) * gamma / sqrt(variance + epsilon)

    In its place stands an Identity of its name. The converter does the same behind convolutions;
    behind dense layers it leaves two operators.
    """
    _, keras = load_tensorflow()
    pairs = _normalized(model, keras)
    if not pairs:
        return model
    behind = {norm.name for norm in pairs.values()}

    def clone(layer: Any) -> Any:
        if layer.name in behind:
            return keras.layers.Identity(name=layer.name)
        told = layer.get_config()
        if layer.name in pairs:
            told |= {"use_bias": True}
        return layer.__class__.from_config(told)

    folded = keras.models.clone_model(model, clone_function=clone, call_function=call_unmasked)
    for layer in model.layers:
        if layer.name in pairs:
            folded.get_layer(layer.name).set_weights(_with_normalization(layer, pairs[layer.name]))
        elif layer.name not in behind:
            folded.get_layer(layer.name).set_weights(layer.get_weights())
    return folded


def call_unmasked(layer: Any, *inputs: Any, **options: Any) -> Any:
    """`layer` called as a clone is, without the mask that only the layer it replaces took."""
    options.pop("mask", None)
    return layer(*inputs, **options)


def _normalized(model: keras.Model, keras: Any) -> dict[str, Any]:
    """Names of linear layers with a kernel -> the normalization that alone reads each."""
    kinds = keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense
    pairs = {}
    for layer in model.layers:
        follower = only_follower(layer)
        if (
            isinstance(layer, kinds)
            and layer.activation is keras.activations.linear
            and isinstance(follower, keras.layers.BatchNormalization)
        ):
            pairs[layer.name] = follower
    return pairs


def _with_normalization(layer: Any, norm: Any) -> list[NDArray[np.float32]]:
    """Kernel and bias that do what both layers did."""
    kernel, *bias = layer.get_weights()
    mean = np.asarray(norm.moving_mean)
    gain = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        gain = gain * np.asarray(norm.gamma)
    offset = np.asarray(norm.beta) if norm.center else 0.0
    outputs = kernel.shape[-output_axes(layer) :]
    start = bias[0] if bias else np.zeros(len(mean), np.float32)
    return [
        (kernel * gain.reshape(outputs)).astype(np.float32),
        np.asarray(offset + (start - mean) * gain, np.float32),
    ]


def output_axes(layer: Any) -> int:
    """How many of a kernel's last axes count output channels: two of a depthwise one, whose are
    inputs times multiplier, else one."""
    _, keras = load_tensorflow()
    return 2 if isinstance(layer, keras.layers.DepthwiseConv2D) else 1


def _pairs_behind(model: keras.Model, keras: Any) -> dict[str, str]:
    """Names of Rescaling layers with the name of the linear Dense whose only reader each is."""
    pairs = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Dense) or not layer.use_bias:
            continue
        follower = only_follower(layer)
        if layer.activation is keras.activations.linear and isinstance(
            follower, keras.layers.Rescaling
        ):
            pairs[follower.name] = layer.name
    return pairs


def _pairs(model: keras.Model, keras: Any) -> dict[str, str]:
    """Names of Rescaling layers with the name of the Dense that each alone feeds."""
    pairs = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Rescaling):
            continue
        follower = only_follower(layer)
        while isinstance(follower, keras.layers.Flatten | keras.layers.Reshape):
            follower = only_follower(follower)
        if isinstance(follower, keras.layers.Dense) and follower.use_bias:
            pairs[layer.name] = follower.name
    return pairs


def only_follower(layer: Any) -> Any:
    """The one layer that reads `layer`; None where there are none, or several."""
    followers = {id(node.operation): node.operation for node in layer._outbound_nodes}
    return next(iter(followers.values())) if len(followers) == 1 else None


def read_by(layer: Any) -> list[Any]:
    """The layers whose outputs `layer` reads."""
    return [parent.operation for node in layer._inbound_nodes for parent in node.parent_nodes]
