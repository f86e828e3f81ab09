"""NEG, SQUARE, SQRT and ELU of float32: what converters leave between DEQUANTIZE and QUANTIZE.

Neither TFLM nor LiteRT has them for int8, so that a converted LayerNormalization goes to floats and
back for a sign. Each is rounded once, as IEEE 754 demands (of ELU see docs/deviations.md), and so a
table of 256 entries does all three (passes/merge_lookups.py); the generated C never computes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, Op, Values
from coincell.compiler.operators import common


class FloatFunction(Attributes):
    """A function of one float32 value, rounded once."""

    pointwise: ClassVar[bool] = True
    by_rows: ClassVar[bool] = True

    function: ClassVar[Callable[[Values], Values]]

    def check(self, op: Op, graph: Graph) -> None:
        """float32 in and out, the same shape."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        for tensor in (source, target):
            op.require(
                tensor.dtype is DType.FLOAT32,
                f"needs float32 for {tensor.name!r}, not {tensor.dtype.value}",
            )
        common.require_shape(op, graph, source.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """In float32."""
        del op, graph
        with np.errstate(over="ignore", invalid="ignore"):
            return type(self).function(inputs[0].astype(np.float32))

    def kernel_calls(self, op: Op, graph: Graph) -> NoReturn:
        """None: the C computes with integers."""
        del graph
        op.fail(
            "computes float32 in the running model; that is supported only between a DEQUANTIZE "
            "of int8 or uint8 and a QUANTIZE to one of them, where a table does it",
            hint="Quantize the model to int8 throughout, or leave the operator out.",
        )


@dataclass(frozen=True)
class Neg(FloatFunction):
    """-x."""

    kind: ClassVar[str] = "neg"
    function: ClassVar[Callable[[Values], Values]] = np.negative


@dataclass(frozen=True)
class Square(FloatFunction):
    """x * x."""

    kind: ClassVar[str] = "square"
    function: ClassVar[Callable[[Values], Values]] = np.square


@dataclass(frozen=True)
class Sqrt(FloatFunction):
    """The square root; no number below 0, which QUANTIZE makes its lowest value."""

    kind: ClassVar[str] = "sqrt"
    function: ClassVar[Callable[[Values], Values]] = np.sqrt


def _elu(values: Values) -> Values:
    below = np.expm1(np.minimum(values, 0).astype(np.float64)).astype(np.float32)
    return np.where(values < 0, below, values)


@dataclass(frozen=True)
class FloatElu(FloatFunction):
    """x, and exp(x) - 1 where x is negative."""

    kind: ClassVar[str] = "float_elu"
    function: ClassVar[Callable[[Values], Values]] = _elu
