"""Variables of a .tflite file -> states of the graph.

Two kinds are known: tensors that an operator updates by itself (UNIDIRECTIONAL_SEQUENCE_LSTM and
SVDF do), and resources that VAR_HANDLE names, CALL_ONCE initialises, and READ_VARIABLE and
ASSIGN_VARIABLE move to and from tensors. Both become values without side effects: who reads gets
the tensor that holds the value by then, and what holds it at the end becomes the state's `after`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coincell.compiler.ir import DType, State, Tensor
from coincell.compiler.reading.schema import GraphRecord, ModelRecord, OperatorRecord
from coincell.errors import ModelError

RESOURCE_OPERATORS = ("ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE")

TensorReader = Callable[[int, str], Tensor]
"""(index, place) -> the tensor; a ModelError where there is none."""


def at_zero_point(tensor: Tensor) -> bytes:
    """What TFLM sets a variable to: every byte is the zero point of int8, and 0 for other types."""
    zero = tensor.zero_point if tensor.dtype is DType.INT8 and tensor.quantization else 0
    return bytes([zero % 256]) * tensor.size_bytes


@dataclass
class _Resource:
    """A variable by name.

    Attributes:
        initial: what CALL_ONCE assigns, if it does.
        first_read: the tensor of the first READ_VARIABLE before any assignment; the state.
        value: the tensor that holds the current value.
        first_assigned: the tensor of the first ASSIGN_VARIABLE; TFLM takes the default from it.
    """

    initial: Tensor | None = None
    first_read: Tensor | None = None
    value: Tensor | None = None
    first_assigned: Tensor | None = None


class Resources:
    """The resource variables of one model, while its operators are read in order."""

    def __init__(self, record: ModelRecord) -> None:
        self._record = record
        self._handles: dict[int, str] = {}
        self._resources: dict[str, _Resource] = {}

    def operator(self, record: OperatorRecord, tensor: TensorReader) -> tuple[int, Tensor] | None:
        """Take one of `RESOURCE_OPERATORS`.

        Args:
            record: the operator.
            tensor: reads the tensors of its graph.

        Returns:
            For READ_VARIABLE, the index of the tensor it makes and the tensor that stands for it.
        """
        if record.name == "CALL_ONCE":
            self._call_once(record)
            return None
        if record.name == "VAR_HANDLE":
            _require_counts(record, 0, 1)
            self._handles[record.outputs[0]] = _name(record)
            return None
        if record.name == "ASSIGN_VARIABLE":
            _require_counts(record, 2, 0)
            resource = self._resource(record, self._handles)
            value = tensor(record.inputs[1], record.place)
            _require_same_kind(record, resource, value)
            resource.first_assigned = resource.first_assigned or value
            resource.value = value
            return None
        return self._read(record, tensor)

    def states(self) -> tuple[State, ...]:
        """A state for each variable that is read before it is assigned."""
        made = []
        for name, resource in self._resources.items():
            before, after = resource.first_read, resource.value
            if before is None or after is None:
                continue
            default = resource.first_assigned
            if resource.initial is not None:
                initial = resource.initial.data or b""
            elif default is not None:
                zero = default.zero_point if default.quantization else 0
                initial = bytes([zero % 256]) * before.size_bytes
            else:
                raise ModelError(f"The variable {name!r} is read, but nobody ever assigns it.")
            made.append(State(before.name, after.name, initial))
        return tuple(made)

    def _read(self, record: OperatorRecord, tensor: TensorReader) -> tuple[int, Tensor]:
        _require_counts(record, 1, 1)
        resource = self._resource(record, self._handles)
        index = record.outputs[0]
        target = tensor(index, record.place)
        if target.is_constant:
            raise ModelError(f"{record.place} reads into a constant.")
        _require_same_kind(record, resource, target)
        if resource.value is None:
            resource.first_read = resource.value = target
        if resource.value.quantization != target.quantization:
            raise ModelError(
                f"{record.place} reads {target.source_name!r} in another quantization than the "
                "variable was assigned in, which is not supported."
            )
        return index, resource.value

    def _call_once(self, record: OperatorRecord) -> None:
        """Take over what the initialisation graph assigns; it may assign constants alone."""
        if any(resource.value for resource in self._resources.values()):
            raise ModelError(f"{record.place} comes after variables were used.")
        index = record.option(0, "<i")
        if not 1 <= index <= len(self._record.others):
            raise ModelError(f"{record.place} calls graph {index}, which does not exist.")
        graph = self._record.others[index - 1]
        handles: dict[int, str] = {}
        for step in graph.operators:
            if step.name == "VAR_HANDLE":
                _require_counts(step, 0, 1)
                handles[step.outputs[0]] = _name(step)
            elif step.name == "ASSIGN_VARIABLE":
                _require_counts(step, 2, 0)
                value = _constant(step, graph)
                self._resource(step, handles).initial = value
            else:
                raise ModelError(
                    f"{record.place} calls a graph with {step.name}; only variables that begin as "
                    "constants are supported."
                )

    def _resource(self, record: OperatorRecord, handles: Mapping[int, str]) -> _Resource:
        if record.inputs[0] not in handles:
            raise ModelError(f"{record.place} uses a variable that no VAR_HANDLE names.")
        return self._resources.setdefault(handles[record.inputs[0]], _Resource())


def _constant(record: OperatorRecord, graph: GraphRecord) -> Tensor:
    """What an ASSIGN_VARIABLE of an initialisation graph assigns."""
    index = record.inputs[1]
    if not 0 <= index < len(graph.tensors):
        raise ModelError(f"{record.place} refers to tensor {index}, which does not exist.")
    described = graph.tensors[index]
    data = bytes(described.data)
    dtypes = {dtype.value: dtype for dtype in DType}
    if not data or described.type_name not in dtypes or any(size < 1 for size in described.shape):
        raise ModelError(
            f"{record.place}, of the initialisation graph, assigns {described.name!r}; only "
            "constants are supported there."
        )
    tensor = Tensor("initial", described.shape, dtypes[described.type_name], None, data)
    if len(data) != tensor.size_bytes:
        raise ModelError(f"{described.name!r} holds {len(data)} bytes, not {tensor.size_bytes}.")
    return tensor


def _name(record: OperatorRecord) -> str:
    """Container and name of a variable."""
    if record.options is None:
        return "/"
    container, name = (record.options.text(slot, "a variable's name") for slot in (0, 1))
    return f"{container}/{name}"


def _require_counts(record: OperatorRecord, inputs: int, outputs: int) -> None:
    if (len(record.inputs), len(record.outputs)) != (inputs, outputs):
        raise ModelError(
            f"{record.place} has {len(record.inputs)} inputs and {len(record.outputs)} outputs."
        )


def _require_same_kind(record: OperatorRecord, resource: _Resource, tensor: Tensor) -> None:
    """Raise unless `tensor` has the type and shape of the variable's other values."""
    for other in (resource.initial, resource.value):
        if other is not None and (other.dtype, other.shape) != (tensor.dtype, tensor.shape):
            raise ModelError(
                f"{record.place} takes a variable for {tensor.dtype.value} {list(tensor.shape)} "
                f"that is {other.dtype.value} {list(other.shape)} elsewhere."
            )
