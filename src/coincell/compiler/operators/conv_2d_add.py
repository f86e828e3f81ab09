"""CONV_2D and an ADD of its result: one op, so that what lies between is never written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from coincell.compiler.ir import (
    Attributes,
    DType,
    Graph,
    KernelArgument,
    KernelCall,
    Op,
    Quantization,
    Tensor,
    Values,
)
from coincell.compiler.operators.add import Add
from coincell.compiler.operators.conv_2d import Conv2D
from coincell.errors import InternalError


@dataclass(frozen=True)
class Conv2DAdd(Attributes):
    """Inputs: image, addend of the output's shape, filter, optional bias; the rest as in CONV_2D.

    Attributes:
        stride, dilation, padding: of the convolution.
        between_clamp: smallest and largest output of the convolution, in integers.
        between_scale, between_zero_point: quantization of the convolution's output.
        clamp: smallest and largest sum, in integers.
    """

    kind: ClassVar[str] = "conv_2d_add"

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    between_clamp: tuple[int, int]
    between_scale: float
    between_zero_point: int
    clamp: tuple[int, int]

    @classmethod
    def of(cls, convolution: Conv2D, between: Tensor, addition: Add) -> Conv2DAdd:
        """Both in one, given what lies between."""
        return cls(
            convolution.stride,
            convolution.dilation,
            convolution.padding,
            convolution.clamp,
            between.scale,
            between.zero_point,
            addition.clamp,
        )

    def parts(self, op: Op, graph: Graph, between: str) -> tuple[Op, Op, Tensor]:
        """The convolution, the ADD, and the tensor called `between` that one gives the other."""
        image, addend, *constants = op.inputs
        convolution = Conv2D(self.stride, self.dilation, self.padding, self.between_clamp)
        quantization = Quantization((self.between_scale,), (self.between_zero_point,))
        return (
            Op(convolution, (image, *constants), (between,), op.place),
            Op(Add(self.clamp), (between, addend), op.outputs, op.place),
            Tensor(between, graph.tensor(op.output).shape, DType.INT8, quantization),
        )

    def check(self, op: Op, graph: Graph) -> None:
        """Both parts are legal; the addend is another activation, of the output's shape."""
        op.require(3 <= len(op.inputs) <= 4 and len(op.outputs) == 1, "has too many tensors")
        image, addend = op.inputs[:2]
        shape = graph.tensor(op.output).shape
        op.require(
            place_of(image, graph) != place_of(addend, graph), "adds the bytes of its own input"
        )
        op.require(not graph.tensor(addend).is_constant, "adds a constant")
        op.require(graph.tensor(addend).shape == shape, "adds something of another shape")
        described, parts = self._apart(op, graph)
        for part in parts:
            part.attributes.check(part, described)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """One after the other."""
        described, (convolution, addition) = self._apart(op, graph)
        image, addend, *constants = inputs
        made = convolution.attributes.interpret(convolution, described, [image, *constants])
        return addition.attributes.interpret(addition, described, [made, addend])

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """Those of the convolution, into the output, and that of ADD, in place."""
        described, parts = self._apart(op, graph)
        first, second = (part.attributes.kernel_calls(part, described) for part in parts)
        return one_over_the_other(first, second, parts[0].output, op.output)

    def macs(self, op: Op, graph: Graph) -> int:
        """Of the convolution."""
        described, (convolution, _) = self._apart(op, graph)
        return convolution.attributes.macs(convolution, described)

    def _apart(self, op: Op, graph: Graph) -> tuple[Graph, tuple[Op, Op]]:
        """The two ops, and what describes their tensors."""
        between = "between"
        while between in graph.tensors:
            between += "_"
        convolution, addition, tensor = self.parts(op, graph, between)
        tensors = {name: graph.tensor(name) for name in (*op.inputs, *op.outputs)}
        described = replace(
            graph, tensors={**tensors, between: tensor}, inputs=(), outputs=(), ops=(), states=()
        )
        return described, (convolution, addition)


def place_of(name: str, graph: Graph) -> str:
    """The tensor whose bytes `name` stands for, through ops that only rename bytes.

    What reads the same bytes as image and as addend could not be written over either.
    """
    maker = graph.producers.get(name)
    while maker is not None and maker.attributes.aliases_input:
        name = maker.inputs[0]
        maker = graph.producers.get(name)
    return name


def one_over_the_other(
    first: Sequence[KernelCall], second: Sequence[KernelCall], between: str, output: str
) -> tuple[KernelCall, ...]:
    """The calls of two ops, of which the second writes its output over what the first has made.

    Args:
        first: make `between`.
        second: make `output`.
    """
    if any(call.overlaps.get(between, 1) > 0 for call in second):
        raise InternalError("The second of two ops in one does not work in place.")
    return tuple(
        replace(
            call,
            arguments=tuple(_renamed(item, between, output) for item in call.arguments),
            overlaps={name: far for name, far in call.overlaps.items() if name != between},
        )
        for call in (*first, *second)
    )


def _renamed(argument: KernelArgument, old: str, new: str) -> KernelArgument:
    return new if isinstance(argument, str) and argument == old else argument
