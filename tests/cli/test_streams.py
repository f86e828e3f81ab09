"""Standard streams that are closed or full, and names that would drive the terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMANDS = (
    ("compile", "MODEL", "-o", "c", "--target", "generic"),
    ("explain", "MODEL", "--target", "generic"),
    ("explain", "--operators"),
    ("bench", "MODEL", "--target", "host", "--samples", "1"),
    ("bench", "MODEL", "--target", "host", "--samples", "1", "--format", "csv"),
)


@pytest.fixture
def model(zoo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(zoo / "fc_1_31_5.tflite", tmp_path / "small.tflite"))


def _words(words: tuple[str, ...], model: Path) -> list[str]:
    names = [str(model) if word == "MODEL" else word for word in words]
    return [sys.executable, "-m", "coincell.cli", *names]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_reader_that_went_away_is_no_failed_gate(words: tuple[str, ...], model: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        _words(words, model), stdout=writer, stderr=subprocess.PIPE, cwd=model.parent, check=False
    )
    os.close(writer)
    assert done.returncode == 0
    assert not done.stderr


@pytest.mark.parametrize("words", COMMANDS)
def test_streams_that_are_closed_take_nothing_with_them(
    words: tuple[str, ...], model: Path
) -> None:
    shell = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *_words(words, model)]
    assert subprocess.run(shell, cwd=model.parent, check=False).returncode == 0
    absent = _words(words, model.with_name("absent.tflite"))
    expected = 0 if "--operators" in words else 2
    done = subprocess.run([*shell[:4], *absent], cwd=model.parent, check=False)
    assert done.returncode == expected


def test_an_output_that_is_full_is_told(model: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            _words(COMMANDS[1], model), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"[red]x", "[red]x"),
        (b"a\x1b[31m", r"a\x1b[31m"),
        (b"a\nb", r"a\nb"),
        (b"a\xff", r"a\udcff"),
    ],
)
def test_a_name_of_a_model_is_shown_as_it_is_and_drives_nothing(
    name: bytes, shown: str, model: Path
) -> None:
    odd = model.with_name(os.fsdecode(name) + ".tflite")
    model.rename(odd)
    bench = ("bench", "MODEL", "--target", "host", "--samples", "1")
    for words in (bench, (*bench, "--optimize", "ram,size"), (*bench, "--inputs", str(odd))):
        done = subprocess.run(_words(words, odd), capture_output=True, check=False)
        text = (done.stdout + done.stderr).decode()
        assert shown.replace(r"\n", "\n" if "--inputs" in words else r"\n") in text
        assert "\x1b" not in text
    page = odd.with_name("page.html")
    words = ("explain", "MODEL", "--target", "generic", "-o", str(page))
    assert subprocess.run(_words(words, odd), capture_output=True, check=False).returncode == 0
    assert page.is_file()


def test_ctrl_c_ends_bench_and_its_workers(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    model = shared / "models" / "mlperf_tiny" / "vww_96_int8.tflite"
    process = subprocess.Popen(
        _words(("bench", "MODEL", "--samples", "2000"), model),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("coincell-bench-*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Stopped." in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
    assert _ends(process.pid), "nothing of it runs on"


def _ends(group: int) -> bool:
    """Whether the group of processes is gone soon: the system buries orphans in its own time."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
