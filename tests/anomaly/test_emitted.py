"""The emitted C: Python's scores, under every compiler, the sanitizers and on a Cortex-M4."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import re
import shutil
import subprocess
import sys
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
    write_sources,
)
from coincell.anomaly import reconstruction_detector
from coincell.compiler import HostModel, compile_model
from coincell.errors import InternalError, ToolchainError
from coincell.features import InputQuantization
from coincell.toolchain import (
    C_FLAGS,
    Compiler,
    build_shared_library,
    find_cross_compiler,
    host_compilers,
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
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler named cc with its sanitizers")
    units = write_sources(tmp_path, {"main.c": _program(), **_all_sources()})
    flags = ["-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
    command = ["cc", *C_FLAGS, *flags, "-I", ".", *units, "-o", "program"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "cannot find" in built.stderr and "san" in built.stderr:
        pytest.skip("the C compiler has no sanitizer libraries")
    assert built.returncode == 0, built.stderr
    windows = hard_windows()
    done = subprocess.run(
        [str(tmp_path / "program")], input=windows.tobytes(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    scores = np.frombuffer(done.stdout, np.int32).reshape(len(windows), len(EVERY))
    assert np.array_equal(scores, _expected(windows))


def _compilers() -> list[Compiler]:
    found = host_compilers()
    for family in ("gcc", "zig"):
        try:
            found.append(find_cross_compiler(prefer=family))
        except ToolchainError:
            continue
    return found


@pytest.mark.parametrize("compiler", _compilers(), ids=lambda c: f"{c.name}-{len(c.command)}")
@pytest.mark.parametrize("level", ["-Os", "-O2"])
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler, level: str
) -> None:
    units = write_sources(tmp_path, _all_sources())
    unwound = ["-fno-unwind-tables", "-fno-asynchronous-unwind-tables"]
    flags = [*C_FLAGS, level, "-ffreestanding", *unwound, "-I", "."]
    objects = [tmp_path / f"{place}.o" for place in range(len(units))]
    for unit, target in zip(units, objects, strict=True):
        compiler.run([*flags, "-c", unit, "-o", target], directory=tmp_path)
    if nm := shutil.which("nm"):
        table = subprocess.run(
            [nm, "-P", *map(str, objects)], capture_output=True, text=True, check=True
        ).stdout
        symbols = [line.split()[:2] for line in table.splitlines() if not line.endswith(":")]
        defined = {name for name, kind in symbols if kind != "U"}
        wanted = {name for name, kind in symbols if kind == "U"} - defined
        plain = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}
        arm_names = {name for name in wanted if name.startswith("__aeabi_mem")}
        assert wanted - plain - arm_names == set()


MAIN = f"""\
#include <stdint.h>
int8_t the_features[{COLUMNS}];
int32_t the_score;
"""

LINKER_SCRIPT = """\
SECTIONS
{
    . = 0x10000;
    .text : { KEEP(*(.text*)) *(.rodata*) }
    . = 0x20000000;
    .data : { *(.data*) }
    .bss : { KEEP(*(.bss*)) KEEP(*(COMMON)) }
    /DISCARD/ : { *(.ARM.exidx*) }
}
"""


def _cross_compiler(family: str) -> Compiler:
    for package in ("unicorn", "elftools"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package} (the extra 'emulator')")
    try:
        return find_cross_compiler(prefer=family)
    except ToolchainError as error:
        pytest.skip(f"no cross compiler: {error}")


@pytest.mark.parametrize(("family", "level"), [("gcc", "-O2"), ("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_scores(tmp_path: Path, family: str, level: str) -> None:
    from elftools.elf.elffile import ELFFile

    compiler = _cross_compiler(family)
    sources = {"main.c": MAIN, "link.ld": LINKER_SCRIPT, **_all_sources()}
    units = write_sources(tmp_path, sources)
    flags = [*C_FLAGS, level, "-ffreestanding", "-fno-unwind-tables", "-nostdlib", "-I", "."]
    ends = ["-Wl,-T,link.ld", "-Wl,--entry=full_score", "-o", "program.elf"]
    compiler.run([*flags, *units, *ends], directory=tmp_path)
    with (tmp_path / "program.elf").open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        symbols = {symbol.name: symbol["st_value"] & ~1 for symbol in table.iter_symbols()}
    windows = hard_windows()
    order = {
        "elf": str(tmp_path / "program.elf"),
        "samples": symbols["the_features"],
        "features": symbols["the_score"],
        "size": 4,
        "window_bytes": COLUMNS,
        "calls": [symbols[f"{name}_score"] for name in EVERY],
    }
    worker = Path(__file__).parents[1] / "features" / "cortex_m4_worker.py"
    done = subprocess.run(
        [sys.executable, str(worker)],
        input=json.dumps(order).encode() + b"\n" + windows.tobytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    scores = np.frombuffer(done.stdout, np.int32).reshape(len(windows), len(EVERY))
    assert np.array_equal(scores, _expected(windows))


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
