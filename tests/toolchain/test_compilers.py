"""Compilers are found, tried out and told apart; what they refuse is passed on."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest

from coincell.errors import ToolchainError
from coincell.toolchain import (
    C_FLAGS,
    Compiler,
    build_shared_library,
    find_cross_compiler,
    find_host_compiler,
    host_compilers,
)

SOURCES = {
    "arithmetic/add.h": "#include <stdint.h>\nint32_t add(int32_t a, int32_t b);\n",
    "arithmetic/add.c": '#include "arithmetic/add.h"\n'
    "int32_t add(int32_t a, int32_t b) { return a + b; }\n",
}

every_host_compiler = pytest.mark.parametrize(
    "compiler", host_compilers(), ids=[compiler.name for compiler in host_compilers()]
)


@every_host_compiler
def test_each_compiler_makes_a_library_that_python_calls(compiler: Compiler) -> None:
    library = ctypes.CDLL(str(build_shared_library("add", SOURCES, compiler=compiler)))
    assert library.add(40, 2) == 42


@every_host_compiler
def test_each_compiler_takes_warnings_for_errors(compiler: Compiler) -> None:
    unused = {"unused.c": "int f(void) { int unused = 1; return 0; }\n"}
    with pytest.raises(ToolchainError, match="unused"):
        build_shared_library("unused", unused, compiler=compiler)


@every_host_compiler
def test_no_compiler_contracts_or_reorders_arithmetic(compiler: Compiler) -> None:
    """a * b + c with one rounding (a fused multiply-add) differs in the last bit from two."""
    source = {"f.c": "float f(float a, float b, float c) { return a * b + c; }\n"}
    path = build_shared_library("fused", source, ("-O3", "-march=native"), compiler)
    function = ctypes.CDLL(str(path)).f
    function.restype = ctypes.c_float
    function.argtypes = [ctypes.c_float] * 3
    small = 2.0**-12
    assert function(1 + small, 1 + small, -(1 + 2 * small)) == 0.0


def test_a_library_is_kept_by_its_flags() -> None:
    assert build_shared_library("add", SOURCES) == build_shared_library("add", SOURCES)
    assert build_shared_library("add", SOURCES) != build_shared_library("add", SOURCES, ("-O0",))


def test_nothing_to_compile_is_told() -> None:
    with pytest.raises(ToolchainError, match="Nothing to compile"):
        build_shared_library("empty", {"only.h": ""})


def test_zig_is_always_there() -> None:
    assert host_compilers()[-1].name == "zig"


def test_a_compiler_is_listed_once() -> None:
    places = [Path(compiler.command[0]).resolve() for compiler in host_compilers()]
    assert len(set(places)) == len(places)


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_compiler_that_cannot_make_a_program_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gcc without the C library's files starts and tells its version, but that is all."""
    _program(tmp_path, "cc", '[ "$1" = --version ] && echo "cc 99" && exit\nexit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "cache"))
    assert host_compilers()[0].version == "cc 99"
    assert find_host_compiler().version != "cc 99"


def test_no_compiler_at_all_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("coincell.toolchain.compilers._zig", lambda: None)
    for find in (find_host_compiler, find_cross_compiler):
        with pytest.raises(ToolchainError, match="No C compiler") as caught:
            find()
        assert "ziglang" in caught.value.hint


def _cross_compilers() -> list[str]:
    return ["gcc", "zig"] if shutil.which("arm-none-eabi-gcc") else ["zig"]


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m33f", "cortex-m7f"])
@pytest.mark.parametrize("family", _cross_compilers())
def test_cross_compilers_make_hard_float_dsp_code(family: str, core: str, tmp_path: Path) -> None:
    compiler = find_cross_compiler(core, prefer=family)
    (tmp_path / "f.c").write_text(
        "#if __ARM_FEATURE_DSP != 1\n#error no DSP instructions\n#endif\n"
        "float half(float x);\nfloat half(float x) { return 0.5f * x; }\n"
    )
    compiler.run([*C_FLAGS, "-ffreestanding", "-Os", "-c", "f.c", "-o", "f.o"], directory=tmp_path)
    code = (tmp_path / "f.o").read_bytes()
    assert code[:4] == b"\x7fELF"
    assert int.from_bytes(code[18:20], "little") == 40
    assert b"__aeabi_fmul" not in code  # the multiplication is an instruction, not a call


@pytest.mark.parametrize(("core", "machine"), [("cortex-m0plus", 40), ("riscv32", 243)])
def test_cores_without_dsp_have_a_compiler_too(core: str, machine: int, tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text("int twice(int x);\nint twice(int x) { return 2 * x; }\n")
    compiler = find_cross_compiler(core)
    compiler.run([*C_FLAGS, "-ffreestanding", "-c", "f.c", "-o", "f.o"], directory=tmp_path)
    code = (tmp_path / "f.o").read_bytes()
    assert code[4] == 1, "32 bits"
    assert int.from_bytes(code[18:20], "little") == machine


def test_an_unknown_core_is_named_with_those_known() -> None:
    with pytest.raises(ToolchainError, match="cortex-q9") as caught:
        find_cross_compiler("cortex-q9")
    assert "cortex-m4f" in caught.value.hint


def test_a_refusal_carries_the_compilers_first_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.c").write_text("int f(void) { return undeclared_name; }\n")
    with pytest.raises(ToolchainError, match="undeclared_name"):
        find_host_compiler().run(["-c", "bad.c"], directory=tmp_path)


def test_output_that_is_not_utf8_is_passed_on(tmp_path: Path) -> None:
    _program(tmp_path, "odd", r"printf 'a\377b' >&2; exit 1")
    with pytest.raises(ToolchainError, match="a\N{REPLACEMENT CHARACTER}b"):
        Compiler("odd", (str(tmp_path / "odd"),), "1").run([])


def test_a_compiler_that_is_gone_is_told() -> None:
    with pytest.raises(ToolchainError, match="Cannot start"):
        Compiler("gone", ("/nowhere/cc",), "1").run([])


def test_identity_is_version_and_flags_but_not_the_place() -> None:
    here = Compiler("gcc", ("/here/gcc", "-m32"), "12")
    there = Compiler("gcc", ("/there/gcc", "-m32"), "12")
    assert here.identity == there.identity
    assert here.identity != Compiler("gcc", ("/here/gcc", "-m64"), "12").identity
