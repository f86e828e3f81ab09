"""Structs as Python has them lie in memory as C compilers lay them out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from coincell.anomaly import binding as anomaly_binding
from coincell.classical import binding as classical_binding
from coincell.errors import ToolchainError
from coincell.features import binding as features_binding
from coincell.features.integer_block import IntegerBlock
from coincell.features.picture import PictureBlock
from coincell.features.raw import RawBlock
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.spectrogram import SpectrogramBlock
from coincell.features.statistics import StatisticsBlock
from coincell.project import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    StatisticsSettings,
    WindowForm,
)
from coincell.runtime import c_sources, decision_binding, level_binding
from coincell.toolchain import C_FLAGS, Compiler, find_host_compiler, write_files
from emulated_core import every_compiler
from features.block_checks import made_windows, series_form

SERIES = series_form(300, 3)
PICTURE = WindowForm("picture", 1, 3, 0, 31, 22)


def blocks() -> dict[str, IntegerBlock]:
    """One of every kind that has structs, fitted, by the prefix of its structs in C."""
    made: list[IntegerBlock] = [
        RawBlock(RawSettings(), SERIES),
        StatisticsBlock(StatisticsSettings(), SERIES),
        SpectralSummaryBlock(SpectralSettings(filter="low-pass", cutoff_hz=5), SERIES),
        SpectrogramBlock(SpectrogramSettings(), SERIES),
        PictureBlock(PictureSettings(width=24, height=30), PICTURE),
    ]
    return {f"coincell_{one.kind}": one.fit(made_windows(one.form)) for one in made}


def structs() -> dict[str, type[ctypes.Structure]]:
    """C type -> the struct that Python passes."""
    found: dict[str, type[ctypes.Structure]] = {
        str(one.__doc__): one
        for module in (
            features_binding,
            anomaly_binding,
            classical_binding,
            decision_binding,
            level_binding,
        )
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ctypes.Structure)
    }
    for prefix, block in blocks().items():
        found[f"{prefix}_config"] = type(block.constants.memory())
        if block.scratch.arrays:
            found[block.scratch.c_type] = type(block.scratch.memory())
    return found


def element_bytes() -> dict[str, int]:
    """C type -> bytes of an element, as Python's arrays have it."""
    found: dict[str, int] = {}
    for block in blocks().values():
        for _, array in block.constants.arrays():
            found[array.c_type] = array.values.nbytes // len(array.values)
        for kind, count in block.scratch.arrays.values():
            found[kind] = type(block.scratch)("", {"one": (kind, count)}).bytes // count
    return found


def _members(struct: type[ctypes.Structure], path: str = "") -> Iterator[tuple[str, int, int]]:
    """Path, offset and size of each member, those of structs within included."""
    for name, kind, *_ in struct._fields_:
        member = getattr(struct, name)
        yield f"{path}{name}", member.offset, member.size
        if issubclass(kind, ctypes.Structure):
            for below, offset, size in _members(kind, f"{name}."):
                yield f"{path}{below}", member.offset + offset, size


def _compile(compiler: Compiler, folder: Path, checks: list[str]) -> None:
    sources = c_sources("features", "anomaly", "decision", "trees")
    headers = {path: text for path, text in sources.items() if path.endswith(".h")}
    included = "\n".join(f'#include "{path}"' for path in headers)
    asserted = "\n".join(f'_Static_assert({check}, "differs");' for check in checks)
    text = f"#include <stddef.h>\n#include <stdint.h>\n{included}\n{asserted}\n"
    write_files(folder, {**headers, "layouts.c": text})
    flags = [*C_FLAGS, "-ffreestanding", "-I", "."]
    compiler.run([*flags, "-c", "layouts.c", "-o", "layouts.o"], directory=folder)


def _layouts(found: dict[str, type[ctypes.Structure]]) -> list[str]:
    checks = [f"sizeof({name}) == {ctypes.sizeof(struct)}" for name, struct in found.items()]
    for name, struct in found.items():
        for path, offset, size in _members(struct):
            checks.append(f"offsetof({name}, {path}) == {offset}")
            checks.append(f"sizeof((({name} *)0)->{path}) == {size}")
    return checks


def test_structs_that_are_passed_lie_as_the_host_s_compiler_has_them(tmp_path: Path) -> None:
    found = structs()
    assert len(found) >= 18
    _compile(find_host_compiler(), tmp_path, _layouts(found))


def test_a_member_in_another_place_is_noticed(tmp_path: Path) -> None:
    members = level_binding._Config._fields_
    swapped = type("Swapped", (ctypes.Structure,), {"_fields_": [members[1], members[0]]})
    with pytest.raises(ToolchainError, match="differs"):
        _compile(find_host_compiler(), tmp_path, _layouts({"coincell_level_config": swapped}))


@pytest.mark.parametrize("compiler", every_compiler(), ids=lambda c: f"{c.name}-{len(c.command)}")
def test_elements_of_tables_are_as_large_on_every_processor(
    tmp_path: Path, compiler: Compiler
) -> None:
    sizes = element_bytes()
    assert {"coincell_standard", "coincell_biquad_state", "coincell_picture_place"} <= set(sizes)
    _compile(compiler, tmp_path, [f"sizeof({kind}) == {size}" for kind, size in sizes.items()])
