"""TRANSPOSE_CONV on Armv7E-M: two outputs at a time, four channels of a pixel at once."""

from __future__ import annotations

import numpy as np

from coincell.compiler.dsp.requantization import Requantization, choose_requantization
from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import TransposeConv, common

_REPLACED = ("output_zero_point", "clamp_min", "clamp_max")
"""Of the plain kernel's parameters; the rest is the same."""


def spread_convolution(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_spread_convolution; None for int16, and where its requantization was not proved."""
    del optimize
    chosen = _requantization(op, graph)
    if chosen is None:
        return None
    (plain,) = op.attributes.kernel_calls(op, graph)
    parameters = {
        **{name: value for name, value in plain.parameters.items() if name not in _REPLACED},
        "form": int(chosen.form),
        "left_shift": chosen.left_shift,
        "right_shift": chosen.right_shift,
        "clamp_min": chosen.clamp[0],
        "clamp_max": chosen.clamp[1],
    }
    arguments = (
        op.inputs[0],
        ("filter", graph.tensor(op.inputs[1]).array),
        ("requantization", chosen.constants),
        op.output,
    )
    return (
        KernelCall(
            "dsp/spread_convolution",
            parameters,
            arguments,
            specialised=True,
            rescaling=chosen.form.name.lower(),
        ),
    )


def _requantization(op: Op, graph: Graph) -> Requantization | None:
    """Proved on what any part of the taps may sum up to: each place is reached by other ones."""
    attributes = op.attributes
    source, weights, target = (graph.tensor(name) for name in (*op.inputs[:2], op.output))
    if not isinstance(attributes, TransposeConv) or source.dtype is not DType.INT8:
        return None
    outputs = weights.shape[0]
    flat = weights.array.reshape(outputs, -1).astype(np.int64)
    ends = np.stack([flat * (-128 - source.zero_point), flat * (127 - source.zero_point), 0 * flat])
    bias = graph.tensor(op.inputs[2]).array.reshape(-1) if len(op.inputs) > 2 else [0]
    return choose_requantization(
        *common.channel_multipliers(op, graph, outputs),
        target.zero_point,
        attributes.clamp,
        ends.min(0).sum(1),
        ends.max(0).sum(1),
        bias,
    )
