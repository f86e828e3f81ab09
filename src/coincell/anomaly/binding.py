"""ctypes over runtime/anomaly: the structs, and the two calls over many windows."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int8, c_int16, c_int32, c_uint32, c_void_p
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.fixed import NAT_BITS, FixedForms
from coincell.runtime import load_library

if TYPE_CHECKING:
    from coincell.anomaly.reconstruction import ReconstructionStep

SHAPES = ("spherical", "diagonal", "triangular")
_SCALARS = ("columns", "centres", "shape", "likelihood", "score_shift")
_ARRAYS = ("centre", "precision", "factor", "row_shift", "form_shift", "constant")


class _Detector(ctypes.Structure):
    """coincell_anomaly_detector"""

    _fields_ = (
        *((name, c_int32) for name in _SCALARS),
        *((name, c_void_p) for name in _ARRAYS),
    )


class _Reconstruction(ctypes.Structure):
    """coincell_anomaly_reconstruction"""

    _fields_ = (
        *((name, c_int32) for name in ("columns", "input_zero", "output_zero")),
        *((name, c_int32) for name in ("input_weight", "output_weight")),
        ("multiplier", c_uint32),
        ("shift", c_int32),
    )


def scalars(fixed: FixedForms) -> dict[str, int]:
    """The numbers of coincell_anomaly_detector, in its order."""
    return {
        "columns": fixed.columns,
        "centres": fixed.centres,
        "shape": SHAPES.index(fixed.shape),
        "likelihood": int(fixed.likelihood),
        "score_shift": NAT_BITS - fixed.score_bits if fixed.likelihood else 0,
    }


def score_forms(fixed: FixedForms, features: NDArray[np.int8]) -> NDArray[np.int32]:
    """int8 [n, columns] -> int32 [n]."""
    arrays = {name: np.ascontiguousarray(array) for name, array in fixed.arrays.items()}
    detector = _Detector(
        **scalars(fixed), **{name: array.ctypes.data for name, array in arrays.items()}
    )
    differences = np.empty(fixed.columns, np.int16)
    source = np.ascontiguousarray(features)
    scores = np.empty(len(source), np.int32)
    load_library("anomaly").coincell_anomaly_score_batch(
        ctypes.byref(detector),
        differences.ctypes.data_as(POINTER(c_int16)),
        c_int32(len(source)),
        source.ctypes.data_as(POINTER(c_int8)),
        scores.ctypes.data_as(POINTER(c_int32)),
    )
    return scores


def score_reconstruction(
    step: ReconstructionStep, inputs: NDArray[np.int8], outputs: NDArray[np.int8]
) -> NDArray[np.int32]:
    """int8 [n, columns] twice -> int32 [n]."""
    source, made = np.ascontiguousarray(inputs), np.ascontiguousarray(outputs)
    scores = np.empty(len(source), np.int32)
    load_library("anomaly").coincell_anomaly_reconstruction_batch(
        ctypes.byref(_Reconstruction(**step.scalars)),
        c_int32(len(source)),
        source.ctypes.data_as(POINTER(c_int8)),
        made.ctypes.data_as(POINTER(c_int8)),
        scores.ctypes.data_as(POINTER(c_int32)),
    )
    return scores


def join(first: int, second: int) -> int:
    """coincell_anomaly_join: nats with 16 fraction bits."""
    call = load_library("anomaly").coincell_anomaly_join
    call.restype = ctypes.c_int64
    return int(call(ctypes.c_int64(first), ctypes.c_int64(second)))
