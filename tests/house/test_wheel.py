"""The built wheel, installed elsewhere, carries all that it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from source_tree import PACKAGE, ROOT, tracked_files
from tiny_project import TOML

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git tracks, so that nothing ignored slips in."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked_files():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        [*command, str(source)], capture_output=True, text=True, check=False, cwd=out
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("coincell-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a new environment with the wheel in it, which sees this one's packages."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = ["pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, "-m", *install, str(wheel)], check=True, cwd=folder)
    site = folder / sysconfig.get_path("purelib", vars={"base": ""}).lstrip("/")
    # A path alone, unlike a site folder, does not read this environment's own .pth files: the
    # clone stays out of sight.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


def test_the_wheel_holds_every_file_of_the_package_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in tracked_files()
        if path.is_relative_to(PACKAGE)
    }
    assert wanted <= held
    assert {Path(name).suffix for name in wanted} >= {".py", ".c", ".h", ".toml", ".j2", ".js"}
    assert any(name.endswith("licenses/LICENSE") for name in held)
    assert any(name.endswith("share/doc/coincell/troubleshooting.md") for name in held)
    strangers = {name for name in held - wanted if ".dist-info/" not in name}
    assert all("/share/doc/coincell/" in name for name in strangers)


def test_the_command_runs_from_the_wheel_alone(elsewhere: Path, tmp_path: Path) -> None:
    place = _run(
        [str(elsewhere / "python"), "-c", "import coincell; print(coincell.__file__)"], tmp_path
    )
    assert Path(place.stdout.strip()).is_relative_to(elsewhere.parent), place.stdout + place.stderr
    shown = _run([str(elsewhere / "coincell"), "--help"], tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "doctor" in shown.stdout


def test_doctor_is_content_there(elsewhere: Path, tmp_path: Path) -> None:
    done = _run([str(elsewhere / "coincell"), "doctor", "--json"], tmp_path)
    checks = json.loads(done.stdout)["checks"]
    assert done.returncode == 0, [check for check in checks if check["status"] != "ok"]


def test_a_project_starts_there(elsewhere: Path, tmp_path: Path) -> None:
    made = _run([str(elsewhere / "coincell"), "new", "keyword-spotting", "words"], tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "words" / "coincell.toml").is_file()


def test_a_whole_project_runs_there(elsewhere: Path, tmp_path: Path) -> None:
    coincell = str(elsewhere / "coincell")
    words = tmp_path / "words"
    assert _run([coincell, "new", "keyword-spotting", "words"], tmp_path).returncode == 0
    (words / "coincell.toml").write_text(TOML)
    for command in (["data", "synthesize"], ["data", "check"], ["run"]):
        done = _run([coincell, *command], words)
        assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((words / "build" / "report.json").read_text())
    assert report["exact"]["mismatches"] == 0
    assert all(gate["passed"] for gate in report["gates"])
    clip = sorted((words / "data" / "yes").rglob("*.wav"))[0]
    said = _run([coincell, "predict", str(clip), "--on", "board", "--json"], words)
    assert json.loads(said.stdout)[0]["label"] in ("yes", "no", "silence", "unknown", None)
