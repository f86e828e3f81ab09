"""The oracle: TensorFlow Lite Micro's own reference kernels, through the tflite-micro package.

Its answers define what "exact" means; docs/deviations.md lists where it is wrong and what counts
instead. The package has wheels for Linux on x86-64 alone. `Oracle` runs it in this process, which a
damaged model can crash; `OracleProcess` in one of its own, for models that come in from outside.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import signal
import struct
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np

from coincell.compiler.interpret import output_samples, samples_of
from coincell.compiler.ir import DType, Tensor, Values
from coincell.compiler.oracle_worker import MicroModel
from coincell.compiler.reading import ModelRecord, read_records
from coincell.errors import ModelError, UserError

_PACKAGE = "tflite-micro"
_SECONDS_A_SAMPLE = 60
_SAMPLES_A_MESSAGE = 32
_LONGEST_REASON = 200


class OracleError(ModelError):
    """The oracle has no answer for a model.

    Attributes:
        reason: why, as the end of a sentence: "it crashed on this model (SIGSEGV)".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"TensorFlow Lite Micro has no answer for the model: {reason}.",
            hint="It lacks something that the model needs, or the file is damaged.",
        )
        self.reason = reason


def oracle_available() -> bool:
    """Whether the tflite-micro package is installed."""
    return importlib.util.find_spec("tflite_micro") is not None


def oracle_version() -> str:
    """ "tflite-micro 0.dev2026...".

    Raises:
        UserError: the package is not installed.
    """
    try:
        return f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}"
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing() from error


def _missing() -> UserError:
    return UserError(
        "The exactness oracle needs the package 'tflite-micro', which is not installed.",
        hint="pip install tflite-micro (it exists for Linux on x86-64 only). "
        "Everything but the comparison with the oracle works without it.",
    )


class _AnyOracle(ABC):
    """What both oracles share: what goes in and out, and which samples begin afresh.

    A model with variables (state) begins each sample from its initial state, unless they are given
    as consecutive.

    Raises:
        ModelError: the file is damaged.
        OracleError: TFLM refuses the model.
        UserError: tflite-micro is not installed.
    """

    def __init__(self, tflite: bytes) -> None:
        record = read_records(tflite)
        self._inputs = _edge_tensors(record, record.inputs)
        self._outputs = _edge_tensors(record, record.outputs)
        self._stateful = any(tensor.is_variable for tensor in record.tensors) or any(
            operator.name == "VAR_HANDLE" for operator in record.operators
        )
        if not oracle_available():
            raise _missing()

    def run(self, inputs: Values, consecutive: bool = False) -> Values:
        """Outputs [n, *sample_shape] of a model with one input and one output.

        Args:
            inputs: [n, *shape], with or without the batch of 1, in the input's type.
            consecutive: each sample finds the state that the one before it left.

        Raises:
            UserError: `inputs` do not fit.
            OracleError: TFLM fails on the model.
        """
        if len(self._outputs) != 1:
            raise UserError(f"The model has {len(self._outputs)} outputs; use run_many.")
        return self.run_many([inputs], consecutive)[0]

    def run_many(self, inputs: Sequence[Values], consecutive: bool = False) -> list[Values]:
        """One array an output from one array an input, n samples each; raises as `run`."""
        arrays = samples_of(self._inputs, inputs)
        count = len(arrays[0]) if arrays else 1
        results = [np.zeros((count, *tensor.shape), tensor.dtype.numpy) for tensor in self._outputs]
        samples = (
            (self._stateful and not (consecutive and sample), [array[sample] for array in arrays])
            for sample in range(count)
        )
        for sample, answer in enumerate(self._answers(samples)):
            for tensor, result, values in zip(self._outputs, results, answer, strict=True):
                if values.dtype != result.dtype or values.size != tensor.elements:
                    raise OracleError(f"it makes {values.size} x {values.dtype} of {tensor.name}")
                result[sample] = values.reshape(tensor.shape)
        return output_samples(self._outputs, results)

    @abstractmethod
    def _answers(self, samples: Iterable[tuple[bool, list[Values]]]) -> Iterator[list[Values]]:
        """The outputs of each (whether from the initial state, inputs)."""


class Oracle(_AnyOracle):
    """TFLM's interpreter over one model, in this process; made once, run many times."""

    def __init__(self, tflite: bytes) -> None:
        """Load a model; raises as every oracle."""
        super().__init__(tflite)
        try:
            self._model = MicroModel(tflite, len(self._outputs))
        except RuntimeError as error:
            raise OracleError(f"it refuses the model, {error}") from error

    def _answers(self, samples: Iterable[tuple[bool, list[Values]]]) -> Iterator[list[Values]]:
        for from_the_start, inputs in samples:
            try:
                yield self._model.run(inputs, from_the_start)
            except (RuntimeError, ValueError) as error:
                raise OracleError(f"it fails, {error}") from error


class OracleProcess(_AnyOracle):
    """TFLM in a process of its own: a crash or a hang is an OracleError. A context manager.

    How it is spoken to stands in oracle_worker.py. After an OracleError it has ended.
    """

    def __init__(self, tflite: bytes, seconds: int = _SECONDS_A_SAMPLE) -> None:
        """Load a model; raises as every oracle.

        Args:
            tflite: the file's bytes.
            seconds: the most that loading, or a sample, may take.
        """
        super().__init__(tflite)
        self._seconds = seconds
        worker = Path(str(resources.files(__package__) / "oracle_worker.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(worker), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        kinds = [(tensor.dtype.numpy.str, tensor.shape) for tensor in self._inputs]
        about = {"inputs": kinds, "outputs": len(self._outputs)}
        try:
            self._send(json.dumps(about).encode())
            self._send(tflite)
            self._receive()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; may be called twice."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # what was left to write went nowhere
                    continue

    def _answers(self, samples: Iterable[tuple[bool, list[Values]]]) -> Iterator[list[Values]]:
        waiting = iter(samples)
        try:
            while batch := list(islice(waiting, _SAMPLES_A_MESSAGE)):
                self._send(
                    b"".join(
                        bytes([from_the_start]) + b"".join(array.tobytes() for array in inputs)
                        for from_the_start, inputs in batch
                    )
                )
                for _ in batch:
                    yield self._outputs_of(self._receive())
        except BaseException:  # amid a message: the rest would pass for the next answer
            self.close()
            raise

    def _outputs_of(self, payload: bytes) -> list[Values]:
        """The arrays of an answer."""
        if len(payload) != sum(tensor.size_bytes for tensor in self._outputs):
            raise OracleError(f"it makes outputs of {len(payload)} bytes")
        arrays, place = [], 0
        for tensor in self._outputs:
            array = np.frombuffer(payload, tensor.dtype.numpy, tensor.elements, place)
            arrays.append(array)
            place += array.nbytes
        return arrays

    def _send(self, payload: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(struct.pack("<Q", len(payload)) + payload)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._gone() from error

    def _receive(self) -> bytes:
        """The next answer without its first byte."""
        header = self._read(8)
        if len(header) < 8:
            raise self._gone()
        (length,) = struct.unpack("<Q", header)
        limit = 1 + max(_LONGEST_REASON, sum(tensor.size_bytes for tensor in self._outputs))
        answer = self._read(min(length, limit))
        if len(answer) < min(length, limit):
            raise self._gone()
        if answer[:1] == b"\0":
            return answer[1:]
        raise OracleError(f"it refuses it, {_plain(answer[1:].decode(errors='replace'))}")

    def _read(self, count: int) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(count)

    def _gone(self) -> OracleError:
        """Why the process is there no more."""
        code = -self._process.wait()
        if code == signal.SIGALRM:
            return OracleError(f"it gave no answer within {self._seconds} s")
        if code > 0:
            return OracleError(f"it crashed on this model, {signal.Signals(code).name}")
        return OracleError(f"its process ended with exit code {-code}")


def _plain(text: str) -> str:
    """One line of what may hold anything."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return kept[:_LONGEST_REASON].strip().rstrip(".")


def _edge_tensors(record: ModelRecord, indices: Sequence[int]) -> list[Tensor]:
    """Shapes and types of the graph's inputs or outputs."""
    types = {dtype.value: dtype for dtype in DType}
    tensors = []
    for index in indices:
        if not 0 <= index < len(record.tensors):
            raise ModelError(f"The graph refers to tensor {index}, which does not exist.")
        tensor = record.tensors[index]
        if tensor.type_name not in types or any(size < 1 for size in tensor.shape):
            raise ModelError(f"The oracle cannot take the tensor {tensor.name!r}.")
        tensors.append(
            Tensor(f"edge_{index}", tensor.shape, types[tensor.type_name], None, None, tensor.name)
        )
    return tensors
