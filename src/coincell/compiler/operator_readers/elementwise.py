"""Operators that work on each element, and those that normalise rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from coincell.compiler.operator_readers.source import (
    Reader,
    Reading,
    Source,
    activation_clamp,
    quantized_bounds,
)
from coincell.compiler.operators import Add, Logistic, Requantize, Softmax, Tanh


def _add(source: Source) -> Reading:
    source.require_counts(2, 2)
    return Add(activation_clamp(source, source.record.option(0, "<b"))), source.inputs


def _relu(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Requantize(quantized_bounds(source, 0.0, math.inf)), source.inputs


def _relu6(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Requantize(quantized_bounds(source, 0.0, 6.0)), source.inputs


def _logistic(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Logistic(), source.inputs


def _tanh(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Tanh(), source.inputs


def _softmax(source: Source) -> Reading:
    source.require_counts(1, 1)
    beta = source.record.option(0, "<f", 0.0)
    source.require(math.isfinite(beta) and beta > 0, f"has beta {beta}; it must be positive")
    return Softmax(beta), source.inputs


READERS: Mapping[str, Reader] = {
    "ADD": _add,
    "LOGISTIC": _logistic,
    "RELU": _relu,
    "RELU6": _relu6,
    "SOFTMAX": _softmax,
    "TANH": _tanh,
}
"""By the schema's name."""
