"""A command line of each verb, for a project that has been run, and what it must end with."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from coincell.cli.main import VERBS
from watched_network import run_watched

NO_PORT = ("--port", "/dev/coincell-none")
COMMANDS: dict[str, tuple[tuple[tuple[str, ...], int | None], ...]] = {
    "new": ((("gesture", "made"), 0),),
    "data": ((("check",), 0), (("version",), 0), (("fetch",), 0), (("enough", "--help"), 0)),
    "run": (((), 0),),
    "features": (((), 0),),
    "baselines": ((("--help",), 0),),
    "train": (((), 0),),
    "prune": (((), 2),),
    "quantize": (((), 0),),
    "tune": ((("list",), 2),),
    "evaluate": (((), 0),),
    "runs": ((("list",), 0), (("show",), 0)),
    "predict": ((("CLIP", "--on", "host"), 0), (("CLIP", "--on", "board"), 0)),
    "export": ((("--format", "c", "-o", "exported"), 0),),
    "compile": ((("build/model.tflite", "-o", "compiled"), 0),),
    "bench": ((("build/model.tflite",), 0),),
    "explain": ((("build/model.tflite",), 0),),
    "board": ((("info", "build/firmware.elf"), 0), (("ports",), 0)),
    "flash": ((NO_PORT, 2),),
    "serial": ((NO_PORT, 2),),
    "listen": ((("CLIP", "--json"), 0),),
    "audit": (((), 0), (("--privacy",), 0)),
    "monitor": ((("--help",), 0),),
    "studio": ((("--help",), 0),),
    "doctor": (((), None),),
}
"""Verb -> its words, and what they end with; None: either.

Those with --help alone would take minutes, or serve until they are stopped; the stages that they
run are in other verbs.
"""


def check_connections(project: Path, folder: Path) -> None:
    """Run every verb on a copy of `project`, and fail where one tries to leave this computer."""
    if sys.platform != "linux":
        pytest.skip("what watches is loaded by LD_PRELOAD, which is of Linux")
    assert set(VERBS) <= set(COMMANDS), "a verb without a command line here"
    copy = folder / "project"
    shutil.copytree(project, copy)
    clip = str(sorted((copy / "data" / "yes").rglob("*.wav"))[0])
    lines = [
        ([verb, *(clip if word == "CLIP" else word for word in words)], code)
        for verb in VERBS
        for words, code in COMMANDS[verb]
    ]
    found = run_watched([words for words, _ in lines], copy, folder / "log")
    assert not {" ".join(each.words): each.tried for each in found if each.tried}
    ended = {
        " ".join(each.words): (each.code, each.output[-500:])
        for each, (_, code) in zip(found, lines, strict=True)
        if code not in (None, each.code)
    }
    assert not ended, ended
