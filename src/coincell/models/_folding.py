"""Folding what the converter does not fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def _pairs_behind(model: keras.Model, keras: Any) -> dict[str, str]:
    """Names of Rescaling layers with the name of the linear Dense whose only reader each is."""
    pairs = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Dense) or not layer.use_bias:
            continue
        follower = _only_follower(layer)
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
        follower = _only_follower(layer)
        while isinstance(follower, keras.layers.Flatten | keras.layers.Reshape):
            follower = _only_follower(follower)
        if isinstance(follower, keras.layers.Dense) and follower.use_bias:
            pairs[layer.name] = follower.name
    return pairs


def _only_follower(layer: Any) -> Any:
    followers = {id(node.operation): node.operation for node in layer._outbound_nodes}
    return next(iter(followers.values())) if len(followers) == 1 else None
