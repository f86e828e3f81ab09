"""Networks at the edges of what kernels can take: the C equals TFLM, under the sanitizers too.

CORPUS holds cases that once failed. Networks are joined, since a build costs more than a network.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    TARGETS,
    CompiledModel,
    CompileOptions,
    HostModel,
    Oracle,
    compile_model,
    interpret,
    oracle_available,
    ranges,
    read_model,
)
from coincell.errors import ToolchainError
from coincell.toolchain import C_FLAGS, Compiler, compile_units, find_host_compiler
from compiler.nasty_networks import NastyNetwork, joined, nasty_network
from compiler.networks import RELU, Network

Made = tuple[Network, list[int]]
CORTEX_M4 = TARGETS["cortex-m4"]
SANITIZE = ("-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MAIN = """\
#include <stdio.h>

#include "model.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : 0;
    for (;;) {
        for (int i = 0; i < MODEL_INPUT_COUNT; ++i) {
            if (fread(model_input(i), 1, sizes[i], file) != sizes[i]) {
                return fclose(file);
            }
        }
        if (model_invoke() != 0) {
            return 1;
        }
"""


def _sums_beyond_an_int32() -> Made:
    """Raised by the left shift, a sum leaves an int32 until the bias brings it back."""
    network = Network(3)
    x = network.tensor((1, 30), 0.05, 90)
    network.inputs.append(x)
    positive = network.elementwise(x, 19, same=True)
    filters = network.constant(np.full((5, 30), 120), "int8", 0.01)
    biases = network.constant([-69216, -69000, -69300, -70000, -68000], "int32", 0.05 * 0.01)
    y = network.tensor((1, 5), 0.05 * 0.01 * 600, -20)
    network.operator(9, [positive, filters, biases], y, 8, {0: ("b", 0), 2: ("?", False)})
    return network, [y]


def _random(seed: int) -> Made:
    network = NastyNetwork(seed)
    return network, nasty_network(network)


CORPUS: dict[str, Callable[[], Made]] = {"sums beyond an int32": _sums_beyond_an_int32}


def _samples(network: Network, count: int) -> list[np.ndarray[Any, Any]]:
    """Whole ranges, both ends, all zeros, ramps, and what has ends alone."""
    arrays = network.samples(count)
    for index, array in zip(network.inputs, arrays, strict=True):
        size = array[0].size
        array[2] = network.tensors[index].zero_point
        array[3] = (np.arange(size) * 7 % 256 - 128).reshape(array[3].shape)
        array[4:8] = network.random.choice([-128, 127], array[4:8].shape)
    return arrays


def _expected(data: bytes, inputs: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    if oracle_available():
        return Oracle(data).run_many(inputs)
    return interpret(read_model(data), inputs)


def _check_sanitized(
    compiled: CompiledModel, inputs: Sequence[np.ndarray[Any, Any]], compiler: Compiler, at: Path
) -> bytes:
    """All outputs, sample by sample."""
    sizes = ", ".join(str(array[0].nbytes) for array in inputs)
    head = (
        f"#define MODEL_INPUT_COUNT {len(inputs)}\nstatic const unsigned sizes[] = {{{sizes}}};\n"
    )
    tail = "".join(
        f"        fwrite(model_output({i}), 1, MODEL_OUTPUT_{i}_BYTES, stdout);\n"
        for i in range(len(compiled.outputs))
    )
    sources = {**compiled.sources, "main.c": head + MAIN + tail + "    }\n}\n"}
    units = [path for path in sources if path.endswith(".c")]
    objects = compile_units(units, sources, compiler, [*C_FLAGS, *SANITIZE])
    try:
        compiler.run([*SANITIZE, *objects, "-o", "main"], directory=at)
    except ToolchainError as error:
        if "asan" in error.message or "ubsan" in error.message:
            pytest.skip("the compiler has no sanitizers")
        raise
    count = len(inputs[0])
    (at / "inputs").write_bytes(b"".join(a[n].tobytes() for n in range(count) for a in inputs))
    done = subprocess.run([at / "main", at / "inputs"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout


def _check(parts: Sequence[Made], options: CompileOptions, at: Path | None) -> None:
    network, outputs = joined(parts)
    data, inputs = network.tflite(*outputs), _samples(network, 24)
    expected = _expected(data, inputs)
    compiled = compile_model(data, "model", options)
    if at is None:
        made = HostModel(compiled).run_many(inputs)
        for ours, right in zip(made, expected, strict=True):
            np.testing.assert_array_equal(ours.reshape(right.shape), right)
        return
    compiler = find_host_compiler()
    if compiler.name == "zig":
        pytest.skip("needs gcc or clang with sanitizers")
    found = _check_sanitized(compiled, inputs, compiler, at)
    count = len(inputs[0])
    assert found == b"".join(right[n].tobytes() for n in range(count) for right in expected)


@pytest.mark.parametrize("case", CORPUS)
def test_what_once_failed(case: str, tmp_path: Path) -> None:
    _check([CORPUS[case]()], CompileOptions(CORTEX_M4), tmp_path)


def test_a_tall_image_is_streamed_and_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than an int16 counts; the ranges of each row were once looked for anew."""
    looks: list[int] = []
    bounds_of = ranges._bounds_of
    monkeypatch.setattr(ranges, "_bounds_of", lambda *a: looks.append(1) or bounds_of(*a))
    network = Network(3)
    x = network.input((1, 33000, 1, 1))
    x = network.conv_2d(x, 2, (5, 1), (2, 1), activation=RELU)
    x = network.conv_2d(x, 2, (3, 1), activation=RELU)
    data = network.tflite(network.mean(x, (1, 2), keep=False))
    compiled = compile_model(data, "model", CompileOptions(CORTEX_M4, "ram"))
    assert compiled.arena_bytes < 34_000
    assert len(looks) < 100
    inputs = network.samples(4)
    found = HostModel(compiled).run_many(inputs)
    for ours, right in zip(found, _expected(data, inputs), strict=True):
        np.testing.assert_array_equal(ours.reshape(right.shape), right)


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
@pytest.mark.parametrize("first", [0, 12])
def test_the_c_has_no_undefined_behaviour(first: int, optimize: Any, tmp_path: Path) -> None:
    parts = [_random(seed) for seed in range(first, first + 12)]
    _check(parts, CompileOptions(CORTEX_M4, optimize, keep_input=first > 0), tmp_path)


@pytest.mark.parametrize("target", ["cortex-m4", "generic"])
@pytest.mark.parametrize("optimize", ["balanced", "speed", "size", "ram"])
def test_the_c_means_what_tflm_means(target: str, optimize: Any) -> None:
    first = 100 if target == "generic" else 200
    parts = [_random(seed) for seed in range(first, first + 12)]
    _check(parts, CompileOptions(TARGETS[target], optimize), None)
