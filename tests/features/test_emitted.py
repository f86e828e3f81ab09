"""The emitted C: the same bytes as through Python, clean under every compiler and sanitizer."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from coincell.errors import InternalError
from coincell.toolchain import Compiler, build_shared_library
from emulated_core import check_freestanding, every_compiler, run_sanitized
from features.hard_windows import QUANTIZATION, SETTINGS, block_of, hard_windows
from features.signals import RATE


@pytest.mark.parametrize("name", SETTINGS)
def test_emitted_code_and_python_give_the_same_bytes(name: str) -> None:
    block, windows = block_of(name), hard_windows()
    library = ctypes.CDLL(
        str(build_shared_library(f"{name}-features", block.c_sources(name, QUANTIZATION)))
    )
    run = library[f"{name}_features_run"]
    features = np.zeros((len(windows), *block.shape), np.int8)
    for window, out in zip(windows, features, strict=True):
        code = run(ctypes.c_void_p(window.ctypes.data), ctypes.c_void_p(out.ctypes.data))
        assert code == 0
    assert np.array_equal(features, block.run(windows, QUANTIZATION))
    assert np.array_equal(features, block.quantize(block.compute(windows), QUANTIZATION))


def _sanitizer_program() -> str:
    """A program that pipes windows through every block of SETTINGS in turn."""
    includes = "\n".join(f'#include "{name}_features.h"' for name in SETTINGS)
    calls = "\n".join(
        f"        {name}_features_run(samples, features);\n"
        f"        fwrite(features, 1, {name.upper()}_FEATURES_SIZE, stdout);"
        for name in SETTINGS
    )
    return f"""\
#include <stdio.h>
#include <stdlib.h>
{includes}

int main(void)
{{
    /* On the heap at its exact size, so that one sample too far is caught. */
    int16_t *samples = malloc({RATE} * sizeof *samples);
    static int8_t features[65536];
    while (fread(samples, sizeof *samples, {RATE}, stdin) == {RATE}) {{
{calls}
    }}
    free(samples);
    return 0;
}}
"""


def test_no_overflow_and_no_stray_access_under_the_sanitizers(tmp_path: Path) -> None:
    sources = {"main.c": _sanitizer_program()}
    for name in SETTINGS:
        sources |= block_of(name).c_sources(name, QUANTIZATION)
    windows = hard_windows()
    runs = [block_of(name).run(windows, QUANTIZATION) for name in SETTINGS]
    expected = b"".join(run[i].tobytes() for i in range(len(windows)) for run in runs)
    assert run_sanitized(tmp_path, sources, windows.tobytes()) == expected


@pytest.mark.parametrize("compiler", every_compiler(), ids=lambda c: f"{c.name}-{len(c.command)}")
@pytest.mark.parametrize("level", ["-Os", "-O2"])
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler, level: str
) -> None:
    sources = block_of("centred").c_sources("centred", QUANTIZATION)
    check_freestanding(compiler, tmp_path, sources, level)


def test_static_costs_are_those_of_the_emitted_arrays(tmp_path: Path) -> None:
    for name in SETTINGS:
        block = block_of(name)
        library = build_shared_library(f"{name}-features", block.c_sources(name, QUANTIZATION))
        text = block.c_sources(name, QUANTIZATION)[f"{name}_features.c"]
        assert library.is_file()
        assert block.scratch_bytes == _bytes_of(text, constant=False)
        assert block.table_bytes == _bytes_of(text, constant=True)


def _bytes_of(text: str, constant: bool) -> int:
    """Sizes of the static arrays in emitted C, const ones or the others."""
    sizes = {"coincell_complex": 8, "int32_t": 4, "uint32_t": 4, "int16_t": 2, "uint16_t": 2}
    total = 0
    for line in text.splitlines():
        words = line.split()
        if not line.startswith("static") or "[" not in line or ("const" in words) != constant:
            continue
        kind = words[2 if constant else 1]
        count = line[line.index("[") + 1 : line.index("]")]
        product = 1
        for factor in count.split("*"):
            product *= int(factor)
        total += sizes[kind] * product
    return total


def test_lines_are_short_enough_to_read() -> None:
    sources = block_of("cepstra").c_sources("cepstra", QUANTIZATION)
    assert max(len(line) for text in sources.values() for line in text.splitlines()) <= 100


def test_a_name_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(InternalError, match="identifier"):
        block_of("plain").c_sources("1;drop", QUANTIZATION)
