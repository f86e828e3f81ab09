"""Commands run where every connection that leaves this computer is refused and noted.

Child processes are watched too, worker processes and compilers among them, and native code as
Python's: a library that is loaded before all else stands in front of the C library's calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coincell.toolchain import build_shared_library

_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True)
class Watched:
    """One command: its words, exit code, what it printed, and the connections that it tried."""

    words: tuple[str, ...]
    code: int
    output: str
    tried: tuple[str, ...]


def watched_environment(log: Path) -> dict[str, str]:
    """Variables for a process that is watched, with all its children; what it tries is in `log`."""
    library = build_shared_library("watched_network", {_SOURCE.name: _SOURCE.read_text()})
    return {**os.environ, "LD_PRELOAD": str(library), "WATCHED_NETWORK": str(log)}


def run_watched(commands: Sequence[Sequence[str]], cwd: Path, log: Path) -> list[Watched]:
    """Run `coincell` with the words of each command in `cwd`, one process for all."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), json.dumps([list(words) for words in commands])],
        cwd=cwd, env=watched_environment(log), capture_output=True, text=True, timeout=550,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        Watched(tuple(each["words"]), each["code"], each["output"], tuple(each["tried"]))
        for each in json.loads(done.stdout.splitlines()[-1])
    ]


def _main() -> None:
    """In the watched process: each command, and what was noted while it ran."""
    from click.testing import CliRunner

    from coincell.cli.failures import leave
    from coincell.cli.main import cli

    log = Path(os.environ["WATCHED_NETWORK"])
    log.touch()
    found = []
    for words in json.loads(sys.argv[1]):
        before = len(log.read_text().splitlines())
        result = CliRunner().invoke(cli, words)
        code = result.exit_code
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            code = leave(result.exception)
        tried = log.read_text().splitlines()[before:]
        found.append({"words": words, "code": code, "output": result.output, "tried": tried})
    print()
    print(json.dumps(found))


if __name__ == "__main__":
    _main()
