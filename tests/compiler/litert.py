"""LiteRT's reference kernels: the oracle where TFLM lacks an operator, or is wrong."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="needs the package ai-edge-litert"
)


def run_litert(tflite: bytes, inputs: Sequence[Any]) -> list[Any]:
    """One array [n, ...] an output, from one array an input, n samples each."""
    from ai_edge_litert import interpreter as litert

    interpreter = litert.Interpreter(
        model_content=tflite,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    results: list[list[Any]] = [[] for _ in interpreter.get_output_details()]
    for sample in range(len(inputs[0])):
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], array[sample].reshape(detail["shape"]))
        interpreter.invoke()
        for result, detail in zip(results, interpreter.get_output_details(), strict=True):
            result.append(interpreter.get_tensor(detail["index"]))
    return [np.stack(result) for result in results]
