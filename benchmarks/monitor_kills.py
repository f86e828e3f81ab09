"""kill -9 at random moments of ingest: what was acknowledged must be in the store, once.

A child adds batches to a SQLite store and says over a pipe which it was told are kept; it is killed
after a random time, and the next child goes on a little before where this one ended. At the end the
store is compared with what was acknowledged. Prints JSON; with --log also a line for each kill.

    python benchmarks/monitor_kills.py --kills 200 --log kills.txt
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from coincell.monitor import Store
from made_fleet import START, a_reference, a_report

_BATCH = 40
_DEVICES = 8
_PIPE_TEXT = 8


def _batch(number: int) -> list[bytes]:
    """Batch after batch of the same fleet: 8 devices, 5 hours each."""
    reference = a_reference()
    return [
        a_report(reference, device, sequence).to_bytes()
        for sequence in range(number * _BATCH // _DEVICES, (number + 1) * _BATCH // _DEVICES)
        for device in range(_DEVICES)
    ]


def _write_on(store_path: Path, first: int, out: int, batches: list[list[bytes]]) -> None:
    """The child: adds batches from `first` on; a number on the pipe is an acknowledgement."""
    store = Store(store_path)
    for number in range(first, len(batches)):
        os.write(out, (-number - 1).to_bytes(_PIPE_TEXT, "little", signed=True))  # begun
        store.add(batches[number], START + 400 * 86400)
        os.write(out, number.to_bytes(_PIPE_TEXT, "little", signed=True))
    os._exit(0)


def _one_kill(
    store_path: Path, first: int, after_s: float, batches: list[list[bytes]]
) -> tuple[set[int], bool]:
    """Acknowledged batches of one child, and whether it died within one."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _write_on(store_path, first, writer, batches)
    os.close(writer)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    said = [
        int.from_bytes(text[begin : begin + _PIPE_TEXT], "little", signed=True)
        for begin in range(0, len(text), _PIPE_TEXT)
    ]
    return {number for number in said if number >= 0}, bool(said) and said[-1] < 0


def kill_and_count(
    store_path: Path, kills: int, seed: int, log: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """`kills` children killed one after another; what the store holds then."""
    generator = random.Random(seed)
    with Store(store_path) as store:
        store.register(a_reference())
    batches = [_batch(number) for number in range(60)]
    acknowledged: set[int] = set()
    interrupted = 0
    for kill in range(1, kills + 1):
        if len(acknowledged) + 20 > len(batches):
            batches += [_batch(number) for number in range(len(batches), len(batches) + 60)]
        first = max(0, max(acknowledged, default=0) - 1)  # what may have been in flight comes again
        after_s = generator.uniform(0.004, 0.05)
        more, within = _one_kill(store_path, first, after_s, batches)
        acknowledged |= more
        interrupted += within
        log(
            f"kill {kill:4}  after {1000 * after_s:5.1f} ms  from batch {first:5}  "
            f"acknowledged {len(more):3}  {'within a batch' if within else 'between batches'}"
        )
    with Store(store_path) as store:
        bodies = [bytes(row[0]) for row in store.database.rows("SELECT body FROM reports")]
    wanted = {text for number in acknowledged for text in batches[number]}
    return {
        "kills": kills,
        "interrupted": interrupted,
        "acknowledged": len(wanted),
        "kept": len(bodies),
        "lost": len(wanted - set(bodies)),
        "twice": len(bodies) - len(set(bodies)),
    }


def main() -> None:
    """Kill, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--log", type=Path, help="a line for each kill, and the JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store_path = options.store or Path(folder) / "fleet.db"
        lines: list[str] = []
        told = json.dumps(kill_and_count(store_path, options.kills, options.seed, lines.append))
        if options.log:
            options.log.write_text("\n".join([*lines, told]) + "\n", encoding="utf-8")
        print(told)


if __name__ == "__main__":
    main()
