"""Which graphs are legal: checked after reading, and after every pass."""

from __future__ import annotations

import re

from coincell.compiler.ir import Graph, Tensor
from coincell.errors import ModelError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def verify(graph: Graph) -> None:
    """Raise unless `graph` is legal.

    Legal means: every name is known and fit for C; constants are whole; each tensor has one
    origin (an input, a constant, a state, or one op) and is made before it is read; inputs and
    outputs are computed tensors; states fit what they become; every op's own rules hold.

    Raises:
        ModelError: with the first violation, and its place.
    """
    for name, tensor in graph.tensors.items():
        _verify_tensor(name, tensor)
    known = _verify_inputs(graph)
    for op in graph.ops:
        for name in (*op.inputs, *op.outputs):
            op.require(name in graph.tensors, f"names the unknown tensor {name!r}")
        for name in op.inputs:
            op.require(
                name in known,
                f"reads {graph.tensor(name).source_name or name!r} before it is made; "
                "operators must come in the order of execution",
            )
        for name in op.outputs:
            op.require(name not in known, f"makes {name!r}, which exists already")
            known.add(name)
        op.attributes.check(op, graph)
    _verify_outputs(graph, known)
    _verify_states(graph, known)


def _verify_tensor(name: str, tensor: Tensor) -> None:
    if tensor.name != name or not _NAME.fullmatch(name):
        raise ModelError(f"The tensor {name!r} has a name that cannot be used.")
    if any(size < 1 for size in tensor.shape):
        raise ModelError(f"The tensor {name!r} has the shape {list(tensor.shape)}.")
    if tensor.data is not None and len(tensor.data) != tensor.size_bytes:
        raise ModelError(
            f"The constant {name!r} has {len(tensor.data)} bytes instead of {tensor.size_bytes}."
        )


def _verify_inputs(graph: Graph) -> set[str]:
    """The tensors that exist before the first op: constants, inputs and states."""
    known = {name for name, tensor in graph.tensors.items() if tensor.is_constant}
    for name in graph.inputs:
        if name not in graph.tensors:
            raise ModelError(f"The graph's input {name!r} is unknown.")
        if name in known:
            raise ModelError(f"The graph's input {name!r} is a constant, or is listed twice.")
        known.add(name)
    for state in graph.states:
        if state.before not in graph.tensors or state.before in known:
            raise ModelError(f"The state {state.before!r} is unknown, or is something else too.")
        known.add(state.before)
    return known


def _verify_outputs(graph: Graph, known: set[str]) -> None:
    if len(set(graph.outputs)) != len(graph.outputs):
        raise ModelError("The graph lists an output twice.")
    for name in graph.outputs:
        if name not in known:
            raise ModelError(f"The graph's output {name!r} is made by no operator.")
        if graph.tensor(name).is_constant:
            raise ModelError(f"The graph's output {name!r} is a constant.")


def _verify_states(graph: Graph, known: set[str]) -> None:
    for state in graph.states:
        before = graph.tensor(state.before)
        if len(state.initial) != before.size_bytes:
            raise ModelError(
                f"The state {state.before!r} begins with {len(state.initial)} bytes instead of "
                f"{before.size_bytes}."
            )
        if state.after not in known:
            raise ModelError(f"The state {state.before!r} becomes {state.after!r}, made by no op.")
        after = graph.tensor(state.after)
        if (after.shape, after.dtype) != (before.shape, before.dtype):
            raise ModelError(
                f"The state {state.before!r}, {before.dtype.value} {list(before.shape)}, becomes "
                f"{state.after!r}, {after.dtype.value} {list(after.shape)}."
            )
