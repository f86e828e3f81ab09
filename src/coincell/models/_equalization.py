"""Weights that lose less when they are rounded: equal channels, and biases that make up for it
(Nagel et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.models._fake_quantization import fake_quantized, outputs_of, round_kernel
from coincell.models._folding import only_follower, output_axes
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras

_ROUNDS = 10
_SMALLEST = 1e-8


def equalized(model: keras.Model) -> keras.Model:
    """The same function, with what is between two layers scaled channel by channel, so that the
    first one's outputs and the second one's inputs have kernels of one size.

        scale = sqrt(reach of the outputs' kernel / reach of the inputs' kernel)
        first kernel, bias: divided by scale;  second kernel's inputs: multiplied by it

    Only where each channel passes by itself and scales through: behind a ReLU without a ceiling,
    with nothing else reading it. Repeated over all pairs until it changes little.

    Args:
        model: without normalizations that can be folded.
    """
    pairs = _pairs(model)
    if not pairs:
        return model
    made = fake_quantized(model, {}, kernels=False)
    for _ in range(_ROUNDS):
        for first, second in pairs:
            _equalize(made.get_layer(first), made.get_layer(second))
    return made


def _pairs(model: keras.Model) -> list[tuple[str, str]]:
    """Layers with kernels of which the second alone reads the first, channel by channel."""
    _, keras = load_tensorflow()
    kinds = keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense
    passing = (
        keras.layers.Identity, keras.layers.Dropout, keras.layers.MaxPooling2D,
        keras.layers.AveragePooling2D, keras.layers.GlobalAveragePooling2D,
    )  # fmt: skip
    pairs = []
    for layer in model.layers:
        if not isinstance(layer, kinds) or not _scales(layer, keras):
            continue
        follower = only_follower(layer)
        while isinstance(follower, passing) or _is_relu(follower, keras):
            follower = only_follower(follower)
        if isinstance(follower, kinds) and _inputs(follower) == _outputs(layer):
            pairs.append((layer.name, follower.name))
    return pairs


def _scales(layer: Any, keras: Any) -> bool:
    return layer.activation in (keras.activations.linear, keras.activations.relu)


def _is_relu(layer: Any, keras: Any) -> bool:
    """A ReLU for which relu(s x) = s relu(x)."""
    if isinstance(layer, keras.layers.Activation):
        return bool(layer.activation is keras.activations.relu)
    return (
        isinstance(layer, keras.layers.ReLU)
        and layer.max_value is None
        and not layer.negative_slope
        and not layer.threshold
    )


def _outputs(layer: Any) -> int:
    return int(np.prod(layer.kernel.shape[-output_axes(layer) :]))


def _inputs(layer: Any) -> int:
    """Channels that a kernel reads: of a depthwise one each reads its own."""
    return int(layer.kernel.shape[2 if len(layer.kernel.shape) == 4 else 0])


def _equalize(first: Any, second: Any) -> None:
    kernel, *bias = first.get_weights()
    other, *rest = second.get_weights()
    outputs = kernel.shape[-output_axes(first) :]
    reach = np.abs(kernel.reshape(-1, _outputs(first))).max(axis=0)
    place = 2 if other.ndim == 4 else 0
    read = np.abs(np.moveaxis(other, place, 0).reshape(_inputs(second), -1)).max(axis=1)
    known = (reach > _SMALLEST) & (read > _SMALLEST)
    scale = np.where(known, np.sqrt(reach / np.maximum(read, _SMALLEST)), 1.0).astype(np.float32)
    wide = [1] * other.ndim
    wide[place] = -1
    first.set_weights([kernel / scale.reshape(outputs), *(each / scale for each in bias)])
    second.set_weights([other * scale.reshape(wide), *rest])


def bias_corrected(model: keras.Model, samples: NDArray[np.float32]) -> keras.Model:
    """A copy whose biases take back what rounding the kernels adds to each layer's mean output.

    Args:
        model: without normalizations that can be folded.
        samples: float32 [n, *shape], dequantized features of the training split.
    """
    tf, keras = load_tensorflow()
    made = fake_quantized(model, {}, kernels=False)
    kinds = keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense
    layers = [layer for layer in made.layers if isinstance(layer, kinds) and layer.use_bias]
    watched = keras.Model(made.inputs[0], [layer.input for layer in layers])
    shaped = tf.constant(samples.reshape(-1, *made.input_shape[1:]))
    for layer, given in zip(layers, outputs_of(watched, shaped), strict=True):
        kernel, bias = layer.get_weights()
        rounded = np.asarray(round_kernel(tf.constant(kernel), output_axes(layer)))
        activation, layer.activation = layer.activation, keras.activations.linear
        exact = np.asarray(layer(given))
        layer.set_weights([rounded, bias])
        off = np.asarray(layer(given)) - exact
        layer.activation = activation
        layer.set_weights([kernel, bias - off.reshape(-1, off.shape[-1]).mean(axis=0)])
    return made
