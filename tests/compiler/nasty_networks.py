"""Random networks of what kernels find hard: odd sizes, scales and zero points at their ends.

Filters of one value alone, of zeros and of copies, biases near the ends of an int32, scales that
are powers of two or right beside, windows larger than the image, strides larger than the window,
tensors that are read twice, and what lies in the middle as an output too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from compiler.networks import SAME, VALID, Network
from compiler.tflite_writer import WrittenOperator

_ACTIVATIONS = (0, 0, 1, 2, 3)  # none, RELU, RELU_N1_TO_1, RELU6
_FUSED = {0: 11, 18: 21, 41: 28}  # ADD, MUL, SUB -> type of their options
_MOST_ELEMENTS = 1500


class NastyNetwork(Network):
    """A network that draws weights, biases, scales and zero points from their extremes."""

    def choice(self, *values: Any) -> Any:
        """One of the values."""
        return values[int(self.random.integers(len(values)))]

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def perhaps(self, probability: float = 0.5) -> bool:
        return bool(self.random.random() < probability)

    def zero_point(self) -> int:
        return int(self.choice(-128, 127, 0, -127, 126, 1, -1, self.between(-128, 127)))

    def activation(self) -> int:
        return int(self.choice(*_ACTIVATIONS))

    def weights(
        self, x: int, shape: Sequence[int], axis: int, per_channel: bool, bias: bool
    ) -> tuple[list[int], float]:
        """As in the base class."""
        outputs = shape[axis]
        spread = 60 * 60 * math.sqrt(math.prod(shape) / outputs)
        values = self.random.integers(-127, 128, shape)
        rows = np.moveaxis(values, axis, 0)
        for row in range(outputs):
            rows[row] = self._filter(rows, row)
        if axis == 0 and self.perhaps(0.3):
            values[..., self.random.random(shape[-1]) < 0.3] = 0
        scales = np.array([self.scale(0.004, 0.02) for _ in range(outputs if per_channel else 1)])
        ratio = math.exp(self.random.uniform(math.log(0.02), math.log(8))) * 60 / spread
        source = self.scale_of(x)
        scale = float(source * scales.mean() / ratio)
        scales = self._nasty_scales(scales, scale / source)
        biases = np.round(self.random.normal(0, spread * self.choice(0, 0.5, 3), outputs))
        for row in range(outputs):
            of_row = row if per_channel else 0
            biases[row] = self._bias(biases[row], scale / (source * scales[of_row]))
            if per_channel and self.perhaps(0.08):  # dead, as converters make them
                rows[row], biases[row] = 0, round(self.random.uniform(-(2**30), 2**30))
                scales[row] = self.random.uniform(5, 120) * scale / (2**30 * source)
        scales = scales.astype(np.float32)
        operands = [x, self.constant(values, "int8", scales, axis)]
        if bias:
            product = None if per_channel else float(np.float32(source) * scales[0])
            operands.append(self.constant(biases.astype(np.int64), "int32", product))
        return operands, scale

    def _filter(self, rows: np.ndarray[Any, Any], row: int) -> Any:
        filters = rows[row]
        made = (
            np.full_like(filters, self.choice(127, -127, -128)),
            np.zeros_like(filters),
            self.random.choice([-128, 127], filters.shape),
            np.where(self.random.random(filters.shape) < 0.9, 0, filters),
            rows[int(self.random.integers(len(rows)))],
            self.random.integers(-2, 3, filters.shape),
        )
        return self.choice(*made, *[filters] * 5)

    def _nasty_scales(self, scales: Any, unit: float) -> Any:
        """`unit` is the scale whose sums need no rescaling."""
        count = len(scales)
        powers = np.exp2(self.random.integers(-14, -5, count).astype(float)) * unit
        beside = np.exp2(-self.random.integers(8, 24, count).astype(float))
        return self.choice(
            powers,
            powers * (1 + self.random.choice([-1, 1], count) * beside),
            scales * np.exp(self.random.uniform(-6, 4, count)),
            np.exp(self.random.uniform(math.log(0.3), math.log(6), count)) * unit,
            scales,
            scales,
        )

    def _bias(self, usual: float, step: float) -> float:
        """Ends of the type, or so many `step`s, of one output each, that clamps cut inside."""
        ends = (2**30, -(2**30), 2**29 + 12345, 2**31 - 1, -(2**31))
        inside = float(np.clip(round(self.random.uniform(-150, 150) * step), ends[4], ends[3]))
        return float(self.choice(*[usual] * 10, self.choice(*ends), inside))

    def convolution(self, x: int, kind: str) -> int:
        """CONV_2D or DEPTHWISE_CONV_2D with any window; `kind`: conv, depthwise, groups or 1x1."""
        _, height, width, channels = self.shape(x)
        padding = self.choice(SAME, VALID)
        stride, dilation = (1, 1), (1, 1)
        if self.perhaps():
            stride = self.choice((2, 2), (self.between(1, 4), self.between(1, 4)))
        elif self.perhaps(0.3):
            dilation = (self.between(1, 3), self.between(1, 3))
        kernel = self.choice((3, 3), (self.between(1, 6), self.between(1, 6)))
        kernel = (1, 1) if kind == "1x1" else kernel
        if padding == VALID:
            kernel = (
                min(kernel[0], (height - 1) // dilation[0] + 1),
                min(kernel[1], (width - 1) // dilation[1] + 1),
            )
        settings: dict[str, Any] = {
            "kernel": kernel,
            "stride": stride,
            "dilation": dilation,
            "padding": padding,
            "activation": self.activation(),
            "per_channel": self.perhaps(0.7),
            "bias": self.perhaps(0.8),
        }
        if kind == "depthwise":
            multiplier = self.choice(1, 1, 1, 2, 3) if channels < 9 else 1
            return self.depthwise_conv_2d(x, multiplier, **settings)
        groups = next((n for n in (3, 2) if kind == "groups" and channels % n == 0), 1)
        outputs = groups * self.between(1, 9 if groups == 1 else 3)
        return self.conv_2d(x, outputs, groups=groups, **settings)

    def pool(self, x: int) -> int:
        """A window of up to 4, larger than the image or not."""
        height, width = self.shape(x)[1:3]
        padding, window = self.choice(SAME, VALID), (self.between(1, 4), self.between(1, 4))
        if padding == VALID:
            window = min(window[0], height), min(window[1], width)
        stride = (self.between(1, 3), self.between(1, 3))
        return self.pool_2d(x, self.perhaps(), window, stride, padding, self.activation())

    def combine(self, code: int, a: int, b: int) -> int:
        """ADD (0), MUL (18) or SUB (41)."""
        usual = max(self.scale_of(a), self.scale_of(b))
        scale = usual * self.choice(1, 2, 0.5, float(self.random.uniform(0.1, 10)))
        if code == 18:
            scale = self.scale_of(a) * self.scale_of(b) * math.exp(self.random.uniform(0, 5))
        y = self.tensor(np.broadcast_shapes(self.shape(a), self.shape(b)), scale, self.zero_point())
        return self.operator(code, [a, b], y, _FUSED[code], {0: ("b", self.activation())})

    def number(self, x: int) -> int:
        """A constant to combine `x` with: of each channel, of each element, or one for all."""
        channels = self.shape(x)[3]
        shape = self.choice((1, 1, 1, channels), (1, 1, 1, 1), (channels,), self.shape(x))
        made = self.constant(self.random.integers(-128, 128, shape), "int8", 0.05)
        self.tensors[made].zero_point = self.zero_point()
        return made


def _layer(network: NastyNetwork, x: int) -> int:
    """One more operator on an image, which stays one."""
    kind = network.between(0, 13)
    if kind < 6:
        kinds = ("conv", "conv", "depthwise", "depthwise", "1x1", "groups")
        return network.convolution(x, kinds[kind])
    if kind == 6:
        return network.pool(x)
    if kind == 7:
        return network.combine(network.choice(0, 18, 41), x, x)
    if kind <= 9:
        y = network.conv_2d(x, network.shape(x)[3], (3, 3), activation=network.activation())
        if kind == 9:
            y = network.depthwise_conv_2d(y, 1, (3, 3), activation=network.activation())
        return network.combine(network.choice(0, 18, 41), *network.choice((x, y), (y, x)))
    if kind == 10:
        sides = [(network.between(0, 2), network.between(0, 2)) for _ in range(2)]
        return network.pad(x, [(0, 0), *sides, (0, network.between(0, 1))])
    if kind == 11:
        return network.elementwise(x, network.choice(14, 19, 28, 114))
    if kind == 12:
        return network.elementwise(x, 21, same=True)
    pair = (x, network.number(x))
    return network.combine(network.choice(0, 41), *network.choice(pair, pair[::-1]))


def nasty_network(network: NastyNetwork) -> list[int]:
    """Up to six layers, each on any of those before; returns the outputs."""
    sizes = (network.between(1, 9), network.between(1, 7), network.between(1, 9))
    made = [network.input((1, *sizes))]
    outputs = []
    for _ in range(network.between(1, 6)):
        x = made[-1] if network.perhaps(0.8) else network.choice(*made)
        if math.prod(network.shape(x)) > _MOST_ELEMENTS:
            break
        made.append(_layer(network, x))
        if network.perhaps(0.1):
            outputs.append(made[-1])
    y = made[-1]
    end = network.between(0, 5)
    if end == 0:
        y = network.mean(y, (1, 2), network.perhaps())
    if end in (1, 2):
        y = network.reshape(y, (1, math.prod(network.shape(y))))
    if end == 1:
        outputs_of_it, settings = network.between(1, 9), (network.perhaps(), network.perhaps(0.7))
        y = network.fully_connected(y, outputs_of_it, network.activation(), *settings)
    if end == 2:
        y = network.softmax(y)
    outputs.append(y)
    if network.perhaps(0.2):
        outputs.append(network.choice(*made))
    return list(dict.fromkeys(outputs))


def joined(parts: Sequence[tuple[Network, Sequence[int]]]) -> tuple[Network, list[int]]:
    """Networks with their outputs as one network, side by side."""
    whole, outputs = Network(0), []
    for part, made in parts:
        first = len(whole.tensors)
        whole.tensors += part.tensors
        whole.inputs += [first + tensor for tensor in part.inputs]
        outputs += [first + tensor for tensor in made]
        for op in part.operators:
            inputs = [tensor if tensor < 0 else first + tensor for tensor in op.inputs]
            results = [first + tensor for tensor in op.outputs]
            whole.operators.append(
                WrittenOperator(op.code, inputs, results, op.options_type, op.options, op.custom)
            )
    return whole, outputs
