"""Operators that move values on Armv7E-M: each copy compiled for its own sizes and steps."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, KernelCall, Op

KINDS = (
    "batch_to_space",
    "broadcast_to",
    "concatenation",
    "depth_to_space",
    "mirror_pad",
    "pack",
    "resize_nearest_neighbor",
    "space_to_batch",
    "space_to_depth",
    "split",
    "strided_slice",
    "tile",
    "transpose",
    "unpack",
)
"""Kinds of op whose plain kernel is `strided_copy`."""

_MOST_COPIES = 8  # of one op: each is some 100 bytes of code, the plain kernel's numbers 84


def fixed_copies(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """The op's plain copies, each by coincell_fixed_copy; None where they would be many."""
    calls = op.attributes.kernel_calls(op, graph)
    if optimize == "size" or len(calls) > _MOST_COPIES:
        return None
    if any(call.kernel != "strided_copy" for call in calls):
        return None
    return tuple(replace(call, kernel="dsp/fixed_copy", specialised=True) for call in calls)
