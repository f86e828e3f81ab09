"""Feature blocks: windows in, int8 network inputs out, by the C that the device runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from coincell.features.quantization import InputQuantization
from coincell.project import WindowForm


class FeatureBlock(Protocol):
    """What turns windows of samples into the network's input.

    `compute` followed by `quantize` gives the same bytes as `run`, and as the C of `c_sources`
    on any target.
    """

    @property
    def form(self) -> WindowForm:
        """Of what one window consists."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one window's features: (frames, columns), or (height, width, channels)."""

    @property
    def frame(self) -> tuple[int, int]:
        """Samples (steps in time) of one frame, and from frame to frame; without rows the
        window's own number, twice."""

    @property
    def by_row(self) -> bool:
        """Whether a row depends on its frame's samples alone: a stream computes each once."""

    @property
    def fixed_point_scale(self) -> float:
        """What one unit of `compute`'s integers is worth."""

    @property
    def scratch_bytes(self) -> int:
        """RAM of the device's front end, static; the stack it uses is not in it."""

    @property
    def table_bytes(self) -> int:
        """Flash of the constant tables; the code is not in it."""

    @property
    def learned(self) -> Mapping[str, list[int]]:
        """What `fit` chose, as JSON values; empty where there is nothing to learn."""

    def fit(self, windows: NDArray[Any]) -> Self:
        """The block with what it must learn from the training split's windows [n, form.values]."""

    def compute(self, windows: NDArray[Any]) -> NDArray[np.int16]:
        """Windows [n, form.values] of form.dtype -> fixed point [n, *shape]."""

    def quantize(
        self, values: NDArray[np.int16], quantization: InputQuantization
    ) -> NDArray[np.int8]:
        """Fixed-point values of any shape -> int8 of the same shape."""

    def run(self, windows: NDArray[Any], quantization: InputQuantization) -> NDArray[np.int8]:
        """Windows [n, form.values] of form.dtype -> int8 [n, *shape]."""

    def c_sources(self, name: str, quantization: InputQuantization) -> dict[str, str]:
        """NAME_features.{h,c} and the runtime's files that they include: path -> text."""
