"""Feature blocks: int16 windows in, int8 network inputs out, by the C that the device runs."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.features.binding import FrontEnd, quantize
from coincell.features.emit import emit_sources
from coincell.features.quantization import InputQuantization, fixed_point_step
from coincell.features.tables import Tables, make_tables
from coincell.project import FeatureSettings


class FeatureBlock(Protocol):
    """What turns windows of samples into the network's input.

    `compute` followed by `quantize` gives the same bytes as `run`, and as the C of `c_sources`
    on any target.
    """

    @property
    def window_samples(self) -> int:
        """Samples of one window."""

    @property
    def shape(self) -> tuple[int, int]:
        """Of one window's features: (frames, bands or coefficients)."""

    @property
    def frame(self) -> tuple[int, int]:
        """Samples of one frame, and from frame to frame."""

    @property
    def by_row(self) -> bool:
        """Whether a row depends on its frame's samples alone: a stream computes each once."""

    @property
    def fixed_point_scale(self) -> float:
        """What one unit of `compute`'s integers is worth, in nats."""

    @property
    def scratch_bytes(self) -> int:
        """RAM of the device's front end, static; the stack it uses is not in it."""

    @property
    def table_bytes(self) -> int:
        """Flash of the constant tables; the code is not in it."""

    def compute(self, windows: NDArray[np.int16]) -> NDArray[np.int16]:
        """int16 [n, window_samples] -> fixed point [n, *shape]."""

    def quantize(
        self, values: NDArray[np.int16], quantization: InputQuantization
    ) -> NDArray[np.int8]:
        """Fixed-point values of any shape -> int8 of the same shape."""

    def run(self, windows: NDArray[np.int16], quantization: InputQuantization) -> NDArray[np.int8]:
        """int16 [n, window_samples] -> int8 [n, *shape]."""

    def c_sources(self, name: str, quantization: InputQuantization) -> dict[str, str]:
        """NAME_features.{h,c} and the runtime's files that they include: path -> text."""


class SpectralBlock:
    """Log-mel spectrogram or MFCC; the definition stands in runtime/features/features.h."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @property
    def window_samples(self) -> int:
        """Samples of one window."""
        return self.tables.window_samples

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
        """int16 [n, window_samples] -> fixed point [n, *shape].

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
        """int16 [n, window_samples] -> int8 [n, *shape].

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
        if windows.dtype != np.int16 or windows.shape[1:] != (self.window_samples,):
            raise DataError(
                f"Windows must be int16 [n, {self.window_samples}]; "
                f"received {windows.dtype} {list(windows.shape)}."
            )
        return np.ascontiguousarray(windows)


def make_feature_block(
    settings: FeatureSettings, sample_rate_hz: int, window_samples: int
) -> SpectralBlock:
    """The block that `settings` describe.

    Raises:
        ConfigurationError: the settings do not fit the sample rate or the window.
    """
    return SpectralBlock(make_tables(settings, sample_rate_hz, window_samples))
