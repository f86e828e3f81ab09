"""Raw samples: scaled, each step (or the mean of several) a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.c_struct import CStruct, Scratch
from coincell.features.integer_block import StandardizedBlock, check_series
from coincell.features.standard import Standard, fixed_ratios
from coincell.project import RawSettings, WindowForm

_FRACTION_BITS = 7
"""Of a row's sums in the C."""


class RawBlock(StandardizedBlock):
    """Samples, scaled; the definition stands in runtime/features/raw.h.

    Args:
        settings: how.
        form: of the windows; not a picture's.
        learned: what `fit` chose before; None: not fitted.

    Raises:
        ConfigurationError: the settings do not fit the form.
        DataError: `learned` is not of such a block.
    """

    kind, title, by_row = "raw", "samples as they are", True

    def __init__(
        self,
        settings: RawSettings,
        form: WindowForm,
        learned: Mapping[str, list[int]] | None = None,
    ) -> None:
        check_series(form, "raw")
        rows = form.samples // settings.decimation
        if rows < 1:
            raise ConfigurationError(
                f"features.decimation must not exceed the window of {form.samples} samples; "
                f"received {settings.decimation}."
            )
        self.settings = settings
        super().__init__(form, (rows, form.channels), learned)
        if settings.scaling == "full-scale":
            ratio = 2.0**-_FRACTION_BITS / settings.decimation
            zeros, ratios = np.zeros(form.channels), np.full(form.channels, ratio)
            self.standard = fixed_ratios(zeros, ratios)
            self.learned = {}

    @property
    def frame(self) -> tuple[int, int]:
        """A row's steps, twice."""
        return self.settings.decimation, self.settings.decimation

    @property
    def fixed_point_scale(self) -> float:
        """1/2048 of a deviation, or 1/32768 of full scale."""
        return 2.0**-15 if self.settings.scaling == "full-scale" else super().fixed_point_scale

    @property
    def constants(self) -> CStruct:
        """coincell_raw_config"""
        return CStruct(
            "coincell_raw_config",
            {
                "frames": self.shape[0],
                "channels": self.form.channels,
                "decimation": self.settings.decimation,
                "scaling": self.scaling,
            },
        )

    @property
    def scratch(self) -> Scratch:
        """coincell_raw_scratch"""
        return Scratch("coincell_raw_scratch", {"sums": ("int32_t", self.form.channels)})

    @property
    def least_deviation(self) -> NDArray[np.float64]:
        """A quarter of a sample's last bit."""
        return np.full(self.columns, 0.25 * 2**_FRACTION_BITS * self.settings.decimation)

    def fit(self, windows: NDArray[Any]) -> Self:
        """Itself at full scale; else with each channel's mean and deviation."""
        return self if self.settings.scaling == "full-scale" else super().fit(windows)

    def with_standard(self, standard: Standard) -> Self:
        """The same block with what it learned."""
        return type(self)(self.settings, self.form, standard.to_json())
