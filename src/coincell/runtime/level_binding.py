"""From one number a window to a decision, by the C that the device runs (runtime/decision)."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int16, c_int32, c_uint8, c_void_p

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError
from coincell.runtime.library import load_library

_MAX_WINDOWS, _MAX_BITS, _MAX_REFRACTORY = 4096, 8, 255


class _Config(ctypes.Structure):
    """coincell_level_config"""

    _fields_ = (
        ("windows", c_int32),
        ("fraction_bits", c_int32),
        ("threshold", c_int32),
        ("release", c_int32),
        ("refractory", c_int32),
    )


class _State(ctypes.Structure):
    """coincell_level_state"""

    _fields_ = (
        ("ring", c_void_p),
        ("filled", c_int32),
        ("next", c_int32),
        ("above", c_int32),
        ("rests", c_int32),
    )


class Level:
    """Mean of the last windows' numbers, then a threshold with hysteresis.

    Attributes:
        windows: how many the mean spans; fewer while fewer were seen.
        fraction_bits: binary places of the mean.
        threshold: a mean that reaches it is above, in 2^-fraction_bits.
        release: a mean below it is no longer above.
        refractory: windows behind the last one above in which none is above anew.
    """

    def __init__(
        self,
        windows: int,
        threshold: int,
        *,
        release: int | None = None,
        refractory: int = 0,
        fraction_bits: int = 0,
    ) -> None:
        release = threshold if release is None else release
        for name, value, least, most in (
            ("Smoothing spans", windows, 1, _MAX_WINDOWS),
            ("A mean's binary places are", fraction_bits, 0, _MAX_BITS),
            ("A threshold is", threshold, -(2**31), 2**31 - 1),
            ("A release is", release, -(2**31), threshold),
            ("A refractory time has", refractory, 0, _MAX_REFRACTORY),
        ):
            if not least <= value <= most:
                raise ConfigurationError(f"{name} {least} to {most}; received {value}.")
        self.windows = windows
        self.threshold = threshold
        self._library = load_library("decision")
        self._config = _Config(windows, fraction_bits, threshold, release, refractory)
        self._most = (2**31 - 1) >> fraction_bits
        self._ring = np.zeros(windows, np.int32)
        self._state = _State(self._ring.ctypes.data)

    def run(
        self, values: NDArray[np.int32], begins: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """int32 [n] of windows in a row -> labels int16 [n] (1 above, else 0), means int32 [n].

        Args:
            values: one a window.
            begins: bool [n], the windows before which all is forgotten; None: only the first.

        Raises:
            DataError: the arrays have another type or shape, or a value overflows the mean.
        """
        first = np.zeros(len(values), np.bool_) if begins is None else begins
        if values.dtype != np.int32 or values.ndim != 1 or first.shape != values.shape:
            raise DataError(
                f"A level takes int32 [n]; received {values.dtype} {list(values.shape)}."
            )
        if len(values) and max(int(values.max()), -int(values.min()) - 1) > self._most:
            raise DataError(f"A level's values are within {self._most}.")
        source = np.ascontiguousarray(values)
        resets = np.ascontiguousarray(first, np.uint8)
        if len(resets):
            resets[0] = 1
        labels, means = np.empty(len(source), np.int16), np.empty(len(source), np.int32)
        self._library.coincell_level_run_batch(
            ctypes.byref(self._config),
            ctypes.byref(self._state),
            c_int32(len(source)),
            resets.ctypes.data_as(POINTER(c_uint8)),
            source.ctypes.data_as(POINTER(c_int32)),
            labels.ctypes.data_as(POINTER(c_int16)),
            means.ctypes.data_as(POINTER(c_int32)),
        )
        return labels, means

    def run_apart(self, values: NDArray[np.int32]) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """The same, with everything forgotten before each window: each stands alone."""
        return self.run(values, np.ones(len(values), np.bool_))
