"""Exports of every sense and goal: each decides as the host library does."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import wave
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from coincell.firmware import Application, HostStream, StreamEvent
from coincell.toolchain import C_FLAGS
from exporting import HERE, NAME, export, link_folder, must, run, sanitizers
from exporting_senses import SENSES, exact_score, number, sensing, windows_of

SHIM = HERE / "zephyr_shim"


def stream(application: Application) -> NDArray[Any]:
    """[n] of form.dtype: 12 windows, and a part of one more where that can be."""
    values = windows_of(application.form, 13).ravel()
    return (
        values if application.form.sense == "picture" else values[: -application.form.values // 2]
    )


@cache
def events(what: str) -> list[StreamEvent]:
    application = sensing(what)
    made = HostStream(application).process(stream(application))
    assert len(made) > 10
    assert len({event.score for event in made}) > 3, "the decisions must not all be alike"
    return made


def check_lines(what: str, text: str) -> None:
    """Lines of JSON are what the host library decides."""
    application = sensing(what)
    lines = [json.loads(line, parse_float=str, parse_int=str) for line in text.splitlines()]
    assert len(lines) == len(events(what))
    for line, event in zip(lines, events(what), strict=True):
        if application.form.sense == "picture":
            assert line["picture"] == str(event.samples)
        else:
            assert line["seconds"] == f"{event.samples / application.form.rate_hz:.3f}"
        if application.goal == "quantity":
            assert line["unit"] == "rpm"
            number(line["value"], exact_score(application, event))
            continue
        assert line["label"] == (application.labels[event.label] if event.label >= 0 else None)
        number(line["score"], exact_score(application, event))
        assert ("unit" in line) == (application.goal == "normality")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of each the plain C export's program, with the sanitizers where they are there."""
    made = {}
    for what in SENSES:
        folder = export("c", tmp_path_factory.mktemp("plain") / NAME, application=sensing(what))
        made[what] = link_folder(folder, folder / "decide", [*C_FLAGS, "-O1", *sanitizers()])
    return made


def decide(program: Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program], input=data, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("what", SENSES)
def test_the_self_test_passes(programs: dict[str, Path], what: str) -> None:
    assert must([programs[what], "--self-test"]) == "PASS\n"


@pytest.mark.parametrize("what", SENSES)
def test_raw_values_are_decided_as_by_the_host_library(
    programs: dict[str, Path], what: str
) -> None:
    done = decide(programs[what], stream(sensing(what)).tobytes())
    assert done.returncode == 0, done.stderr
    check_lines(what, done.stdout.decode())


@pytest.mark.parametrize("what", SENSES)
def test_another_byte_fails_the_self_test(
    programs: dict[str, Path], tmp_path: Path, what: str
) -> None:
    folder = shutil.copytree(programs[what].parent, tmp_path / "broken")
    table = folder / f"{NAME}_self_test.c"
    rows = table.read_text()
    wrong = re.sub(
        r"(scores\[\w+\] = \{\s+)(-?\d+)", lambda m: f"{m[1]}{-int(m[2]) // 2 + 1}", rows
    )
    assert wrong != rows
    table.write_text(wrong)
    done = run([link_folder(folder, tmp_path / "program", ["-std=c11", "-O1"]), "--self-test"])
    assert (done.returncode, done.stdout) == (1, "FAIL: the scores differ\n")


@pytest.mark.parametrize("what", ["gesture", "regression", "k-means", "pictures"])
@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_the_zephyr_sample_passes(tmp_path: Path, what: str) -> None:
    module = export("zephyr", tmp_path / NAME, application=sensing(what))
    base = {"ZEPHYR_BASE": str(SHIM), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    build = tmp_path / "build"
    must(
        ["cmake", "-S", module / "sample", "-B", build, f"-DZephyr_DIR={SHIM / 'cmake'}"], env=base
    )
    must(["cmake", "--build", build], env=base)
    assert f"{NAME}: PASS" in must([build / "app"]).splitlines()


def file_of(application: Application) -> bytes:
    """The stream as the files that people have: WAV, or PPM pictures."""
    values, form = stream(application), application.form
    if form.sense == "picture":
        head = f"P6\n# made up\n{form.width} {form.height}\n255\n".encode()
        return b"".join(head + picture.tobytes() for picture in values.reshape(-1, form.values))
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(form.channels)
        file.setsampwidth(2)
        file.setframerate(form.rate_hz)
        file.writeframes(values.tobytes())
    return packed.getvalue()


@pytest.mark.parametrize("what", ["gesture", "regression", "full mixture", "pictures"])
def test_files_are_decided_as_by_the_host_library(programs: dict[str, Path], what: str) -> None:
    done = decide(programs[what], file_of(sensing(what)))
    assert done.returncode == 0, done.stderr
    check_lines(what, done.stdout.decode())


@pytest.mark.parametrize("what", ["gesture", "regression", "autoencoder", "pictures"])
def test_the_wheel_decides_as_the_host_library(tmp_path: Path, what: str) -> None:
    application = sensing(what)
    folder = export("python", tmp_path / NAME, application=application)
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    must([*pip, "--target", tmp_path / "site", wheel])
    (tmp_path / "file").write_bytes(file_of(application))
    (tmp_path / "raw").write_bytes(stream(application).tobytes())
    module = [sys.executable, "-m", NAME]
    env = {"PYTHONPATH": str(tmp_path / "site"), "PYTHONWARNINGS": "error"}
    assert must([*module, "--self-test"], env=env) == "PASS\n"
    lines = [
        json.loads(line) for line in must([*module, "file"], env=env, cwd=tmp_path).split("\n")[:-1]
    ]
    assert {line.pop("file") for line in lines} == {"file"}
    program = folder / "bin" / f"{NAME}_decide"
    wanted = decide(program, file_of(application)).stdout.decode().splitlines()
    assert lines == [json.loads(line) for line in wanted]
    check_lines(what, "\n".join(wanted))
    script = (
        f"import pathlib, {NAME} as made; data = pathlib.Path('raw').read_bytes()\n"
        "decided = made.push(data)\nmade.reset()\n"
        "half = len(data) // 16 * 8\n"
        "assert decided == made.push(data[:half]) + made.push(data[half:])\n"
        "print(len(decided), made.UNIT)"
    )
    told = must([sys.executable, "-c", script], env=env, cwd=tmp_path).split()
    assert told[0] == str(len(events(what)))
    (tmp_path / "bad").write_bytes(b"P5\n3 3\n255\n" + bytes(9))
    bad = run([*module, "bad"], env=env, cwd=tmp_path)
    assert bad.returncode == 2
    assert bad.stderr.startswith(f"{NAME}: bad: it must be ")


BAD_PICTURES = {
    "another size": (b"P6\n4 4\n255\n" + bytes(48), "must be 24 x 18"),
    "in grey": (b"P5\n24 18\n255\n" + bytes(432), "must be PPM"),
    "16 bits": (b"P6\n24 18\n65535\n" + bytes(2592), "8 bits"),
    "cut": (b"P6\n24 18\n255\n" + bytes(900), "ends too early"),
    "a huge number": (b"P6\n99999999999999 18\n255\n" + bytes(1296), "must be 24 x 18"),
    "rubbish behind": (b"P6\n24 18\n255\n" + bytes(1300), "behind a picture"),
    "nothing": (b"", "no picture"),
}


@pytest.mark.parametrize("what", BAD_PICTURES)
def test_what_is_no_picture_is_refused(programs: dict[str, Path], what: str) -> None:
    data, words = BAD_PICTURES[what]
    done = decide(programs["pictures"], data)
    assert (done.returncode, words in done.stderr.decode()) == (2, True), done.stderr
