"""The emitted C: Python's scores, under every compiler, the sanitizers and on a Cortex-M4."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.errors import InternalError
from coincell.toolchain import Compiler, build_shared_library
from emulated_core import (
    check_freestanding,
    cross_compiler,
    every_compiler,
    run_on_cortex_m4,
    run_sanitized,
)

pytest.importorskip("sklearn")
from classical.lessons import COLUMNS, FORESTS, forest_named, hard_windows

ROOM = 8
"""Bytes in which any of the answers has room."""


def _sources(name: str) -> dict[str, str]:
    """The C, and NAME_answer(features, scores[ROOM])."""
    outputs = forest_named(name).outputs
    answer = f"""\
#include "{name}.h"

void {name}_answer(const int8_t *features, int8_t *scores);

void {name}_answer(const int8_t *features, int8_t *scores)
{{
    for (int j = 0; j < {COLUMNS}; j++) {name}_input(0)[j] = features[j];
    (void){name}_invoke();
    for (int k = 0; k < {ROOM}; k++) scores[k] = k < {outputs} ? {name}_output(0)[k] : 0;
}}
"""
    return {**forest_named(name).compiled(name).sources, f"{name}_answer.c": answer}


def _all_sources() -> dict[str, str]:
    return {path: text for name in FORESTS for path, text in _sources(name).items()}


def _expected(windows: NDArray[np.int8]) -> NDArray[np.int8]:
    """[windows, forests, ROOM]."""
    found = np.zeros((len(windows), len(FORESTS), ROOM), np.int8)
    for place, name in enumerate(FORESTS):
        found[:, place, : forest_named(name).outputs] = forest_named(name).scores(windows)
    return found


@pytest.mark.parametrize("name", FORESTS)
def test_emitted_code_and_python_give_the_same_scores(name: str) -> None:
    windows, forest = hard_windows(), forest_named(name)
    library = ctypes.CDLL(str(build_shared_library(f"{name}-forest", _sources(name))))
    scores = np.zeros((len(windows), ROOM), np.int8)
    for place, window in enumerate(windows):
        library[f"{name}_answer"](
            ctypes.c_void_p(window.ctypes.data), ctypes.c_void_p(scores[place:].ctypes.data)
        )
    assert np.array_equal(scores[:, : forest.outputs], forest.scores(windows))


def _program() -> str:
    """A program that pipes windows through every forest in turn."""
    declared = "\n".join(
        f"void {n}_answer(const int8_t *features, int8_t *scores);" for n in FORESTS
    )
    calls = "\n".join(
        f"        {name}_answer(features, scores);\n        fwrite(scores, {ROOM}, 1, stdout);"
        for name in FORESTS
    )
    return f"""\
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

{declared}

int main(void)
{{
    /* On the heap at its exact size, so that one value too far is caught. */
    int8_t *features = malloc({COLUMNS});
    int8_t scores[{ROOM}];
    while (fread(features, 1, {COLUMNS}, stdin) == {COLUMNS}) {{
{calls}
    }}
    free(features);
    return 0;
}}
"""


def _scores(answer: bytes) -> NDArray[np.int8]:
    return np.frombuffer(answer, np.int8).reshape(-1, len(FORESTS), ROOM)


def test_no_overflow_and_no_stray_access_under_the_sanitizers(tmp_path: Path) -> None:
    windows = hard_windows()
    answer = run_sanitized(tmp_path, {"main.c": _program(), **_all_sources()}, windows.tobytes())
    assert np.array_equal(_scores(answer), _expected(windows))


@pytest.mark.parametrize("compiler", every_compiler(), ids=lambda c: f"{c.name}-{len(c.command)}")
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler
) -> None:
    check_freestanding(compiler, tmp_path, _all_sources(), "-O2")


@pytest.mark.parametrize(("family", "level"), [("gcc", "-O2"), ("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_scores(tmp_path: Path, family: str, level: str) -> None:
    windows = hard_windows()[::4]
    calls = [f"{name}_answer" for name in FORESTS]
    compiler = cross_compiler(family)
    answer = run_on_cortex_m4(compiler, level, tmp_path, _all_sources(), calls, windows, ROOM)
    assert np.array_equal(_scores(answer), _expected(windows))


@pytest.mark.parametrize("name", FORESTS)
def test_static_costs_are_those_of_the_emitted_arrays(name: str) -> None:
    compiled = forest_named(name).compiled(name)
    text = compiled.sources[f"{name}.c"]
    sizes = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4}
    totals = {"const ": 0, "": 0}
    for constant, kind, count in re.findall(r"^static (const )?(\w+) \w+\[(\d+)\]", text, re.M):
        totals[constant] += sizes[kind] * int(count)
    assert totals == {"const ": compiled.constant_bytes, "": compiled.arena_bytes}
    assert max(len(line) for line in "\n".join(compiled.sources.values()).splitlines()) <= 100


def test_a_name_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(InternalError, match="identifier"):
        forest_named("wood").compiled("1;drop")
