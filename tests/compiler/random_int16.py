"""Networks of one operator on 16-bit activations, with random settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compiler import movement_networks, random_networks, random_reductions
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


_RESULT_SCALE = 2.0**-15


def _choice(network: Network, *values: Any) -> Any:
    return values[int(network.random.integers(len(values)))]


def _binary(code: int, options_type: int) -> Callable[[Network], int]:
    """ADD (0), SUB (41) or MUL (18), broadcasting, with a fused activation."""

    def made(network: Network) -> int:
        shapes = _choice(
            network,
            ((1, 4, 5, 3), (1, 4, 5, 3)),
            ((1, 4, 5, 3), (1, 1, 1, 3)),
            ((1, 4, 1, 3), (1, 1, 5, 3)),
            ((1, 9), (1, 1)),
        )
        first, second = (network.input(shape) for shape in shapes)
        scales = [network.scale_of(first), network.scale_of(second)]
        usual = max(scales) if code != 18 else scales[0] * scales[1] * 2**15
        scale = usual * float(network.random.uniform(0.5, 2))
        output = network.tensor(np.broadcast_shapes(*shapes), scale, 0)
        options = {0: ("b", _choice(network, 0, 0, 1, 3))}
        return network.operator(code, [first, second], output, options_type, options)

    return made


def _extremum(network: Network) -> int:
    """MAXIMUM (55) or MINIMUM (57)."""
    first = network.input((1, 4, 5, 3))
    second = network.like(first, (1, 1, 5, 1))
    network.inputs.append(second)
    output = network.like(first, (1, 4, 5, 3))
    return network.operator(_choice(network, 55, 57), [first, second], output)


def _sigmoid(network: Network) -> int:
    """LOGISTIC (14) or TANH (28), for scales that are powers of two as well."""
    x = network.input((1, 67))
    scale = network.scale(0.01, 1.0)
    powers = (2.0**-11, 2.0**-12, 2.0**-13, scale, scale)
    network.tensors[x].scale = _choice(network, *powers)
    output = network.tensor((1, 67), _RESULT_SCALE, 0)
    return network.operator(_choice(network, 14, 28), [x], output)


def _leaky_relu(network: Network) -> int:
    x = network.input((1, 67))
    slope = float(np.float32(network.random.uniform(0, 1.5)))
    output = network.tensor((1, 67), network.scale_of(x) * network.random.uniform(0.5, 2), 0)
    return network.operator(98, [x], output, 75, {0: ("f", slope)})


def _relu(network: Network) -> int:
    """RELU (19), of any scales, or RELU6 (21), which keeps its scale."""
    x = network.input((1, 67))
    code = _choice(network, 19, 21)
    factor = 1.0 if code == 21 else float(network.random.uniform(0.5, 2))
    return network.operator(code, [x], network.tensor((1, 67), network.scale_of(x) * factor, 0))


def _quantize(network: Network) -> int:
    """From and to int16, but between int16 and uint8."""
    types = (("int8", "int16"), ("int16", "int8"), ("int16", "int16"), ("int16", "int32"))
    source, target = _choice(network, *types, ("int32", "int16"), ("int8", "int32"))
    x = network.input((1, 33))
    scale = float(network.random.uniform(0.5, 2)) * network.scale_of(x)
    y = network.tensor((1, 33), scale, 0)
    for index, dtype in ((x, source), (y, target)):
        network.tensors[index].dtype = dtype
        if dtype == "int32":
            network.tensors[index].scale = network.scale_of(index) / 2**16
        if dtype == "int8":
            network.tensors[index].zero_point = int(network.random.integers(-128, 128))
            network.tensors[index].scale = network.scale_of(index) * 256
    return network.operator(114, [x], y)


def _softmax(network: Network) -> int:
    """int16 to int16, or int8 to int16."""
    x = network.input((2, int(network.random.integers(2, 30))))
    scale, zero_point = _RESULT_SCALE, 0
    if network.random.random() < 0.5:
        network.tensors[x].dtype = "int8"
        network.tensors[x].scale = network.scale_of(x) * 256
        scale, zero_point = 1 / 65536, -32768
    y = network.tensor(network.shape(x), scale, 0)
    network.tensors[y].zero_point = zero_point
    beta = float(np.float32(network.random.uniform(0.3, 2.0)))
    return network.operator(25, [x], y, 9, {0: ("f", beta)})


def _transpose_conv(network: Network) -> int:
    """Its biases have 64 bits, as those of DEPTHWISE_CONV_2D."""
    (output,) = movement_networks.transpose_conv(network, "int16")
    for bias in network.operators[-1].inputs[3:]:
        network.tensors[bias].dtype = "int64"
    return output


OPERATORS: dict[str, Callable[[Network], int]] = {
    name: random_networks.OPERATORS[name]
    for name in (
        "batch_matmul",
        "conv_2d",
        "depthwise_conv_2d",
        "fully_connected",
        "pool_2d",
        "pad",
        "concatenation",
    )
}
OPERATORS |= {
    "add": _binary(0, 11),
    "sub": _binary(41, 28),
    "mul": _binary(18, 21),
    "extremum": _extremum,
    "sigmoid": _sigmoid,
    "leaky_relu": _leaky_relu,
    "relu": _relu,
    "quantize": _quantize,
    "softmax": _softmax,
    "sum": random_reductions.OPERATORS["reduce_sum"],
    "mean": random_reductions.OPERATORS["mean"],
    "transpose_conv": _transpose_conv,
}


def whole_network(network: Network) -> int:
    """Convolutions with a branch, means, and a dense layer with a softmax."""
    x = network.input((1, 9, 8, 3))
    x = network.conv_2d(x, 4, (3, 3), (2, 2), activation=1)
    x = network.depthwise_conv_2d(x, 1, (3, 3), activation=_choice(network, 0, 1))
    branch = network.conv_2d(x, 4, (1, 1))
    scale = max(network.scale_of(x), network.scale_of(branch))
    total = network.tensor(network.shape(x), scale, 0)
    x = network.operator(0, [x, branch], total, 11, {0: ("b", 1)})
    x = network.concatenation(
        [x, network.pool_2d(x, _choice(network, True, False), (2, 2), (1, 1))], 3
    )
    x = network.mean(x, (1, 2), keep=False)
    x = network.fully_connected(x, 6, per_channel=True)
    output = network.tensor((1, 6), _RESULT_SCALE, 0)
    return network.operator(25, [x], output, 9, {0: ("f", 1.0)})
