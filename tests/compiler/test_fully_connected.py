"""The factor of a dense layer with one scale a tensor, where its last bits decide."""

from __future__ import annotations

import numpy as np

from coincell.compiler import Oracle, interpret, read_model
from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from compiler.networks import Network
from compiler.tflm import needs_oracle


@needs_oracle
def test_the_product_of_scales_is_taken_in_double() -> None:
    """Sums are chosen where a product taken in float32 gives another byte; they come as biases."""
    decided = 0
    for seed in range(60):
        network = Network(seed)
        x = network.input((1, 4))
        scales = [np.float32(network.scale()), np.float32(network.scale(0.001, 0.1))]
        network.tensors[x].scale = float(scales[0])
        target = np.float32(network.scale(0.02, 0.9))
        exact = float(scales[0]) * float(scales[1]) / float(target)
        single = float(scales[0] * scales[1]) / float(target)
        reach = min(int(127 / exact), 1 << 22)
        sums = np.arange(-reach, reach)
        results = [
            multiply_by_quantized_multiplier(sums, *quantize_multiplier(factor))
            for factor in (exact, single)
        ]
        telling = sums[results[0] != results[1]][:64]
        if not len(telling):
            continue
        decided += len(telling)
        weights = network.constant(np.zeros((len(telling), 4)), "int8", float(scales[1]))
        biases = network.constant(telling, "int32", None)
        y = network.tensor((1, len(telling)), float(target), 0)
        network.operator(9, [x, weights, biases], y, 8, {0: ("b", 0), 2: ("?", False)})
        tflite = network.tflite(y)
        inputs = network.samples(2)
        meant = interpret(read_model(tflite), inputs)
        np.testing.assert_array_equal(Oracle(tflite).run_many(inputs)[0], meant[0])
    assert decided > 40
