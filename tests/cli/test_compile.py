"""`coincell compile`: what lands in the folder builds, and passes the test that it carries."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.toolchain import C_FLAGS, find_host_compiler


def _compile(*words: str | Path) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["compile", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


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
