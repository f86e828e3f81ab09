"""Only what is stale is redone; a gate ends the run; a stopped run goes on."""

import threading
from dataclasses import replace

import pytest

from coincell.errors import UserError
from coincell.files import locked
from coincell.pipeline.runner import Demand, alone, find_stages, run_stages
from coincell.pipeline.stage import Stage
from coincell.project import Project, parse_configuration
from coincell.report import Gate

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[training]\nepochs = 3\n'


class Toy:
    """Three stages in a row that note when they run."""

    def __init__(self, directory):
        (directory / "recording.txt").write_text("")
        self.directory = directory
        self.ran = []
        self.fail_in = ""
        self.gate_at = ""

    def stages(self):
        def stage(name, needs, settings):
            def run(context):
                if name == self.fail_in:
                    raise KeyboardInterrupt
                self.ran.append(name)
                text = "".join(context.inputs[n].read_json("out.json") for n in needs)
                if name == "data":
                    text = (context.project.directory / "recording.txt").read_text()
                epochs = min(context.configuration.training.epochs, 4) if name == "train" else ""
                (context.output / "out.json").write_text(f'"{text}{name}{epochs};"')
                context.progress(1, 1)

            def gates(artefact, project):
                passed = name not in self.gate_at
                reason = "" if passed else f"{name} is too much."
                return [Gate(name=f"{name}-limit", limit=1, value=2, passed=passed, reason=reason)]

            return Stage(
                name, name.title(), needs, settings, (), run, gates=gates,
                files=lambda project: [project.directory / "recording.txt"]
                if name == "data" else [],
            )  # fmt: skip

        return [
            stage("data", (), lambda c: {}),
            stage("train", ("data",), lambda c: c.training.model_dump(mode="json")),
            stage("report", ("train",), lambda c: {}),
        ]

    def run(self, toml=TOML, **demand):
        self.ran.clear()
        project = Project(self.directory, parse_configuration(toml))
        return run_stages(project, self.stages(), Demand(**demand))


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path)


def test_everything_once_then_nothing(toy):
    outcome = toy.run()
    assert toy.ran == ["data", "train", "report"]
    assert outcome.artefacts["report"].read_json("out.json") == "data;train3;report;"
    toy.run()
    assert toy.ran == []


def test_a_setting_redoes_what_depends_on_it(toy):
    toy.run()
    toy.run(TOML.replace("epochs = 3", "epochs = 4"))
    assert toy.ran == ["train", "report"]
    toy.run()
    assert toy.ran == []


def test_what_comes_out_the_same_redoes_nothing_after_it(toy):
    toy.run(TOML.replace("epochs = 3", "epochs = 4"))
    toy.run(TOML.replace("epochs = 3", "epochs = 5"))
    assert toy.ran == ["train"]


def test_a_changed_recording_redoes_all(toy):
    toy.run()
    (toy.directory / "recording.txt").write_text("hello!")
    toy.run()
    assert toy.ran == ["data", "train", "report"]


def test_a_missing_recording_is_told(toy):
    (toy.directory / "recording.txt").unlink()
    with pytest.raises(UserError, match="is missing"):
        toy.run()


def test_from_and_force(toy):
    toy.run()
    toy.run(from_stage="train")
    assert toy.ran == ["train", "report"]
    toy.run(force=True)
    assert toy.ran == ["data", "train", "report"]
    toy.run(until="train", force=True)
    assert toy.ran == ["data", "train"]
    with pytest.raises(UserError, match="no stage 'trian'"):
        toy.run(from_stage="trian")


def test_until_makes_only_what_it_needs(toy, monkeypatch):
    plain = toy.stages()
    aside = replace(plain[1], name="yardstick", run=lambda context: toy.ran.append("yardstick"))
    monkeypatch.setattr(toy, "stages", lambda: [plain[0], aside, *plain[1:]])
    toy.run(until="report")
    assert toy.ran == ["data", "train", "report"]
    toy.run()
    assert toy.ran == ["yardstick"]


def test_a_stopped_run_goes_on(toy):
    toy.fail_in = "train"
    with pytest.raises(KeyboardInterrupt):
        toy.run()
    toy.fail_in = ""
    toy.run()
    assert toy.ran == ["train", "report"]


def test_a_failed_gate_ends_the_run(toy):
    toy.gate_at = "train"
    outcome = toy.run()
    assert toy.ran == ["data", "train"]
    assert not outcome.passed
    assert outcome.stopped_at == "train"
    assert outcome.stop_reason == "train is too much."
    assert [gate.name for gate in outcome.gates] == ["data-limit", "train-limit"]


def test_a_gate_may_let_the_run_go_on(toy, monkeypatch):
    toy.gate_at = "train"
    plain = toy.stages
    monkeypatch.setattr(toy, "stages", lambda: [replace(s, gates_stop=False) for s in plain()])
    outcome = toy.run()
    assert toy.ran == ["data", "train", "report"]
    assert not outcome.passed
    assert outcome.stopped_at == ""


def test_only_what_stops_the_run_is_its_reason(toy, monkeypatch):
    toy.gate_at = "data train"
    first, *rest = toy.stages()
    monkeypatch.setattr(toy, "stages", lambda: [replace(first, gates_stop=False), *rest])
    outcome = toy.run()
    assert outcome.stopped_at == "train"
    assert outcome.stop_reason == "train is too much."


def test_verify_rehashes(toy):
    outcome = toy.run()
    (outcome.artefacts["train"].folder / "out.json").write_text('"forged"')
    toy.run()
    with pytest.raises(UserError, match="is not what the train stage wrote"):
        toy.run(verify=True)


def test_two_runs_of_a_project_take_turns(toy):
    """Held by one, the build folder is not touched by another."""
    project = Project(toy.directory, parse_configuration(TOML))
    order = []

    def second():
        with alone(project, toy.stages()):
            order.append("second")

    with alone(project, toy.stages()):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_who_waits_for_another_run_is_told(toy):
    heard = []
    project = Project(toy.directory, parse_configuration(TOML))
    project.build_directory.mkdir()
    holding, done = threading.Event(), threading.Event()

    def hold():
        with locked(project.build_directory / ".lock"):
            holding.set()
            done.wait(timeout=30)

    def listen(event):
        heard.append(event.kind)
        done.set()

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(timeout=30)
    with alone(project, toy.stages(), listen):
        assert heard == ["waiting"]
    holder.join()


def test_what_is_there_is_found_and_nothing_runs(toy):
    def look(toml=TOML):
        toy.ran.clear()
        found = find_stages(Project(toy.directory, parse_configuration(toml)), toy.stages())
        assert toy.ran == []
        return found

    assert not look().artefacts
    toy.run(until="train")
    assert set(look().artefacts) == {"data", "train"}
    made = toy.run()
    assert look().artefacts == made.artefacts
    assert look().gates == made.gates
    assert set(look(TOML.replace("epochs = 3", "epochs = 4")).artefacts) == {"data"}
    toy.gate_at = "train"
    stopped = look()
    assert (stopped.stopped_at, set(stopped.artefacts)) == ("train", {"data", "train"})
    assert stopped.stop_reason == "train is too much."
