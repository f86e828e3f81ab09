"""Trees as JSON: integers, checked like anything from outside when read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical.fixed import (
    MOST_COLUMNS,
    MOST_OUTPUTS,
    MOST_PLACES,
    MOST_SHIFT,
    FixedTrees,
    check,
)
from coincell.errors import DataError

_LARGEST_SCALE = 1e6


def trees_to_json(fixed: FixedTrees) -> dict[str, Any]:
    """Numbers, and arrays as flat lists."""
    return {
        "columns": fixed.columns,
        "shift": fixed.shift,
        "zero_point": fixed.zero_point,
        "scale": fixed.scale,
        "softmax": int(fixed.softmax),
        "width": fixed.leaf.shape[1],
        **{name: array.ravel().tolist() for name, array in fixed.arrays.items()},
    }


def trees_from_json(values: Mapping[str, Any]) -> FixedTrees:
    """What `trees_to_json` wrote.

    Raises:
        DataError: it is not that, a walk would leave the tables, or a sum might overflow.
    """
    scale = values.get("scale")
    if type(scale) is not float or not math.isfinite(scale) or not 0 < scale <= _LARGEST_SCALE:
        raise DataError(f"A forest's scale is a number above 0; received {scale!r:.60}.")
    width = _number(values, "width", 1, MOST_OUTPUTS)
    leaf = _array(values, "leaf", np.int16, MOST_PLACES * MOST_OUTPUTS)
    child = _array(values, "child", np.int16, 2 * MOST_PLACES)
    feature = _array(values, "feature", np.uint16, MOST_PLACES)
    threshold = _array(values, "threshold", np.int8, MOST_PLACES)
    root = _array(values, "root", np.int16, MOST_PLACES)
    output = _array(values, "output", np.uint8, MOST_PLACES)
    if len(leaf) % width or len(child) != 2 * len(feature) or len(threshold) != len(feature):
        raise DataError("A forest's tables are of one length.")
    if len(output) != len(root):
        raise DataError("A forest's tables are of one length.")
    fixed = FixedTrees(
        _number(values, "columns", 1, MOST_COLUMNS),
        _number(values, "shift", 0, MOST_SHIFT),
        _number(values, "zero_point", -128, 127),
        scale,
        bool(_number(values, "softmax", 0, 1)),
        feature,
        threshold,
        child.reshape(-1, 2),
        root,
        output,
        leaf.reshape(-1, width),
        _array(values, "start", np.int32, MOST_OUTPUTS),
    )
    check(fixed)
    return fixed


def _number(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    found = values.get(name)
    if type(found) is not int or not least <= found <= most:
        raise DataError(
            f"A forest's {name} is an integer from {least} to {most}; received {found!r:.60}."
        )
    return found


def _array(
    values: Mapping[str, Any], name: str, dtype: type[np.integer[Any]], longest: int
) -> NDArray[Any]:
    """A flat list of integers as an array of `dtype`, within its limits."""
    found = values.get(name)
    if not isinstance(found, list) or len(found) > longest:
        raise DataError(f"A forest's {name} is a list of at most {longest} integers.")
    limits = np.iinfo(dtype)
    if not all(type(each) is int and limits.min <= each <= limits.max for each in found):
        raise DataError(
            f"A forest's {name} holds integers from {limits.min} to {limits.max} alone."
        )
    return np.array(found, dtype)
