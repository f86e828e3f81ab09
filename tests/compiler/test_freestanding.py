"""What the generated C asks of its surroundings: memcpy and memset, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from coincell.compiler import TARGETS, CompiledModel, CompileOptions, compile_model
from coincell.errors import ModelError, ToolchainError
from coincell.firmware import device_sources
from coincell.toolchain import C_FLAGS, Compiler, find_cross_compiler

ALLOWED = {"memcpy", "memset"}
UNWINDING = {"__aeabi_unwind_cpp_pr0", "__aeabi_unwind_cpp_pr1"}


def _cross_compiler(prefer: str) -> Compiler:
    try:
        return find_cross_compiler("cortex-m4f", prefer)
    except ToolchainError:
        pytest.skip(f"no {prefer} for Cortex-M4 on this computer")


def _models(zoo: Path) -> Iterator[CompiledModel]:
    for path in sorted(zoo.glob("*.tflite")):
        try:
            yield compile_model(path.read_bytes(), path.stem, CompileOptions(TARGETS["cortex-m4"]))
        except ModelError:
            continue  # refused by name; test_exactness.py says which


def _all_integers(compiled: CompiledModel) -> bool:
    """Whether no float occurs, so that not even the compiler's own helpers are needed."""
    return not any(t.dtype.numpy.kind == "f" for t in compiled.graph.tensors.values())


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


@pytest.mark.parametrize("prefer", ["gcc", "zig"])
def test_the_zoo_needs_nothing_but_memcpy_and_memset(
    prefer: str, zoo: Path, tmp_path: Path
) -> None:
    compiler = _cross_compiler(prefer)
    models = list(_models(zoo))
    assert len(models) > 70
    sources = {**device_sources("freestanding")}
    for model in models:
        sources |= model.sources
    for relative, text in sources.items():
        target = tmp_path / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    units = sorted(path for path in sources if path.endswith(".c"))
    flags = [*C_FLAGS, "-O2", "-ffreestanding", "-fno-exceptions", "-I.", "-Ifreestanding"]

    def compile_unit(unit: str) -> tuple[set[str], set[str], set[str]]:
        made = unit.replace("/", "_") + ".o"
        compiler.run([*flags, "-c", unit, "-o", made], directory=tmp_path)
        return _symbols(tmp_path / made)

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(units, pool.map(compile_unit, units), strict=True))
    for model in models:
        own = [found[path] for path in model.sources if path.endswith(".c")]
        defined = set().union(*(item[0] for item in own))
        lacking = set().union(*(item[1] for item in own)) - defined - ALLOWED - UNWINDING
        if not _all_integers(model):
            lacking = {name for name in lacking if not name.startswith("__aeabi")}
        assert not lacking, f"{model.name} needs {sorted(lacking)}"
        sections = set().union(*(item[2] for item in own))
        constructors = {name for name in sections if name.startswith((".init_array", ".ctors"))}
        assert not constructors, f"{model.name} runs code before main"


def test_a_forbidden_call_is_noticed(tmp_path: Path) -> None:
    """The check above can fail."""
    compiler = _cross_compiler("zig")
    (tmp_path / "a.c").write_text("double sin(double);\ndouble f(double x) { return sin(x); }\n")
    compiler.run(["-O2", "-ffreestanding", "-c", "a.c", "-o", "a.o"], directory=tmp_path)
    assert "sin" in _symbols(tmp_path / "a.o")[1]
