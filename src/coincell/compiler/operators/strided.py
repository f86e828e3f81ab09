"""Moving values from place to place: what the kernel `strided_copy` is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from coincell.compiler.ir import Graph, KernelCall, Op, Tensor, Values

LOOPS = 6
"""Loops that the kernel has, beside the run of bytes that it copies at once."""


@dataclass(frozen=True)
class Loop:
    """One loop of a copy.

    Attributes:
        size: how often it runs.
        input_step, output_step: elements from one turn to the next; may be negative or 0.
    """

    size: int
    input_step: int
    output_step: int


def steps_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Elements from one index to the next along each dimension of a tensor of this shape."""
    products = accumulate(reversed(shape[1:]), lambda a, b: a * b, initial=1)
    return tuple(reversed(list(products)))[: len(shape)]


def merge_loops(loops: Sequence[Loop]) -> list[Loop]:
    """The same copy with as few loops as can be, outermost first."""
    merged: list[Loop] = []
    for loop in loops:
        if loop.size == 1:
            continue
        outer = merged[-1] if merged else None
        if outer is not None and (outer.input_step, outer.output_step) == (
            loop.size * loop.input_step,
            loop.size * loop.output_step,
        ):
            merged[-1] = Loop(outer.size * loop.size, loop.input_step, loop.output_step)
        else:
            merged.append(loop)
    return merged


def _split_run(loops: Sequence[Loop]) -> tuple[list[Loop], int]:
    """The loops around what lies side by side in both tensors, and how many elements that is."""
    merged = merge_loops(loops)
    if merged and (merged[-1].input_step, merged[-1].output_step) == (1, 1):
        return merged[:-1], merged[-1].size
    return merged, 1


def fits(loops: Sequence[Loop]) -> bool:
    """Whether the kernel has loops enough for this copy."""
    return len(_split_run(loops)[0]) <= LOOPS


def require_few_loops(op: Op, loops: Sequence[Loop]) -> None:
    """Fail unless the copy `fits`."""
    op.require(
        fits(loops),
        f"moves values along more than {LOOPS} dimensions, which is not supported",
    )


def strided_copy(
    source: Tensor,
    target: Tensor,
    loops: Sequence[Loop],
    input_start: int = 0,
    output_start: int = 0,
) -> KernelCall:
    """coincell_strided_copy between two tensors of one element type.

    Args:
        source, target: what is read and written.
        loops: outermost first; after merging at most `LOOPS` and the run.
        input_start, output_start: the first elements.
    """
    parameters = _parameters(loops, target.dtype.size, input_start, output_start)
    return KernelCall("strided_copy", parameters, (source.name, target.name))


def _parameters(
    loops: Sequence[Loop], size: int, input_start: int = 0, output_start: int = 0
) -> dict[str, int]:
    """The kernel's, in bytes, for elements of `size` bytes."""
    outer, run = _split_run(loops)
    padded = [Loop(1, 0, 0)] * (LOOPS - len(outer)) + outer
    return {
        "run": run * size,
        "input_start": input_start * size,
        "output_start": output_start * size,
        **{f"size_{i}": loop.size for i, loop in enumerate(padded)},
        **{f"input_step_{i}": loop.input_step * size for i, loop in enumerate(padded)},
        **{f"output_step_{i}": loop.output_step * size for i, loop in enumerate(padded)},
    }


def fill(target: Tensor, value: float) -> KernelCall:
    """coincell_strided_copy of one constant to every element of `target`."""
    parameters = _parameters([Loop(target.elements, 0, 1)], target.dtype.size)
    constant = np.array([value], target.dtype.numpy)
    return KernelCall("strided_copy", parameters, (("value", constant), target.name))


def write(target: Tensor, values: Values) -> KernelCall:
    """coincell_strided_copy of constant values, as many as `target` has elements, into it."""
    parameters = _parameters([Loop(target.elements, 1, 1)], target.dtype.size)
    constant = values.astype(target.dtype.numpy)
    return KernelCall("strided_copy", parameters, (("values", constant), target.name))


def copy_block(
    graph: Graph,
    names: tuple[str, str],
    shape: Sequence[int],
    input_start: Sequence[int],
    output_start: Sequence[int],
) -> KernelCall:
    """The copy of a block from one tensor into another of as many dimensions.

    Args:
        graph: where both are.
        names: of the source and the target.
        shape: of the block.
        input_start, output_start: the block's first corner in each.
    """
    source, target = graph.tensor(names[0]), graph.tensor(names[1])
    input_steps, output_steps = steps_of(source.shape), steps_of(target.shape)
    loops = [Loop(*loop) for loop in zip(shape, input_steps, output_steps, strict=True)]
    return strided_copy(
        source,
        target,
        loops,
        sum(at * step for at, step in zip(input_start, input_steps, strict=True)),
        sum(at * step for at, step in zip(output_start, output_steps, strict=True)),
    )
