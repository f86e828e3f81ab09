"""Spectrogram in linear bands, of one or more channels side by side."""

from __future__ import annotations

from functools import cached_property

from coincell.errors import ConfigurationError
from coincell.features.c_struct import CStruct, Scratch
from coincell.features.integer_block import IntegerBlock, check_series
from coincell.features.linear_bands import bins_of_bands, spectrum_constants
from coincell.project import SpectrogramSettings, WindowForm

_FRACTION_BITS = 10
_SAMPLE_BITS = 4


class SpectrogramBlock(IntegerBlock):
    """Logarithms of power in bands; the definition stands in runtime/features/spectrogram.h.

    The columns are the first channel's bands, then the second's.

    Args:
        settings: frames, transform and bands.
        form: of the windows; not a picture's.

    Raises:
        ConfigurationError: the settings do not fit the form.
    """

    kind, title, by_row = "spectrogram", "spectrogram in linear bands", True

    def __init__(self, settings: SpectrogramSettings, form: WindowForm) -> None:
        check_series(form, "spectrogram")
        self.settings = settings
        self._length = round(settings.frame_ms * form.rate_hz / 1000)
        self._hop = round(settings.hop_ms * form.rate_hz / 1000)
        self._check_lengths(form)
        _, bins = bins_of_bands(settings, form.rate_hz)
        frames = 1 + (form.samples - self._length) // self._hop
        super().__init__(form, (frames, form.channels * len(bins)))

    @property
    def frame(self) -> tuple[int, int]:
        """Samples of one frame, and from frame to frame."""
        return self._length, self._hop

    @property
    def fixed_point_scale(self) -> float:
        """1/1024 nat."""
        return float(2.0**-_FRACTION_BITS)

    @cached_property
    def constants(self) -> CStruct:
        """coincell_spectrogram_config"""
        return CStruct(
            "coincell_spectrogram_config",
            {
                "frames": self.shape[0],
                "hop": self._hop,
                "channels": self.form.channels,
                "remove_mean": int(self.settings.remove_mean),
                "spectrum": spectrum_constants(
                    self.settings, self.form, self._length, _SAMPLE_BITS
                ),
            },
        )

    @property
    def scratch(self) -> Scratch:
        """coincell_spectrogram_scratch"""
        return Scratch(
            "coincell_spectrogram_scratch",
            {
                "frame": ("int32_t", self._length),
                "spectrum": ("coincell_complex", self.settings.fft_size // 2 + 1),
            },
        )

    def _check_lengths(self, form: WindowForm) -> None:
        settings, length = self.settings, self._length
        if not 2 <= length <= settings.fft_size:
            raise ConfigurationError(
                f"features.frame_ms must give 2 to features.fft_size = {settings.fft_size} "
                f"samples; received {settings.frame_ms:g} ms = {length} samples at "
                f"{form.rate_hz} Hz.",
                hint="Raise fft_size to the next power of two, or shorten the frame.",
            )
        if self._hop < 1:
            raise ConfigurationError(
                f"features.hop_ms must be at least one sample; received {settings.hop_ms:g} ms."
            )
        if length > form.samples:
            raise ConfigurationError(
                f"features.frame_ms must not exceed the window of {form.samples} samples; "
                f"received {length} samples."
            )
