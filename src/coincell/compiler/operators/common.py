"""What several kinds of op share: checks, windows that slide, and rescaling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coincell.compiler.ir import DType, Graph, KernelCall, Op, Tensor, Values

INT8_MIN, INT8_MAX = -128, 127
FULL_RANGE = (INT8_MIN, INT8_MAX)
RANGES = {
    DType.INT8: FULL_RANGE,
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.INT32: (-(1 << 31), (1 << 31) - 1),
}
"""Smallest and largest value of an element type."""
ACTIVATIONS = (DType.INT8, DType.INT16)
"""What most ops read and write."""
BYTES = (DType.INT8, DType.UINT8)
"""What a table of 256 entries can be looked up for."""
MAX_SHIFT = 30
"""The largest that rescaling takes."""
MAX_PADDED = 1 << 24
"""Values of a padded image; far more than fit any microcontroller."""
MAX_PRODUCT_SHIFT = 14
"""The most for products of two 8-bit values, so that no result leaves 32 bits."""
MOST_OPERANDS = 64
"""Inputs or outputs of kinds that may have many; the reader takes no more from a file."""


def require_int8(op: Op, tensor: Tensor) -> None:
    """Fail unless `tensor` is int8 with one scale and one zero point."""
    op.require(tensor.dtype is DType.INT8, f"needs int8 for {tensor.name!r}, not {_type(tensor)}")
    require_one_scale(op, tensor)


def require_one_scale(op: Op, tensor: Tensor) -> None:
    """Fail unless `tensor` is quantized as a whole."""
    op.require(
        tensor.quantization is not None and not tensor.quantization.per_channel,
        f"needs one scale and zero point for {tensor.name!r}",
    )


def require_quantization(op: Op, tensor: Tensor, scale: float, zero_point: int) -> None:
    """Fail unless `tensor`, of one scale, has the quantization that a function is defined for."""
    op.require(
        tensor.scale == scale and tensor.zero_point == zero_point,
        f"needs the scale {scale} and the zero point {zero_point} for {tensor.name!r}, "
        f"not {tensor.scale} and {tensor.zero_point}",
    )


def _type(tensor: Tensor) -> str:
    return tensor.dtype.value


def require_activations(
    op: Op, graph: Graph, *names: str, types: Sequence[DType] = (DType.INT8,)
) -> None:
    """Fail unless all named tensors are of one type, with one scale and one zero point each.

    Args:
        types: of which they may be; the zero point of int16 must be 0.
    """
    kind = graph.tensor(names[0]).dtype if names else DType.INT8
    for name in names:
        tensor = graph.tensor(name)
        allowed = " or ".join(dtype.value for dtype in types)
        op.require(tensor.dtype in types, f"needs {allowed} for {name!r}, not {_type(tensor)}")
        require_one_scale(op, tensor)
        op.require(tensor.dtype is kind, f"mixes {kind.value} and {_type(tensor)}")
        if tensor.dtype is DType.INT16:
            op.require(tensor.zero_point == 0, f"needs the zero point 0 for {name!r}")


def require_count(op: Op, fewest: int, most: int) -> None:
    """Fail unless the op has one output and so many inputs."""
    op.require(
        fewest <= len(op.inputs) <= most and len(op.outputs) == 1,
        f"has {len(op.inputs)} inputs and {len(op.outputs)} outputs",
    )


def require_counts(op: Op, inputs: tuple[int, int], outputs: tuple[int, int]) -> None:
    """Fail unless the numbers of inputs and outputs are within these bounds."""
    op.require(
        inputs[0] <= len(op.inputs) <= inputs[1] and outputs[0] <= len(op.outputs) <= outputs[1],
        f"has {len(op.inputs)} inputs and {len(op.outputs)} outputs",
    )


def require_same_kind(op: Op, graph: Graph, first: str, second: str) -> None:
    """Fail unless two tensors have one element type and one quantization."""
    one, other = graph.tensor(first), graph.tensor(second)
    op.require(
        one.dtype is other.dtype,
        f"changes the element type from {one.dtype.value} to {other.dtype.value}",
    )
    require_same_quantization(op, graph, first, second)


def require_shape(op: Op, graph: Graph, expected: Sequence[int]) -> None:
    """Fail unless the output has the shape that the inputs lead to."""
    shape = graph.tensor(op.output).shape
    op.require(
        shape == tuple(expected),
        f"gives the shape {list(expected)}, but the output is declared {list(shape)}",
    )


def require_same_quantization(op: Op, graph: Graph, first: str, second: str) -> None:
    """Fail unless two tensors have the same scale and zero point."""
    op.require(
        graph.tensor(first).quantization == graph.tensor(second).quantization,
        f"needs one quantization for {first!r} and {second!r}",
    )


def require_clamp(op: Op, clamp: tuple[int, int], dtype: DType = DType.INT8) -> None:
    """Fail unless `clamp` is a range within the element type."""
    low, high = RANGES[dtype]
    op.require(low <= clamp[0] <= clamp[1] <= high, f"has an empty range {clamp}")


def require_representable(op: Op, tensor: Tensor, value: float) -> None:
    """Fail unless `value` is one that an element of `tensor` can have."""
    if tensor.dtype is DType.FLOAT32:
        op.require(bool(np.isfinite(np.float32(value))), f"fills with {value}")
        return
    if tensor.dtype is DType.BOOL:
        op.require(value in (0, 1), f"fills with {value}")
        return
    limits = np.iinfo(tensor.dtype.numpy)
    op.require(
        value == int(value) and limits.min <= value <= limits.max,
        f"fills with {value}, which is no {tensor.dtype.value}",
    )


def require_padded_size(op: Op, shape: Sequence[int], padding: tuple[int, int, int, int]) -> None:
    """Fail where strides or dilations far beyond the image lead to padding without end."""
    top, bottom, left, right = padding
    padded = shape[0] * (shape[1] + top + bottom) * (shape[2] + left + right) * shape[3]
    op.require(padded <= MAX_PADDED, f"pads its image to {padded:,} values; {MAX_PADDED:,} at most")


def require_filter(op: Op, graph: Graph, outputs: int, axis: int) -> None:
    """Fail unless input 1 is a constant int8 filter, and input 2, if there, its int32 bias.

    The bias of int16 activations may be int64.

    Args:
        outputs: number of output channels.
        axis: the filter's dimension that counts them.
    """
    weights = graph.tensor(op.inputs[1])
    op.require(weights.is_constant, f"needs a constant filter; {weights.name!r} is computed")
    op.require(weights.dtype is DType.INT8, f"needs an int8 filter, not {_type(weights)}")
    quantization = weights.quantization
    if quantization is None:
        op.fail(f"needs the quantization of its filter {weights.name!r}")
    op.require(
        len(quantization.scales) in (1, outputs),
        f"has {len(quantization.scales)} filter scales for {outputs} output channels",
    )
    if quantization.per_channel:
        op.require(quantization.axis == axis, f"has filter scales along axis {quantization.axis}")
    op.require(not any(quantization.zero_points), "needs filter zero points of 0")
    if len(op.inputs) > 2:
        bias = graph.tensor(op.inputs[2])
        op.require(bias.is_constant, f"needs a constant bias; {bias.name!r} is computed")
        long = bias.dtype is DType.INT64 and graph.tensor(op.inputs[0]).dtype is DType.INT16
        op.require(long or bias.dtype is DType.INT32, f"needs an int32 bias, not {_type(bias)}")
        op.require(bias.elements == outputs, f"has {bias.elements} biases for {outputs} channels")


def quantize_multipliers(
    op: Op, reals: Sequence[float], most: int = MAX_SHIFT
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(multipliers int32, shifts int8) of positive real factors; fails where a shift is too big."""
    pairs = [quantize_multiplier(real) for real in reals]
    largest = max(shift for _, shift in pairs)
    op.require(largest <= most, f"rescales by a factor of 2**{largest}; scales are off")
    multipliers = np.array([multiplier for multiplier, _ in pairs], np.int32)
    return multipliers, np.array([shift for _, shift in pairs], np.int8)


def channel_multipliers(op: Op, graph: Graph, channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Multiplier and shift of each output channel of a convolution.

    As TFLM's PopulateConvolutionQuantizationParams (kernels/kernel_util.cc): products in double.
    """
    source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
    target = graph.tensor(op.output)
    scales = weights.quantization.scales if weights.quantization else ()
    per_channel = scales if len(scales) > 1 else scales * channels
    return quantize_multipliers(op, [source.scale * scale / target.scale for scale in per_channel])


def rescale(
    sums: NDArray[Any],
    multipliers: NDArray[Any] | int,
    shifts: NDArray[Any] | int,
    zero_point: int,
    clamp: tuple[int, int],
    dtype: DType = DType.INT8,
) -> Values:
    """Results of int32 sums: rescale, add the zero point, clamp."""
    scaled = multiply_by_quantized_multiplier(sums, multipliers, shifts) + zero_point
    result: Values = np.clip(scaled, *clamp).astype(dtype.numpy)
    return result


def window_sizes(
    sizes: tuple[int, int],
    window: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    """Output height and width of a window that slides over a padded input; 0 where it is too big.

    Args:
        sizes: input height and width.
        window: its height and width.
        stride: steps down and right.
        padding: top, bottom, left, right.
        dilation: distance of two taps, down and right.
    """
    totals = (padding[0] + padding[1], padding[2] + padding[3])
    height, width = (
        max(0, (size + pad - ((taps - 1) * apart + 1)) // step + 1)
        for size, taps, step, pad, apart in zip(
            sizes, window, stride, totals, dilation, strict=True
        )
    )
    return height, width


def taps(
    padded: Values,
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    output: tuple[int, int],
) -> Iterator[tuple[int, int, Values]]:
    """Each tap (row, column) with what it sees at every output position.

    Args:
        padded: [n, height, width, channels].

    Yields:
        row, column, and a view [n, output height, output width, channels].
    """
    for row in range(window[0]):
        for column in range(window[1]):
            top, left = row * dilation[0], column * dilation[1]
            rows = slice(top, top + (output[0] - 1) * stride[0] + 1, stride[0])
            columns = slice(left, left + (output[1] - 1) * stride[1] + 1, stride[1])
            yield row, column, padded[:, rows, columns]


def pad_image(values: Values, padding: tuple[int, int, int, int], fill: float) -> Values:
    """`values` [n, height, width, channels] with `fill` around height and width."""
    top, bottom, left, right = padding
    return np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)


def joined(values: Values, shape: Sequence[int]) -> Values:
    """[n, batch, ...] as [n * batch, ...]: samples and batch are one to a kernel."""
    result: Values = values.reshape(values.shape[0] * shape[0], *shape[1:])
    return result


def table_call(op: Op, graph: Graph, running: str = "") -> tuple[KernelCall, ...]:
    """coincell_lookup_table for an op that maps each 8-bit value on its own.

    Args:
        op: what the table stands for; other inputs are constants of one element.
        graph: where its tensors are described.
        running: the input that is looked up; the first unless given.
    """
    source = graph.tensor(running or op.inputs[0])
    call = KernelCall(
        "lookup_table",
        {"count": source.elements},
        (source.name, ("table", byte_table(op, graph, source.name).view(np.int8)), op.output),
        overlaps={source.name: 0},
    )
    return (call,)


def byte_table(op: Op, graph: Graph, running: str) -> Values:
    """What the interpretation of an op makes of each byte pattern of one input: [256].

    Args:
        op: maps each 8-bit value on its own; other inputs are constants of one element.
        graph: where its tensors are described.
        running: the input that is looked up.
    """
    single = replace(
        graph,
        tensors={name: replace(graph.tensor(name), shape=()) for name in (*op.inputs, op.output)},
        inputs=(),
        outputs=(),
        ops=(),
        states=(),
    )
    patterns = np.arange(256, dtype=np.uint8).view(graph.tensor(running).dtype.numpy)
    inputs = [
        patterns if name == running else graph.tensor(name).array.reshape(1) for name in op.inputs
    ]
    return op.attributes.interpret(op, single, inputs).reshape(256)


def width_parameters(source: Tensor, target: Tensor) -> dict[str, int]:
    """How wide the elements are that a kernel reads and writes, for kernels of several types."""
    return {
        "input_bytes": source.dtype.size,
        "input_signed": int(source.dtype is not DType.UINT8),
        "output_bytes": target.dtype.size,
    }


def elementwise_overlaps(source: Tensor, target: Tensor) -> dict[str, int]:
    """Where the input may lie that is read once, element by element, from the front.

    Where the output's elements are wider, writing must not overtake reading.
    """
    if source.is_constant:
        return {}
    wider = max(0, target.dtype.size - source.dtype.size)
    return {source.name: wider * max(0, source.elements - 1)}
