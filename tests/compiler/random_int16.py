"""Networks of one operator on 16-bit activations, with random settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from compiler import random_networks
from compiler.networks import Network
from compiler.tflite_writer import WrittenTensor


class Int16Network(Network):
    """A network whose activations are int16; filters stay int8."""

    def tensor(self, shape: Sequence[int], scale: float, zero_point: int) -> int:
        del zero_point
        self.tensors.append(WrittenTensor(tuple(shape), "int16", scale, 0))
        return len(self.tensors) - 1

    def scale(self, low: float = 0.004, high: float = 0.2) -> float:
        return super().scale(low / 256, high / 256)

    def zero_point(self) -> int:
        return 0

    def weights(
        self, x: int, shape: Sequence[int], axis: int, per_channel: bool, bias: bool
    ) -> tuple[list[int], float]:
        """Filter and bias as operands, and an output scale that fits their sums."""
        outputs, taps = shape[axis], math.prod(shape) / shape[axis]
        scales = [Network.scale(self, 0.004, 0.02) for _ in range(outputs if per_channel else 1)]
        values = self.random.integers(-127, 128, shape)
        spread = 40 * 15000 * math.sqrt(taps)
        biases = np.round(self.random.normal(0, spread, outputs))
        output_scale = float(self.scale_of(x) * np.mean(scales) * 60 * math.sqrt(taps))
        operands = [x, self.constant(values, "int8", np.array(scales, np.float32), axis)]
        if bias:
            operands.append(self.constant(biases, self.bias_type(axis), None))
        return operands, output_scale

    def bias_type(self, axis: int) -> str:
        """Depthwise convolutions, of axis 3, know 64 bits alone."""
        return "int64" if axis == 3 or self.random.random() < 0.7 else "int32"

    def samples(self, count: int) -> list[np.ndarray[Any, Any]]:
        """Random inputs over the whole range of their type; the first are its two ends."""
        arrays = []
        for index in self.inputs:
            dtype = np.dtype(self.tensors[index].dtype)
            limits = np.iinfo(dtype)
            array = self.random.integers(
                limits.min, limits.max, (count, *self.shape(index)), dtype, endpoint=True
            )
            array[0], array[1] = limits.min, limits.max
            arrays.append(array)
        return arrays


OPERATORS = {
    name: random_networks.OPERATORS[name]
    for name in ("conv_2d", "depthwise_conv_2d", "fully_connected")
}
