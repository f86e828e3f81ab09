"""QUANTIZE from float32, DEQUANTIZE to float32, and CAST: where a model meets other types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_QUANTIZED = (DType.INT8, DType.UINT8, DType.INT16)
_CAST_INTEGERS = (DType.INT8, DType.INT16, DType.INT32)
_SATURATING = 2.0**16  # a quotient beyond which any zero point leads out of the range


@dataclass(frozen=True)
class Quantize(Attributes):
    """float32 -> integers: divided in float32, rounded to nearest, ties away from zero."""

    kind: ClassVar[str] = "quantize"

    def check(self, op: Op, graph: Graph) -> None:
        """float32 in, int8, uint8 or int16 of one scale out, the same shape."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        op.require(source.dtype is DType.FLOAT32, f"needs float32, not {source.dtype.value}")
        op.require(target.dtype in _QUANTIZED, f"cannot give {target.dtype.value} from float32")
        common.require_one_scale(op, target)
        common.require_shape(op, graph, source.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::AffineQuantize; beyond the range and for NaN see
        docs/deviations.md."""
        target = graph.tensor(op.output)
        with np.errstate(over="ignore", invalid="ignore"):
            quotient = inputs[0] / np.float32(target.scale)
        low, high = common.RANGES[target.dtype]
        limited = np.nan_to_num(quotient.astype(np.float64), nan=-np.inf)
        limited = np.clip(limited, -_SATURATING, _SATURATING)
        whole = np.trunc(limited)
        rest = limited - whole
        rounded = whole + (rest >= 0.5) - (rest <= -0.5) + target.zero_point
        clipped: Values = np.clip(rounded, low, high).astype(target.dtype.numpy)
        return clipped

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_quantize."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        parameters = {
            "count": source.elements,
            "zero_point": target.zero_point,
            "low": common.RANGES[target.dtype][0],
            "high": common.RANGES[target.dtype][1],
            "output_bytes": target.dtype.size,
        }
        scale = np.array([target.scale], np.float32)
        return (
            KernelCall(
                "quantize",
                parameters,
                (source.name, ("scale", scale), target.name),
                overlaps=common.elementwise_overlaps(source, target),
            ),
        )


@dataclass(frozen=True)
class Dequantize(Attributes):
    """Integers -> float32: scale * (integer - zero point), rounded once."""

    kind: ClassVar[str] = "dequantize"

    def check(self, op: Op, graph: Graph) -> None:
        """int8, uint8 or int16 of one scale in, float32 out, the same shape."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        op.require(source.dtype in _QUANTIZED, f"cannot take {source.dtype.value}")
        op.require(target.dtype is DType.FLOAT32, f"needs float32, not {target.dtype.value}")
        common.require_one_scale(op, source)
        common.require_shape(op, graph, source.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::Dequantize."""
        source = graph.tensor(op.inputs[0])
        values = (inputs[0].astype(np.int32) - source.zero_point).astype(np.float32)
        scaled: Values = np.float32(source.scale) * values
        return scaled

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_dequantize."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        parameters = {
            "count": source.elements,
            "zero_point": source.zero_point,
            **common.width_parameters(source, target),
        }
        scale = np.array([source.scale], np.float32)
        return (
            KernelCall(
                "dequantize",
                parameters,
                (source.name, ("scale", scale), target.name),
                overlaps=common.elementwise_overlaps(source, target),
            ),
        )


@dataclass(frozen=True)
class Cast(Attributes):
    """The same numbers in another type, whatever they stand for.

    Integers that do not fit wrap; floats lose what is behind the point, and saturate.
    """

    kind: ClassVar[str] = "cast"

    def check(self, op: Op, graph: Graph) -> None:
        """Integers of 8, 16 and 32 bits and float32 to each other, and int64 to integers."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        narrow = (*_CAST_INTEGERS, DType.FLOAT32)
        op.require(
            (source.dtype in narrow and target.dtype in narrow)
            or (source.dtype is DType.INT64 and target.dtype in _CAST_INTEGERS),
            f"turns {source.dtype.value} into {target.dtype.value}; int8, int16, int32 and float32 "
            "become each other, and int64 becomes an integer",
        )
        common.require_shape(op, graph, source.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's conversion of integers; of floats, what lies within the range is as in C."""
        target = graph.tensor(op.output).dtype
        if inputs[0].dtype.kind != "f" or target is DType.FLOAT32:
            return inputs[0].astype(target.numpy)
        low, high = common.RANGES[target]
        whole = np.trunc(np.nan_to_num(inputs[0].astype(np.float64), nan=-np.inf))
        saturated: Values = np.clip(whole, low, high).astype(target.numpy)
        return saturated

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_cast."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        parameters = {
            "count": source.elements,
            "from_float": int(source.dtype is DType.FLOAT32),
            "to_float": int(target.dtype is DType.FLOAT32),
            **common.width_parameters(source, target),
        }
        arguments = (source.name, target.name)
        overlaps = common.elementwise_overlaps(source, target)
        return (KernelCall("cast", parameters, arguments, overlaps=overlaps),)
