"""The Zephyr module: its CMake files built for real with a stand-in of Zephyr's, its YAML read."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from coincell.firmware import HostStream, StreamEvent
from exporting import HERE, NAME, export, label_of, listening_application, must, score_text

SHIM = HERE / "zephyr_shim"
UPPER = NAME.upper()


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("zephyr", tmp_path_factory.mktemp("zephyr") / NAME)


def _build(module: Path, build: Path) -> list[str]:
    """What the sample prints when it is built and run on this computer."""
    base = {"ZEPHYR_BASE": str(SHIM), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    configure = ["cmake", "-S", module / "sample", "-B", build, f"-DZephyr_DIR={SHIM / 'cmake'}"]
    must(configure, env=base)
    must(["cmake", "--build", build], env=base)
    return must([build / "app"]).splitlines()


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_the_sample_builds_without_warnings_and_passes(module: Path, tmp_path: Path) -> None:
    lines = _build(module, tmp_path / "build")
    assert json.loads(lines[0]) == json.loads((module / "manifest.json").read_text())
    assert lines[1] == f"{NAME}: PASS"
    (event,) = wanted_silence()
    assert lines[2:] == [f"{NAME}: {label_of(event) or ''} {score_text(event.score)}"]


def wanted_silence() -> list[StreamEvent]:
    return HostStream(listening_application()).process(np.zeros(1600, np.int16))


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_the_switch_leaves_the_self_test_out(module: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(module, tmp_path / NAME)
    for path in (copy / "sample" / "prj.conf", copy / "sample" / "src" / "main.c"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "self_test" not in line.lower()))
    lines = _build(copy, tmp_path / "build")
    assert len(lines) == 2, "the manifest and a decision"
    symbols = must(["nm", tmp_path / "build" / "app"]) if shutil.which("nm") else ""
    assert "self_test" not in symbols


def test_kconfig_defines_what_the_sample_sets(module: Path) -> None:
    text = (module / "Kconfig").read_text()
    defined = set(re.findall(r"^config (\w+)$", text, re.MULTILINE))
    assert defined == {UPPER, f"{UPPER}_SELF_TEST"}
    # Kconfig's own rules: an entry's lines are indented by a tab, a help's by a tab and two blanks.
    for line in text.splitlines():
        assert re.match(r"(config \w+$|#|$|\t\S|\t  \S)", line), line
    settings = (module / "sample" / "prj.conf").read_text()
    own = set(re.findall(r"^CONFIG_(\w+)=", settings, re.MULTILINE))
    assert own - {"MAIN_STACK_SIZE"} == defined


def test_the_module_is_described_as_zephyr_asks(module: Path) -> None:
    yaml = pytest.importorskip("yaml")
    described = yaml.safe_load((module / "zephyr" / "module.yml").read_text())
    assert set(described) <= {"name", "build", "samples"}
    assert described["name"] == NAME
    assert (module / described["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (module / described["build"]["kconfig"]).is_file()
    assert all((module / sample / "sample.yaml").is_file() for sample in described["samples"])
    sample = yaml.safe_load((module / "sample" / "sample.yaml").read_text())
    assert set(sample) == {"sample", "tests"}
    assert sample["sample"]["name"] == NAME
    (test,) = sample["tests"].values()
    assert test["harness"] == "console"
    assert re.fullmatch(test["harness_config"]["regex"][0], f"{NAME}: PASS")


def test_every_source_is_named_in_cmake(module: Path) -> None:
    text = (module / "CMakeLists.txt").read_text()
    named = set(re.findall(r"CMAKE_CURRENT_LIST_DIR\}/(src/\S+\.c)", text))
    there = {path.relative_to(module).as_posix() for path in (module / "src").rglob("*.c")}
    assert named == there
