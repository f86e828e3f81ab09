"""What a block learns of columns of unlike units: mean and deviation, as integers for the C."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError

FRACTION_BITS = 11
"""Of a standardised value: a deviation is 2048 steps, and int16 ends at 16 deviations."""

_LIMIT = 2**30
_KEYS = ("offset", "multiplier", "shift")


@dataclass(frozen=True)
class Standard:
    """value = (column - offset) multiplier / 2^shift, for each column.

    Attributes:
        offset: int32 [columns], less than 2^30 in size.
        multiplier: int32 [columns], from 2^30.
        shift: int32 [columns], 1 to 62.
    """

    offset: NDArray[np.int32]
    multiplier: NDArray[np.int32]
    shift: NDArray[np.int32]

    @property
    def table(self) -> NDArray[np.int32]:
        """[columns, 3], as `coincell_standard` has them."""
        return np.stack([self.offset, self.multiplier, self.shift], axis=-1)

    def to_json(self) -> dict[str, list[int]]:
        """Of `from_json`."""
        return {key: getattr(self, key).tolist() for key in _KEYS}

    @classmethod
    def from_json(cls, learned: Mapping[str, Any], columns: int) -> Standard:
        """What `to_json` gave, checked.

        Raises:
            DataError: it is not that of a block with `columns` columns.
        """
        if set(learned) != set(_KEYS):
            raise DataError(
                f"What a feature block learned must be {list(_KEYS)}; received {sorted(learned)}.",
                hint="Run `coincell train` again.",
            )
        limits = ((1 - _LIMIT, _LIMIT - 1), (2**30, 2**31 - 1), (1, 62))
        arrays = [
            _checked(key, learned[key], columns, limit)
            for key, limit in zip(_KEYS, limits, strict=True)
        ]
        return cls(*arrays)


def _checked(key: str, values: object, columns: int, limits: tuple[int, int]) -> NDArray[np.int32]:
    low, high = limits
    numbers = (
        [v for v in values if type(v) is int and low <= v <= high]
        if (isinstance(values, list))
        else []
    )
    if numbers != values or len(numbers) != columns:
        raise DataError(
            f"A feature block's learned {key!r} must be {columns} whole numbers from {low} to "
            f"{high}; received {str(values)[:60]}.",
            hint="The features' settings may have changed since: run `coincell train` again.",
        )
    return np.array(numbers, np.int32)


def fixed_ratios(offset: NDArray[np.float64], ratio: NDArray[np.float64]) -> Standard:
    """The integers of value = (column - offset) ratio, for ratios from 2^-30 to 2^29."""
    pairs = [math.frexp(value) for value in ratio.tolist()]
    multiplier = [round(fraction * 2**31) for fraction, _ in pairs]
    shift = [31 - exponent for _, exponent in pairs]
    for place, value in enumerate(multiplier):
        if value == 2**31:
            multiplier[place], shift[place] = 2**30, shift[place] - 1
    offsets = np.clip(np.rint(offset), 1 - _LIMIT, _LIMIT - 1)
    return Standard(
        offsets.astype(np.int32), np.array(multiplier, np.int32), np.array(shift, np.int32)
    )


def learn_standard(batches: Iterable[NDArray[np.int32]], least: NDArray[np.float64]) -> Standard:
    """Mean 0 and deviation 1 over the training split.

    Args:
        batches: int32 [rows, columns] each, of all training windows.
        least: [columns], the smallest deviation that counts. A column that never changes in
            training would else turn its first change into any size.

    Raises:
        DataError: there are no windows.
    """
    count = 0
    mean, squares = np.zeros(len(least)), np.zeros(len(least))
    for batch in batches:
        if not len(batch):
            continue
        # Parts of a variance joined as Chan, Golub and LeVeque (1983) have it.
        values = batch.astype(np.float64)
        own_mean = values.mean(axis=0)
        step = own_mean - mean
        total = count + len(values)
        squares += ((values - own_mean) ** 2).sum(axis=0) + step**2 * count * len(values) / total
        mean += step * len(values) / total
        count = total
    if count == 0:
        raise DataError("There are no windows for the feature block to learn from.")
    deviation = np.maximum(np.sqrt(squares / count), least)
    return fixed_ratios(mean, 2.0**FRACTION_BITS / deviation)
