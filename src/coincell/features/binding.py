"""ctypes over runtime/features: the structs, and the two calls over many windows."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int8, c_int16, c_int32, c_uint32, c_void_p

import numpy as np
from numpy.typing import NDArray

from coincell.features.quantization import FixedPointStep
from coincell.features.tables import Tables
from coincell.runtime import load_library

_SCALARS = (
    "window_samples",
    "frame_length",
    "hop",
    "frames",
    "columns",
    "log2_fft",
    "bands",
    "first_bin",
    "fraction_bits",
    "max_gain_bits",
    "floor_exponent",
    "floor_mantissa",
    "magnitude",
    "peak_level",
    "remove_mean",
)
_ARRAYS = ("window", "bit_reversal", "twiddles", "segment_bins", "rising", "cosines")


class _Config(ctypes.Structure):
    """coincell_features_config"""

    _fields_ = (
        *((name, c_uint32 if name == "floor_mantissa" else c_int32) for name in _SCALARS),
        *((name, c_void_p) for name in _ARRAYS),
    )


class _Quantization(ctypes.Structure):
    """coincell_features_quantization"""

    _fields_ = (("multiplier", c_int32), ("shift", c_int32), ("zero_point", c_int32))


class _Scratch(ctypes.Structure):
    """coincell_features_scratch"""

    _fields_ = (("spectrum", c_void_p), ("logarithms", c_void_p), ("rows", c_void_p))


class FrontEnd:
    """The C front end with one block's tables; safe to call from several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._library = load_library("features")
        self._arrays = {name: np.ascontiguousarray(a) for name, a in tables.arrays.items()}
        self._config = _Config(
            **{name: getattr(tables, name) for name in _SCALARS},
            **{name: array.ctypes.data for name, array in self._arrays.items()},
        )

    def compute(self, windows: NDArray[np.int16]) -> NDArray[np.int16]:
        """[n, window_samples] -> fixed point [n, frames, columns]."""
        t = self._tables
        values = np.empty((len(windows), t.frames, t.columns), np.int16)
        scratch, keep = self._scratch()
        self._library.coincell_features_compute_batch(
            ctypes.byref(self._config),
            ctypes.byref(scratch),
            c_int32(len(windows)),
            windows.ctypes.data_as(POINTER(c_int16)),
            values.ctypes.data_as(POINTER(c_int16)),
        )
        del keep
        return values

    def run(self, windows: NDArray[np.int16], step: FixedPointStep) -> NDArray[np.int8]:
        """[n, window_samples] -> int8 [n, frames, columns]."""
        t = self._tables
        features = np.empty((len(windows), t.frames, t.columns), np.int8)
        scratch, keep = self._scratch()
        self._library.coincell_features_run_batch(
            ctypes.byref(self._config),
            ctypes.byref(_quantization(step)),
            ctypes.byref(scratch),
            c_int32(len(windows)),
            windows.ctypes.data_as(POINTER(c_int16)),
            features.ctypes.data_as(POINTER(c_int8)),
        )
        del keep
        return features

    def _scratch(self) -> tuple[_Scratch, list[NDArray[np.generic]]]:
        """Working memory, and the arrays that must outlive the call."""
        t = self._tables
        arrays: list[NDArray[np.generic]] = [
            np.empty(t.fft_size + 2, np.int32),
            np.empty(t.bands, np.int32),
            np.empty(t.frames * t.columns, np.int16),
        ]
        return _Scratch(*(array.ctypes.data for array in arrays)), arrays


def quantize(values: NDArray[np.int16], step: FixedPointStep) -> NDArray[np.int8]:
    """Fixed-point values of any shape -> int8 of the same shape."""
    source = np.ascontiguousarray(values)
    quantized = np.empty(source.shape, np.int8)
    load_library("features").coincell_features_quantize(
        ctypes.byref(_quantization(step)),
        source.ctypes.data_as(POINTER(c_int16)),
        c_int32(source.size),
        quantized.ctypes.data_as(POINTER(c_int8)),
    )
    return quantized


def _quantization(step: FixedPointStep) -> _Quantization:
    return _Quantization(step.multiplier, step.shift, step.zero_point)
