"""RESIZE_BILINEAR on Armv7E-M: four channels of a pixel at once."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, KernelCall, Op


def bilinear(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_bilinear, which computes what the plain kernel does; never None."""
    del optimize
    return tuple(
        replace(call, kernel="dsp/bilinear", specialised=True)
        for call in op.attributes.kernel_calls(op, graph)
    )
