"""The oracle: TensorFlow Lite Micro's own reference kernels, through the tflite-micro package.

The only module that imports it. Its answers define what "exact" means; docs/deviations.md lists
where it is wrong and what counts instead. The package has wheels for Linux on x86-64 alone.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from coincell.compiler.interpret import output_samples, samples_of
from coincell.compiler.ir import DType, Tensor, Values
from coincell.compiler.schema import ModelRecord, read_records
from coincell.errors import ModelError, UserError

_PACKAGE = "tflite-micro"
_ARENA_BYTES = 32 << 20


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


def _runtime() -> Any:
    if not oracle_available():
        raise _missing()
    from tflite_micro.python.tflite_micro import runtime

    return runtime


class Oracle:
    """TFLM's interpreter over one model; made once, run many times.

    A model with variables (state) gets a fresh interpreter for each sample, unless they are given
    as consecutive.
    """

    def __init__(self, tflite: bytes) -> None:
        """Load a model.

        Raises:
            ModelError: the file is damaged, or TFLM refuses it.
            UserError: tflite-micro is not installed.
        """
        record = read_records(tflite)
        self._tflite = tflite
        self._inputs = _edge_tensors(record, record.inputs)
        self._outputs = _edge_tensors(record, record.outputs)
        self._stateful = any(tensor.is_variable for tensor in record.tensors) or any(
            operator.name == "VAR_HANDLE" for operator in record.operators
        )
        self._interpreter = self._fresh()

    def _fresh(self) -> Any:
        try:
            return _runtime().Interpreter.from_bytes(self._tflite, arena_size=_ARENA_BYTES)
        except RuntimeError as error:
            raise ModelError(f"TensorFlow Lite Micro refuses the model: {error}.") from error

    def run(self, inputs: Values, consecutive: bool = False) -> Values:
        """Outputs [n, *sample_shape] of a model with one input and one output.

        Args:
            inputs: [n, *shape], with or without the batch of 1, in the input's type.
            consecutive: each sample finds the state that the one before it left.
        """
        if len(self._outputs) != 1:
            raise UserError(f"The model has {len(self._outputs)} outputs; use run_many.")
        return self.run_many([inputs], consecutive)[0]

    def run_many(self, inputs: Sequence[Values], consecutive: bool = False) -> list[Values]:
        """One array an output from one array an input, n samples each."""
        arrays = samples_of(self._inputs, inputs)
        results = [
            np.zeros((len(arrays[0]), *tensor.shape), tensor.dtype.numpy)
            for tensor in self._outputs
        ]
        for sample in range(len(arrays[0])):
            if self._stateful and sample and not consecutive:
                self._interpreter = self._fresh()
            for index, array in enumerate(arrays):
                self._interpreter.set_input(array[sample], index)
            self._interpreter.invoke()
            for index, result in enumerate(results):
                result[sample] = self._interpreter.get_output(index)
        if self._stateful:
            self._interpreter = self._fresh()
        return output_samples(self._outputs, results)


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
