"""Networks whose filters are in part zero, unread, or copies, as training leaves them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from compiler.moving_networks import STEPS
from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network


class DeadNetwork(Network):
    """A network that kills and copies some channels of each filter that it makes."""

    def weights(
        self, x: int, shape: Sequence[int], axis: int, per_channel: bool, bias: bool
    ) -> tuple[list[int], float]:
        """As in the base class, with dead rows, columns that nobody reads, and copies."""
        outputs, taps = shape[axis], math.prod(shape) / shape[axis]
        values = self.random.integers(-127, 128, shape)
        values[self.random.random(shape) < 0.3] //= 8
        rows = np.moveaxis(values, axis, 0)
        scales = np.array([self.scale(0.004, 0.02) for _ in range(outputs)])
        if not per_channel:
            scales[:] = scales[0]
        spread = 40 * 60 * math.sqrt(taps)
        biases = np.round(self.random.normal(0, spread, outputs))
        output_scale = float(self.scale_of(x) * scales.mean() * 60 * math.sqrt(taps))
        for row in np.flatnonzero(self.random.random(outputs) < 0.35):
            rows[row] = 0
            if per_channel:
                biases[row] = round(self.random.uniform(-(2**30), 2**30))
                scales[row] = 90 * output_scale / (2**30 * self.scale_of(x))
        for row in np.flatnonzero(self.random.random(outputs) < 0.25):
            other = int(self.random.integers(outputs))
            rows[row], biases[row], scales[row] = rows[other], biases[other], scales[other]
        if axis == 0:
            values[..., self.random.random(shape[-1]) < 0.15] = 0
        chosen = scales if per_channel else scales[:1]
        operands = [x, self.constant(values, "int8", chosen.astype(np.float32), axis)]
        if bias:
            operands.append(self.constant(biases, "int32", None))
        return operands, output_scale


def _layer(network: DeadNetwork, x: int) -> int:
    """One more layer of any kind that carries or mixes channels."""
    random = network.random
    height, width, channels = network.shape(x)[1:]
    kernel = (min(3, height), min(3, width))
    settings = {
        "activation": int(random.choice([NO_ACTIVATION, RELU, RELU6])),
        "per_channel": bool(random.random() < 0.7),
        "bias": bool(random.random() < 0.8),
    }
    outputs = int(random.integers(5, 14))
    choice = int(random.integers(9))
    if choice <= 1:
        return network.conv_2d(x, outputs, (1, 1), **settings)
    if choice == 2:
        padding = int(random.choice([SAME, VALID]))
        return network.conv_2d(x, outputs, kernel, padding=padding, **settings)
    if choice <= 4:
        multiplier = int(random.choice([1, 1, 2]))
        return network.depthwise_conv_2d(x, multiplier, kernel, **settings)
    if choice == 5:
        return network.add(x, network.conv_2d(x, channels, (1, 1), **settings))
    if choice == 6:
        return network.pool_2d(x, bool(random.random() < 0.5), (2, 2), (1, 1), SAME)
    return _carried(network, x)


def _carried(network: DeadNetwork, x: int) -> int:
    """One layer that keeps channels apart, or moves them about."""
    random = network.random
    choice = int(random.integers(5))
    shape = network.shape(x)
    if choice == 0:
        step = STEPS[int(random.integers(len(STEPS)))]
        return step(network, x)
    if choice == 1:
        return network.elementwise(x, int(random.choice([14, 19, 28, 114])))
    number = network.constant(random.integers(-128, 128, (1, 1, 1, shape[3])), "int8", 0.05)
    if choice == 2:
        return network.add(x, number)
    if choice == 3:
        output = network.tensor(shape, network.scale_of(x) * 3, network.zero_point())
        return network.operator(18, [x, number], output, 21, {0: ("b", RELU)})
    slopes = network.constant(random.integers(-128, 128, (1, 1, shape[3])), "int8", 0.01)
    output = network.tensor(shape, network.scale_of(x), network.zero_point())
    return network.operator(54, [x, slopes], output)


def dead_network(network: DeadNetwork) -> int:
    """A few layers, then a dense one that reads single pixels, or all of them at once."""
    x = network.input((1, int(network.random.integers(2, 6)), 3, 3))
    x = network.conv_2d(x, 9, (1, 1), activation=RELU)
    for _ in range(int(network.random.integers(2, 7))):
        x = _layer(network, x)
    if network.random.random() < 0.4:
        other = network.conv_2d(x, 6, (1, 1))
        network.tensors[other].scale = network.tensors[x].scale
        network.tensors[other].zero_point = network.tensors[x].zero_point
        x = network.concatenation([x, other], 3)
    if network.random.random() < 0.5:
        x = network.mean(x, (1, 2), keep=False)
    x = network.reshape(x, (1, math.prod(network.shape(x))))
    return network.fully_connected(network.fully_connected(x, 9), 4)
