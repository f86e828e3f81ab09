"""What the generated C asks of its surroundings: memcpy and memset, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from coincell.compiler import TARGETS, CompiledModel, CompileOptions, compile_model
from coincell.errors import ModelError, ToolchainError
from coincell.firmware import device_sources
from coincell.firmware.image import compile_flags
from coincell.toolchain import Compiler, compile_units, find_cross_compiler

ALLOWED = {"memcpy", "memset"}
UNWINDING = {"__aeabi_unwind_cpp_pr0", "__aeabi_unwind_cpp_pr1"}


def _cross_compiler(prefer: str) -> Compiler:
    try:
        return find_cross_compiler("cortex-m4f", prefer)
    except ToolchainError:
        pytest.skip(f"no {prefer} for Cortex-M4 on this computer")


def _models(zoo: Path) -> Iterator[tuple[str, CompiledModel]]:
    """Compiled as in tests/board/test_zoo.py, which finds the objects made here."""
    options = CompileOptions(TARGETS["cortex-m4"])
    for path in sorted(zoo.glob("*.tflite")):
        try:
            yield path.stem, compile_model(path.read_bytes(), "model", options)
        except ModelError:
            continue  # refused by name; test_exactness.py says which


def _all_integers(compiled: CompiledModel) -> bool:
    """Whether no float occurs, so that not even the compiler's own helpers are needed."""
    return not any(t.dtype.numpy.kind == "f" for t in compiled.graph.tensors.values())


@cache
def _symbols(path: Path) -> tuple[set[str], set[str], set[str]]:
    """Names that an object defines, names that it lacks, and its sections."""
    defined, missing = set(), set()
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        sections = {str(section.name) for section in elf.iter_sections()}
        for section in elf.iter_sections():
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    there = symbol["st_shndx"] != "SHN_UNDEF"
                    (defined if there else missing).add(str(symbol.name))
    return defined, missing - {""}, sections


@pytest.mark.slow
@pytest.mark.parametrize("prefer", ["gcc", "zig"])
def test_the_zoo_needs_nothing_but_memcpy_and_memset(prefer: str, zoo: Path) -> None:
    compiler = _cross_compiler(prefer)
    flags, own = compile_flags(compiler), device_sources("freestanding")
    assert "-ffreestanding" in flags
    checked = 0
    for name, model in _models(zoo):
        files = {**own, **model.sources}
        units = sorted(path for path in model.sources if path.endswith(".c"))
        objects = compile_units(units, files, compiler, flags, (".", "freestanding"))
        found = [_symbols(path) for path in objects]
        defined = set().union(*(item[0] for item in found))
        lacking = set().union(*(item[1] for item in found)) - defined - ALLOWED - UNWINDING
        if not _all_integers(model):
            lacking = {name for name in lacking if not name.startswith("__aeabi")}
        assert not lacking, f"{name} needs {sorted(lacking)}"
        sections = set().union(*(item[2] for item in found))
        constructors = {name for name in sections if name.startswith((".init_array", ".ctors"))}
        assert not constructors, f"{name} runs code before main"
        checked += 1
    assert checked > 70


def test_a_forbidden_call_is_noticed(tmp_path: Path) -> None:
    """The check above can fail."""
    compiler = _cross_compiler("zig")
    (tmp_path / "a.c").write_text("double sin(double);\ndouble f(double x) { return sin(x); }\n")
    compiler.run(["-O2", "-ffreestanding", "-c", "a.c", "-o", "a.o"], directory=tmp_path)
    assert "sin" in _symbols(tmp_path / "a.o")[1]
