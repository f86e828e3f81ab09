"""The layers of a compiled model: what runs, under which symbol, at which cost."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.compiler.ir import Graph, Op

_FUSED = {"conv_2d_add": ("conv_2d", "add")}
"""Kinds that passes make of several."""


@dataclass(frozen=True)
class Layer:
    """One step of the compiled model; it has a C function of its own.

    Attributes:
        name: "00_conv_2d": its number in the order of execution, and its kind.
        symbol: the C function, never inlined: "NAME_layer_00_conv_2d".
        kind: "conv_2d".
        place: the operator of the model's file that it comes from.
        output: name of the tensor that it makes.
        output_shape: that tensor's shape.
        macs: multiply-accumulate operations.
        weight_bytes: bytes of its filter and bias.
    """

    name: str
    symbol: str
    kind: str
    place: str
    output: str
    output_shape: tuple[int, ...]
    macs: int
    weight_bytes: int

    @property
    def ops(self) -> tuple[str, ...]:
        """Kinds of all ops that this function computes; fusing passes make it more than one."""
        return _FUSED.get(self.kind, (self.kind,))


def running_ops(graph: Graph) -> tuple[Op, ...]:
    """The ops that do something at run time; those that only rename bytes are left out."""
    return tuple(op for op in graph.ops if not op.attributes.aliases_input)


def layer_symbol(name: str, number: int, op: Op) -> str:
    """The C function of layer `number`."""
    return f"{name}_layer_{number:02d}_{op.kind}"


def shapes_text(op: Op, graph: Graph) -> str:
    """What an op reads and makes: "[1, 49, 10, 1] -> [1, 25, 5, 64]"."""
    read = (graph.tensor(name) for name in op.inputs)
    came = " and ".join(str(list(tensor.shape)) for tensor in read if not tensor.is_constant)
    made = " and ".join(str(list(graph.tensor(name).shape)) for name in op.outputs)
    return f"{came} -> {made}"


def layers_of(graph: Graph, name: str) -> tuple[Layer, ...]:
    """The layers of a lowered graph that is compiled under `name`."""
    return tuple(
        Layer(
            name=f"{number:02d}_{op.kind}",
            symbol=layer_symbol(name, number, op),
            kind=op.kind,
            place=op.place,
            output=op.output,
            output_shape=graph.tensor(op.output).shape,
            macs=op.attributes.macs(op, graph),
            weight_bytes=sum(
                graph.tensor(operand).size_bytes
                for operand in dict.fromkeys(op.inputs)
                if graph.tensor(operand).is_constant
            ),
        )
        for number, op in enumerate(running_ops(graph))
    )
