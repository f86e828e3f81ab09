"""How large a network is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras


def count_parameters(model: keras.Model) -> int:
    """Weights and biases of the network as deployed, normalizations folded into the layer before.

    What the compiler counts in the converted model, known before converting.
    """
    _, keras = load_tensorflow()
    convolutions = (
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
        keras.layers.SeparableConv2D,
        keras.layers.Dense,
    )
    total = 0
    for layer in model._flatten_layers():
        if isinstance(layer, convolutions):
            kernels = [weight for weight in layer.weights if "kernel" in weight.name]
            total += sum(math.prod(kernel.shape) for kernel in kernels)
            total += layer.output.shape[-1]  # the bias: the layer's own or the folded one
            if isinstance(layer, keras.layers.SeparableConv2D):
                total += kernels[0].shape[2] * kernels[0].shape[3]
    return total
