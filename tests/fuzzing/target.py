"""What a damaged file must come to: a UserError that says what is wrong, or right C.

Run as `python -m fuzzing.target FOLDER SEED SECONDS [MODEL...]` in a child that may die: it writes
each file to FOLDER/case.tflite before trying it, limits its own memory, and prints a line of JSON
a second. What went wrong is left in FOLDER/failures.
"""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

import numpy as np

from coincell.compiler import (
    TARGETS,
    CompileOptions,
    Graph,
    HostModel,
    compile_graph,
    interpret,
    read_model,
)
from coincell.errors import UserError
from fuzzing.mutation import damaged

MEMORY_BYTES = 2 << 30
SECONDS_A_FILE = 10
_SETTINGS = (
    CompileOptions(),
    CompileOptions(TARGETS["cortex-m4"]),
    CompileOptions(TARGETS["cortex-m4"], "ram"),
)
_MOST_MACS = 300_000
"""Larger models are compiled, not run: the interpreter would need too long."""


class TooLongError(Exception):
    """A file took longer than `SECONDS_A_FILE`."""


def _too_long(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise TooLongError(f"longer than {SECONDS_A_FILE} s")


def try_file(data: bytes, run_c: bool = False) -> str:
    """Compile `data` for several targets; "refused" or "compiled".

    Args:
        data: the file.
        run_c: also compile the C, run it, and compare it with the graph as it stands in the file.

    Raises:
        Exception: anything but a UserError is a fault of ours.
    """
    try:
        graph = read_model(data)
        compiled = [compile_graph(graph, "model", options) for options in _SETTINGS]
    except UserError as error:
        if not error.message or "Traceback" in error.message:
            raise AssertionError("an error without a message") from error
        return "refused"
    if run_c and graph.macs <= _MOST_MACS and not graph.states:
        inputs = _inputs(graph)
        expected = interpret(graph, inputs)
        for made in compiled:
            for ours, theirs in zip(HostModel(made).run_many(inputs), expected, strict=True):
                if ours.tobytes() != theirs.tobytes():
                    raise AssertionError(f"wrong C for {made.options}")
    return "compiled"


def _inputs(graph: Graph) -> list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    random = np.random.default_rng(0)
    arrays = []
    for name in graph.inputs:
        tensor = graph.tensor(name)
        noise = random.integers(0, 256, (2, tensor.size_bytes), dtype=np.uint8)
        if tensor.dtype.numpy.kind == "f":
            values = random.normal(size=(2, *tensor.shape)).astype(tensor.dtype.numpy)
        else:
            values = noise.view(tensor.dtype.numpy).reshape(2, *tensor.shape)
        arrays.append(values)
    return arrays


def guarded(data: bytes, run_c: bool) -> str:
    """As `try_file`, but what goes wrong is returned as text, and it ends in time."""
    signal.alarm(SECONDS_A_FILE)
    try:
        return try_file(data, run_c)
    except Exception:
        return traceback.format_exc()
    finally:
        signal.alarm(0)


def main() -> None:
    """Fuzz until the time is up."""
    folder, seed, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    seeds = [Path(name).read_bytes() for name in sys.argv[4:]]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    random = np.random.default_rng(seed)
    counts = {"refused": 0, "compiled": 0, "failed": 0}
    started = told = time.monotonic()
    while time.monotonic() - started < seconds:
        data = damaged(seeds, random)
        (folder / "case.tflite").write_bytes(data)
        result = guarded(data, run_c=random.random() < 0.02)
        if result in counts:
            counts[result] += 1
        else:
            counts["failed"] += 1
            name = hashlib.sha256(data).hexdigest()[:16]
            (folder / "failures").mkdir(exist_ok=True)
            (folder / "failures" / f"{name}.tflite").write_bytes(data)
            (folder / "failures" / f"{name}.txt").write_text(result)
        if time.monotonic() - told > 1:
            told = time.monotonic()
            print(json.dumps({"seconds": round(told - started), **counts}), flush=True)
    print(json.dumps({"seconds": round(time.monotonic() - started), **counts}), flush=True)


if __name__ == "__main__":
    main()
