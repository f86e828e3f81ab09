"""Holding a model compiled for a DSP target to TFLM, on this computer and on the virtual board."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.board import ModelBoard
from coincell.compiler import (
    TARGETS,
    CompiledModel,
    CompileOptions,
    HostModel,
    Oracle,
    compile_model,
    interpret,
    oracle_available,
)
from coincell.compiler.selection import KernelTable, select
from coincell.errors import ToolchainError
from coincell.firmware import build_model_image, load_board
from coincell.toolchain import find_cross_compiler

Samples = Sequence[NDArray[Any]]
CORTEX_M4 = TARGETS["cortex-m4"]


def compiled_for_dsp(tflite: bytes) -> CompiledModel:
    return compile_model(tflite, "model", CompileOptions(target=CORTEX_M4))


def kernels_of(model: CompiledModel) -> list[str]:
    """The kernels that the layers call, in order."""
    steps = select(KernelTable(model.graph, CORTEX_M4, "balanced")).steps
    return [call.kernel for step in steps for call in step.calls]


def meant(tflite: bytes, model: CompiledModel, samples: Samples) -> list[NDArray[Any]]:
    """TFLM's outputs, or where it is not installed the interpreter's."""
    if oracle_available():
        return Oracle(tflite).run_many(samples)
    return interpret(model.graph, samples)


def check_on_host(tflite: bytes, samples: Samples) -> list[str]:
    """The generated C on this computer gives TFLM's bytes; returns the kernels used."""
    model = compiled_for_dsp(tflite)
    found = HostModel(model).run_many(samples)
    for ours, right in zip(found, meant(tflite, model, samples), strict=True):
        np.testing.assert_array_equal(ours, right)
    return kernels_of(model)


def check_on_board(tflite: bytes, samples: Samples, compiler: str) -> list[str]:
    """Likewise the real instructions, by a compiler of this family (skips where it is absent)."""
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    model = compiled_for_dsp(tflite)
    with tempfile.TemporaryDirectory() as folder:
        image = build_model_image(model, load_board("nano33ble"), Path(folder), chosen)
        with ModelBoard(model, image) as board:
            found = board.run(samples)
    for ours, right in zip(found, meant(tflite, model, samples), strict=True):
        np.testing.assert_array_equal(ours, right)
    return kernels_of(model)
