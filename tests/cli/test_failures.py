"""A failing command: rule and hint on standard error, with --json an object on standard output."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from coincell import project as project_package
from coincell.cli import main
from coincell.cli.failures import wants_json
from coincell.cli.main import cli
from coincell.errors import DataError, GateError, InternalError
from coincell.firmware import build_image, load_board
from stand_in import stand_in_application

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def coincell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["coincell", *map(str, words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = leaving.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    return build_image(stand_in_application(), load_board("nano33ble"), folder).elf


def commands(group: click.Group, *begin: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *begin, name)
        else:
            yield (*begin, name)


def error_of(out: str) -> dict[str, Any]:
    """What a failing command printed with --json: one line, the error."""
    [line] = out.splitlines()
    [(name, facts)] = json.loads(line).items()
    assert name == "error"
    assert set(facts) == {"kind", "message", "hint", "exit_code", "more"}
    return dict(facts)


@pytest.mark.parametrize("words", list(commands(cli)), ids=" ".join)
def test_every_command_tells_a_wrong_option_as_json(words: tuple[str, ...], coincell: Call) -> None:
    code, out, err = coincell(*words, "--json", "--no-such-option")
    told = error_of(out)
    assert (code, told["exit_code"], told["kind"]) == (2, 2, "UsageError")
    assert "--no-such-option" in told["message"]
    assert " ".join(words) in told["hint"]
    assert told["message"] in err, "a person who keeps the output in a file sees it too"
    code, out, _ = coincell(*words, "--no-such-option")
    assert (code, out) == (2, "")


def test_a_wrong_command_and_a_missing_word_are_told_too(coincell: Call) -> None:
    assert "'compile'" in error_of(coincell("compil", "--json")[1])["message"]
    assert "MODEL" in error_of(coincell("compile", "--json")[1])["message"]


def test_an_error_of_ours_has_its_class_hint_and_page(
    coincell: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NarrowerError(DataError):
        """Of a package's own."""

    for error, kind, code in (
        (NarrowerError("One.", "Two."), "DataError", 2),
        (GateError("One.", "Two."), "GateError", 1),
        (InternalError("One.", "Two."), "InternalError", 3),
        (MemoryError(), "UserError", 2),
        (KeyboardInterrupt(), "Stopped", 130),
        (KeyError("x"), "InternalError", 3),
        (OSError(28, os.strerror(28), "there"), "FileError", 2),
    ):

        def refuse(directory: Path, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(project_package, "load_project", refuse)
        left, out, err = coincell("data", "check", "--json")
        told = error_of(out)
        assert (left, told["exit_code"], told["kind"]) == (code, code, kind)
        assert told["message"] in err
        if error.args[:1] == ("One.",):
            assert (told["message"], told["hint"]) == ("One.", "Two.")
            assert told["more"].split("#")[0].endswith("troubleshooting.md")
        assert coincell("data", "check")[1] == ""


def test_json_is_asked_for_where_a_command_would_print_it() -> None:
    assert wants_json(["run", "--json"])
    assert wants_json(["bench", "a.tflite", "--format", "json"])
    assert wants_json(["bench", "a.tflite", "--format=json"])
    assert not wants_json(["bench", "a.tflite", "--format", "csv"])
    assert not wants_json(["compile", "--", "--json"])


PLACES = ("absent", "absent/deeper", "folder", "empty", "garbage", "words.csv", "sound.txt", "loop")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each thing that is never what a command wants."""
    here = tmp_path_factory.mktemp("places")
    (here / "folder").mkdir()
    (here / "empty").touch()
    (here / "garbage").write_bytes(bytes((7 * n * n + 131 * n + 255) % 256 for n in range(5000)))
    (here / "words.csv").write_text("hello,world\nthis,is text\n")
    (here / "sound.txt").write_text("no sound at all\n")
    (here / "loop").symlink_to("loop")
    return here


WORDS = (
    "predict @", "listen @ --project PROJECT", "listen --project @", "data import @",
    "data import garbage --project @", "data synthesize --project @", "data check --project @",
    "run @", "features --project @", "train --project @", "quantize --project @",
    "evaluate --project @", "export @ --format c", "compile @", "compile MODEL --target @",
    "bench @", "bench MODEL --target host --inputs @", "explain @", "explain MODEL --target @",
    "board run @", "board run @ --board nano33ble", "board info @", "board info --port @",
    "board test @", "board bridge @", "flash @", "serial --port @", "listen --port @",
    "new @ made", "run --from @ PROJECT",
)  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_cannot_be_used_is_refused_with_a_rule_and_a_hint(
    words: str, place: str, places: Path, zoo: Path, coincell: Call,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(places)
    project = tmp_path / "project"
    shutil.copytree(places, project, symlinks=True)
    (project / "coincell.toml").write_text('[project]\nname = "a"\n[data]\nlabels = ["b", "c"]\n')
    known = {"@": place, "PROJECT": str(project), "MODEL": str(zoo / "fc_1_31_5.tflite")}
    code, out, _ = coincell(*(known.get(word, word) for word in words.split()), "--json")
    told = error_of(out)
    assert code == 2
    assert told["message"]
    assert told["hint"]
    for raw in ("codec", "Errno", "Error(", "object has no"):
        assert raw not in told["message"]


AROUND = (
    ("--microphone", "absent"), ("--microphone", "garbage"), ("--microphone", "empty"),
    ("--motion", "absent"), ("--motion", "garbage"), ("--motion", "words.csv"),
    ("--motion", "empty"), ("--scene", "absent"), ("--scene", "folder"), ("--scene", "garbage"),
    ("--scene", "words.csv"), ("--scene", "empty"),
)  # fmt: skip


@pytest.mark.parametrize(("option", "place"), AROUND)
def test_what_is_put_around_a_board_is_checked_like_that(
    option: str, place: str, places: Path, elf: Path, coincell: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(places)
    code, out, _ = coincell("board", "run", elf, option, place, "--json")
    told = error_of(out)
    assert code == 2
    assert told["hint"]
    assert place in told["message"]
    for raw in ("codec", "Errno", "cannot identify"):
        assert raw not in told["message"]


@pytest.mark.parametrize("words", ["board run IMAGE -o IMAGE", "explain MODEL -o MODEL"])
def test_a_page_is_not_written_over_what_it_is_about(
    words: str, elf: Path, zoo: Path, tmp_path: Path, coincell: Call
) -> None:
    known = {"IMAGE": tmp_path / "a.elf", "MODEL": tmp_path / "a.tflite"}
    shutil.copy(elf, known["IMAGE"])
    shutil.copy(zoo / "fc_1_31_5.tflite", known["MODEL"])
    before = {path: path.read_bytes() for path in known.values()}
    code, out, _ = coincell(*(known.get(word, word) for word in words.split()), "--json")
    told = error_of(out)
    assert code == 2
    assert "ends in .html" in told["message"]
    assert "-o" in told["hint"]
    assert {path: path.read_bytes() for path in known.values()} == before


@pytest.mark.parametrize(
    ("words", "near"), [("mointor", "monitor"), ("monitor ingst", "ingest"), ("data chek", "check")]
)
def test_a_misspelt_command_is_told_the_near_one(words: str, near: str, coincell: Call) -> None:
    code, _, err = coincell(*words.split())
    assert code == 2
    assert f"Did you mean {near!r}?" in err
