"""Reports over a board's line: whatever else comes is passed over, and a board may go and come."""

from __future__ import annotations

import json
import os
import threading
import tty
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from coincell.board.protocol import Frame, Message, encode_frame
from coincell.cli import monitor_sources
from coincell.cli.main import cli
from coincell.errors import BoardError
from coincell.monitor import Store
from made_fleet import a_reference, a_report

REFERENCE = a_reference()
TEXTS = [a_report(REFERENCE, 1, sequence).to_bytes() for sequence in range(4)]
FRAMES = [encode_frame(Frame(Message.REPORT, number, text)) for number, text in enumerate(TEXTS)]
EVENT = encode_frame(Frame(Message.EVENT, 0, bytes(24)))


@pytest.fixture
def place(tmp_path: Path) -> str:
    path = str(tmp_path / "fleet.db")
    with Store(path) as store:
        store.register(REFERENCE)
    return path


def bodies(place: str) -> set[bytes]:
    with Store(place) as store:
        return {bytes(row[0]) for row in store.database.rows("SELECT body FROM reports")}


def test_reports_are_taken_out_of_what_a_line_brings(place):
    damaged = bytearray(FRAMES[1])
    damaged[40] ^= 1
    stream = b"a sketch prints\r\n\xc0" + EVENT + FRAMES[0] + bytes(damaged) + FRAMES[2] + EVENT[:9]
    stream += FRAMES[0] + encode_frame(Frame(Message.REPORT, 9, b"no report")) + FRAMES[3]
    board, host = os.openpty()
    tty.setraw(board)
    tty.setraw(host)
    speaking = threading.Timer(0.5, os.write, (board, stream))
    speaking.start()
    try:
        done = CliRunner().invoke(
            cli,
            ["monitor", "listen", "--port", os.ttyname(host), "--seconds", "2", "--json",
             "--store", place],
        )  # fmt: skip
    finally:
        speaking.join()
        os.close(board)
        os.close(host)
    assert done.exit_code == 0, done.output
    assert bodies(place) == {TEXTS[0], TEXTS[2], TEXTS[3]}
    with Store(place) as store:
        tallies = dict(store.database.rows("SELECT name, count FROM tallies"))
    assert tallies == {"added": 3, "repeated": 1, "cbor": 1}
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(one["added"] for one in told) == 3
    assert sum(one["refused"] for one in told) == 1


def test_a_board_that_was_unplugged_is_waited_for(place, monkeypatch):
    lives = [[FRAMES[0][:50], FRAMES[0][50:] + FRAMES[1]], [], [FRAMES[2]]]

    @contextmanager
    def a_line(port: str):
        if not lives:
            raise KeyboardInterrupt  # as a person does
        chunks = lives.pop(0)
        if not chunks:
            raise BoardError("The port is not there any more.")

        def listen(_: float) -> bytes:
            if not chunks:
                raise BoardError("The board went away.")
            return chunks.pop(0)

        yield SimpleNamespace(port=SimpleNamespace(device="/dev/ttyACM0"), listen=listen)

    monkeypatch.setattr(monitor_sources, "open_line", a_line)
    monkeypatch.setattr(monitor_sources.time, "sleep", lambda _: None)
    done = CliRunner().invoke(cli, ["monitor", "listen", "--store", place])
    assert bodies(place) == set(TEXTS[:3])
    assert done.stderr.count("note: ") == 3
    lives[:] = [[]]
    done = CliRunner().invoke(cli, ["monitor", "listen", "--store", place])
    assert isinstance(done.exception, BoardError), "a port that never was there is a mistake"
