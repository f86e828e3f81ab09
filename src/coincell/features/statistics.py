"""Statistics of each channel of a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coincell.features.c_struct import CStruct, Scratch
from coincell.features.integer_block import StandardizedBlock, check_whole_series
from coincell.features.standard import Standard
from coincell.project import StatisticsSettings, WindowForm

FRACTION_BITS: Mapping[str, int] = {
    "mean": 14,
    "minimum": 14,
    "maximum": 14,
    "rms": 14,
    "deviation": 14,
    "skewness": 16,
    "kurtosis": 12,
    "zero-crossings": 10,
    "mean-crossings": 10,
}
"""Every statistic in the order of the C's columns, and its fraction bits there."""

_LEAST = {"skewness": 0.01, "kurtosis": 0.01}
_LEAST_OF_OTHERS = 1 / 16


class StatisticsBlock(StandardizedBlock):
    """Statistics of each channel; the definition stands in runtime/features/statistics.h.

    The columns are those of the first channel, then those of the second.

    Args:
        settings: which.
        form: of the windows; not a picture's.
        learned: what `fit` chose before; None: not fitted.

    Raises:
        ConfigurationError: the settings do not fit the form.
        DataError: `learned` is not of such a block.
    """

    kind, title = "statistics", "statistics of each channel"

    def __init__(
        self,
        settings: StatisticsSettings,
        form: WindowForm,
        learned: Mapping[str, list[int]] | None = None,
    ) -> None:
        check_whole_series(form, "statistics", 1)
        self.settings = settings
        self.names = tuple(name for name in FRACTION_BITS if name in settings.statistics)
        super().__init__(form, (1, form.channels * len(self.names)), learned)

    @property
    def constants(self) -> CStruct:
        """coincell_statistics_config"""
        chosen = sum(1 << i for i, name in enumerate(FRACTION_BITS) if name in self.names)
        return CStruct(
            "coincell_statistics_config",
            {
                "samples": self.form.samples,
                "channels": self.form.channels,
                "columns": self.columns,
                "chosen": chosen,
                "scaling": self.scaling,
            },
        )

    @property
    def scratch(self) -> Scratch:
        """coincell_statistics_scratch"""
        return Scratch("coincell_statistics_scratch", {"columns": ("int32_t", self.columns)})

    @property
    def least_deviation(self) -> NDArray[np.float64]:
        """A sixteenth of a sample's last bit or of a crossing, a hundredth of a moment."""
        one = [_LEAST.get(n, _LEAST_OF_OTHERS) * 2.0 ** FRACTION_BITS[n] for n in self.names]
        return np.tile(one, self.form.channels)

    def with_standard(self, standard: Standard) -> Self:
        """The same block with what it learned."""
        return type(self)(self.settings, self.form, standard.to_json())
