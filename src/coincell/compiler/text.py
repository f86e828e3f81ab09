"""The IR as text that parses back.

    graph kws(%x) -> %y
      input  %x: int8[1, 4] q(0.5, 3)
      const  %w: int8[2, 4] q(0.25, 0) = [1, 2, 3, 4, 5, 6, 7, 8]
      state  %s: int8[1, 2] q(0.5, 3) = [3, 3] becomes %z
      %y: int8[1, 2] q(0.125, -1) = fully_connected(%x, %w) clamp=(-128, 127) at "Operator 0"

Quantization is q(scale, zero point), or q([scales], [zero points], axis) per channel. A constant of
more than 16 elements stands there by the first 16 digits of its content's SHA-256, and parsing such
a text needs the constants beside it (`constants_of`).
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, Op, Quantization, State, Tensor
from coincell.compiler.operators import OPERATORS
from coincell.errors import ModelError

_INLINE_ELEMENTS = 16


def print_graph(graph: Graph) -> str:
    """The text form of a graph."""
    lines = [f"graph {graph.name}({_names(graph.inputs)}) -> {_names(graph.outputs)}"]
    lines += [f"  input  {_described(graph.tensor(name))}" for name in graph.inputs]
    lines += [
        f"  const  {_described(tensor)} = {_content(tensor)}"
        for tensor in graph.tensors.values()
        if tensor.is_constant
    ]
    lines += [f"  state  {_state_line(state, graph)}" for state in graph.states]
    lines += [f"  {_op_line(op, graph)}" for op in graph.ops]
    return "\n".join(lines) + "\n"


def constants_of(graph: Graph) -> dict[str, bytes]:
    """The bytes of the constants that the text form only refers to, by that reference."""
    constants = [tensor for tensor in graph.tensors.values() if tensor.data is not None]
    constants += [_initial(state, graph) for state in graph.states]
    return {
        _digest(tensor.data): tensor.data
        for tensor in constants
        if tensor.data is not None and tensor.elements > _INLINE_ELEMENTS
    }


def _initial(state: State, graph: Graph) -> Tensor:
    """What a state begins with, as a constant."""
    return replace(graph.tensor(state.before), data=state.initial)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"%{name}" for name in names)


def _described(tensor: Tensor) -> str:
    return f"%{tensor.name}: {tensor.dtype.value}{list(tensor.shape)}{_quantization(tensor)}"


def _quantization(tensor: Tensor) -> str:
    quantization = tensor.quantization
    if quantization is None:
        return ""
    if not quantization.per_channel:
        return f" q({quantization.scale!r}, {quantization.zero_point})"
    scales, zeros = list(quantization.scales), list(quantization.zero_points)
    return f" q({scales}, {zeros}, {quantization.axis})"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _content(tensor: Tensor) -> str:
    if tensor.elements > _INLINE_ELEMENTS:
        return f"sha256:{_digest(tensor.data or b'')}"
    return str(tensor.array.reshape(-1).tolist())


def _state_line(state: State, graph: Graph) -> str:
    initial = _initial(state, graph)
    return f"{_described(initial)} = {_content(initial)} becomes %{state.after}"


def _op_line(op: Op, graph: Graph) -> str:
    settings = "".join(
        f" {field.name}={getattr(op.attributes, field.name)!r}"
        for field in fields(op.attributes)  # type: ignore[arg-type]  # each kind is a dataclass
    )
    made = "; ".join(_described(graph.tensor(name)) for name in op.outputs)
    place = f' at "{op.place}"' if op.place else ""
    return f"{made} = {op.kind}({_names(op.inputs)}){settings}{place}"


_HEAD = re.compile(r"graph (\S+)\((.*)\) -> (.*)")
_TENSOR = re.compile(r"%(\w+): (\w+)(\[[\d, ]*\])(?: q\((.*)\))?")
_OP = re.compile(r'(%.*) = (\w+)\(([^()]*)\)((?: \w+=.*?)?)(?: at "(.*)")?')
_SETTING = re.compile(r" (\w+)=(.*?)(?= \w+=|$)")


def parse_graph(text: str, constants: Mapping[str, bytes] | None = None) -> Graph:
    """A graph from its text form.

    Args:
        text: as from `print_graph`.
        constants: as from `constants_of`; needed where the text refers to constants by hash.

    Raises:
        ModelError: a line is not in the form, or a constant is not there.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        raise ModelError("The text of a graph begins with 'graph NAME(INPUTS) -> OUTPUTS'.")
    tensors: dict[str, Tensor] = {}
    ops: list[Op] = []
    states: list[State] = []
    for line in lines[1:]:
        if line.startswith("input "):
            tensor = _parse_tensor(line.removeprefix("input ").strip())
            tensors[tensor.name] = tensor
        elif line.startswith("const "):
            tensor = _parse_constant(line.removeprefix("const ").strip(), constants or {})
            tensors[tensor.name] = tensor
        elif line.startswith("state "):
            described, _, after = line.removeprefix("state ").strip().rpartition(" becomes %")
            tensor = _parse_constant(described, constants or {})
            tensors[tensor.name] = replace(tensor, data=None)
            states.append(State(tensor.name, after, tensor.data or b""))
        else:
            op, made = _parse_op(line)
            ops.append(op)
            tensors |= {tensor.name: tensor for tensor in made}
    inputs, outputs = _parse_names(head[2]), _parse_names(head[3])
    return Graph(head[1], tensors, inputs, outputs, tuple(ops), tuple(states))


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().removeprefix("%") for part in text.split(",") if part.strip())


def _parse_tensor(text: str, data: bytes | None = None) -> Tensor:
    found = _TENSOR.fullmatch(text)
    if found is None:
        raise ModelError(f"Not a tensor: {text!r}.")
    name, dtype, shape, quantized = found.groups()
    quantization = None
    if quantized is not None:
        scales, zeros, *axis = ast.literal_eval(f"({quantized})")
        if not axis:
            scales, zeros = [scales], [zeros]
        quantization = Quantization(tuple(scales), tuple(zeros), axis[0] if axis else 0)
    return Tensor(name, tuple(ast.literal_eval(shape)), DType(dtype), quantization, data)


def _parse_constant(text: str, constants: Mapping[str, bytes]) -> Tensor:
    described, _, content = text.rpartition(" = ")
    tensor = _parse_tensor(described)
    if content.startswith("sha256:"):
        digest = content.removeprefix("sha256:")
        if digest not in constants:
            raise ModelError(f"The constant {tensor.name!r} ({content}) was not given.")
        return _parse_tensor(described, constants[digest])
    values = np.array(ast.literal_eval(content), tensor.dtype.numpy)
    return _parse_tensor(described, values.tobytes())


def _parse_op(line: str) -> tuple[Op, list[Tensor]]:
    found = _OP.fullmatch(line)
    if found is None:
        raise ModelError(f"Not an op: {line!r}.")
    made, kind, inputs, settings, place = found.groups()
    if kind not in OPERATORS:
        raise ModelError(f"Unknown kind of op {kind!r} in {line!r}.")
    outputs = [_parse_tensor(part) for part in made.split("; ")]
    values = {name: ast.literal_eval(value) for name, value in _SETTING.findall(settings)}
    attributes: Attributes = OPERATORS[kind](**values)
    names = tuple(tensor.name for tensor in outputs)
    return Op(attributes, _parse_names(inputs), names, place or ""), outputs
