"""SVDF on Armv7E-M: its filters over the input are a dense layer of packed weights."""

from __future__ import annotations

import numpy as np

from coincell.compiler.dsp.fully_connected import arranged_weights, fits_packed_sums
from coincell.compiler.dsp.rounding import largest_sums, rounding
from coincell.compiler.ir import Graph, KernelArgument, KernelCall, Op

_KEPT = ("batches", "inputs", "units", "rank", "memory", "state_zero_point", "output_zero_point")
"""Of the plain kernel's parameters."""
_WORTH_SHARING = 3  # layers, as in fully_connected.py


def svdf_blocks(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_svdf_blocks, or coincell_svdf_shared where a model has many such layers
    and size counts.

    None where a sum might not fit 32 bits."""
    (plain,) = op.attributes.kernel_calls(op, graph)
    given = plain.parameters
    constants = {item[0]: item[1] for item in plain.arguments if isinstance(item, tuple)}
    feature, time = constants["feature"], constants["time"]
    over_time = time.reshape(given["units"], -1)
    feature_bias = -given["input_zero_point"] * feature.sum(axis=1, dtype=np.int64)
    time_bias = -given["state_zero_point"] * over_time.sum(axis=1, dtype=np.int64)
    if "bias" in constants:
        time_bias = time_bias + constants["bias"].reshape(-1)
    roundings = {
        role: rounding(
            given[f"{role}_multiplier"],
            given[f"{role}_shift"],
            int(largest_sums(rows, bias).max()),
        )
        for role, rows, bias in (
            ("feature", feature, feature_bias),
            ("time", over_time, time_bias),
        )
    }
    if None in roundings.values():
        return None
    packed = fits_packed_sums(feature)
    parameters = {name: given[name] for name in _KEPT} | {"packed": int(packed)}
    for role, fields in roundings.items():
        parameters |= {f"{role}.{field}": value for field, value in (fields or {}).items()}
    arguments: tuple[KernelArgument, ...] = (
        op.inputs[0],
        ("feature", arranged_weights(feature, packed)),
        ("time", time),
        ("bias", np.concatenate([time_bias, feature_bias]).astype(np.int32)),
        *(name for name in plain.arguments[4:] if isinstance(name, str)),
    )
    alike = sum(other.kind == op.kind for other in graph.ops)
    if alike < _WORTH_SHARING or optimize == "speed":
        return (KernelCall("dsp/svdf_blocks", parameters, arguments, specialised=True),)
    return (KernelCall("dsp/svdf_shared", parameters, arguments),)
