"""Log-mel spectrogram and MFCC of sound."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coincell.features.binding import FrontEnd, quantize
from coincell.features.emit import emit_sources
from coincell.features.quantization import InputQuantization, fixed_point_step
from coincell.features.tables import Tables
from coincell.features.windows import checked_windows
from coincell.project import WindowForm


class MelBlock:
    """Log-mel spectrogram or MFCC; the definition stands in runtime/features/features.h."""

    def __init__(self, tables: Tables, rate_hz: int) -> None:
        self.tables = tables
        self.form = WindowForm("sound", tables.window_samples, 1, rate_hz)
        self.learned: Mapping[str, list[int]] = {}

    def fit(self, windows: NDArray[Any]) -> Self:
        """Itself: there is nothing to learn."""
        del windows
        return self

    @property
    def shape(self) -> tuple[int, int]:
        """(frames, bands) of log-mel, (frames, coefficients) of MFCC."""
        return self.tables.frames, self.tables.columns

    @property
    def frame(self) -> tuple[int, int]:
        """Samples of one frame, and from frame to frame."""
        return self.tables.frame_length, self.tables.hop

    @property
    def by_row(self) -> bool:
        """Save for level = peak, which is the window's."""
        return not self.tables.peak_level

    @property
    def fixed_point_scale(self) -> float:
        """What one unit of `compute`'s integers is worth: a power of two."""
        return float(2.0**-self.tables.fraction_bits)

    @property
    def scratch_bytes(self) -> int:
        """Spectrum, logarithms, and the rows that wait for their mean (else one row)."""
        t = self.tables
        rows = t.frames if t.remove_mean else 1
        return 4 * (t.fft_size + 2) + 4 * t.bands + 2 * rows * t.columns

    @property
    def table_bytes(self) -> int:
        """Window, bit reversal, twiddles, mel weights, cosines."""
        return sum(array.nbytes for array in self.tables.arrays.values())

    def compute(self, windows: NDArray[np.int16]) -> NDArray[np.int16]:
        """int16 [n, form.values] -> fixed point [n, *shape].

        Raises:
            DataError: the array has another type or shape.
        """
        return self._front_end.compute(self._checked(windows))

    def quantize(
        self, values: NDArray[np.int16], quantization: InputQuantization
    ) -> NDArray[np.int8]:
        """Fixed-point values of any shape -> int8 of the same shape."""
        return quantize(values, fixed_point_step(self.fixed_point_scale, quantization))

    def run(self, windows: NDArray[np.int16], quantization: InputQuantization) -> NDArray[np.int8]:
        """int16 [n, form.values] -> int8 [n, *shape].

        Raises:
            DataError: the array has another type or shape.
        """
        step = fixed_point_step(self.fixed_point_scale, quantization)
        return self._front_end.run(self._checked(windows), step)

    def c_sources(self, name: str, quantization: InputQuantization) -> dict[str, str]:
        """NAME_features.{h,c} and the runtime's files that they include: path -> text."""
        step = fixed_point_step(self.fixed_point_scale, quantization)
        return emit_sources(name, self.tables, quantization, step)

    @cached_property
    def _front_end(self) -> FrontEnd:
        return FrontEnd(self.tables)

    def _checked(self, windows: NDArray[np.int16]) -> NDArray[np.int16]:
        return checked_windows(windows, self.form)
