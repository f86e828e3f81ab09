"""What blocks learn of their columns, and how it is applied in integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.features.standard import FRACTION_BITS, Standard, fixed_ratios, learn_standard

LEAST = np.array([1.0, 64.0, 2.0**20])
COLUMNS = st.lists(
    st.tuples(*[st.integers(1 - 2**30, 2**30 - 1)] * 3), min_size=1, max_size=20
).map(lambda rows: np.array(rows, np.int32))


def apply(standard: Standard, values: NDArray[np.int32]) -> NDArray[np.float64]:
    """The definition of `coincell_standard`, before it is clamped."""
    steps = (values.astype(object) - standard.offset.tolist()) * standard.multiplier.tolist()
    return np.array(steps / 2.0 ** standard.shift.astype(np.float64), np.float64)


@settings(max_examples=200)
@given(COLUMNS)
def test_mean_and_deviation_are_those_of_numpy(values: NDArray[np.int32]) -> None:
    standard = learn_standard([values], LEAST)
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), LEAST)
    assert np.abs(standard.offset - mean).max() <= 0.5
    expected = (values - mean) / deviation * 2**FRACTION_BITS
    # The offset is rounded to a whole number: half of one, over the least deviation, is most.
    assert np.abs(apply(standard, values) - expected).max() <= 2**FRACTION_BITS * 0.5 + 0.01


@settings(max_examples=100)
@given(COLUMNS, st.integers(1, 19))
def test_parts_give_what_the_whole_gives(values: NDArray[np.int32], cut: int) -> None:
    whole = learn_standard([values], LEAST)
    parts = learn_standard([values[:cut], values[cut:]], LEAST)
    assert np.abs(whole.offset - parts.offset).max() <= 1
    ratios = [s.multiplier / 2.0**s.shift for s in (whole, parts)]
    assert np.allclose(ratios[0], ratios[1], rtol=1e-8)


@settings(max_examples=200)
@given(st.floats(2.0**-30, 2.0**29))
def test_a_ratio_is_held_to_its_31st_bit(ratio: float) -> None:
    standard = fixed_ratios(np.zeros(1), np.array([ratio]))
    multiplier, shift = int(standard.multiplier[0]), int(standard.shift[0])
    assert 2**30 <= multiplier < 2**31
    assert 1 <= shift <= 62
    assert abs(multiplier / 2.0**shift / ratio - 1) <= 2.0**-31 + 1e-15


def test_a_column_that_never_changes_has_the_least_deviation() -> None:
    standard = learn_standard([np.full((5, 3), 1000, np.int32)], LEAST)
    assert standard.offset.tolist() == [1000] * 3
    assert (standard.multiplier / 2.0**standard.shift).tolist() == (2048 / LEAST).tolist()


def test_json_gives_the_same_again() -> None:
    standard = learn_standard([np.arange(12, dtype=np.int32).reshape(4, 3)], LEAST)
    again = Standard.from_json(standard.to_json(), 3)
    assert np.array_equal(standard.table, again.table)


@pytest.mark.parametrize(
    "changed",
    [
        {"offset": [0, 0]},
        {"offset": [2**30, 0, 0]},
        {"offset": "000"},
        {"offset": None},
        {"multiplier": [0, 2**30, 2**30]},
        {"multiplier": [2**31, 2**30, 2**30]},
        {"multiplier": [1.5e9, 2**30, 2**30]},
        {"shift": [0, 1, 1]},
        {"shift": [63, 1, 1]},
        {"shift": [True, 1, 1]},
        {"more": [1, 2, 3]},
    ],
    ids=str,
)
def test_other_json_is_refused(changed: dict[str, object]) -> None:
    good = {"offset": [0, 0, 0], "multiplier": [2**30] * 3, "shift": [1, 1, 1]}
    with pytest.raises(DataError, match="learned"):
        Standard.from_json(good | changed, 3)


def test_without_windows_there_is_nothing_to_learn() -> None:
    with pytest.raises(DataError, match="no windows"):
        learn_standard([], LEAST)
