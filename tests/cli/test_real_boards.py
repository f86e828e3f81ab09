"""`flash`, `serial`, `listen`, `board info`, `test`, `ports`, `bridge`: as a user calls them."""

from __future__ import annotations

import hashlib
import json
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from attached_boards import Tools, talking, usb
from coincell.board import LineReader
from coincell.board.protocol import Frame, encode_frame
from coincell.cli import listen as listen_module
from coincell.cli import serial as serial_module
from coincell.cli.main import cli
from coincell.errors import (
    BoardError,
    CoincellError,
    DataError,
    FileError,
    GateError,
    MissingExtraError,
    UserError,
)
from coincell.firmware import Image, build_image, load_board
from coincell.runtime import Teller
from report.sample_report import sample_report
from stand_in import random_windows, stand_in_application

pytest.importorskip("serial", reason="the extra `hardware` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def refused(*words: object) -> CoincellError:
    """The error of a call that must fail."""
    result = call(*words)
    assert isinstance(result.exception, CoincellError), result.output
    return result.exception


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("project") / "build"
    folder.mkdir()
    return build_image(stand_in_application(), load_board("nano33ble"), folder)


@pytest.fixture(scope="module")
def port(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The virtual board on a port, put there by the command itself."""
    wav = tmp_path_factory.mktemp("sound") / "noise.wav"
    soundfile.write(wav, random_windows(10, seed=3).ravel(), 16000)
    command = [sys.executable, "-m", "coincell.cli", "board", "bridge", image.elf]
    command += ["--microphone", wav, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bridge:
        assert bridge.stdout
        assert select.select([bridge.stdout], [], [], 120)[0], "the bridge did not start"
        facts = json.loads(bridge.stdout.readline())
        assert facts["board"] == "nano33ble"
        yield facts["port"]
        bridge.send_signal(signal.SIGINT)
        try:
            assert bridge.wait(30) == 0, "Ctrl-C ends it cleanly"
        finally:
            bridge.kill()  # else who leaves here waits for it


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    return Tools(tmp_path)


def write_report(image: Image, sha256: str | None = None, **changes: object) -> None:
    """A report of a run in which all gates held, beside the image."""
    from coincell.board import open_image

    report = sample_report(**changes)
    vouched = sha256 or open_image(image.elf).sha256(image.board)
    provenance = report.provenance.model_copy(update={"hashes": {"firmware.bin": vouched}})
    text = report.model_copy(update={"provenance": provenance}).to_json()
    (image.elf.parent / "report.json").write_text(text)


def test_board_info_of_a_file_and_of_a_board_agree(image: Image, port: str) -> None:
    of_file = json.loads(call("board", "info", image.elf, "--json").output)
    of_board = json.loads(call("board", "info", "--port", port, "--json").output)
    for fact in ("name", "labels", "model_sha256", "board", "build", "compiler"):
        assert of_file[fact] == of_board[fact]
    assert of_board["image_flash_bytes"] == image.image_flash_bytes
    assert re.search(r"^compiler +\S", call("board", "info", image.elf).output, re.MULTILINE)


def test_board_test_passes_and_compares_cycles(image: Image, port: str) -> None:
    result = call("board", "test", image.elf.parent.parent, "--port", port)
    assert result.exit_code == 0, result.output
    assert "PASS: 8 of 8 windows equal" in result.output
    assert "synthetic" in result.output
    assert "within the model's range" in result.output
    told = json.loads(call("board", "test", image.elf, "--port", port, "--json").output)
    assert told["passed"]
    assert told["ratio"] == pytest.approx(1.0, abs=1e-3)


def test_board_test_takes_the_project_s_own_recordings(
    image: Image, port: str, tmp_path: Path
) -> None:
    """Those of the test split, the classes in turns; nothing of what it was trained on."""
    rate, window_ms = 16_000, 100
    (tmp_path / "build").mkdir()
    shutil.copy(image.elf, tmp_path / "build" / "firmware.elf")
    (tmp_path / "coincell.toml").write_text(
        '[project]\nname = "own"\n'
        f'[data]\nlabels = ["a", "b"]\nwindow_ms = {window_ms}\nsample_rate_hz = {rate}\n'
    )
    lines = ["file,label,split,sha256,duration_s"]
    for number in range(12):
        label, split = "ab"[number % 2], ("test", "train")[number // 6]
        path = tmp_path / "data" / label / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, random_windows(1, seed=number)[0], rate)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{label}/{number}.wav,{label},{split},{digest},0.1")
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(lines) + "\n")
    told = json.loads(call("board", "test", tmp_path, "--port", port, "--json").output)
    assert told["passed"]
    assert told["source"] == "recordings"
    names = [window["window"] for window in told["windows"]]
    assert names == ["a/0.wav", "b/1.wav", "a/2.wav", "b/3.wav", "a/4.wav", "b/5.wav"]
    result = call("board", "test", tmp_path, "--port", port)
    assert "PASS: 6 of 6" in result.output
    assert "of the project's test split" in " ".join(result.output.split())
    text = (tmp_path / "coincell.toml").read_text()
    (tmp_path / "coincell.toml").write_text(text.replace("window_ms = 100", "window_ms = 200"))
    error = refused("board", "test", tmp_path, "--port", port)
    assert "windows of 1,600 samples" in error.message


def test_serial_tells_decisions_as_text_and_json(port: str) -> None:
    told = call("serial", "--port", port, "--seconds", 2, "--all", "--json").stdout.splitlines()
    first, *events = map(json.loads, told)
    assert (first["kind"], first["labels"]) == ("board", ["silence", "yes", "no"])
    assert events
    assert {event["kind"] for event in events} == {"event"}
    assert all(event["label"] in (None, "silence", "yes", "no") for event in events)
    assert all(0 <= event["score"] <= 1 and "score_raw" in event for event in events)
    assert re.search(
        r"(silence|yes|no|-) +[01]\.\d{3}\n", call("serial", "--port", port, "--seconds", 2).output
    )


def test_ctrl_c_leaves_serial_cleanly_and_gives_the_port_back(port: str) -> None:
    command = [sys.executable, "-m", "coincell.cli", "serial", "--port", port, "--all", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as serial:
        assert serial.stdout
        serial.stdout.readline()
        serial.send_signal(signal.SIGINT)
        try:
            _, said = serial.communicate(timeout=60)
        finally:
            serial.kill()
        assert (serial.returncode, said) == (0, b"\n")
    assert call("board", "info", "--port", port).exit_code == 0


def test_listen_on_a_board_is_serial(port: str) -> None:
    told = call("listen", "--port", port, "--seconds", 1, "--json").stdout.splitlines()
    assert json.loads(told[0])["kind"] == "board"
    assert "--port" in refused("listen", "a.wav", "--port", port).message


def test_serial_shows_what_another_program_prints() -> None:
    with talking(lambda data: b"temperature \x1b[31m\nfine\n" * 3) as name:
        result = call("serial", "--port", name, "--seconds", 3)
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "no frame" in result.output


def test_serial_says_why_a_board_listens_no_more() -> None:
    payload = struct.pack("<QiiII", 1000, -1, 0, 0, 256 + 0x44)
    (heard,) = LineReader().feed(encode_frame(Frame(0x20, 0, payload)))
    told = serial_module._told(heard, Teller())
    assert told == "The board listens no more: the camera stopped answering."


def test_flash_lets_only_pass_what_passed(image: Image, tools: Tools) -> None:
    tools.add("openocd", "** Verified OK **")
    report = image.elf.parent / "report.json"
    report.unlink(missing_ok=True)
    assert "No report vouches" in refused("flash", image.elf).message
    for damaged in (b"{}", b"", b"\xff\x00", b"[[[" * 5000, b'{"gates": 1'):
        report.write_bytes(damaged)
        error = refused("flash", image.elf)
        assert type(error) is FileError, "a damaged file is no failed gate"
        assert "report.json is damaged" in error.message
    report.unlink()
    report.mkdir()
    assert "Cannot read" in refused("flash", image.elf).message
    report.rmdir()
    write_report(image, sha256="0" * 64)
    error = refused("flash", image.elf)
    assert isinstance(error, GateError)
    assert "is not the image that" in error.message
    write_report(image)
    done = call("flash", image.elf, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["tool"] == "openocd"
    assert (tools.folder / "taken").exists() is False, "its path is inside of an argument"


def test_flash_refuses_a_failed_gate_unless_forced(image: Image, tools: Tools) -> None:
    tools.add("openocd")
    gate = sample_report().gates[0].model_copy(update={"passed": False, "reason": "Too bad."})
    write_report(image, gates=[gate.model_dump(mode="json")])
    error = refused("flash", image.elf)
    assert (error.exit_code, "did not pass its gates" in error.message) == (1, True)
    assert "Too bad." in error.message
    forced = call("flash", image.elf, "--force")
    assert forced.exit_code == 0
    assert "warning: forced." in forced.output


def test_flash_names_the_board_that_is_not_there(image: Image, tools: Tools) -> None:
    tools.add("bossac")
    write_report(image)
    error = refused("flash", image.elf, "--tool", "bossac")
    assert isinstance(error, BoardError)
    assert "No Arduino Nano 33 BLE Sense is attached" in error.message
    assert "not for 'pico'" in refused("flash", image.elf, "--board", "pico").message


def test_a_virtual_board_cannot_be_flashed_and_says_so(
    image: Image, port: str, tools: Tools
) -> None:
    for tool in ("bossac", "arduino-cli"):
        tools.add(tool)
        error = refused("flash", image.elf, "--force", "--tool", tool, "--port", port)
        assert isinstance(error, BoardError)
        assert f"{port} is a pseudo-terminal: behind it is a virtual board" in error.message
        assert "coincell board bridge" in error.hint
        assert not (tools.folder / f"{tool}.arguments").exists(), "nothing was written"
    assert call("board", "info", "--port", port).exit_code == 0, "the bridge goes on"


def test_a_project_s_own_board_needs_no_option(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its description stands in the project, and is found from anywhere; its id on USB, too."""
    described = resources.files("coincell.firmware") / "boards" / "nano33ble.toml"
    text = described.read_text(encoding="utf-8").replace('name = "nano33ble"', 'name = "mine"', 1)
    project, build = tmp_path / "project", tmp_path / "project" / "build"
    build.mkdir(parents=True)
    (project / "mine.toml").write_text(text.replace('"2341:005a"', '"2341:00aa"'))
    (project / "coincell.toml").write_text(
        '[project]\nname = "own"\n[data]\nlabels = ["a", "b"]\n[board]\nname = "mine.toml"\n'
    )
    image = build_image(stand_in_application(), load_board(str(project / "mine.toml")), build)
    write_report(image)
    ports = [usb("/dev/ttyACM7", "2341:00aa")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    tools.add("bossac", more=f"rm -f {tmp_path}/none")
    done = call("flash", project, "--tool", "bossac", "--json")
    assert done.exit_code == 0, done.exception
    assert json.loads(done.stdout)["board"] == "mine"
    (project / "coincell.toml").unlink()
    error = refused("flash", project, "--tool", "bossac")
    assert "names the board 'mine', unknown here" in error.message
    assert call("flash", project, "--board", project / "mine.toml", "--json").exit_code == 0


def test_board_ports_lists_them(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No board" in call("board", "ports").output
    ports = [usb("/dev/ttyACM0", "2341:005a", title="evil \x1b[2J")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    assert "nano33ble, in its bootloader" in call("board", "ports").output
    [port] = json.loads(call("board", "ports", "--json").output)
    assert (port["boards"], port["state"]) == (["nano33ble"], "bootloader")


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project whose chain is the stand-in's."""
    monkeypatch.setattr(listen_module, "open_project", lambda directory: None)
    monkeypatch.setattr(
        "coincell.pipeline.project_application", lambda project, listener: stand_in_application()
    )


def test_listen_decides_on_a_recording_as_the_stream_does(project: None, tmp_path: Path) -> None:
    from coincell.firmware import HostStream

    sound = random_windows(12, seed=9).ravel()
    soundfile.write(tmp_path / "sound.wav", sound, 16000)
    chain = stand_in_application()
    wanted = HostStream(chain).process(sound)
    told = call("listen", tmp_path / "sound.wav", "--all", "--json").stdout.splitlines()
    events = [json.loads(line) for line in told]
    assert [(event["samples"], event["score_raw"], event["score"]) for event in events] == [
        (event.samples, event.score, chain.score_unit.share(event.score)) for event in wanted
    ]
    assert len({event["score"] for event in events}) > 1
    names = [chain.labels[event.label] if event.label >= 0 else None for event in wanted]
    assert [event["label"] for event in events] == names
    changes = call("listen", tmp_path / "sound.wav", "--json").stdout.splitlines()
    assert [json.loads(line)["label"] for line in changes] == [
        name for at, name in enumerate(names) if at == 0 or name != names[at - 1]
    ]
    few = call("listen", tmp_path / "sound.wav", "--all", "--json", "--seconds", 0.5).stdout
    assert len(few.splitlines()) == sum(event.samples <= 8000 for event in wanted)
    assert " s  " in call("listen", tmp_path / "sound.wav", "--all").output


def test_listen_takes_another_rate_only_when_told_to(project: None, tmp_path: Path) -> None:
    sound = random_windows(12, seed=9).ravel()
    soundfile.write(tmp_path / "sound.wav", sound, 44100)
    error = refused("listen", tmp_path / "sound.wav")
    assert isinstance(error, DataError)
    assert "44,100" in error.message
    assert "--resample" in error.hint
    assert call("listen", tmp_path / "sound.wav", "--all", "--resample").exit_code == 0


def test_listen_without_the_extra_says_which(project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    error = refused("listen")
    assert isinstance(error, MissingExtraError)
    assert "sounddevice" in error.message


class Microphone:
    """As sounddevice's stream: blocks of noise; `broken` has none."""

    def __init__(self, samplerate: int, channels: int, dtype: str, device, blocksize: int) -> None:
        assert (channels, dtype) == (1, "int16")
        if device == "broken":
            raise RuntimeError("no such device")
        self.left = random_windows(4, seed=2).ravel()

    def __enter__(self) -> Microphone:
        return self

    def __exit__(self, *words: object) -> None:
        pass

    def read(self, count: int) -> tuple[bytes, bool]:
        block, self.left = self.left[:count], self.left[count:]
        return block.astype("<i2").tobytes(), len(self.left) == 0


def test_listen_hears_the_microphone(project, monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(RawInputStream=Microphone, PortAudioError=RuntimeError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    result = call("listen", "--all", "--json", "--seconds", 0.4)
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[0])["kind"] == "event"
    assert "sound was lost" in result.stderr
    error = refused("listen", "--device", "broken")
    assert isinstance(error, UserError)
    assert "no such device" in error.message


def test_the_level_bar_grows_with_loudness() -> None:
    bars = [listen_module.level_bar(np.full(100, value, np.int16)) for value in (0, 100, 32767)]
    filled = [bar.count("#") for bar in bars]
    assert filled[0] == 0 < filled[1] < filled[2] == len(bars[2])
