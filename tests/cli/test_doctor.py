"""`coincell doctor` says what is there, what is not, and how to mend it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli import doctor
from coincell.errors import ToolchainError
from coincell.toolchain import Compiler, find_cross_compiler, find_host_compiler, host_compilers

ROOT = Path(__file__).parents[2]
REQUIREMENTS = [
    "click>=8.1",
    "no-such-package-of-ours>=3",
    "keras<3.16,>=3.15; extra == 'train'",
    "absent-trainer==1.0; extra == 'train'",
    "espeakng-loader>=0.2.4; extra == 'voices'",
    "pyelftools>=0.31; extra == 'all'",
]


def test_this_machine_is_healthy_and_told_as_json() -> None:
    result = CliRunner().invoke(doctor.doctor_command, ["--json"])
    told = json.loads(result.stdout)
    faults = [check for check in told["checks"] if check["status"] == "fault"]
    assert result.exit_code == 0, faults
    assert told["ok"]
    names = [check["name"] for check in told["checks"]]
    assert names[:3] == ["Python", "machine", "packages"]
    assert {"oracle", "host compiler", "Cortex-M4 compiler", "cache", "disk"} <= set(names)


def test_a_fault_is_mended_by_the_line_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        doctor.Check("first", "ok", "fine"),
        doctor.Check("second", "fault", "broken", "mend it"),
    ]
    monkeypatch.setattr(doctor, "run_checks", lambda: iter(checks))
    result = CliRunner().invoke(doctor.doctor_command, [])
    assert result.exit_code == 1
    assert [line.split() for line in result.output.splitlines()] == [
        ["ok", "first", "fine"],
        ["fault", "second", "broken"],
        ["->", "mend", "it"],
    ]


def test_a_note_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda: iter([doctor.Check("x", "note", "", "y")]))
    assert CliRunner().invoke(doctor.doctor_command, ["--json"]).exit_code == 0


def test_an_untested_python_is_noted() -> None:
    assert doctor.check_python("3.11.7").status == "ok"
    assert doctor.check_python("3.9.1").status == "note"
    assert "3.11" in doctor.check_python("3.14.0").mend


def test_another_machine_is_noted() -> None:
    assert doctor.check_machine("Linux", "x86_64").status == "ok"
    assert doctor.check_machine("Darwin", "arm64").status == "note"


def test_a_missing_package_is_a_fault_when_all_need_it() -> None:
    found = doctor.check_packages("", REQUIREMENTS)
    assert found.status == "fault"
    assert "no-such-package-of-ours" in found.detail
    assert "click" not in found.detail
    words = shlex.split(found.mend)
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert words[4:] == ["click>=8.1", "no-such-package-of-ours>=3"]


def test_a_missing_extra_is_a_note_that_names_what_needs_it() -> None:
    found = doctor.check_packages("train", REQUIREMENTS)
    assert found.status == "note"
    assert "absent-trainer" in found.detail
    assert "training" in found.detail
    assert "keras<3.16,>=3.15" in shlex.split(found.mend)


def test_every_extra_that_a_command_uses_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    unused = {"all", "audit", "studio"}
    assert set(doctor.EXTRAS) == set(project["project"]["optional-dependencies"]) - unused
    found = doctor.check_packages("motions", ["absent-motions>=1; extra == 'motions'"])
    assert (found.status, "BasicMotions" in found.detail) == ("note", True)


def test_a_package_that_does_not_start_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor._EXTRA_PROBES, "voices", "raise ImportError('no such symbol')")
    found = doctor.check_packages("voices", ["click>=8; extra == 'voices'"])
    assert found.status == "fault"
    assert "no such symbol" in found.detail


def test_a_probe_survives_a_crash() -> None:
    assert doctor.probe("import os; os.kill(os.getpid(), 11)") == "it ended with code -11"
    assert doctor.probe("pass") == ""


@pytest.mark.parametrize("compiler", host_compilers(), ids=lambda compiler: compiler.name)
def test_each_host_compiler_is_tried(compiler: Compiler, tmp_path: Path) -> None:
    assert doctor.run_on_host(compiler, tmp_path) == ""


def test_both_board_compilers_are_tried(tmp_path: Path) -> None:
    assert doctor.compile_for_board(find_cross_compiler("cortex-m4f", "zig"), tmp_path) == ""


def test_a_compiler_for_the_wrong_machine_is_found_out(tmp_path: Path) -> None:
    assert "not for Arm" in doctor.compile_for_board(find_host_compiler(), tmp_path)


def test_a_compiler_that_refuses_is_a_fault() -> None:
    def refuse(compiler: Compiler, folder: Path) -> str:
        (folder / "broken.c").write_text("int main(void) { return undeclared; }\n")
        compiler.run(["broken.c"], directory=folder)
        return ""

    found = doctor.check_compiler("host compiler", find_host_compiler, refuse)
    assert found.status == "fault"
    assert "undeclared" in found.detail


def test_no_compiler_is_a_fault_that_one_package_mends() -> None:
    def find() -> Compiler:
        raise ToolchainError("No C compiler was found.")

    found = doctor.check_compiler("host compiler", find, doctor.run_on_host)
    assert found.status == "fault"
    assert found.mend.endswith("ziglang")


def test_a_cache_that_cannot_be_written_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "file" / "cache"))
    found = doctor.check_cache()
    assert found.status == "fault"
    assert "COINCELL_CACHE" in found.mend


def test_the_cache_check_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "cache"))
    assert doctor.check_cache().status == "ok"
    assert list((tmp_path / "cache").iterdir()) == []


def test_little_room_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_ENOUGH_DISK_BYTES", 1 << 62)
    assert doctor.check_disk().status == "note"


def test_zig_serves_when_there_is_no_other_compiler(tmp_path: Path) -> None:
    """The whole command, on a PATH with nothing on it, but for the heavy imports tried above."""
    empty = tmp_path / "bin"
    empty.mkdir()
    script = (
        "from coincell.cli import doctor, main\n"
        "del doctor._EXTRA_PROBES['train'], doctor._EXTRA_PROBES['tune']\n"
        "main()\n"
    )
    environment = {**os.environ, "PATH": str(empty)}
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["host compiler"]["detail"].startswith("zig")
    assert checks["Cortex-M4 compiler"]["detail"].startswith("zig")
    assert done.returncode == 0
