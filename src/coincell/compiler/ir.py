"""The compiler's intermediate representation: small, typed, frozen, printable.

A `Graph` is a list of `Op`s in the order of execution over named `Tensor`s. What an op does stands
in its attribute class (one a kind, in `operators/`), which knows how to check, interpret and emit
itself. Nothing is ever changed in place: passes make new graphs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError

Values = NDArray[Any]
"""The values of one tensor for n samples at once: [n, *shape]; constants come as [1, *shape]."""

ALIGNMENT = 8
"""Every tensor, and all working memory, begins at a multiple of this many bytes."""


def aligned(size: int) -> int:
    """`size` bytes, rounded up to `ALIGNMENT`."""
    return -(-size // ALIGNMENT) * ALIGNMENT


class DType(Enum):
    """Element types, by the name that NumPy gives them."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The NumPy type, little-endian."""
        return np.dtype(self.value).newbyteorder("<")

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def c_name(self) -> str:
        """The C type that holds one element."""
        return {"float32": "float", "bool": "uint8_t"}.get(self.value, f"{self.value}_t")


@dataclass(frozen=True)
class Quantization:
    """real = scale * (integer - zero_point), one scale a tensor or one a slice along `axis`.

    Attributes:
        scales: float32 values, held exactly as Python floats.
        zero_points: as many as scales.
        axis: the dimension that the scales belong to; 0 where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        """The scale of a tensor that has one."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that has one."""
        return self.zero_points[0]

    @property
    def per_channel(self) -> bool:
        """Whether each slice has a scale of its own."""
        return len(self.scales) > 1


@dataclass(frozen=True)
class Tensor:
    """A value of the graph: an activation, or a constant where `data` is given.

    Attributes:
        name: unique in its graph, fit for the text form and for C.
        shape: sizes, all positive; () is a scalar.
        quantization: None for plain integers (shapes, axes) and floats.
        data: the constant's bytes, little-endian, row by row.
        source_name: what the model's file calls it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: bytes | None = field(default=None, repr=False)
    source_name: str = ""

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that the values take."""
        return self.elements * self.dtype.size

    @property
    def is_constant(self) -> bool:
        """Whether the values are known."""
        return self.data is not None

    @cached_property
    def array(self) -> Values:
        """The constant's values, read-only, in `shape`."""
        if self.data is None:
            raise ValueError(f"Tensor {self.name} is not a constant.")
        return np.frombuffer(self.data, self.dtype.numpy).reshape(self.shape)

    @property
    def scale(self) -> float:
        """The scale of a tensor quantized as a whole."""
        return self._quantization.scale

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor quantized as a whole."""
        return self._quantization.zero_point

    @property
    def _quantization(self) -> Quantization:
        if self.quantization is None:
            raise ValueError(f"Tensor {self.name} is not quantized.")
        return self.quantization


class Attributes(ABC):
    """What an op does and how: the base of one frozen dataclass a kind of op."""

    kind: ClassVar[str]
    """The op's name in the text form and in C, such as "conv_2d"."""

    aliases_input: ClassVar[bool] = False
    """Whether the output is the input's bytes, so that both may share their place for free."""

    pointwise: ClassVar[bool] = False
    """Whether each value of the output depends on the first input's value at its place alone."""

    by_rows: ClassVar[bool] = False
    """Whether row y of an output image depends on row y of the input images alone."""

    updates: ClassVar[Mapping[int, int]] = MappingProxyType({})
    """Number of an output -> number of the input that the kernels may write it over, in place."""

    @abstractmethod
    def check(self, op: Op, graph: Graph) -> None:
        """Raise through `op.fail` unless the op is legal in `graph`."""

    @abstractmethod
    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The output's exact values for each of n samples.

        Args:
            op: the op with these attributes.
            graph: where its tensors are described.
            inputs: one array an input, [n, *shape], or [1, *shape] for a constant.

        Returns:
            [n, *output shape], in the output's dtype.
        """

    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """As `interpret`, one array an output; the place to begin for whoever runs an op."""
        return (self.interpret(op, graph, inputs),)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """The calls of C kernels that compute this op; refused by name and place without any."""
        del graph
        op.fail(
            "is not supported as part of the running model yet",
            hint="It is understood only where all its inputs are known beforehand.",
        )

    def macs(self, op: Op, graph: Graph) -> int:
        """Multiply-accumulate operations of one inference."""
        del op, graph
        return 0


class SeveralOutputs(Attributes):
    """The base of kinds whose ops may have more than one output, such as SPLIT."""

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The first output alone."""
        return self.interpret_outputs(op, graph, inputs)[0]

    @abstractmethod
    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """The exact values of all outputs, each [n, *its shape], for each of n samples."""


@dataclass(frozen=True)
class Scratch:
    """Working memory of one kernel call: so many bytes of the arena, free again after it."""

    bytes: int


@dataclass(frozen=True)
class Copied:
    """A constant that is copied into working memory before the call, where loads do not wait."""

    role: str
    values: Values

    @property
    def bytes(self) -> int:
        """Of the copy."""
        return self.values.nbytes


KernelArgument = str | tuple[str, Values] | Scratch | Copied | None


EXACTLY_IN_PLACE = -1
"""In `KernelCall.overlaps`: the input and the output may begin at one address, and at no others."""


@dataclass(frozen=True)
class KernelCall:
    """A call of `coincell_<kernel>(&parameters, arguments...)`.

    Attributes:
        kernel: the C file's name under runtime/kernels, such as "conv_2d" or "dsp/conv"; the
            function is called after its last part.
        parameters: the fields of `coincell_<kernel>_parameters`, in the order of the struct.
        arguments: after the parameters: a tensor's name (its place in memory), an array that
            becomes a constant of the layer under its key, working memory, or None (a null pointer).
        specialised: the kernel is an inline function; a copy of it is compiled for these
            parameters, as constants, and shared by all calls with equal ones.
        overlaps: the input tensors that may share memory with the output, and how: the call is
            right wherever address(input) >= address(output) + so many bytes, or, at
            `EXACTLY_IN_PLACE`, where they are equal. Without an entry they never share memory.
        rereads: whether constants are read many times, so that a copy in RAM saves time.
    """

    kernel: str
    parameters: Mapping[str, int]
    arguments: tuple[KernelArgument, ...]
    specialised: bool = False
    overlaps: Mapping[str, int] = field(default_factory=dict)
    rereads: bool = False

    @property
    def function_stem(self) -> str:
        """The kernel's C name without its prefix: "conv" of "dsp/conv"."""
        return self.kernel.rpartition("/")[2]

    @property
    def scratch_bytes(self) -> int:
        """Working memory of the call, each piece aligned."""
        pieces = (item for item in self.arguments if isinstance(item, Scratch | Copied))
        return sum(aligned(item.bytes) for item in pieces)

    def with_constants_in_ram(self) -> KernelCall:
        """The same call, all its constants copied into RAM before."""
        arguments = (Copied(*item) if isinstance(item, tuple) else item for item in self.arguments)
        return replace(self, arguments=tuple(arguments))


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        attributes: the kind of operation and its settings.
        inputs: names of tensors, in the order that the kind defines.
        outputs: names of tensors, each written by this op alone.
        place: where the model's file has it, for messages: "operator 3 (CONV_2D)".
    """

    attributes: Attributes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: str = ""

    @property
    def kind(self) -> str:
        """Name of the kind of operation."""
        return self.attributes.kind

    @property
    def output(self) -> str:
        """The one output's name; the first of several."""
        return self.outputs[0]

    def fail(self, problem: str, hint: str = "") -> NoReturn:
        """Raise a ModelError that names this op and what it makes."""
        place = self.place or self.kind
        raise ModelError(f"{place}, which makes {', '.join(self.outputs)!r}, {problem}.", hint)

    def require(self, condition: bool, problem: str) -> None:
        """Fail with `problem` unless `condition` holds."""
        if not condition:
            self.fail(problem)


@dataclass(frozen=True)
class State:
    """What one inference leaves to the next: a value that `before` has, and `after` replaces.

    Ops stay without side effects: a variable is the tensor that they read, `before`, and the one
    that holds its new value at the end, `after`.

    Attributes:
        before: name of a tensor that no op makes; ops may read it.
        after: name of a tensor of the same shape and type; `before` itself where nothing changes.
        initial: bytes of `before` at the first inference and after a reset, little-endian.
    """

    before: str
    after: str
    initial: bytes = field(repr=False)


@dataclass(frozen=True)
class Graph:
    """Ops in order of execution, and the tensors that they read and write.

    Attributes:
        name: the model's name.
        tensors: by name; those of the graph's inputs and outputs too.
        inputs: names of what the caller fills, in the model's order.
        outputs: names of what the caller reads, in the model's order.
        ops: each after all ops that make its inputs.
        states: what stays from one inference to the next; none for most models.
    """

    name: str
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ops: tuple[Op, ...]
    states: tuple[State, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", MappingProxyType(dict(self.tensors)))

    def tensor(self, name: str) -> Tensor:
        """The tensor called `name`."""
        return self.tensors[name]

    @cached_property
    def kept(self) -> frozenset[str]:
        """The tensors that are needed after the last op: outputs, and the new values of states.

        No pass may take them away, or give them another value.
        """
        return frozenset((*self.outputs, *(state.after for state in self.states)))

    @cached_property
    def producers(self) -> Mapping[str, Op]:
        """The op that makes each tensor, by its name; inputs, states and constants have none."""
        return {name: op for op in self.ops for name in op.outputs}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Op, ...]]:
        """The ops that read each tensor, by the tensor's name."""
        found: dict[str, list[Op]] = {name: [] for name in self.tensors}
        for op in self.ops:
            for name in dict.fromkeys(op.inputs):
                found[name].append(op)
        return {name: tuple(ops) for name, ops in found.items()}

    def only_consumer(self, name: str) -> Op | None:
        """The op that reads `name`, if it is one and nobody needs it after the last op."""
        readers = self.consumers[name]
        return readers[0] if len(readers) == 1 and name not in self.kept else None

    def with_ops(self, ops: Iterable[Op], tensors: Iterable[Tensor] = ()) -> Graph:
        """This graph with other ops, more or changed tensors, and no tensor that nobody uses."""
        kept_ops = tuple(ops)
        known = {**self.tensors, **{tensor.name: tensor for tensor in tensors}}
        used = dict.fromkeys((*self.inputs, *self.outputs))
        for state in self.states:
            used.update(dict.fromkeys((state.before, state.after)))
        for op in kept_ops:
            used.update(dict.fromkeys((*op.inputs, *op.outputs)))
        kept = {name: tensor for name, tensor in known.items() if name in used}
        return replace(self, ops=kept_ops, tensors=kept)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of one inference."""
        return sum(op.attributes.macs(op, self) for op in self.ops)

    @property
    def parameters(self) -> int:
        """Number of constant values that ops compute with: weights, biases, addends."""
        working = (op for op in self.ops if not op.attributes.aliases_input)
        operands = dict.fromkeys(name for op in working for name in op.inputs)
        tensors = (self.tensors[name] for name in operands)
        return sum(tensor.elements for tensor in tensors if tensor.is_constant)
