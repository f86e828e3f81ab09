"""What each channel's spectrum is like over a whole window."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.butterworth import butterworth, fixed_sections, largest_growth
from coincell.features.c_struct import CArray, CStruct, Scratch
from coincell.features.integer_block import StandardizedBlock, check_whole_series
from coincell.features.linear_bands import bins_of_bands, spectrum_constants
from coincell.features.standard import Standard
from coincell.project import SpectralSettings, WindowForm

RMS_BITS, BITS = 12, 16
_MAX_FRACTION_BITS = 12
_LOWEST_CUTOFF = 1 / 1000
_LEAST = {"rms": 1 / 16, "band": 0.01, "frequency": 1 / 16, "height": 0.01, "moment": 1 / 64}


class SpectralSummaryBlock(StandardizedBlock):
    """RMS, band powers, peaks, moments; the definition stands in runtime/features/spectral.h.

    The columns are the first channel's, then the second's.

    Args:
        settings: filter, transform, and which columns.
        form: of the windows; not a picture's.
        learned: what `fit` chose before; None: not fitted.

    Raises:
        ConfigurationError: the settings do not fit the form.
        DataError: `learned` is not of such a block.
    """

    kind, title = "spectral", "each channel's spectrum"

    def __init__(
        self,
        settings: SpectralSettings,
        form: WindowForm,
        learned: Mapping[str, list[int]] | None = None,
    ) -> None:
        check_whole_series(form, "spectral", 4)
        _check_cutoff(settings, form)
        self.settings = settings
        self.bands = len(bins_of_bands(settings, form.rate_hz)[1])
        super().__init__(form, (1, form.channels * len(self.column_kinds)), learned)

    @property
    def column_kinds(self) -> tuple[str, ...]:
        """Of one channel's columns: rms, band, frequency, height or moment."""
        chosen = self.settings
        return (
            *(("rms",) if chosen.rms else ()),
            *("band",) * self.bands,
            *("frequency", "height") * chosen.peaks,
            *(("moment",) * 2 if chosen.moments else ()),
        )

    @property
    def frame_length(self) -> int:
        """Samples of each frame of the mean spectrum."""
        return min(self.form.samples, self.settings.fft_size)

    @property
    def constants(self) -> CStruct:
        """coincell_spectral_config"""
        chosen = self.settings
        return CStruct(
            "coincell_spectral_config",
            {
                "samples": self.form.samples,
                "channels": self.form.channels,
                "columns": self.columns,
                "hop": self.frame_length // 2,
                "mean_shift": (self._frames - 1).bit_length(),
                "rms": int(chosen.rms),
                "peaks": chosen.peaks,
                "moments": int(chosen.moments),
                "sections": 0 if chosen.filter == "none" else chosen.order // 2,
                "spectrum": self._spectrum,
                "filter": CArray(
                    "The filter's sections, Q29 (all zero: none).", "coincell_biquad", self._filter
                ),
                "scaling": self.scaling,
            },
        )

    @property
    def scratch(self) -> Scratch:
        """coincell_spectral_scratch"""
        half = self.settings.fft_size // 2 + 1
        return Scratch(
            "coincell_spectral_scratch",
            {
                "frame": ("int32_t", self.frame_length),
                "spectrum": ("coincell_complex", half),
                "powers": ("uint64_t", half),
                "states": ("coincell_biquad_state", len(self._filter)),
                "highest": ("int32_t", max(1, self.settings.peaks)),
                "columns": ("int32_t", self.columns),
            },
        )

    @property
    def least_deviation(self) -> NDArray[np.float64]:
        """What counts as no change, of each kind of column."""
        one = [_LEAST[k] * 2.0 ** (RMS_BITS if k == "rms" else BITS) for k in self.column_kinds]
        return np.tile(one, self.form.channels)

    def with_standard(self, standard: Standard) -> Self:
        """The same block with what it learned."""
        return type(self)(self.settings, self.form, standard.to_json())

    @property
    def _frames(self) -> int:
        hop = self.frame_length // 2
        return 1 + (self.form.samples - self.frame_length) // hop

    @cached_property
    def _sections(self) -> NDArray[np.float64]:
        chosen = self.settings
        if chosen.filter == "none":
            return np.zeros((1, 5))
        return butterworth(chosen.filter, chosen.order, chosen.cutoff_hz, self.form.rate_hz)

    @cached_property
    def _filter(self) -> NDArray[np.int32]:
        return fixed_sections(self._sections)

    @cached_property
    def _spectrum(self) -> CStruct:
        growth = 1.0 if self.settings.filter == "none" else largest_growth(self._sections)
        # A sample less its mean is below 2^16, and all that the filter makes must be below 2^30.
        bits = min(_MAX_FRACTION_BITS, math.floor(14 - math.log2(1.01 * growth)))
        share = 2.0 ** (self._frames - 1).bit_length() / self._frames
        return spectrum_constants(self.settings, self.form, self.frame_length, bits, share)


def _check_cutoff(settings: SpectralSettings, form: WindowForm) -> None:
    low, high = form.rate_hz * _LOWEST_CUTOFF, form.rate_hz / 2
    if settings.filter != "none" and not low <= settings.cutoff_hz < high:
        raise ConfigurationError(
            f"features.cutoff_hz must be at least {low:g} Hz and below {high:g} Hz at "
            f"{form.rate_hz} samples a second; received {settings.cutoff_hz:g}."
        )
