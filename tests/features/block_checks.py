"""What must hold of every block on time series and pictures, and windows that are hard on it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.features import FeatureBlock, InputQuantization
from coincell.project import WindowForm
from coincell.toolchain import build_shared_library
from emulated_core import cross_compiler, run_on_cortex_m4, run_sanitized

QUANTIZATION = InputQuantization(0.0625, 11)
SIZES = {
    "coincell_biquad": 20,
    "coincell_biquad_state": 20,
    "coincell_complex": 8,
    "coincell_standard": 12,
    "coincell_picture_place": 4,
    "int16_t": 2,
    "uint16_t": 2,
    "int32_t": 4,
    "uint64_t": 8,
}


def series_form(samples: int, channels: int, rate_hz: int = 100) -> WindowForm:
    """Of motion."""
    return WindowForm("motion", samples, channels, rate_hz)


def made_windows(form: WindowForm, seed: int = 7) -> NDArray[Any]:
    """Silence, constants, extremes of every kind, noise at several sizes, tones: [n, values]."""
    generator = np.random.default_rng(seed)
    limits = np.iinfo(form.dtype)
    low, high, size = int(limits.min), int(limits.max), form.values
    middle = (low + high + 1) // 2
    position = np.arange(size)
    signals = [
        np.full(size, middle),
        np.full(size, low),
        np.full(size, high),
        np.full(size, middle + 1),
        np.where(position % 2, low, high),
        np.where(position % (2 * form.channels) < form.channels, low, high),
        np.where(position < size // 2, low, high),
        np.where(position == size // 3, high, low),
        np.where(position == size // 3, middle + 1, middle),
        np.where(position == size - 1, low, middle),
        generator.choice([low, high], size),
        generator.integers(low, high, size, endpoint=True),
        generator.integers(middle - 1, middle + 1, size, endpoint=True),
        np.linspace(low, high, size),
        *(middle + generator.normal(0, (high - low) * part, size) for part in (0.3, 0.01, 1e-4)),
        middle + 0.45 * (high - low) * np.sin(position * 0.031),
        middle + 0.1 * (high - low) * np.sin(position * 0.7),
    ]
    return np.clip(np.rint(np.stack(signals)), low, high).astype(form.dtype)


def check_emitted(block: FeatureBlock, name: str) -> None:
    """The emitted C: the same bytes as Python; rows and ring too; its costs as stated."""
    windows = made_windows(block.form)
    sources = block.c_sources(name, QUANTIZATION)
    library = ctypes.CDLL(str(build_shared_library(f"{name}-features", sources)))
    expected = block.run(windows, QUANTIZATION)
    assert np.array_equal(expected, block.quantize(block.compute(windows), QUANTIZATION))
    for window, wanted in zip(windows, expected, strict=True):
        features = np.zeros(block.shape, np.int8)
        assert library[f"{name}_features_run"](_place(window), _place(features)) == 0
        assert np.array_equal(features, wanted)
    if block.by_row:
        _check_rows(block, library, name, windows)
    text = sources[f"{name}_features.c"]
    assert block.table_bytes == _bytes_of(text, r"^static const (\w+) \w+\[(\d+)\]")
    assert block.scratch_bytes == _bytes_of(text, r"^static (\w+) \w+\[(\d+)\]")
    assert max(len(line) for file in sources.values() for line in file.splitlines()) <= 100


def _check_rows(
    block: FeatureBlock, library: ctypes.CDLL, name: str, windows: NDArray[Any]
) -> None:
    """Rows made one by one into a ring give the window's features, wherever the ring begins."""
    length, hop = block.frame
    channels, (rows, columns) = block.form.channels, block.shape
    for window, wanted in zip(windows, block.run(windows, QUANTIZATION), strict=True):
        for first in (0, rows // 2, rows - 1):
            ring = np.zeros((rows, columns), np.int16)
            for row in range(rows):
                begin = row * hop * channels
                frame = window[begin : begin + length * channels].copy()
                library[f"{name}_features_row"](_place(frame), _place(ring[(first + row) % rows]))
            features = np.zeros((rows, columns), np.int8)
            gather = library[f"{name}_features_gather"]
            gather(_place(ring), ctypes.c_int32(first), _place(features))
            assert np.array_equal(features, wanted)


def _place(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _bytes_of(text: str, pattern: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return sum(SIZES[kind] * int(count) for kind, count in found)


def emitted_sources(blocks: Mapping[str, FeatureBlock]) -> dict[str, str]:
    """The C of all of them, path -> text."""
    return {
        path: text
        for name, block in blocks.items()
        for path, text in block.c_sources(name, QUANTIZATION).items()
    }


def check_sanitized(blocks: Mapping[str, FeatureBlock], folder: Path) -> None:
    """No overflow and no stray access, under the compiler's sanitizers; blocks of one form."""
    form = next(iter(blocks.values())).form
    sources = {"main.c": _sanitizer_program(blocks, form), **emitted_sources(blocks)}
    windows = made_windows(form)
    runs = [block.run(windows, QUANTIZATION) for block in blocks.values()]
    expected = b"".join(run[i].tobytes() for i in range(len(windows)) for run in runs)
    assert run_sanitized(folder, sources, windows.tobytes()) == expected


def _sanitizer_program(blocks: Mapping[str, FeatureBlock], form: WindowForm) -> str:
    """A program that pipes windows through every block in turn."""
    includes = "\n".join(f'#include "{name}_features.h"' for name in blocks)
    calls = "\n".join(
        f"        {name}_features_run(samples, features);\n"
        f"        fwrite(features, 1, {name.upper()}_FEATURES_SIZE, stdout);"
        for name in blocks
    )
    return f"""\
#include <stdio.h>
#include <stdlib.h>
{includes}

int main(void)
{{
    /* On the heap at its exact size, so that one sample too far is caught. */
    {form.dtype}_t *samples = malloc({form.values} * sizeof *samples);
    static int8_t features[65536];
    while (fread(samples, sizeof *samples, {form.values}, stdin) == {form.values}) {{
{calls}
    }}
    free(samples);
    return 0;
}}
"""


def check_on_cortex_m4(
    blocks: Mapping[str, FeatureBlock], folder: Path, family: str, level: str
) -> None:
    """The same bytes on an emulated Cortex-M4, without any library; blocks of one form."""
    compiler = cross_compiler(family)
    windows = made_windows(next(iter(blocks.values())).form)
    size = max(int(np.prod(block.shape)) for block in blocks.values())
    calls = [f"{name}_features_run" for name in blocks]
    sources = emitted_sources(blocks)
    answer = run_on_cortex_m4(compiler, level, folder, sources, calls, windows, size)
    answers = np.frombuffer(answer, np.int8).reshape(len(windows), len(blocks), size)
    for place, (name, block) in enumerate(blocks.items()):
        expected = block.run(windows, QUANTIZATION).reshape(len(windows), -1)
        assert np.array_equal(answers[:, place, : expected.shape[1]], expected), name
