"""Sketches compiled as Arduino does, against a stand-in of its libraries, and run on sounds."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.errors import UserError
from coincell.firmware import HostStream, board_names, export_application, load_board
from coincell.firmware.export.arduino import sketch_values
from coincell.firmware.export.templates import render
from coincell.project import DecisionSettings, WindowForm
from exported_sketches import SHIM, SKETCH_FLAGS, Bench, example
from exporting import (
    NAME,
    environment,
    export,
    label_of,
    listening_application,
    must,
    request,
    run,
    score_text,
    sound,
    wanted_lines,
    write,
)

BLOCK = 256  # samples that the library of the microphone has at a time


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    work = tmp_path_factory.mktemp("arduino")
    library = export("arduino", work / NAME)
    return Bench(library, library / "src", work)


def microphone(bench: Bench) -> Path:
    return bench.build(example(bench, "microphone"), "-DARDUINO_ARCH_NRF52840")


def heard(program: Path, samples: NDArray[np.int16], **settings: object) -> list[str]:
    """What a sketch prints of `samples`."""
    path = write(program.parent / "sound.raw", samples)
    return must([program], env=environment(SHIM_SOUND=path, SHIM_RATE=16000, **settings)).split(
        "\n"
    )[:-1]


def test_the_microphone_sketch_decides_as_the_host_library_does(bench: Bench) -> None:
    program = microphone(bench)
    samples = sound()
    assert heard(program, samples) == wanted_lines(samples)


def test_sound_that_comes_in_bursts_changes_nothing(bench: Bench) -> None:
    program = microphone(bench)
    samples = sound()
    assert heard(program, samples, SHIM_BLOCKS=2) == wanted_lines(samples)


def test_lost_sound_is_told_and_no_window_spans_the_gap(bench: Bench) -> None:
    program = microphone(bench)
    samples = sound(40)
    lines = heard(program, samples, SHIM_BLOCKS=9, SHIM_BURST_AT=50, SHIM_GAIN=40)
    gap = lines.index("! sound was lost")
    whole, behind = wanted_lines(samples), wanted_lines(samples[59 * BLOCK :])
    assert 0 < gap < len(whole) - len(behind)
    assert lines[:gap] == whole[:gap]
    assert lines[gap + 1 :] == behind


def test_the_gain_is_the_projects(tmp_path: Path) -> None:
    made = replace(request(), microphone_gain_db=-7.5)
    folder = export_application(made, "arduino", tmp_path / NAME).folder
    sketch = folder / "examples" / "microphone" / "microphone.ino"
    assert "  PDM.setGain(25);" in sketch.read_text()


def test_a_rate_that_few_microphones_have_is_told(bench: Bench, tmp_path: Path) -> None:
    known = example(bench, "microphone").read_text()
    values = sketch_values(request())
    assert render("arduino/microphone/microphone.ino", values) == known
    slow = render("arduino/microphone/microphone.ino", values | {"sample_rate_hz": 8000})
    sketch = tmp_path / "slow.ino"
    sketch.write_text(slow)
    done = run([bench.build(sketch)], env={})
    assert "PDM libraries give 16000 samples a second, few 8000." in done.stdout.splitlines()


def test_the_light_is_on_while_a_word_is_heard(bench: Bench) -> None:
    program = microphone(bench)
    lines = heard(program, sound(), SHIM_SHOWS_LED=1)
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    assert {led for _, led in pairs} == {"LED 0", "LED 1"}
    for line, led in pairs:
        assert led == f"LED {int(line.split()[0] in ('yes', 'no'))}"


def test_a_missing_microphone_is_told(bench: Bench) -> None:
    done = run([microphone(bench)], env={})
    assert done.returncode == 3
    assert "The microphone does not start." in done.stdout


def test_the_self_test_passes_and_tells_what_it_was_made_of(bench: Bench) -> None:
    lines = must(
        [bench.build(example(bench, "self_test"))], env=environment(SHIM_LOOPS=1)
    ).splitlines()
    assert lines[0] == "PASS"
    assert '"model_sha256":"' + "0" * 64 in lines[1]


def test_a_changed_weight_fails_the_self_test(bench: Bench, tmp_path: Path) -> None:
    broken = shutil.copytree(bench.library, tmp_path / "broken")
    weights = broken / "src" / "core" / "tiny.c"
    text = weights.read_text()
    changed = re.sub(r"(second\[\d+\] = \{)(-?\d+)", lambda m: f"{m[1]}{-int(m[2])}", text)
    assert changed != text
    weights.write_text(changed)
    work = tmp_path / "work"
    work.mkdir()
    bad = Bench(broken, broken / "src", work)
    done = run([bad.build(example(bad, "self_test"))], env=environment(SHIM_LOOPS=1))
    assert done.stdout.startswith("FAIL: the scores differ")


def test_the_library_is_what_the_arduino_ide_reads(bench: Bench) -> None:
    text = (bench.library / "library.properties").read_text()
    properties = dict(line.split("=", 1) for line in text.splitlines())
    assert properties["name"] == NAME
    assert properties["version"] == "1.2.3"
    # These the library specification asks for.
    asked = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category",
             "url", "architectures"}  # fmt: skip
    assert asked <= set(properties)
    assert properties["category"] == "Data Processing"
    names = {path.name for path in (bench.library / "examples").iterdir()}
    assert names == {"microphone", "self_test"}
    # A sketch lies in a folder of its own name; keywords are separated by one tab.
    for path in bench.library.rglob("*.ino"):
        assert path.parent.name == path.stem
    for line in (bench.library / "keywords.txt").read_text().splitlines():
        assert re.fullmatch(r"\w+\t(KEYWORD[12]|LITERAL1)", line)


def test_the_header_declares_all_that_the_ide_highlights(bench: Bench) -> None:
    header = (bench.library / "src" / f"{NAME}.h").read_text()
    for line in (bench.library / "keywords.txt").read_text().splitlines():
        assert re.search(rf"\b{line.split()[0]}\b", header), line


def test_windows_computed_whole_work_too(tmp_path: Path) -> None:
    """level = peak depends on the window: the stream's buffer is then the window itself."""
    from coincell.features import make_feature_block
    from coincell.project import MelSettings

    settings = MelSettings(bands=8, frame_ms=30, hop_ms=20, fft_size=512, level="peak")
    application = replace(
        listening_application(),
        features=make_feature_block(settings, WindowForm("sound", 1600, 1, 16000)),
        decision=DecisionSettings(smoothing_windows=2, threshold=0.6, hop_ms=40),
    )
    assert not application.features.by_row
    library = export("arduino", tmp_path / NAME, application=application)
    bench = Bench(library, library / "src", tmp_path)
    samples = sound(6)
    events = HostStream(application).process(samples)
    wanted = [f"{label_of(event) or '-'} {score_text(event.score)}" for event in events]
    assert heard(microphone(bench), samples) == wanted
    test = bench.build(example(bench, "self_test"))
    assert must([test], env=environment(SHIM_LOOPS=0)).startswith("PASS")


def test_the_platformio_project_tests_itself_and_listens(tmp_path: Path) -> None:
    project = export("platformio", tmp_path / "project")
    source = project / "lib" / NAME / "src"
    bench = Bench(project, source, tmp_path)
    lines = heard(bench.build(project / "src" / "main.cpp"), sound())
    assert lines == ["PASS", *wanted_lines(sound())]


@pytest.mark.parametrize("board", ["pico", "nucleo-l4r5zi"])
def test_a_board_without_a_microphone_tests_itself(tmp_path: Path, board: str) -> None:
    project = export("platformio", tmp_path / "project", board=board)
    bench = Bench(project, project / "lib" / NAME / "src", tmp_path)
    program = bench.build(project / "src" / "main.cpp")
    lines = must([program], env=environment(SHIM_LOOPS=0)).splitlines()
    assert lines[0] == "PASS"
    assert f'"board":"{board}"' in lines[1]


def test_every_target_is_a_board_of_ours() -> None:
    from coincell.firmware.export.memory import targets

    assert set(targets()) == set(board_names())


@pytest.mark.parametrize("board", board_names())
def test_every_board_has_an_arduino_library_and_a_zephyr_module(tmp_path: Path, board: str) -> None:
    for form in ("arduino", "zephyr"):
        text = (export(form, tmp_path / form, board=board) / "README.md").read_text()
        assert load_board(board).board.title in text or form == "zephyr"


def test_a_board_that_a_tool_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not known for the board 'xiao-sense'") as refusal:
        export("platformio", tmp_path / "project", board="xiao-sense")
    assert "--format c" in refusal.value.hint


def test_platformio_ini_names_the_board(tmp_path: Path) -> None:
    import configparser
    import json

    project = export("platformio", tmp_path / "project")
    settings = configparser.ConfigParser()
    settings.read(project / "platformio.ini")
    assert dict(settings["env:nano33ble"]) == {
        "platform": "nordicnrf52", "board": "nano33ble", "framework": "arduino",
        "monitor_speed": "115200", "build_flags": "-Wall -Wextra",
    }  # fmt: skip
    described = json.loads((project / "lib" / NAME / "library.json").read_text())
    assert described["name"] == NAME
    assert described["version"] == "1.2.3"


@pytest.mark.skipif(not shutil.which("arm-none-eabi-g++"), reason="no arm-none-eabi-g++")
@pytest.mark.parametrize("name", ["microphone", "self_test"])
def test_a_sketch_takes_no_more_than_it_was_checked_for(bench: Bench, name: str) -> None:
    """By the board's compiler and its `size`: the sketch alone, beside what the export allows."""
    unit = bench.work / f"{name}-arm.cpp"
    unit.write_text("#include <Arduino.h>\n" + example(bench, name).read_text())
    made = unit.with_suffix(".o")
    core = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
    flags = [*core, "-ffreestanding", *SKETCH_FLAGS, "-I", SHIM, "-I", bench.source]
    must(["arm-none-eabi-g++", *flags, "-c", unit, "-o", made])
    sizes = subprocess.run(
        ["arm-none-eabi-size", made], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1]
    text, data, bss = (int(word) for word in sizes.split()[:3])
    buffers = {"microphone": 2 * 1024}.get(name, 0)
    assert text + data < 16 * 1024
    assert data + bss <= buffers + 1024
