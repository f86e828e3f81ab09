"""The emitted C: Python's scores, under every compiler, the sanitizers and on a Cortex-M4."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from anomaly.made_detectors import (
    COLUMNS,
    KINDS,
    detector_of_any,
    hard_windows,
    sources_of,
)
from coincell.anomaly import reconstruction_detector
from coincell.compiler import HostModel, compile_model
from coincell.errors import InternalError
from coincell.features import InputQuantization
from coincell.toolchain import Compiler, build_shared_library
from emulated_core import (
    check_freestanding,
    cross_compiler,
    every_compiler,
    run_on_cortex_m4,
    run_sanitized,
)

EVERY = [*KINDS, "halves"]


def _run_library(
    name: str, sources: dict[str, str], windows: NDArray[np.int8]
) -> NDArray[np.int32]:
    library = ctypes.CDLL(str(build_shared_library(f"{name}-detector", sources)))
    scores = np.zeros(len(windows), np.int32)
    for place, window in enumerate(windows):
        code = library[f"{name}_score"](
            ctypes.c_void_p(window.ctypes.data), ctypes.c_void_p(scores[place:].ctypes.data)
        )
        assert code == 0
    return scores


@pytest.mark.parametrize("name", EVERY)
def test_emitted_code_and_python_give_the_same_scores(name: str) -> None:
    windows = hard_windows()
    scores = _run_library(name, sources_of(name), windows)
    assert np.array_equal(scores, detector_of_any(name).score(windows))


def test_around_a_compiled_autoencoder(shared: Path) -> None:
    """MLPerf Tiny's, whose output lies where its input was."""
    tflite = (shared / "models" / "mlperf_tiny" / "ad01_int8.tflite").read_bytes()
    compiled = compile_model(tflite, "machine")
    given, made = (
        InputQuantization(tensor.scale, tensor.zero_point)
        for tensor in (compiled.inputs[0], compiled.outputs[0])
    )
    detector = reconstruction_detector(640, given, made, HostModel(compiled).run, "machine")
    windows = np.random.default_rng(1).integers(-128, 128, (20, 640)).astype(np.int8)
    sources = {**compiled.sources, **detector.c_sources("odd")}
    scores = _run_library("odd", sources, windows)
    assert np.array_equal(scores, detector.score(windows))
    exact = detector.score_float(windows)
    assert np.abs(scores * detector.unit - exact).max() < 1e-3 * exact.max()


def _program() -> str:
    """A program that pipes windows through every detector in turn."""
    includes = "\n".join(f'#include "{name}_detector.h"' for name in EVERY)
    calls = "\n".join(
        f"        if ({name}_score(features, &score)) return 1;\n"
        "        fwrite(&score, sizeof score, 1, stdout);"
        for name in EVERY
    )
    return f"""\
#include <stdio.h>
#include <stdlib.h>
{includes}

int main(void)
{{
    /* On the heap at its exact size, so that one value too far is caught. */
    int8_t *features = malloc({COLUMNS});
    int32_t score;
    while (fread(features, 1, {COLUMNS}, stdin) == {COLUMNS}) {{
{calls}
    }}
    free(features);
    return 0;
}}
"""


def _all_sources() -> dict[str, str]:
    return {path: text for name in EVERY for path, text in sources_of(name).items()}


def _expected(windows: NDArray[np.int8]) -> NDArray[np.int32]:
    """[windows, detectors]."""
    return np.stack([detector_of_any(name).score(windows) for name in EVERY], axis=1)


def test_no_overflow_and_no_stray_access_under_the_sanitizers(tmp_path: Path) -> None:
    windows = hard_windows()
    sources = {"main.c": _program(), **_all_sources()}
    scores = _scores(run_sanitized(tmp_path, sources, windows.tobytes()))
    assert np.array_equal(scores, _expected(windows))


def _scores(answer: bytes) -> NDArray[np.int32]:
    return np.frombuffer(answer, np.int32).reshape(-1, len(EVERY))


@pytest.mark.parametrize("compiler", every_compiler(), ids=lambda c: f"{c.name}-{len(c.command)}")
@pytest.mark.parametrize("level", ["-Os", "-O2"])
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler, level: str
) -> None:
    check_freestanding(compiler, tmp_path, _all_sources(), level)


@pytest.mark.parametrize(("family", "level"), [("gcc", "-O2"), ("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_scores(tmp_path: Path, family: str, level: str) -> None:
    windows = hard_windows()
    calls = [f"{name}_score" for name in EVERY]
    compiler = cross_compiler(family)
    answer = run_on_cortex_m4(compiler, level, tmp_path, _all_sources(), calls, windows, 4)
    assert np.array_equal(_scores(answer), _expected(windows))


@pytest.mark.parametrize("name", KINDS)
def test_static_costs_are_those_of_the_emitted_arrays(name: str) -> None:
    detector = detector_of_any(name)
    text = detector.c_sources(name)[f"{name}_detector.c"]
    sizes = {"int16_t": 2, "uint32_t": 4, "int32_t": 4, "uint8_t": 1}
    found = re.findall(r"^static (const )?(\w+) \w+\[(\d+)\]", text, re.MULTILINE)
    totals = {"const ": 0, "": 0}
    for constant, kind, count in found:
        totals[constant] += sizes[kind] * int(count)
    assert totals == {"const ": detector.table_bytes, "": detector.scratch_bytes}


@pytest.mark.parametrize("name", EVERY)
def test_lines_are_short_enough_to_read(name: str) -> None:
    lines = [line for text in sources_of(name).values() for line in text.splitlines()]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", EVERY)
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(InternalError, match="identifier"):
        detector_of_any(name).c_sources("1;drop")
