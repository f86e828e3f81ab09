"""`coincell run` as a job: a process of its own, so that it can be stopped and its memory goes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from coincell.data import Progress
from coincell.errors import UserError

_LINE = re.compile(r"\s*(?:[+=x]\s+)?(\d+)/(\d+)\s+(.*)")
_POLL_S = 0.2
_END_S = 20
_GATE_FAILED = 1


def run_in_process(directory: Path, progress: Progress) -> str:
    """Bring every stage up to date, as the terminal would; gives a few words on the outcome.

    Raises:
        UserError: the run ended with an error; its last words are the message.
        StoppedError: passed on from `progress`, after the process has ended.
    """
    command = [sys.executable, "-m", "coincell", "run", str(directory)]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with said.open("ab") as stream:
            process = subprocess.Popen(
                command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL
            )
        try:
            while process.poll() is None:
                try:
                    process.wait(_POLL_S)
                except subprocess.TimeoutExpired:
                    progress(*_place(said.read_text(errors="replace")))
        except BaseException:
            _end(process)
            raise
        text = said.read_text(errors="replace")
    if process.returncode == _GATE_FAILED:
        return "The run is done; a gate failed."
    if process.returncode:
        raise UserError(f"The run ended: {' '.join(text.split()[-60:])}", "Run it in a terminal.")
    return "The run is done."


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # as Ctrl-C: finished stages are kept
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _place(text: str) -> tuple[int, int, str]:
    """Which stage the run is in, by the last line that tells."""
    for line in reversed(text.splitlines()):
        if found := _LINE.match(line):
            return int(found[1]), int(found[2]), found[3].strip()
    return 0, 0, "starting"
