"""A linear model that scikit-learn fitted, as a network of one dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coincell.classical import LinearFit
from coincell.features import InputQuantization
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras


def linear_network(
    fitted: LinearFit,
    input_shape: Sequence[int],
    quantization: InputQuantization,
    name: str = "linear",
    *,
    target_mean: float = 0.0,
    target_deviation: float = 1.0,
) -> keras.Model:
    """Shapes for 49 x 40 features: [n, 49, 40, 1] -> flatten [n, 1960] -> dense [n, outputs] ->
    softmax; of a number, in the place of softmax, what brings it to its unit.

    Args:
        fitted: on the features' integers.
        input_shape: of one sample.
        quantization: of the features; the network takes what they stand for.
        name: of the model.
        target_mean, target_deviation: of the training split's numbers.
    """
    _, keras = load_tensorflow()
    shape = tuple(input_shape)
    inputs = keras.Input((*shape, 1) if len(shape) == 2 else shape, name="features")
    flat = keras.layers.Flatten(name="flatten")(inputs)
    dense = keras.layers.Dense(len(fitted.bias), name="logits")
    outputs = dense(flat)
    kernel = fitted.weights / quantization.scale
    bias = fitted.bias + quantization.zero_point * fitted.weights.sum(axis=0)
    if fitted.shares:
        outputs = keras.layers.Softmax(name="scores")(outputs)
    else:
        kernel, bias = kernel / target_deviation, (bias - target_mean) / target_deviation
        rescaling = keras.layers.Rescaling(target_deviation, offset=target_mean, name="quantity")
        outputs = rescaling(outputs)
    dense.set_weights([kernel.astype("float32"), bias.astype("float32")])
    return keras.Model(inputs, outputs, name=name.replace("-", "_"))
