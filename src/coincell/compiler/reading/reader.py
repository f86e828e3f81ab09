""".tflite -> Graph, from files that are hostile until checked.

The reader translates and checks; it does not optimise. What the file says stays as it is, but
paddings are made explicit, fused activations become integer ranges, and operands that only describe
(axes, paddings) become attributes. A leading -1 in a shape signature (an open batch) means 1
(open_batches.py), and what the model computes from its shapes is known (known_shapes.py).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from coincell.compiler.ir import DType, Graph, Op, Quantization, State, Tensor
from coincell.compiler.reading import circular_buffer
from coincell.compiler.reading.known_shapes import OF_SHAPES_ALONE, with_true_shapes
from coincell.compiler.reading.operator_readers import ON_FLOATS, READERS, WITH_GAPS, Source
from coincell.compiler.reading.schema import (
    MAX_FILE_BYTES,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
    read_records,
)
from coincell.compiler.reading.variables import RESOURCE_OPERATORS, Resources, at_zero_point
from coincell.compiler.verify import verify
from coincell.errors import ModelError

MAX_TENSOR_BYTES = 64 << 20
MAX_CONSTANT_BYTES = 256 << 20
MAX_SCALES = 1 << 20

_FLOAT_HINT = (
    "Quantize the whole model to int8 when converting: optimizations=[tf.lite.Optimize.DEFAULT], a "
    "representative data set, and int8 as inference_input_type and inference_output_type."
)
_DAMAGED_HINT = "The file is damaged; make or fetch it again."
_ALWAYS_ZERO_HINT = (
    "The converter gives the scale 0 to what was 0 in every sample, as the first state of a "
    "recurrent layer in a model with an open batch is. Fix the batch before converting, as "
    "keras.Input(shape, batch_size=1) does, and check that the samples are not all zero."
)
_TYPES = {dtype.value: dtype for dtype in DType}


def read_model(model: str | Path | bytes, name: str = "model") -> Graph:
    """A .tflite model as a graph.

    Args:
        model: a path, or the file's bytes.
        name: the graph's name where bytes are given; a file gives its own.

    Raises:
        ModelError: the file cannot be read, is damaged, or needs what is not supported; the message
            names what is wrong and where.
    """
    if isinstance(model, bytes):
        return _read(model, name)
    path = Path(model)
    data = load_model_bytes(path)
    try:
        return _read(data, path.stem)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error.message}", error.hint) from error


def load_model_bytes(path: Path) -> bytes:
    """A model file's bytes.

    Raises:
        ModelError: it cannot be read, or is far too large to be a microcontroller's model.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            # A device or a pipe may never end.
            raise ModelError(f"{path} is not a file.", hint="Name a .tflite file.")
        if size > MAX_FILE_BYTES:
            raise ModelError(
                f"{path} is larger than {MAX_FILE_BYTES} bytes, the most that is read.",
                hint="A model for a microcontroller is smaller: is it the right file?",
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Cannot read {path}: {error.strerror or error}.",
            hint="Check the path, and that you may read the file.",
        ) from error


def _read(data: bytes, name: str) -> Graph:
    record = read_records(data)
    initialises = any(operator.name == "CALL_ONCE" for operator in record.operators)
    if record.others and not initialises:
        raise ModelError(
            f"The model has {len(record.others) + 1} subgraphs; only models of one graph, and of "
            "one more that initialises variables, are supported.",
            hint="Control flow (IF, WHILE) has to be unrolled before conversion: recurrent layers "
            "of Keras with unroll=True, in a model with keras.Input(shape, batch_size=1).",
        )
    graph = _Translation(with_true_shapes(record)).graph(name)
    verify(graph)
    return graph


class _Translation:
    """The state of one reading: which tensors have been translated, under which names."""

    def __init__(self, record: ModelRecord) -> None:
        self.record = record
        self.tensors: dict[int, Tensor] = {}  # what stands for each at this point
        self.every: list[Tensor] = []
        self.names: set[str] = set()
        self.constant_bytes = 0
        self.scales = 0
        self.resources = Resources(record)
        self.variables: dict[int, Tensor] = {}  # as they are before the first operator

    def graph(self, name: str) -> Graph:
        inputs = self._edge(self.record.inputs, "input")
        for index in inputs:
            self._refuse_open_shape(index)
        names = tuple(self.tensors[i].name for i in inputs)
        ops = tuple(op for record in self.record.operators for op in self._ops(record))
        outputs = self._edge(self.record.outputs, "output")
        return Graph(
            name=name,
            tensors={tensor.name: tensor for tensor in self.every},
            inputs=names,
            outputs=tuple(self.tensors[i].name for i in outputs),
            ops=ops,
            states=self._states(),
        )

    def _states(self) -> tuple[State, ...]:
        """What stays from one inference to the next."""
        updated = tuple(
            State(before.name, self.tensors[index].name, at_zero_point(before))
            for index, before in self.variables.items()
        )
        return updated + self.resources.states()

    def _edge(self, indices: tuple[int, ...], what: str) -> tuple[int, ...]:
        """Translate the graph's inputs or outputs; returns their indices."""
        if not indices:
            raise ModelError(f"The model has no {what}.", _DAMAGED_HINT)
        for index in indices:
            self._tensor(index, f"The graph's {what}")
        return indices

    def _refuse_open_shape(self, index: int) -> None:
        record = self.record.tensors[index]
        if any(size < 0 for size in record.shape_signature[1:]):
            raise ModelError(
                f"The input {record.name!r} has a dynamic shape, {list(record.shape_signature)}; "
                "only the batch may be left open.",
                hint="Give the model fixed input sizes before converting it.",
            )

    def _ops(self, record: OperatorRecord) -> tuple[Op, ...]:
        """The op of an operator; none for those that only move variables, two for a few."""
        if record.name == circular_buffer.NAME:
            return self._circular_buffer(record)
        if record.name not in RESOURCE_OPERATORS:
            return (self._op(record),)
        read = self.resources.operator(record, self._tensor)
        if read is not None:
            index, value = read
            self.tensors[index] = value
        return ()

    def _circular_buffer(self, record: OperatorRecord) -> tuple[Op, ...]:
        if len(record.inputs) != 1 or len(record.outputs) != 1:
            raise ModelError(
                f"{record.place} has {len(record.inputs)} inputs and {len(record.outputs)} outputs."
            )
        source = self._tensor(record.inputs[0], record.place)
        index = record.outputs[0]
        before = self._tensor(index, record.place)
        if self.variables.get(index) != before:
            raise ModelError(
                f"{record.place} needs {before.source_name!r} to be a variable that nothing else "
                "changes: only its values stay from one inference to the next."
            )
        described = self.record.tensors[index]
        after, kept = (replace(before, name=self._unique_name(described)) for _ in range(2))
        ops, left = circular_buffer.shifted(record, source, before, after, kept)
        self.tensors[index] = after
        self.every += [after, *left]
        return ops

    def _op(self, record: OperatorRecord) -> Op:
        reader = READERS.get(record.name)
        if record.name in OF_SHAPES_ALONE:
            raise ModelError(
                f"{record.place} computes with data; it is supported on numbers that follow from "
                "the model's shapes alone.",
                hint="Give the model fixed input sizes, or compute the product outside of it.",
            )
        if reader is None:
            raise self._unsupported(record)
        operands = [self._operand(record, index) for index in record.inputs]
        while operands and operands[-1] is None:
            operands.pop()
        results = [self._operand(record, index) for index in record.outputs]
        inputs = tuple(tensor for tensor in operands if tensor is not None)
        outputs = tuple(tensor for tensor in results if tensor is not None)
        gaps = len(inputs) < len(operands) and record.name not in WITH_GAPS
        if gaps or len(outputs) < len(results) or not outputs or not inputs:
            raise ModelError(f"{record.place} lacks an operand in the middle.", _DAMAGED_HINT)
        if record.name not in ON_FLOATS:
            self._refuse_float(record, (*inputs, *outputs))
        attributes, kept = reader(Source(record, inputs, outputs, tuple(operands)))
        updated = tuple(self._update(record, kept[i]) for i in attributes.updates.values())
        return Op(
            attributes,
            tuple(tensor.name for tensor in kept),
            tuple(tensor.name for tensor in (*outputs, *updated)),
            record.place,
        )

    def _update(self, record: OperatorRecord, tensor: Tensor) -> Tensor:
        """A new tensor, for what a variable becomes through an operator."""
        index = next((i for i in record.inputs if self.tensors.get(i) == tensor), -1)
        if index not in self.variables:
            raise ModelError(f"{record.place} needs {tensor.source_name!r} to be a variable.")
        name = self._unique_name(self.record.tensors[index])
        self.tensors[index] = replace(tensor, name=name)
        self.every.append(self.tensors[index])
        return self.tensors[index]

    def _unsupported(self, record: OperatorRecord) -> ModelError:
        made = [
            self.record.tensors[index].name.split(";")[0]
            for index in record.outputs[:1]
            if 0 <= index < len(self.record.tensors)
        ]
        known = sorted((*READERS, *RESOURCE_OPERATORS, "CIRCULAR_BUFFER"))
        return ModelError(
            f"{record.place}, which makes {''.join(made)!r}, is not supported.",
            hint=f"Supported operators: {', '.join(known)}.",
        )

    @staticmethod
    def _refuse_float(record: OperatorRecord, tensors: tuple[Tensor, ...]) -> None:
        for tensor in tensors:
            if tensor.dtype is DType.FLOAT32 and not (tensor.is_constant and tensor.elements == 1):
                raise ModelError(
                    f"{record.place} works on float32 ({tensor.source_name!r}); "
                    "only int8 models are supported.",
                    _FLOAT_HINT,
                )

    def _operand(self, record: OperatorRecord, index: int) -> Tensor | None:
        return None if index == -1 else self._tensor(index, record.place)

    def _tensor(self, index: int, place: str) -> Tensor:
        if index in self.tensors:
            return self.tensors[index]
        if not 0 <= index < len(self.record.tensors):
            raise ModelError(
                f"{place} refers to tensor {index}, but there are {len(self.record.tensors)}.",
                _DAMAGED_HINT,
            )
        record = self.record.tensors[index]
        tensor = self._translate(record)
        self.tensors[index] = tensor
        self.every.append(tensor)
        if record.is_variable:
            self.variables[index] = tensor
        return tensor

    def _translate(self, record: TensorRecord) -> Tensor:
        label = f"Tensor {record.index} ({record.name!r})"
        dtype = _TYPES.get(record.type_name)
        if dtype is None:
            raise ModelError(f"{label} is {record.type_name}, which is not supported.", _FLOAT_HINT)
        if record.is_sparse or (record.is_variable and record.data):
            kind = "sparse" if record.is_sparse else "a variable with data of its own"
            raise ModelError(f"{label} is {kind}, which is not supported.")
        if any(size < 0 for size in record.shape):
            raise ModelError(
                f"{label} has a dynamic shape, {list(record.shape)}.",
                hint="Give the model fixed input sizes before converting it.",
            )
        if 0 in record.shape:
            raise ModelError(f"{label} has no elements: its shape is {list(record.shape)}.")
        self.scales += len(record.scales)
        if self.scales > MAX_SCALES:
            raise ModelError(f"The model has more than {MAX_SCALES} quantization scales.")
        size = math.prod(record.shape) * dtype.size
        if size > MAX_TENSOR_BYTES:
            raise ModelError(
                f"{label} takes {size} bytes; at most {MAX_TENSOR_BYTES} are supported.",
                hint="A microcontroller has far less memory.",
            )
        return Tensor(
            name=self._unique_name(record),
            shape=record.shape,
            dtype=dtype,
            quantization=_quantization(record, label),
            data=self._data(record, size, label),
            source_name=record.name,
        )

    def _data(self, record: TensorRecord, size: int, label: str) -> bytes | None:
        if not record.data:
            return None
        if len(record.data) != size:
            raise ModelError(
                f"{label} holds {len(record.data)} bytes; its shape {list(record.shape)} of "
                f"{record.type_name} needs {size}.",
                _DAMAGED_HINT,
            )
        self.constant_bytes += size
        if self.constant_bytes > MAX_CONSTANT_BYTES:
            raise ModelError(f"The constants take more than {MAX_CONSTANT_BYTES} bytes.")
        return bytes(record.data)

    def _unique_name(self, record: TensorRecord) -> str:
        """A name fit for text and C, from the file's: its last part, without odd characters."""
        part = record.name.split(";")[0].rsplit("/", 1)[-1]
        base = re.sub(r"[^A-Za-z0-9]+", "_", part).strip("_")[:40] or "t"
        base = f"t_{base}" if base[0].isdigit() else base
        name = base
        if name in self.names:
            name = f"{base}_{record.index}"
            while name in self.names:
                name += "_"
        self.names.add(name)
        return name


def _quantization(record: TensorRecord, label: str) -> Quantization | None:
    """The tensor's quantization, checked; None where the file gives none."""
    scales = tuple(float(scale) for scale in record.scales)
    if not scales:
        return None
    zero_points = tuple(int(zero) for zero in record.zero_points) or (0,) * len(scales)
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if 0.0 in scales:
        raise ModelError(f"{label} has the scale 0.", _ALWAYS_ZERO_HINT)
    if not all(math.isfinite(scale) and scale > 0 for scale in scales):
        raise ModelError(f"{label} has a scale that is not a positive number.", _DAMAGED_HINT)
    if len(zero_points) != len(scales):
        raise ModelError(f"{label} has {len(scales)} scales and {len(zero_points)} zero points.")
    # Of a list (a bias) there is but one dimension, whatever old converters wrote.
    axis = record.quantized_dimension if len(scales) > 1 and len(record.shape) > 1 else 0
    if len(scales) > 1 and not (
        0 <= axis < len(record.shape) and record.shape[axis] == len(scales)
    ):
        raise ModelError(
            f"{label} has {len(scales)} scales along dimension {axis} of {list(record.shape)}.",
            _DAMAGED_HINT,
        )
    low, high = (0, 255) if record.type_name == "uint8" else (-128, 127)
    if record.type_name in ("int8", "uint8") and not all(low <= z <= high for z in zero_points):
        raise ModelError(f"{label} has a zero point outside {low} to {high}.", _DAMAGED_HINT)
    return Quantization(scales, zero_points, axis)
