"""Graphs: ops in the order of execution, what an op means, and what stays between inferences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, NoReturn

from coincell.compiler.ir.kernel_call import KernelCall
from coincell.compiler.ir.tensors import Tensor, Values
from coincell.errors import ModelError


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
