"""Boards that print at a pseudo-terminal, and projects that collect from them."""

from __future__ import annotations

import json
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from coincell.cli.main import cli
from coincell.project import DataSettings, Project, parse_configuration

SOUND = """
[project]
name = "words"
[data]
labels = ["yes", "no"]
silence_label = ""
unknown_label = ""
"""
MOTION = """
[project]
name = "moves"
task = "gesture"
[data]
sense = "motion"
labels = ["punch", "still"]
sample_rate_hz = 100
window_ms = 400
channels = ["aX", "aY", "aZ", "gX", "gY", "gZ"]
units = ["g", "g", "g", "deg/s", "deg/s", "deg/s"]
full_scale = [4.0, 4.0, 4.0, 2000.0, 2000.0, 2000.0]
silence_label = ""
unknown_label = ""
[features]
block = "raw"
"""
PICTURE = """
[project]
name = "faces"
task = "visual-wake-word"
[data]
sense = "picture"
labels = ["face", "none"]
silence_label = ""
unknown_label = ""
camera = {width = 96, height = 96}
[features]
block = "picture"
"""


def settings_of(text: str) -> DataSettings:
    return parse_configuration(text).data


@contextmanager
def port_of(say: Callable[[Callable[[bytes], None]], None]) -> Iterator[str]:
    """A port at which `say(write)` speaks, in a thread, until it returns or the port is closed."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)

    def run() -> None:
        def write(data: bytes) -> None:
            os.write(master, data)

        with suppress(OSError):  # closed: the test is over
            say(write)

    speaker = threading.Thread(target=run, daemon=True)
    speaker.start()
    try:
        yield name
    finally:
        os.close(slave)
        os.close(master)
        speaker.join(5)


def printing(
    lines: Callable[[int], str], rate_hz: float = 200.0, heading: str = ""
) -> Callable[[Callable[[bytes], None]], None]:
    """A board that prints `lines(number)` at a rate, ten at a time."""

    def say(write: Callable[[bytes], None]) -> None:
        write(b"half a line, 1\n")
        begin = time.monotonic()
        for number in range(100_000):
            if number % 5 == 0:
                time.sleep(max(0.0, begin + number / rate_hz - time.monotonic()))
            if heading and number % 50 == 0:
                write((heading + "\r\n").encode())
            write((lines(number) + "\r\n").encode())

    return say


def project(folder: Path, text: str) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "coincell.toml").write_text(text, encoding="utf-8")
    return Project(folder, parse_configuration(text))


def collect(port: str, place: Project, *words: str, label: str = "punch", **more: Any) -> Result:
    fixed = ["data", "collect", "--port", port, "--label", label, "--project"]
    command = [*fixed, str(place.directory), "--countdown", "0", *words]
    return CliRunner().invoke(cli, command, **more)


def last_take(result: Result) -> dict[str, Any]:
    """The take that ended a collection of one: what a loaded machine paused is made anew."""
    return [fact for fact in told(result) if fact["kind"] == "take"][-1]


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def six(number: int) -> str:
    wave = np.round(np.sin(number / 7 + np.arange(6)), 4)
    return ",".join(map(str, wave))
