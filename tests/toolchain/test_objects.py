"""Objects of single units: kept by what the unit reads, all of it and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from coincell.errors import ToolchainError
from coincell.firmware import device_sources
from coincell.runtime import c_sources
from coincell.toolchain import C_FLAGS, Compiler, compile_units, find_host_compiler, write_files
from coincell.toolchain.objects import _read_by

FILES = {
    "a.c": '#include "deep/one.h"\nint a(void) { return ONE; }\n',
    "b.c": "int b(void);\nint b(void) { return 2; }\n",
    "deep/one.h": '#include "two.h"\n#define ONE TWO\nint a(void);\n',
    "deep/two.h": "#define TWO 2\n",
    "two.h": "#define TWO 3\n",
    "free/stand.h": "#define STAND 4\n",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Units, as the compiler was called for them."""
    called: list[str] = []
    run = Compiler.run

    def counting(
        compiler: Compiler, arguments: Sequence[Any], directory: Path | None = None
    ) -> str:
        called.extend(word for word in map(str, arguments) if word.endswith(".c"))
        return run(compiler, arguments, directory)

    find_host_compiler()  # its trial is no unit of ours
    monkeypatch.setattr(Compiler, "run", counting)
    return called


def objects(files: Mapping[str, str], *flags: str) -> list[Path]:
    units = sorted(path for path in files if path.endswith(".c"))
    return compile_units(units, files, find_host_compiler(), [*C_FLAGS, *flags], (".", "free"))


def test_a_unit_is_compiled_once(compiled: list[str]) -> None:
    first = objects(FILES)
    assert objects(FILES) == first
    assert sorted(compiled) == ["a.c", "b.c"]


def test_what_a_unit_does_not_read_leaves_its_object(compiled: list[str]) -> None:
    first = objects(FILES)
    other = {"free/stand.h": "#define STAND 5\n", "b.c": FILES["b.c"].replace("2", "7")}
    again = objects(FILES | other)
    assert again[0] == first[0]
    assert again[1] != first[1]
    assert sorted(compiled) == ["a.c", "b.c", "b.c"]


@pytest.mark.parametrize("header", ["deep/one.h", "deep/two.h"])
def test_a_header_changes_the_units_that_read_it(header: str) -> None:
    first, second = objects(FILES), objects(FILES | {header: FILES[header] + "\n"})
    assert (first[0] == second[0], first[1] == second[1]) == (False, True)


def test_flags_change_every_object() -> None:
    assert not set(objects(FILES)) & set(objects(FILES, "-O2"))


def test_an_object_does_not_say_where_it_was_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [path.read_bytes() for path in objects(FILES, "-g")]
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "elsewhere"))
    second = objects(FILES, "-g")
    assert second[0].is_relative_to(tmp_path / "elsewhere")
    assert [path.read_bytes() for path in second] == first


def test_what_is_refused_is_told_and_the_rest_is_kept(compiled: list[str]) -> None:
    with pytest.raises(ToolchainError, match="undeclared"):
        objects(FILES | {"a.c": "int a(void);\nint a(void) { return undeclared; }\n"})
    objects(FILES)
    assert compiled.count("b.c") == 1


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('#include "free/stand.h"', {"free/stand.h"}),
        ("#include <stand.h>", {"free/stand.h"}),
        ('  #  include  "deep/../two.h" /* as it stands */', {"two.h"}),
        ("#if 0\n#include <two.h>\n#endif", {"two.h"}),
        ("#include <stdint.h>", set()),
        ("#define WHICH <two.h>\n#include WHICH", FILES.keys() - {"a.c"}),
    ],
)
def test_what_may_be_included_counts(line: str, read: set[str]) -> None:
    found = _read_by("a.c", FILES | {"a.c": line + "\n"}, (".", "free"))
    assert found.keys() == {"a.c"} | read


def test_all_that_the_compiler_reads_counts(tmp_path: Path) -> None:
    """Of every unit that goes to the device, as the compiler itself tells it."""
    compiler = find_host_compiler()
    if compiler.name == "zig":
        pytest.skip("needs gcc or clang")
    files = c_sources("kernels", "features", "decision") | device_sources("freestanding")
    write_files(tmp_path, files)
    units = sorted(path for path in files if path.endswith(".c"))
    words = [*compiler.command, "-std=c11", "-MM", "-I", ".", "-I", "freestanding", *units]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    rules = told.replace("\\\n", " ").splitlines()
    assert len(rules) == len(units) > 60
    for unit, rule in zip(units, rules, strict=True):
        read = {path.removeprefix("./") for path in rule.partition(":")[2].split()}
        assert read <= _read_by(unit, files, (".", "freestanding")).keys(), unit
