"""`coincell compile`: what lands in the folder builds, and passes the test that it carries."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.cli.model_options import OPTIMIZE
from coincell.compiler import TARGETS, CompileOptions
from coincell.errors import ToolchainError, UserError
from coincell.toolchain import C_FLAGS, find_host_compiler


def _compile(*words: str | Path) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["compile", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_options_name_what_the_compiler_takes() -> None:
    optimize = get_args(get_type_hints(CompileOptions)["optimize"])
    assert optimize == OPTIMIZE
    shown = CliRunner().invoke(cli, ["compile", "--help"], terminal_width=2000).stdout
    assert [name for name in (*TARGETS, *optimize) if name not in shown] == []


def _run_test(folder: Path, name: str) -> int:
    """Exit code of the test that came with the library; 0 if every byte is right."""
    units = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.c"))]
    find_host_compiler().run(
        [*C_FLAGS, "-O2", "-I.", f"-D{name.upper()}_TEST_MAIN", *units, "-o", "self_test"],
        directory=folder,
    )
    return subprocess.run([str(folder / "self_test")], check=False, timeout=60).returncode


@pytest.mark.parametrize("target", ["nano33ble", "generic"])
@pytest.mark.parametrize(
    ("model", "extra"),
    [
        ("resblock", ()),
        ("two_inputs_fuse", ("--arena", "caller")),
        ("two_outputs", ("--keep-input", "--optimize", "ram")),
    ],
)
def test_the_library_passes_its_own_test(
    model: str, extra: tuple[str, ...], target: str, zoo: Path, tmp_path: Path
) -> None:
    facts = _compile(zoo / f"{model}.tflite", "-o", tmp_path, "--target", target, *extra)
    beside = {"README.md", "CMakeLists.txt", f"{model}.h", f"{model}_test.c"}
    assert beside <= set(facts["files"])
    assert (facts["flash_bytes"] is None) == (target == "generic")
    readme = (tmp_path / "README.md").read_text()
    assert f"{facts['arena_bytes']:,} bytes" in readme
    assert _run_test(tmp_path, model) == 0


@pytest.mark.parametrize("target", [target.name for target in TARGETS.values() if target.core])
def test_every_processor_that_is_named_has_sizes(target: str, zoo: Path, tmp_path: Path) -> None:
    """They are those of `bench`, and stand in the README."""
    from coincell.compiler import compile_model
    from coincell.firmware import library_sizes

    model = zoo / "softmax_fc.tflite"
    facts = _compile(model, "-o", tmp_path, "--target", target)
    sizes = library_sizes(
        compile_model(model.read_bytes(), "softmax_fc", CompileOptions(TARGETS[target]))
    )
    assert sizes
    assert (facts["flash_bytes"], facts["ram_bytes"]) == (sizes.flash_bytes, sizes.ram_bytes)
    assert facts["flash_bytes"] > facts["constant_bytes"]
    readme = (tmp_path / "README.md").read_text()
    assert f"| Flash on {target} | {facts['flash_bytes']:,} bytes |" in readme
    assert f"| RAM on {target} | {facts['ram_bytes']:,} bytes |" in readme


def test_without_a_compiler_for_the_target_the_c_is_written_all_the_same(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import coincell.firmware.bare as bare

    def none(core: str, prefer: str = "") -> None:
        raise ToolchainError(f"No compiler for {core} {prefer}was found.")

    monkeypatch.setattr(bare, "find_cross_compiler", none)
    words = ["compile", str(zoo / "softmax_fc.tflite"), "-o", str(tmp_path)]
    done = CliRunner().invoke(cli, [*words, "--target", "riscv32"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stderr == "Sizes are not known: No compiler for riscv32 was found.\n"
    assert "Flash on" not in (tmp_path / "README.md").read_text()


def test_the_test_finds_a_wrong_byte(zoo: Path, tmp_path: Path) -> None:
    _compile(zoo / "conv_1x1_c3_o8.tflite", "-o", tmp_path, "--prefix", "small")
    path = tmp_path / "small_test.c"
    text = path.read_text()
    head, _, tail = text.partition("output_0[] = {\n    ")
    first, _, rest = tail.partition(",")
    path.write_text(f"{head}output_0[] = {{\n    {(int(first) + 1) % 256},{rest}")
    assert _run_test(tmp_path, "small") == 1


@pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")
def test_cmake_builds_and_tests_the_library(zoo: Path, tmp_path: Path) -> None:
    source, build = tmp_path / "net", tmp_path / "build"
    _compile(zoo / "dscnn_small.tflite", "-o", source, "--prefix", "net")
    for words in (
        ["cmake", "-S", str(source), "-B", str(build), "-DNET_BUILD_TEST=ON"],
        ["cmake", "--build", str(build)],
        ["ctest", "--test-dir", str(build)],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_target_is_told_with_those_known(zoo: Path, tmp_path: Path) -> None:
    words = ["compile", str(zoo / "resblock.tflite"), "-o", str(tmp_path), "--target", "z80"]
    with pytest.raises(UserError, match="z80") as caught:
        CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    assert "nano33ble" in caught.value.hint
    assert "riscv32" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "name"), [("9 lives.tflite", "model_9_lives"), ("\xe4.tflite", "_")]
)
def test_any_file_name_gives_a_c_name(file: str, name: str, zoo: Path, tmp_path: Path) -> None:
    shutil.copy(zoo / "fc_1_31_5.tflite", tmp_path / file)
    facts = _compile(tmp_path / file, "-o", tmp_path / "out", "--target", "generic")
    assert facts["name"] == (name if name != "_" else "model__")


def test_names_of_headers_and_of_cmake_are_not_taken(zoo: Path, tmp_path: Path) -> None:
    for taken in ("string", "Test"):
        model = tmp_path / f"{taken}.tflite"
        shutil.copy(zoo / "softmax_fc.tflite", model)
        facts = _compile(model, "-o", tmp_path / "c", "--target", "generic")
        assert facts["name"] == f"model_{taken}"
        with pytest.raises(UserError, match="C or CMake has something else of that name"):
            _compile(model, "-o", tmp_path / "c", "--prefix", taken)


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("nano33ble", "arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=hard"),
        ("cortex-m0plus", "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -std=c11"),
        ("riscv32", "riscv64-unknown-elf-gcc -march=rv32imc"),
        ("generic", "cc -std=c11 -O2"),
    ],
)
def test_the_readme_says_how_to_build_for_the_target(
    target: str, command: str, zoo: Path, tmp_path: Path
) -> None:
    _compile(zoo / "softmax_fc.tflite", "-o", tmp_path, "--target", target)
    build = (tmp_path / "README.md").read_text().partition("## Build")[2]
    line = next(line for line in build.splitlines() if " -c " in line)
    assert line.startswith(command)
    units = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.c")}
    assert set(line.partition(" -c ")[2].split()) == units - {"softmax_fc_test.c"}


def test_what_the_readme_says_checks_the_library_beside_leftovers(
    zoo: Path, tmp_path: Path
) -> None:
    """Of an earlier model in the same folder."""
    _compile(zoo / "unet_small.tflite", "-o", tmp_path, "--target", "generic", "--prefix", "old")
    _compile(zoo / "softmax_fc.tflite", "-o", tmp_path, "--target", "generic", "--prefix", "net")
    check = (tmp_path / "README.md").read_text().partition("## Check")[2]
    line = next(line for line in check.splitlines() if line.startswith("cc "))
    words = line.partition(" && ")[0].split()[1:]
    assert "old.c" not in words
    find_host_compiler().run(words, directory=tmp_path)
    assert subprocess.run([str(tmp_path / "net_test")], check=False, timeout=60).returncode == 0


@pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")
def test_two_models_with_the_same_kernels_are_one_program(zoo: Path, tmp_path: Path) -> None:
    for name in ("dscnn_small", "softmax_fc"):
        _compile(zoo / f"{name}.tflite", "-o", tmp_path / name, "--target", "generic")
    shared = {path.name for path in (tmp_path / "softmax_fc" / "kernels").glob("*.c")}
    assert shared & {path.name for path in (tmp_path / "dscnn_small" / "kernels").glob("*.c")}
    (tmp_path / "main.c").write_text(
        "int dscnn_small_test(void);\nint softmax_fc_test(void);\n"
        "int main(void) { return dscnn_small_test() + softmax_fc_test(); }\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(both C)\n"
        "add_subdirectory(dscnn_small)\nadd_subdirectory(softmax_fc)\n"
        "add_executable(both main.c dscnn_small/dscnn_small_test.c softmax_fc/softmax_fc_test.c)\n"
        "target_link_libraries(both dscnn_small softmax_fc)\n"
    )
    for words in (
        ["cmake", "-S", str(tmp_path), "-B", str(tmp_path / "build")],
        ["cmake", "--build", str(tmp_path / "build")],
        [str(tmp_path / "build" / "both")],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_cplusplus_takes_the_header(zoo: Path, tmp_path: Path) -> None:
    _compile(zoo / "io_float_float.tflite", "-o", tmp_path, "--prefix", "net")
    (tmp_path / "main.cpp").write_text(
        '#include "net.h"\n'
        "static const int shape[] = NET_INPUT_0_SHAPE;\n"
        "int main() { return net_init() + net_invoke() + (shape[0] != 1) + !net_input(0); }\n"
    )
    compiler = find_host_compiler()
    if compiler.name == "gcc" and not shutil.which("g++"):
        pytest.skip("this gcc lacks its C++ part")
    compiler.run(
        ["-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I.", "-c",
         "main.cpp"],
        directory=tmp_path,
    )  # fmt: skip
