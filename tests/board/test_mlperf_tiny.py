"""MLPerf Tiny's reference models on the virtual board: exact, and within what was set out to reach.

benchmarks/mlperf_tiny.py prints the figures beside those of other runtimes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.board import ModelMeasurement, measure_model, seeded_samples
from coincell.compiler import TARGETS, CompileOptions, Oracle, compile_model, oracle_available
from coincell.errors import ToolchainError
from coincell.toolchain import find_cross_compiler

MODELS = {
    "kws": "kws_ref_model",
    "vww": "vww_96_int8",
    "ic": "pretrainedResnet_quant",
    "ad": "ad01_int8",
}

# cycles at zero wait states, flash and RAM of the library, with gcc and no options.
LIMITS = {
    "kws": (4_600_000, 40_000, 10_000),
    "vww": (9_000_000, 75_000, 47_000),
    "ic": (16_500_000, 100_000, 36_000),
    "ad": (480_000, 276_000, 1_300),
}
MOST_STACK = 1024
OPTIMIZED_RAM = {"kws": 6_000, "vww": 33_000, "ic": 16_000, "ad": 1_024}
ZIG_TOLERANCE = 1.15


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "models" / "mlperf_tiny"


@cache
def measured(path: Path, optimize: Any, compiler: str) -> ModelMeasurement:
    """Six samples, after the check that every byte of them is the oracle's."""
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    tflite = path.read_bytes()
    options = CompileOptions(target=TARGETS["cortex-m4"], optimize=optimize)
    compiled = compile_model(tflite, "model", options)
    inputs = seeded_samples(compiled.graph, 6)
    found = measure_model(compiled, inputs, compiler=chosen)
    if oracle_available():
        for ours, theirs in zip(found.outputs, Oracle(tflite).run_many(inputs), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    return found


@pytest.mark.parametrize("key", MODELS)
def test_by_default_it_is_fast_and_small(key: str, folder: Path) -> None:
    found = measured(folder / f"{MODELS[key]}.tflite", "balanced", "gcc")
    cycles, flash, ram = LIMITS[key]
    assert found.cost.cycles < cycles
    assert found.image.flash_bytes <= flash
    assert found.image.ram_bytes <= ram
    assert found.cost.stack_bytes <= MOST_STACK


@pytest.mark.parametrize("key", MODELS)
def test_optimized_for_ram_it_takes_less(key: str, folder: Path) -> None:
    path = folder / f"{MODELS[key]}.tflite"
    found = measured(path, "ram", "gcc")
    assert found.image.ram_bytes <= OPTIMIZED_RAM[key]
    assert found.image.ram_bytes <= measured(path, "balanced", "gcc").image.ram_bytes
    assert found.cost.stack_bytes <= MOST_STACK


@pytest.mark.parametrize("key", MODELS)
def test_zig_is_close_to_gcc(key: str, folder: Path) -> None:
    path = folder / f"{MODELS[key]}.tflite"
    zig, gcc = (measured(path, "balanced", compiler) for compiler in ("zig", "gcc"))
    assert zig.cost.cycles <= ZIG_TOLERANCE * gcc.cost.cycles
    assert zig.image.flash_bytes <= ZIG_TOLERANCE * gcc.image.flash_bytes
    assert zig.image.ram_bytes <= ZIG_TOLERANCE * gcc.image.ram_bytes
    assert zig.cost.stack_bytes <= MOST_STACK
