"""TensorFlow Lite Micro over one model: imported by oracle.py, or run as a process of its own.

The only module that imports tflite_micro; it imports nothing of Coincell. TFLM checks little of
what a file says, so a model may crash it or keep it busy for ever: as a script it takes only itself
down with it.

The script is given the seconds that it may take for a sample. Frames on its pipes are a
little-endian uint64 length and that many bytes. First it is sent one frame of JSON, {"inputs":
[[type, shape], ...], "outputs": how many}, and one of the model; then frames of samples, each of
them a byte, 1 to begin from the initial state, and the bytes of all inputs. It answers the model
with b"\\0", and each sample with b"\\0" and the bytes of all outputs. When TFLM refuses something
the answer is b"\\1" and its words in UTF-8, and the script ends.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_ARENA_BYTES = 32 << 20

Arrays = NDArray[Any]


class MicroModel:
    """TFLM's interpreter, which can be put back to the state that it began with.

    Raises:
        RuntimeError: TFLM refuses the model.
    """

    def __init__(self, tflite: bytes, outputs: int) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self._interpreters: Any = runtime.Interpreter
        self._tflite = tflite
        self._outputs = outputs
        self._interpreter = self._fresh()
        self._used = False

    def _fresh(self) -> Any:
        return self._interpreters.from_bytes(self._tflite, arena_size=_ARENA_BYTES)

    def run(self, inputs: Sequence[Arrays], from_the_start: bool) -> list[Arrays]:
        """One inference: an array an output from an array an input, in the tensors' shapes.

        Raises:
            RuntimeError, ValueError: TFLM refuses an input, or fails.
        """
        if from_the_start and self._used:
            self._interpreter = self._fresh()
        self._used = True
        for index, array in enumerate(inputs):
            self._interpreter.set_input(array, index)
        self._interpreter.invoke()
        return [self._interpreter.get_output(index) for index in range(self._outputs)]


def _read(stream: BinaryIO) -> bytes:
    """The next frame; b"" at the end."""
    header = stream.read(8)
    return stream.read(*struct.unpack("<Q", header)) if len(header) == 8 else b""


def _send(stream: BinaryIO, payload: bytes) -> None:
    stream.write(struct.pack("<Q", len(payload)) + payload)
    stream.flush()


def _samples(frame: bytes, edges: Sequence[Any]) -> Iterator[tuple[bool, list[Arrays]]]:
    """(whether from the initial state, an array an input) of each sample in a frame."""
    place = 0
    while place < len(frame):
        from_the_start, place = bool(frame[place]), place + 1
        arrays = []
        for kind, shape in edges:
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(frame, kind, count, place).reshape(shape)
            arrays.append(array.copy())
            place += array.nbytes
        yield from_the_start, arrays


def _serve(requests: BinaryIO, answers: BinaryIO, seconds: int) -> None:
    """Answer until the input ends; a sample that takes too long ends the process (SIGALRM)."""
    about = json.loads(_read(requests))
    tflite = _read(requests)
    signal.alarm(seconds)
    model = MicroModel(tflite, about["outputs"])
    _send(answers, b"\0")
    signal.alarm(0)
    while frame := _read(requests):
        for from_the_start, inputs in _samples(frame, about["inputs"]):
            signal.alarm(seconds)
            outputs = model.run(inputs, from_the_start)
            signal.alarm(0)
            _send(answers, b"\0" + b"".join(output.tobytes() for output in outputs))


def _last_line(file: int) -> str:
    """The last line in a file that holds anything."""
    lines = os.pread(file, 1 << 16, 0).decode(errors="replace").split("\n")
    return next((f"({line.strip()})" for line in reversed(lines) if line.strip()), "")


def main() -> int:
    """Serve the pipes; what TFLM prints meanwhile is kept, and its last line told if it refuses."""
    answers = os.fdopen(os.dup(1), "wb")
    said = os.memfd_create("said")
    os.dup2(said, 1)
    os.dup2(said, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash here is no reason for a core file
    try:
        _serve(sys.stdin.buffer, answers, int(sys.argv[1]))
    except Exception as error:  # told to the parent, which tells the user
        words = f"{error} {_last_line(said)}".strip()
        _send(answers, b"\1" + words.encode(errors="replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
