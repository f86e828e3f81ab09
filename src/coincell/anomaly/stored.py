"""Detectors as JSON: integers only, and checked like anything from outside when read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.binding import SHAPES
from coincell.anomaly.fixed import (
    CENTRE_BITS,
    MOST_CENTRES,
    MOST_COLUMNS,
    MOST_TRIANGULAR,
    NAT_BITS,
    SCORE_BITS,
    FixedForms,
    largest_forms,
    most_score_bits,
    reach,
)
from coincell.anomaly.reconstruction import ReconstructionStep, check_step
from coincell.errors import DataError

_LARGEST_REACH = 255 << CENTRE_BITS


def forms_to_json(fixed: FixedForms) -> dict[str, Any]:
    """Numbers, and arrays as flat lists."""
    return {
        "shape": fixed.shape,
        "likelihood": int(fixed.likelihood),
        "score_bits": fixed.score_bits,
        "columns": fixed.columns,
        "centres": fixed.centres,
        **{name: array.ravel().tolist() for name, array in fixed.arrays.items()},
    }


def forms_from_json(values: Mapping[str, Any]) -> FixedForms:
    """What `forms_to_json` wrote.

    Raises:
        DataError: it is not that, or some number overflows.
    """
    shape = values.get("shape")
    if shape not in SHAPES:
        raise DataError(f"A detector's shape is one of {list(SHAPES)}; received {shape!r}.")
    triangular = shape == "triangular"
    likelihood = bool(_number(values, "likelihood", 0, 1))
    score_bits = _number(values, "score_bits", 1, SCORE_BITS)
    columns = _number(values, "columns", 1, MOST_TRIANGULAR if triangular else MOST_COLUMNS)
    k = _number(values, "centres", 1, MOST_CENTRES)
    centre = _array(values, "centre", np.int16, (k, columns))
    form_shift = _array(values, "form_shift", np.uint8, (k,), most=62)
    constant = np.zeros(k, np.int32)
    if likelihood:
        constant = _array(values, "constant", np.int32, (k,))
    precision, factor = np.zeros(0, np.uint32), np.zeros(0, np.int16)
    row_shift, row_bits = np.zeros(0, np.uint8), np.zeros(0, np.int64)
    form_bits = form_shift + np.int64(NAT_BITS - 1 if likelihood else 2 * score_bits)
    if triangular:
        factor = _array(values, "factor", np.int16, (k, columns * (columns + 1) // 2))
        row_shift = _array(values, "row_shift", np.uint8, (k, columns), most=62)
        if not factor[:, np.cumsum(np.arange(1, columns + 1)) - 1].all():
            raise DataError("A detector's factor has no 0 on its diagonal.")
        row_bits = row_shift - np.int64(CENTRE_BITS) + form_bits[:, None] // 2
    else:
        many = (k,) if shape == "spherical" else (k, columns)
        precision = _array(values, "precision", np.uint32, many)
        if not precision.all():
            raise DataError("A detector's precision is never 0.")
    fixed = FixedForms(
        shape, likelihood, score_bits, centre, precision, factor, row_shift, form_shift,
        constant, form_bits, row_bits,
    )  # fmt: skip
    _check_bounds(fixed)
    return fixed


def step_from_json(values: Mapping[str, Any]) -> ReconstructionStep:
    """A reconstruction's numbers.

    Raises:
        DataError: one is missing, is no integer, or overflows.
    """
    names = ReconstructionStep.__dataclass_fields__
    limit = 1 << 32
    step = ReconstructionStep(**{name: _number(values, name, -limit, limit) for name in names})
    check_step(step)
    return step


def _check_bounds(fixed: FixedForms) -> None:
    if int(reach(fixed.centre).max()) > _LARGEST_REACH:
        raise DataError("A detector's centre lies outside of int8.")
    bounds = largest_forms(
        fixed.shape, fixed.centre, fixed.precision, fixed.factor, fixed.row_shift
    )
    if fixed.score_bits > most_score_bits(fixed.as_forms(), bounds, fixed.form_bits):
        raise DataError("A detector's scores do not fit 32 bits.")


def _number(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    found = values.get(name)
    if type(found) is not int or not least <= found <= most:
        raise DataError(
            f"A detector's {name} is an integer from {least} to {most}; received {found!r:.60}."
        )
    return found


def _array(
    values: Mapping[str, Any],
    name: str,
    dtype: type[np.integer[Any]],
    shape: tuple[int, ...],
    most: int | None = None,
) -> NDArray[Any]:
    """A flat list of integers as an array of `dtype`, within its limits."""
    found = values.get(name)
    count = int(np.prod(shape))
    if not isinstance(found, list) or len(found) != count:
        raise DataError(f"A detector's {name} is a list of {count} integers.")
    limits = np.iinfo(dtype)
    highest = int(limits.max) if most is None else most
    if not all(type(each) is int and limits.min <= each <= highest for each in found):
        raise DataError(f"A detector's {name} holds integers from {limits.min} to {highest} alone.")
    return np.array(found, dtype).reshape(shape)
