"""Random small .tflite networks, drawn from a NumPy generator: the tests' supply of models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from compiler.sampling import typed_samples
from compiler.tflite_writer import WrittenOperator, WrittenTensor, write_tflite

SAME, VALID = 0, 1
NO_ACTIVATION, RELU, RELU6 = 0, 1, 3


class Network:
    """A network in the making; tensors are called by their index."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.tensors: list[WrittenTensor] = []
        self.operators: list[WrittenOperator] = []
        self.inputs: list[int] = []

    def scale(self, low: float = 0.004, high: float = 0.2) -> float:
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def zero_point(self) -> int:
        return int(self.random.choice([-128, 0, int(self.random.integers(-128, 64))]))

    def tensor(self, shape: Sequence[int], scale: float, zero_point: int) -> int:
        self.tensors.append(WrittenTensor(tuple(shape), "int8", scale, zero_point))
        return len(self.tensors) - 1

    def input(self, shape: Sequence[int]) -> int:
        self.inputs.append(self.tensor(shape, self.scale(), self.zero_point()))
        return self.inputs[-1]

    def constant(self, values: Any, dtype: str, scale: Any = None, axis: int = 0) -> int:
        array = np.asarray(values, dtype)
        self.tensors.append(WrittenTensor(array.shape, dtype, scale, 0, array, axis))
        return len(self.tensors) - 1

    def operator(
        self,
        code: int,
        inputs: Sequence[int],
        output: int,
        options_type: int = 0,
        options: dict[int, tuple[str, Any]] | None = None,
    ) -> int:
        self.operators.append(WrittenOperator(code, inputs, [output], options_type, options or {}))
        return output

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(self.tensors[tensor].shape)

    def scale_of(self, tensor: int) -> float:
        scale = self.tensors[tensor].scale
        assert isinstance(scale, float)
        return scale

    def weights(
        self, x: int, shape: Sequence[int], axis: int, per_channel: bool, bias: bool
    ) -> tuple[list[int], float]:
        """Filter and bias as operands, and an output scale that fits their sums."""
        outputs = shape[axis]
        taps = math.prod(shape) / outputs
        scales = np.array([self.scale(0.004, 0.02) for _ in range(outputs if per_channel else 1)])
        values = self.random.integers(-127, 128, shape)
        spread = 40 * 60 * math.sqrt(taps)
        biases = np.round(self.random.normal(0, spread, outputs))
        output_scale = float(self.scale_of(x) * scales.mean() * 60 * math.sqrt(taps))
        if per_channel and self.random.random() < 0.4:
            # A dead filter, as converters make them: a tiny scale, and a bias near 2**30.
            dead = int(self.random.integers(outputs))
            np.moveaxis(values, axis, 0)[dead] = 0
            biases[dead] = round(self.random.uniform(-(2**30), 2**30))
            scales[dead] = 90 * output_scale / (2**30 * self.scale_of(x))
        operands = [x, self.constant(values, "int8", scales.astype(np.float32), axis)]
        if bias:
            operands.append(self.constant(biases, "int32", None))
        return operands, output_scale

    def conv_2d(
        self,
        x: int,
        outputs: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: int = SAME,
        activation: int = NO_ACTIVATION,
        per_channel: bool = True,
        bias: bool = True,
        groups: int = 1,
    ) -> int:
        channels = self.shape(x)[3]
        filter_shape = (outputs, *kernel, channels // groups)
        operands, scale = self.weights(x, filter_shape, 0, per_channel, bias)
        sizes = self.window_output(x, kernel, stride, dilation, padding)
        output = self.tensor((self.shape(x)[0], *sizes, outputs), scale, self.zero_point())
        options = {0: ("b", padding), 1: ("i", stride[1]), 2: ("i", stride[0])}
        options |= {3: ("b", activation), 4: ("i", dilation[1]), 5: ("i", dilation[0])}
        return self.operator(3, operands, output, 1, options)

    def depthwise_conv_2d(
        self,
        x: int,
        multiplier: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: int = SAME,
        activation: int = NO_ACTIVATION,
        per_channel: bool = True,
        bias: bool = True,
    ) -> int:
        outputs = self.shape(x)[3] * multiplier
        operands, scale = self.weights(x, (1, *kernel, outputs), 3, per_channel, bias)
        sizes = self.window_output(x, kernel, stride, dilation, padding)
        output = self.tensor((self.shape(x)[0], *sizes, outputs), scale, self.zero_point())
        options = {0: ("b", padding), 1: ("i", stride[1]), 2: ("i", stride[0])}
        options |= {3: ("i", multiplier), 4: ("b", activation)}
        options |= {5: ("i", dilation[1]), 6: ("i", dilation[0])}
        return self.operator(4, operands, output, 2, options)

    def window_output(
        self,
        x: int,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        dilation: tuple[int, int],
        padding: int,
    ) -> tuple[int, int]:
        sizes = []
        for size, taps, step, apart in zip(
            self.shape(x)[1:3], kernel, stride, dilation, strict=True
        ):
            reach = (taps - 1) * apart + 1
            sizes.append(-(-size // step) if padding == SAME else (size - reach) // step + 1)
        return sizes[0], sizes[1]

    def fully_connected(
        self,
        x: int,
        outputs: int,
        activation: int = NO_ACTIVATION,
        per_channel: bool = False,
        bias: bool = True,
    ) -> int:
        inputs = math.prod(self.shape(x)[1:])
        operands, scale = self.weights(x, (outputs, inputs), 0, per_channel, bias)
        output = self.tensor((self.shape(x)[0], outputs), scale, self.zero_point())
        return self.operator(9, operands, output, 8, {0: ("b", activation), 2: ("?", False)})

    def pool_2d(
        self,
        x: int,
        largest: bool,
        window: tuple[int, int],
        stride: tuple[int, int],
        padding: int = SAME,
        activation: int = NO_ACTIVATION,
    ) -> int:
        sizes = self.window_output(x, window, stride, (1, 1), padding)
        output = self.like(x, (self.shape(x)[0], *sizes, self.shape(x)[3]))
        options = {0: ("b", padding), 1: ("i", stride[1]), 2: ("i", stride[0])}
        options |= {3: ("i", window[1]), 4: ("i", window[0]), 5: ("b", activation)}
        return self.operator(17 if largest else 1, [x], output, 5, options)

    def like(self, x: int, shape: Sequence[int]) -> int:
        """A tensor of another shape with the quantization of `x`."""
        return self.tensor(shape, self.scale_of(x), self.tensors[x].zero_point)

    def mean(self, x: int, axes: Sequence[int], keep: bool) -> int:
        shape = self.shape(x)
        kept = [1 if i in axes else size for i, size in enumerate(shape)]
        left = [size for i, size in enumerate(shape) if i not in axes]
        scale = self.scale_of(x) * float(self.random.uniform(0.2, 1.5))
        output = self.tensor(kept if keep else left, scale, self.zero_point())
        operand = self.constant(list(axes), "int32")
        return self.operator(40, [x, operand], output, 27, {0: ("?", keep)})

    def add(self, a: int, b: int, activation: int = NO_ACTIVATION) -> int:
        shape = np.broadcast_shapes(self.shape(a), self.shape(b))
        scale = max(self.scale_of(a), self.scale_of(b)) * float(self.random.uniform(0.5, 2))
        output = self.tensor(shape, scale, self.zero_point())
        return self.operator(0, [a, b], output, 11, {0: ("b", activation), 1: ("?", True)})

    def softmax(self, x: int, beta: float = 1.0) -> int:
        output = self.tensor(self.shape(x), 1 / 256, -128)
        return self.operator(25, [x], output, 9, {0: ("f", beta)})

    def elementwise(self, x: int, code: int, same: bool = False) -> int:
        """RELU (19), RELU6 (21), QUANTIZE (114), LOGISTIC (14) or TANH (28)."""
        fixed = {14: (1 / 256, -128), 28: (1 / 128, 0)}
        scale, zero_point = fixed.get(
            code, (self.scale_of(x) * float(self.random.uniform(0.3, 2)), self.zero_point())
        )
        if same:
            scale, zero_point = self.scale_of(x), self.tensors[x].zero_point
        return self.operator(code, [x], self.tensor(self.shape(x), scale, zero_point))

    def pad(self, x: int, amounts: Sequence[tuple[int, int]]) -> int:
        shape = [size + b + a for size, (b, a) in zip(self.shape(x), amounts, strict=True)]
        operand = self.constant(amounts, "int32")
        return self.operator(34, [x, operand], self.like(x, shape), 22)

    def reshape(self, x: int, shape: Sequence[int]) -> int:
        operand = self.constant(list(shape), "int32")
        return self.operator(22, [x, operand], self.like(x, shape), 17)

    def concatenation(self, parts: Sequence[int], axis: int) -> int:
        shape = list(self.shape(parts[0]))
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        options = {0: ("i", axis), 1: ("b", NO_ACTIVATION)}
        return self.operator(2, list(parts), self.like(parts[0], shape), 10, options)

    def tflite(self, *outputs: int) -> bytes:
        return write_tflite(self.tensors, self.operators, self.inputs, list(outputs))

    def samples(self, count: int) -> list[np.ndarray[Any, Any]]:
        """Random inputs over the whole range of their type; int8's begin with its two ends."""
        arrays = []
        for index in self.inputs:
            shape = self.shape(index)
            if self.tensors[index].dtype != "int8":
                dtype, made = self.tensors[index].dtype, (count, *shape)
                scale = next((t.scale for t in self.tensors if isinstance(t.scale, float)), 1.0)
                arrays.append(typed_samples(self.random, dtype, made, scale))
                continue
            array = self.random.integers(-128, 128, (count, *shape)).astype(np.int8)
            array[0], array[1] = -128, 127
            arrays.append(array)
        return arrays
