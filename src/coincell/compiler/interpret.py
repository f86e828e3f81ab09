"""What a graph means: its exact result, in NumPy integers, with TFLM's semantics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from coincell.compiler.ir import Graph, Tensor, Values
from coincell.errors import UserError

_CHUNK = 32  # samples at a time, so that intermediate values stay small


def interpret(
    graph: Graph, inputs: Values | Sequence[Values], consecutive: bool = False
) -> list[Values]:
    """Run n samples through a graph.

    Args:
        graph: any legal graph.
        inputs: one array for each of the graph's inputs (or the one array, for one input), with n
            samples along the first dimension: [n, *shape], or anything that reshapes to it.
        consecutive: each sample finds the state that the one before it left; otherwise each begins
            from the initial state.

    Returns:
        One array for each output, as `output_samples` shapes it.

    Raises:
        UserError: the arrays do not fit the graph's inputs.
    """
    arrays = samples_of([graph.tensor(name) for name in graph.inputs], inputs)
    count = len(arrays[0])
    states = _initial_states(graph)
    step = 1 if consecutive and states else _CHUNK
    chunks = []
    for start in range(0, max(count, 1), step):
        made, after = _run(graph, [array[start : start + step] for array in arrays], states)
        chunks.append(made)
        states = after if consecutive else states
    joined = [np.concatenate(parts) for parts in zip(*chunks, strict=True)]
    return output_samples([graph.tensor(name) for name in graph.outputs], joined)


def _initial_states(graph: Graph) -> dict[str, Values]:
    """What each state begins with, [1, *shape]."""
    return {
        state.before: replace(graph.tensor(state.before), data=state.initial).array[np.newaxis]
        for state in graph.states
    }


def _run(
    graph: Graph, arrays: Sequence[Values], states: Mapping[str, Values]
) -> tuple[list[Values], dict[str, Values]]:
    """Outputs, and what the states have become, from inputs and states."""
    count = len(arrays[0])
    values = dict(zip(graph.inputs, arrays, strict=True))
    for name, initial in states.items():
        values[name] = np.broadcast_to(initial, (count, *initial.shape[1:]))
    for name, tensor in graph.tensors.items():
        if tensor.is_constant:
            values[name] = tensor.array[np.newaxis]
    for op in graph.ops:
        made = op.attributes.interpret_outputs(op, graph, [values[name] for name in op.inputs])
        values.update(zip(op.outputs, made, strict=True))
    after = {state.before: values[state.after] for state in graph.states}
    return [_repeated(values[name], count) for name in graph.outputs], after


def _repeated(values: Values, count: int) -> Values:
    """[count, ...], also of what is the same for all samples: [1, ...]."""
    return np.broadcast_to(values, (count, *values.shape[1:]))


def samples_of(tensors: Sequence[Tensor], inputs: Values | Sequence[Values]) -> list[Values]:
    """One [n, *shape] array a tensor, of the tensor's type, from what a caller gave.

    A leading 1 of the shape (the batch) may be left out or given: [n, 49, 10] and [n, 1, 49, 10, 1]
    both fit the shape [1, 49, 10, 1].

    Raises:
        UserError: the number of arrays, their types or sizes do not fit.
    """
    arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    if len(arrays) != len(tensors):
        raise UserError(f"The model has {len(tensors)} inputs, and {len(arrays)} were given.")
    result = []
    for tensor, array in zip(tensors, arrays, strict=True):
        if array.dtype != tensor.dtype.numpy:
            raise UserError(
                f"The input {tensor.source_name or tensor.name!r} is {tensor.dtype.value}, "
                f"not {array.dtype}.",
                hint="Convert it; of real values make round(real / scale) + zero point first.",
            )
        count = array.shape[0] if array.ndim else 0
        if array.size != count * tensor.elements:
            raise UserError(
                f"The input {tensor.source_name or tensor.name!r} takes samples of shape "
                f"{list(tensor.shape)}; received an array of shape {list(array.shape)}.",
                hint="Samples come first: [n, ...]; a leading batch of 1 may be left out.",
            )
        result.append(np.ascontiguousarray(array).reshape(count, *tensor.shape))
    if len({len(array) for array in result}) > 1:
        raise UserError("The inputs have unlike numbers of samples.")
    return result


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """The shape of one sample of a tensor: its shape, less a leading batch of 1."""
    return tensor.shape[1:] if len(tensor.shape) > 1 and tensor.shape[0] == 1 else tensor.shape


def output_samples(tensors: Sequence[Tensor], arrays: Sequence[Values]) -> list[Values]:
    """Each array as [n, *sample_shape] of its tensor."""
    return [
        array.reshape(-1, *sample_shape(tensor))
        for tensor, array in zip(tensors, arrays, strict=True)
    ]
