"""Sound of 16 kHz x 16 bits from the virtual board over a pseudo-terminal: is a sample lost?

    python benchmarks/collecting.py --minutes 10

The board runs the firmware of `coincell data firmware` in real time; its microphone hears noise
that is known here. Every sample that comes is compared with it, by its place; samples that
do not come must be those that were counted as lost. Prints JSON; ends with 1 where they are not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from coincell.board import Bridge, Feed, Port, SerialPort, VirtualBoard
from coincell.firmware import build_collector, load_board
from coincell.project import parse_configuration

_PROJECT = '[project]\nname = "line"\n[data]\nlabels = ["a", "b"]\n'
_RATE_HZ = 16_000
_WORLD_SAMPLES = _RATE_HZ * 10


def main() -> int:
    """Measure, print, compare."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    minutes = arguments.parse_args().minutes
    wanted = round(minutes * 60 * _RATE_HZ)
    settings = parse_configuration(_PROJECT).data
    # Noise with a period of ten seconds: one that is longer than any gap that could hide.
    random = np.random.default_rng(16)
    period = random.integers(-12_000, 12_000, _WORLD_SAMPLES).astype("<i2")
    heard = np.tile(period, wanted // _WORLD_SAMPLES + 4)
    done = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        image = build_collector(settings, load_board("nano33ble"), Path(folder), link="uart")
        with VirtualBoard(image) as virtual:
            virtual.put_world("microphone", heard.tobytes(), rate=_RATE_HZ)
            with Bridge(virtual) as bridge:
                server = threading.Thread(target=bridge.serve, args=(done.is_set,))
                server.start()
                try:
                    report = _listen(bridge.name, heard, wanted)
                finally:
                    done.set()
                    server.join()
    print(json.dumps(report, indent=2))
    return 0 if report["uncounted"] == 0 and report["wrong"] == 0 else 1


def _listen(port: str, heard: np.ndarray, wanted: int) -> dict[str, float | int]:
    feed = Feed()
    wrong = came = 0
    position = None
    begin = time.monotonic()
    with SerialPort(Port(port)) as line:
        while came + feed.lost_on_board + feed.lost_on_line < wanted:
            lost_before = feed.lost_on_board + feed.lost_on_line
            feed.feed(line.listen(0.05))
            samples = feed.taken()[:, 0] if feed.heading else np.zeros(0, "<i2")
            lost = feed.lost_on_board + feed.lost_on_line - lost_before
            if position is None and len(samples):
                position = _place(heard, samples)
            if position is not None:
                if lost == 0:
                    wrong += int(np.sum(heard[position : position + len(samples)] != samples))
                came += len(samples)
                position += len(samples) + lost
    taken = time.monotonic() - begin
    end = _place(heard, samples[-200:]) + min(200, len(samples)) if position else 0
    uncounted = (end - (position or 0)) % _WORLD_SAMPLES
    return {
        "minutes": round(wanted / _RATE_HZ / 60, 3),
        "seconds_on_the_wall": round(taken, 1),
        "samples_came": came,
        "lost_on_board": feed.lost_on_board,
        "lost_on_line": feed.lost_on_line,
        "damaged_pieces": feed.damaged,
        "wrong": wrong,
        "uncounted": uncounted,
    }


def _place(heard: np.ndarray, samples: np.ndarray) -> int:
    """Where in the first period of `heard` the samples begin."""
    size = min(len(samples), 200)
    twice = heard[: 2 * _WORLD_SAMPLES]
    for at in np.flatnonzero(twice[:_WORLD_SAMPLES] == samples[0]):
        if np.array_equal(twice[at : at + size], samples[:size]):
            return int(at)
    raise SystemExit("what comes is not what was played")


if __name__ == "__main__":
    sys.exit(main())
