"""RESIZE_BILINEAR on Armv7E-M: four channels of a pixel at once."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import DType, Graph, KernelCall, Op


def bilinear(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_bilinear, which computes what the plain kernel for int8 does; None for int16."""
    del optimize
    if graph.tensor(op.output).dtype is DType.INT16:
        return None
    return tuple(
        replace(call, kernel="dsp/bilinear", specialised=True)
        for call in op.attributes.kernel_calls(op, graph)
    )
