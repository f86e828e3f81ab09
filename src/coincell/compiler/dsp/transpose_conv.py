"""TRANSPOSE_CONV on Armv7E-M: two outputs at a time, four channels of a pixel at once."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, KernelCall, Op


def spread_convolution(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_spread_convolution, which computes what the plain kernel does; never None."""
    del optimize
    return tuple(
        replace(call, kernel="dsp/spread_convolution", specialised=True)
        for call in op.attributes.kernel_calls(op, graph)
    )
