"""ctypes over runtime/trees: the struct, and the call over many windows."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int8, c_int32, c_uint32, c_void_p

import numpy as np
from numpy.typing import NDArray

from coincell.classical.fixed import FixedTrees
from coincell.runtime import load_library

_SCALARS = ("columns", "trees", "outputs", "width", "shift", "zero_point", "softmax")
_ARRAYS = ("feature", "threshold", "child", "root", "output", "leaf", "start")


class _Forest(ctypes.Structure):
    """coincell_trees_forest"""

    _fields_ = (
        *((name, c_int32) for name in _SCALARS),
        *((name, c_void_p) for name in _ARRAYS),
    )


def scalars(fixed: FixedTrees) -> dict[str, int]:
    """The numbers of coincell_trees_forest, in its order."""
    return {
        "columns": fixed.columns,
        "trees": len(fixed.root),
        "outputs": fixed.outputs,
        "width": fixed.leaf.shape[1],
        "shift": fixed.shift,
        "zero_point": fixed.zero_point,
        "softmax": int(fixed.softmax),
    }


def run_trees(
    fixed: FixedTrees, features: NDArray[np.int8]
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """int8 [n, columns] -> sums int32 [n, outputs] and scores int8 [n, outputs]."""
    arrays = {name: np.ascontiguousarray(array) for name, array in fixed.arrays.items()}
    forest = _Forest(
        **scalars(fixed), **{name: array.ctypes.data for name, array in arrays.items()}
    )
    source = np.ascontiguousarray(features)
    sums = np.empty((len(source), fixed.outputs), np.int32)
    scores = np.empty((len(source), fixed.outputs), np.int8)
    load_library("trees").coincell_trees_batch(
        ctypes.byref(forest),
        c_int32(len(source)),
        source.ctypes.data_as(POINTER(c_int8)),
        sums.ctypes.data_as(POINTER(c_int32)),
        scores.ctypes.data_as(POINTER(c_int8)),
    )
    return sums, scores


def power(distance: int) -> int:
    """coincell_trees_power: 2^-distance, from 16 fraction bits to 15."""
    call = load_library("trees").coincell_trees_power
    call.restype = c_uint32
    return int(call(c_uint32(distance)))
