"""What the blocks on time series and pictures share: the call into the C, and the C emitted."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, InternalError
from coincell.features.binding import quantize
from coincell.features.c_struct import CArray, CStruct, Scratch
from coincell.features.emit_block import BlockText, emit_block
from coincell.features.quantization import InputQuantization, fixed_point_step
from coincell.features.standard import FRACTION_BITS, Standard, learn_standard
from coincell.features.windows import checked_windows
from coincell.project import WindowForm
from coincell.runtime import load_library

_FIT_VALUES = 1 << 22
_MOST_SAMPLES = 65536


class IntegerBlock:
    """A feature block around one C file of runtime/features, named by `kind`.

    A subclass says what its constants and its working memory are.
    """

    kind = ""
    title = ""
    by_row = False

    def __init__(self, form: WindowForm, shape: tuple[int, ...]) -> None:
        self.form = form
        self.shape = shape
        self.learned: Mapping[str, list[int]] = {}

    @property
    def frame(self) -> tuple[int, int]:
        """The whole window, unless the block works by rows."""
        return self.form.samples, self.form.samples

    @property
    def fixed_point_scale(self) -> float:
        """What one unit of `compute`'s integers is worth."""
        return float(2.0**-FRACTION_BITS)

    @property
    def constants(self) -> CStruct:
        """The C config."""
        raise NotImplementedError

    @property
    def scratch(self) -> Scratch:
        """The C scratch."""
        raise NotImplementedError

    @property
    def columns(self) -> int:
        """Values that the C makes in one call: a row, or the whole window's."""
        return math.prod(self.shape[1:])

    @property
    def scratch_bytes(self) -> int:
        """Working memory, and the row (or the window's values) that waits to be quantized."""
        return self.scratch.bytes + 2 * self.columns

    @property
    def table_bytes(self) -> int:
        """Flash of the constant arrays."""
        return self.constants.array_bytes

    def fit(self, windows: NDArray[Any]) -> Self:
        """Itself: there is nothing to learn."""
        del windows
        return self

    def compute(self, windows: NDArray[Any]) -> NDArray[np.int16]:
        """Windows [n, form.values] of form.dtype -> fixed point [n, *shape].

        Raises:
            DataError: the array has another type or shape.
        """
        values = np.empty((len(windows), *self.shape), np.int16)
        self.call("", windows, values)
        return values

    def quantize(
        self, values: NDArray[np.int16], quantization: InputQuantization
    ) -> NDArray[np.int8]:
        """Fixed-point values of any shape -> int8 of the same shape."""
        return quantize(values, fixed_point_step(self.fixed_point_scale, quantization))

    def run(self, windows: NDArray[Any], quantization: InputQuantization) -> NDArray[np.int8]:
        """Windows [n, form.values] of form.dtype -> int8 [n, *shape]."""
        return self.quantize(self.compute(windows), quantization)

    def c_sources(self, name: str, quantization: InputQuantization) -> dict[str, str]:
        """NAME_features.{h,c} and the runtime's files that they include: path -> text."""
        text = BlockText(
            self.kind, self.title, self.form, self.shape, self.frame, self.by_row,
            self.constants, self.scratch,
        )  # fmt: skip
        return emit_block(
            name, text, quantization, fixed_point_step(self.fixed_point_scale, quantization)
        )

    def call(self, what: str, windows: NDArray[Any], out: NDArray[Any]) -> None:
        """coincell_KIND_[what_]batch of runtime/host on `windows`, into `out`."""
        checked = checked_windows(windows, self.form)
        function = getattr(load_library("features"), f"coincell_{self.kind}_{what}batch")
        scratch = self.scratch.memory()
        function(
            ctypes.byref(self._memory),
            ctypes.byref(scratch),
            ctypes.c_int32(len(checked)),
            ctypes.c_int32(self.form.values),
            ctypes.c_void_p(checked.ctypes.data),
            ctypes.c_void_p(out.ctypes.data),
        )

    @cached_property
    def _memory(self) -> ctypes.Structure:
        return self.constants.memory()


class StandardizedBlock(IntegerBlock):
    """A block whose columns learn their mean and deviation from the training split."""

    rows_of_a_fit = 1

    def __init__(
        self, form: WindowForm, shape: tuple[int, ...], learned: Mapping[str, list[int]] | None
    ) -> None:
        super().__init__(form, shape)
        self.standard: Standard | None = None
        if learned:
            self._use(Standard.from_json(learned, self.columns))

    @property
    def least_deviation(self) -> NDArray[np.float64]:
        """[columns], of a column's own integers: what counts as no change."""
        raise NotImplementedError

    def with_standard(self, standard: Standard) -> Self:
        """The same block with what it learned."""
        raise NotImplementedError

    @property
    def scaling(self) -> CArray:
        """The C table of what was learned; `fit` comes first."""
        if self.standard is None:
            raise InternalError(f"The {self.kind} features were used before they were fitted.")
        return CArray(
            "Offset, multiplier and shift of each column.", "coincell_standard", self.standard.table
        )

    def fit(self, windows: NDArray[Any]) -> Self:
        """The block with mean and deviation of each column over the training split's windows.

        Raises:
            DataError: there are no windows, or they are of another form.
        """
        return self.with_standard(
            learn_standard(self._column_batches(windows), self.least_deviation)
        )

    def _column_batches(self, windows: NDArray[Any]) -> Iterator[NDArray[np.int32]]:
        neutral = np.tile(np.array([0, 2**30, 30], np.int32), (self.columns, 1))
        bare = self.with_standard(Standard(*neutral.T))
        rows = math.prod(self.shape) // self.columns
        most = max(1, _FIT_VALUES // math.prod(self.shape))
        for start in range(0, max(1, len(windows)), most):
            some = windows[start : start + most]
            columns = np.empty((len(some) * rows, self.columns), np.int32)
            bare.call("columns_", some, columns)
            yield columns

    def _use(self, standard: Standard) -> None:
        self.standard = standard
        self.learned = standard.to_json()


def check_series(form: WindowForm, block: str) -> None:
    """Refuse pictures.

    Raises:
        ConfigurationError: the form is a picture's.
    """
    if form.sense == "picture":
        raise ConfigurationError(
            f'features.block = "{block}" is for sound and motion; received pictures.',
            hint='Choose features.block = "picture".',
        )


def check_whole_series(form: WindowForm, block: str, fewest: int) -> None:
    """Refuse pictures, and windows that the C cannot sum up in one go.

    Args:
        form: of the windows.
        block: its name in features.block.
        fewest: samples a channel.

    Raises:
        ConfigurationError: the form is a picture's, or has too few or too many samples.
    """
    check_series(form, block)
    if not fewest <= form.samples <= _MOST_SAMPLES:
        raise ConfigurationError(
            f'features.block = "{block}" is for windows of {fewest} to {_MOST_SAMPLES} samples a '
            f"channel; received {form.samples}.",
            hint="Change data.window_ms or data.sample_rate_hz.",
        )
