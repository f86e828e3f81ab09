"""UNIDIRECTIONAL_SEQUENCE_LSTM on Armv7E-M: the rows of two units are a block of a dense layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.dsp.fully_connected import arranged_weights, fits_packed_sums
from coincell.compiler.dsp.rounding import largest_sums, rounding
from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import Graph, KernelArgument, KernelCall, Op

_GATES = 4
_KEPT = ("batches", "steps", "inputs", "units", "batch_distance", "step_distance")
"""Of the plain kernel's parameters, with its last two."""
_LARGEST_PRODUCT = 32767 * 32768  # of a sigmoid, which is not negative, and any 16 bits


def lstm_blocks(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_lstm_blocks; None where a sum might not fit 32 bits."""
    del optimize
    (plain,) = op.attributes.kernel_calls(op, graph)
    given = plain.parameters
    constants = {item[0]: item[1] for item in plain.arguments if isinstance(item, tuple)}
    filters = constants["filter"], constants["recurrent_filter"]
    zero_points = given["input_zero_point"], given["hidden_zero_point"]
    none = np.zeros_like(constants["bias"])
    biases = [
        bias.reshape(-1).astype(np.int64) - zero * rows.sum(axis=1, dtype=np.int64)
        for rows, zero, bias in zip(filters, zero_points, (constants["bias"], none), strict=True)
    ]
    scalings = _scalings(filters, biases, constants["multiplier"], constants["shift"])
    products = {
        role: rounding(given[f"{role}_multiplier"], given[f"{role}_shift"], _LARGEST_PRODUCT)
        for role in ("forget", "update", "hidden")
    }
    roundings = scalings | products
    if None in roundings.values():
        return None
    by_unit = [_by_unit(rows) for rows in filters]
    packed = all(fits_packed_sums(rows) for rows in by_unit)
    parameters = {
        **{name: given[name] for name in (*_KEPT, "hidden_zero_point", "cell_clip")},
        "packed": int(packed),
        **{
            f"{role}.{field}": value
            for role, fields in roundings.items()
            for field, value in (fields or {}).items()
        },
        **{name: given[name] for name in ("tanh_multiplier", "tanh_shift")},
    }
    arguments: tuple[KernelArgument, ...] = (
        op.inputs[0],
        ("filter", arranged_weights(by_unit[0], packed)),
        ("recurrent_filter", arranged_weights(by_unit[1], packed)),
        ("bias", _by_unit(np.stack(biases, axis=1)).astype(np.int32)),
        ("table", constants["table"]),
        *(name for name in plain.arguments[7:] if isinstance(name, str)),
    )
    return (KernelCall("dsp/lstm_blocks", parameters, arguments, specialised=True),)


def _scalings(
    filters: tuple[NDArray[np.int8], NDArray[np.int8]],
    biases: list[Integers],
    multipliers: NDArray[np.int32],
    shifts: NDArray[np.int8],
) -> dict[str, Mapping[str, int] | None]:
    """How each gate's two sums are rescaled: role[gate] -> fields."""
    found: dict[str, Mapping[str, int] | None] = {}
    for column, role in enumerate(("fresh", "past")):
        reached = largest_sums(filters[column], biases[column])
        largest = reached.reshape(_GATES, -1).max(axis=1)
        for gate in range(_GATES):
            multiplier, shift = (int(values[gate, column]) for values in (multipliers, shifts))
            found[f"{role}[{gate}]"] = rounding(multiplier, shift, int(largest[gate]))
    return found


def _by_unit(rows: NDArray[Any]) -> NDArray[Any]:
    """[gates * units, ...] in the order of units instead of gates: [units * gates, ...]."""
    parts = rows.reshape(_GATES, -1, *rows.shape[1:])
    return np.ascontiguousarray(parts.swapaxes(0, 1)).reshape(rows.shape)
