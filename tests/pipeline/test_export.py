"""Which projects may be exported, and what is wrong with how one asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coincell.errors import GateError, UserError
from coincell.pipeline import Outcome, export, export_project
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact
from coincell.project import Project, parse_configuration
from coincell.report import Gate
from exporting import listening_application
from stand_in import StandInNetwork, stand_in_application

TOML = '[project]\nname = "tiny words"\n[data]\nlabels = ["yes", "no", "silence", "unknown"]\n'


class Ran:
    """A project whose stages left what a test says."""

    def __init__(self, directory: Path) -> None:
        self.project = Project(directory, parse_configuration(TOML))
        self.directory = directory
        self.stages = [stage.name for stage in STAGES]
        self.gates: list[Gate] = []
        self.stopped_at = ""
        self.application = listening_application()

    def outcome(self, project: Project, stages: object) -> Outcome:
        del project, stages
        artefacts = {}
        for name in self.stages:
            folder = self.directory / "cache" / name
            folder.mkdir(parents=True, exist_ok=True)
            inputs = {"toolchain": {"for the board": "gcc 12"} if name == "firmware" else {}}
            (folder / "manifest.json").write_text(json.dumps({"inputs": inputs}))
            artefacts[name] = Artefact(name, "key", folder)
        return Outcome(artefacts, tuple(self.gates), self.stopped_at, self.stopped_at, {})

    def export(self, **settings: Any) -> Any:
        chosen = {"form": "c", "out": self.directory / "out"} | settings
        return export_project(self.project, **chosen)


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    made = Ran(tmp_path)
    monkeypatch.setattr(export, "find_stages", made.outcome)
    monkeypatch.setattr(export, "application", lambda *artefacts: made.application)
    return made


FAILED = Gate(name="accuracy", limit=0.85, value=0.4, passed=False, bound="at least")


def test_an_export_tells_tools_and_gates(ran: Ran) -> None:
    ran.gates = [replace_passed(FAILED)]
    result = ran.export()
    assert result.manifest["tools"] == {"for the board": "gcc 12"}
    assert result.manifest["gates"] == {"accuracy": {"value": 0.4, "limit": 0.85, "passed": True}}
    assert result.manifest["name"] == "tiny_words"
    assert set(result.files) == {
        path.relative_to(result.folder).as_posix()
        for path in result.folder.rglob("*")
        if path.is_file()
    }


def replace_passed(gate: Gate) -> Gate:
    return gate.model_copy(update={"passed": True})


def test_a_project_that_has_not_run(ran: Ran) -> None:
    ran.stages = ["dataset", "features"]
    with pytest.raises(UserError, match="has been run") as refusal:
        ran.export()
    assert "coincell run" in refusal.value.hint
    with pytest.raises(UserError, match="has been run"):
        ran.export(force=True)


def test_a_failed_gate_is_named_and_can_be_overruled(ran: Ran) -> None:
    ran.gates = [FAILED]
    with pytest.raises(GateError, match=r"accuracy is 0\.4, and must be at least 0\.85") as refusal:
        ran.export()
    assert "--force" in refusal.value.hint
    assert not (ran.directory / "out").exists()
    assert ran.export(force=True).manifest["gates"]["accuracy"]["passed"] is False


def test_gates_that_were_not_reached(ran: Ran) -> None:
    ran.stages.remove("prove")
    with pytest.raises(GateError, match="not known"):
        ran.export()
    assert ran.export(force=True).files


def test_a_run_that_a_gate_ended_before_the_model(ran: Ran) -> None:
    ran.stages, ran.stopped_at = ["dataset"], "dataset"
    with pytest.raises(GateError, match="no model to export: dataset"):
        ran.export(force=True)


@pytest.mark.parametrize(
    ("settings", "match", "hint"),
    [
        ({"form": "ardiuno"}, "must be one of arduino, platformio", "Did you mean 'arduino'?"),
        ({"form": "PYTHON"}, "received 'PYTHON'", "Did you mean 'python'?"),
        ({"form": "../c"}, "must be one of", ""),
        ({"name": "my words!"}, "identifier", "my_words"),
        ({"name": "7up"}, "identifier", "--name up"),
        ({"name": "../x"}, "identifier", "--name x"),
        ({"name": "wörter"}, "identifier", ""),
        ({"name": "a" * 49}, "identifier", "a" * 48),
        ({"name": "int"}, "meaning of its own", "int_model"),
        ({"name": "json"}, "meaning of its own", "json_model"),
        ({"name": "setup"}, "meaning of its own", "setup_model"),
        ({"version": "1.0"}, "three numbers", ""),
        ({"version": "1.0.0\n"}, "three numbers", ""),
    ],
)
def test_what_cannot_be_is_refused(
    ran: Ran, settings: dict[str, Any], match: str, hint: str
) -> None:
    with pytest.raises(UserError, match=match) as refusal:
        ran.export(**settings)
    assert hint in refusal.value.hint
    assert not (ran.directory / "out").exists()


def test_nothing_is_written_over(ran: Ran) -> None:
    out = ran.directory / "out"
    out.mkdir()
    ran.export()
    before = sorted(out.rglob("*"))
    with pytest.raises(UserError, match="never writes over"):
        ran.export()
    assert sorted(out.rglob("*")) == before
    file = ran.directory / "file"
    file.write_text("mine")
    with pytest.raises(UserError, match="never writes over"):
        ran.export(out=file)
    assert file.read_text() == "mine"


def test_a_folder_that_cannot_be_made(ran: Ran) -> None:
    (ran.directory / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write"):
        ran.export(out=ran.directory / "file" / "out")


@pytest.mark.parametrize("form", ["arduino", "platformio", "zephyr"])
def test_what_does_not_fit_the_board_is_refused(ran: Ran, form: str) -> None:
    source = StandInNetwork().sources["tiny.c"]
    large = StandInNetwork(more_sources={"tiny.c": source + "int8_t tiny_more[300000] = {1};\n"})
    ran.application = replace(stand_in_application(large), decision=ran.application.decision)
    with pytest.raises(GateError, match=r"bytes of RAM.* has 262,144") as refusal:
        ran.export(form=form)
    assert "--force" in refusal.value.hint
    assert ran.export(form=form, force=True).memory


def test_sizes_are_those_of_the_compilers_own_tool(ran: Ran, tmp_path: Path) -> None:
    """Against arm-none-eabi-size, on the library compiled with the image's flags."""
    import shutil
    import subprocess

    from coincell.firmware import device_sources, load_board
    from coincell.firmware.export.memory import unit_sizes
    from coincell.firmware.image import compile_flags
    from coincell.toolchain import find_cross_compiler

    compiler = find_cross_compiler("cortex-m4f")
    if not shutil.which("arm-none-eabi-size") or compiler.name == "zig":
        pytest.skip("no arm-none-eabi-gcc")
    folder = ran.export().folder
    library = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*.[ch]")
        if not path.name.endswith("_listen.c")
    }
    for path, text in device_sources("freestanding").items():
        target = folder / path
        target.parent.mkdir()
        target.write_text(text)
    for unit, size in unit_sizes(library, load_board("nano33ble")).items():
        made = tmp_path / "unit.o"
        compiler.run(
            [*compile_flags(compiler), "-I", "freestanding", "-c", unit, "-o", made], folder
        )
        told = subprocess.run(
            ["arm-none-eabi-size", made], capture_output=True, text=True, check=True
        ).stdout.splitlines()[1]
        text_bytes, data, bss = (int(word) for word in told.split()[:3])
        assert (size.flash_bytes, size.ram_bytes) == (text_bytes + data, data + bss), unit


@pytest.mark.parametrize(
    ("report", "there"),
    [
        ({"provenance": {"stages": [{"name": "quantize", "key": "key"}]}}, True),
        ({"provenance": {"stages": [{"name": "quantize", "key": "another"}]}}, False),
        ({"provenance": {"stages": 3}}, False),
        ([], False),
        (None, False),
    ],
)
def test_the_card_of_the_exported_model_goes_along(ran: Ran, report: object, there: bool) -> None:
    build = ran.project.build_directory
    build.mkdir()
    (build / "model_card.md").write_text("# Model card\n")
    if report is not None:
        (build / "report.json").write_text(json.dumps(report))
    made = ran.export()
    assert ("MODEL_CARD.md" in made.files) is there
    assert (made.folder / "MODEL_CARD.md").is_file() is there
