"""`coincell board run`: what it prints, and what it says of wrong input."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from coincell.cli import main
from coincell.firmware import build_image, load_board
from coincell.runtime import Teller
from exporting_senses import sensing
from stand_in import stand_in_application

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    return build_image(stand_in_application(), load_board("nano33ble"), folder).elf


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["coincell", "board", "run", *map(str, words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = leaving.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return call


def write_sound(path: Path, rate: int = 16_000) -> Path:
    noise = np.random.default_rng(1).integers(-8000, 8000, rate).astype(np.int16)
    soundfile.write(path, noise, rate)
    return path


def test_json_tells_decisions_energy_and_days(run: Call, elf: Path, tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "a.wav")
    page, drawn = tmp_path / "page.html", tmp_path / "server.svg"
    code, out, _ = run(
        elf, "--microphone", sound, "--bare", "--json", "-o", page, "--server-picture", drawn
    )
    assert code == 0
    found = json.loads(out)
    assert found["listened"]
    assert found["decisions"]
    assert found["battery"] == "cr2032"
    assert found["battery_days"]["low"] < found["battery_days"]["high"]
    assert found["average_mw"]["typical"] == pytest.approx(3000 * found["average_a"]["typical"])
    total = sum(line["average_a"]["typical"] for line in found["energy"])
    assert total == pytest.approx(found["average_a"]["typical"])
    assert sum(line["share"] for line in found["energy"]) == pytest.approx(1)
    assert all(line["source"] for line in found["energy"])
    assert not found["as_shipped"]
    assert [way["name"] for way in found["server"]] == ["decisions", "features", "raw"]
    assert found["server"][0]["days"]["typical"] > found["server"][2]["days"]["typical"]
    assert found["server_sources"]
    picture = drawn.read_text(encoding="utf-8")
    assert "of a bare module" in picture
    written = page.read_text(encoding="utf-8")
    assert "</html>" in written
    assert "On the device against sent to a server" in written
    assert picture.strip() in written


@pytest.mark.parametrize("what", ["regression", "mahalanobis"])
def test_numbers_and_strangeness_are_told_with_unit_and_threshold(
    run: Call, what: str, tmp_path: Path
) -> None:
    application = sensing(what)
    image = build_image(application, load_board("nano33ble"), tmp_path)
    rows = np.random.default_rng(4).uniform(-1, 1, (150, 6)).round(4)
    moved = tmp_path / "moved.csv"
    heads = "ax [g],ay [g],az [g],gx [deg/s],gy [deg/s],gz [deg/s]"
    np.savetxt(moved, rows, delimiter=",", header=heads, comments="")
    words = (image.elf, "--motion", moved, "--motion-rate", "50", "--seconds", "3")
    code, out, err = run(*words, "--json")
    assert code == 0, err
    decisions = json.loads(out)["decisions"]
    assert decisions
    teller = Teller.of(json.loads(application.description))
    for each in decisions:
        plain = teller.plain(each["score_raw"])
        assert {name: each[name] for name in plain} == plain
        assert each["told"] == teller.score(each["score_raw"])
    expected = {
        "regression": {"value", "unit"},
        "mahalanobis": {"strangeness", "threshold", "unit"},
    }
    assert expected[what] <= set(decisions[0])
    _, out, _ = run(*words)
    assert decisions[0]["told"] in out.splitlines()[0]


def test_without_a_terminal_a_line_tells_now_and_then_how_far_it_is(
    run: Call, elf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures take the virtual board long: not without a word."""
    monkeypatch.setattr("coincell.cli.output.SECONDS_BETWEEN_LINES", 0.0)
    _, _, err = run(elf, "--seconds", "0.2")
    told = [line for line in err.splitlines() if "the board runs" in line]
    assert len(told) > 5
    assert told[-1].endswith("100 %")
    assert told[0] != told[-1]
    _, _, err = run(elf, "--seconds", "0.2", "--json")
    assert "the board runs" not in err


def test_for_people_the_shipped_board_s_light_is_a_line(run: Call, elf: Path) -> None:
    code, out, err = run(elf, "--seconds", "1", "--battery", "2xaa")
    assert code == 0
    assert "power light, as shipped" in out
    assert "On two alkaline AA cells: " in out
    assert "duty cycle:" in out
    assert "CR2032" not in err
    assert "decided on the device, decisions sent" in out
    assert "raw samples sent to a server" in out


def test_without_decisions_there_is_nothing_to_draw(run: Call, elf: Path, tmp_path: Path) -> None:
    code, _, err = run(elf, "--seconds", "0.1", "--server-picture", tmp_path / "server.svg")
    assert code == 2
    assert "--seconds 10" in err
    assert not (tmp_path / "server.svg").exists()


def test_a_page_names_the_folder_that_it_was_called_in(
    run: Call, elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-words" / "build").mkdir(parents=True)
    shutil.copy(elf, tmp_path / "my-words" / "build" / "firmware.elf")
    monkeypatch.chdir(tmp_path / "my-words")
    code, out, _ = run(".", "--seconds", "0.2", "--json", "-o", "page.html")
    assert (code, json.loads(out)["image"]) == (0, "my-words")
    assert "<title>my-words on the virtual board</title>" in Path("page.html").read_text()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.elf", None, "Cannot read the image"),
        ("text.elf", b"hello", "no ELF file"),
        ("firmware.bin", b"\0" * 64, "does not say what is in it"),
    ],
)
def test_what_is_no_image_is_refused(
    run: Call, tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, _, err = run(path)
    assert code == 2
    assert told in err


def test_a_program_for_this_computer_is_refused(run: Call) -> None:
    code, _, err = run(Path(sys.executable).resolve())
    assert code == 2
    assert "no 32-bit little-endian Arm executable" in err


def test_another_board_than_the_image_s_is_refused(run: Call, elf: Path) -> None:
    code, _, err = run(elf, "--board", "nano33bel")
    assert code == 2
    assert "nano33ble" in err


def test_an_unknown_battery_is_refused_before_anything_runs(run: Call, elf: Path) -> None:
    code, _, err = run(elf, "--battery", "cr9999")
    assert code == 2
    assert "cr2032" in err


def test_a_recording_of_another_rate_is_refused_or_resampled(
    run: Call, elf: Path, tmp_path: Path
) -> None:
    sound = write_sound(tmp_path / "fast.wav", 44_100)
    code, _, err = run(elf, "--microphone", sound)
    assert code == 2
    assert "44,100" in err
    assert "--resample" in err
    code, out, _ = run(elf, "--microphone", sound, "--resample", "--json")
    assert code == 0
    assert json.loads(out)["listened"]


def test_a_scene_is_refused_where_nothing_looks(run: Call, elf: Path, tmp_path: Path) -> None:
    """A scene that is right in itself, for an image that has no camera."""
    Image.new("L", (96, 96), 128).save(tmp_path / "grey.png")
    code, _, err = run(elf, "--scene", tmp_path)
    assert code == 2
    assert "The image has no camera: it senses sound" in " ".join(err.split())


def test_what_is_no_recording_is_refused(run: Call, elf: Path, tmp_path: Path) -> None:
    sound = tmp_path / "noise.wav"
    sound.write_bytes(b"RIFF nothing")
    code, _, err = run(elf, "--microphone", sound)
    assert code == 2
    assert "noise.wav" in err
