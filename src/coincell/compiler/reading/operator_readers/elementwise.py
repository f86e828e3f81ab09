"""Operators that work on each element, and those that normalise rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from coincell.compiler.ir import Attributes, DType
from coincell.compiler.operators import (
    Abs,
    Add,
    Elu,
    Exp,
    FloatElu,
    Gelu,
    HardSwish,
    L2Normalization,
    LeakyRelu,
    Log,
    Logistic,
    LogSoftmax,
    Maximum,
    Minimum,
    Mul,
    Neg,
    Prelu,
    Requantize,
    Root,
    Rsqrt,
    Softmax,
    Sqrt,
    Square,
    SquaredDifference,
    Sub,
    Tanh,
)
from coincell.compiler.operators.common import FULL_RANGE
from coincell.compiler.reading import schema
from coincell.compiler.reading.operator_readers.source import (
    Reader,
    Reading,
    Source,
    activation_clamp,
    quantized_bounds,
)


def _arithmetic(kind: Callable[[tuple[int, int]], Attributes]) -> Reader:
    """A reader of two inputs with a fused activation, which is the first option."""

    def read(source: Source) -> Reading:
        source.require_counts(2, 2)
        activation = source.record.option(0, "<b")
        if source.outputs[0].dtype is DType.INT32 and activation == schema.ACTIVATION_NONE:
            return kind(FULL_RANGE), source.inputs
        return kind(activation_clamp(source, activation)), source.inputs

    return read


def _pairwise(kind: Callable[[], Attributes]) -> Reader:
    """A reader of two inputs without options."""

    def read(source: Source) -> Reading:
        source.require_counts(2, 2)
        return kind(), source.inputs

    return read


def _clamp(low: float, high: float) -> Reader:
    """A reader of an operator that rescales, and keeps real values within two bounds."""

    def read(source: Source) -> Reading:
        source.require_counts(1, 1)
        return Requantize(quantized_bounds(source, low, high)), source.inputs

    return read


def _leaky_relu(source: Source) -> Reading:
    source.require_counts(1, 1)
    return LeakyRelu(source.record.option(0, "<f", 0.0)), source.inputs


def _gelu(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Gelu(bool(source.record.option(0, "<?", False))), source.inputs


def _unary(kind: Callable[[], Attributes]) -> Reader:
    """A reader of one input without options."""

    def read(source: Source) -> Reading:
        source.require_counts(1, 1)
        return kind(), source.inputs

    return read


def _by_type(kind: Callable[[], Attributes], of_floats: Callable[[], Attributes]) -> Reader:
    """A reader of one input without options, of int8 or of float32."""

    def read(source: Source) -> Reading:
        source.require_counts(1, 1)
        floats = source.inputs[0].dtype is DType.FLOAT32
        return (of_floats if floats else kind)(), source.inputs

    return read


def _l2_normalization(source: Source) -> Reading:
    source.require_counts(1, 1)
    activation = source.record.option(0, "<b")
    source.require(activation == schema.ACTIVATION_NONE, "has a fused activation, not supported")
    return L2Normalization(), source.inputs


def _softmax(source: Source) -> Reading:
    source.require_counts(1, 1)
    beta = source.record.option(0, "<f", 0.0)
    source.require(math.isfinite(beta) and beta > 0, f"has beta {beta}; it must be positive")
    return Softmax(beta), source.inputs


READERS: Mapping[str, Reader] = {
    "ABS": _unary(Abs),
    "ADD": _arithmetic(Add),
    "ELU": _by_type(Elu, FloatElu),
    "EXP": _unary(Exp),
    "GELU": _gelu,
    "HARD_SWISH": _unary(HardSwish),
    "L2_NORMALIZATION": _l2_normalization,
    "LEAKY_RELU": _leaky_relu,
    "LOG": _unary(Log),
    "LOG_SOFTMAX": _unary(LogSoftmax),
    "LOGISTIC": _unary(Logistic),
    "MAXIMUM": _pairwise(Maximum),
    "MINIMUM": _pairwise(Minimum),
    "MUL": _arithmetic(Mul),
    "NEG": _unary(Neg),
    "PRELU": _pairwise(Prelu),
    "RELU": _clamp(0.0, math.inf),
    "RELU6": _clamp(0.0, 6.0),
    "RELU_N1_TO_1": _clamp(-1.0, 1.0),
    "RSQRT": _unary(Rsqrt),
    "SOFTMAX": _softmax,
    "SQRT": _by_type(Root, Sqrt),
    "SQUARE": _unary(Square),
    "SQUARED_DIFFERENCE": _pairwise(SquaredDifference),
    "SUB": _arithmetic(Sub),
    "TANH": _unary(Tanh),
}
"""By the schema's name."""
