"""The proof that a kernel's rescaling is TFLM's: every exact constant and no other."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import fixed_point
from coincell.compiler.dsp.rescaling import Rescaling, fitting_addends
from coincell.compiler.fixed_point import Integers

LOW, HIGH = np.array([-300, -20, 7]), np.array([450, 33, 7])
SHIFT = 6


def _rescaling(clamp: tuple[int, int]) -> Rescaling:
    """Three channels: one that reaches many outputs, one that reaches few, one that is constant."""
    scales = [fixed_point.quantize_multiplier(scale) for scale in (0.25, 0.0625, 0.4)]
    multipliers, shifts = (np.array(column, np.int64) for column in zip(*scales, strict=True))
    bias = np.array([5, -3, 0], np.int64)
    return Rescaling(multipliers, shifts, -7, clamp, LOW, HIGH, bias)


def _wanted(r: Rescaling, channel: int) -> Integers:
    sums = np.arange(LOW[channel], HIGH[channel] + 1) + r.bias[channel]
    scaled = fixed_point.multiply_by_quantized_multiplier(
        sums, r.multipliers[channel], r.shifts[channel]
    )
    return np.clip(scaled + r.zero_point, *r.clamp)


@pytest.mark.parametrize("clamp", [(-7, 127), (-7, 20), (5, 5)])
def test_the_interval_holds_every_exact_addend_and_no_other(clamp: tuple[int, int]) -> None:
    """f(sum) = 16 * sum, 4 * sum and 26 * sum; outputs are (f + A) >> 6, clamped."""
    r = _rescaling(clamp)
    slopes = np.array([16, 4, 26], np.int64)
    limits = np.arange(clamp[0] + 1, clamp[1] + 1, dtype=np.int64) << SHIFT
    least, most = fitting_addends(
        lambda sums: sums * slopes[:, np.newaxis], r.thresholds(), limits, LOW, HIGH
    )
    for channel, slope in enumerate(slopes):
        wanted = _wanted(r, channel)
        rising = slope * np.arange(LOW[channel], HIGH[channel] + 1)
        exact = [
            addend
            for addend in range(-1200, 1200)
            if np.array_equal(np.clip((rising + addend) >> SHIFT, *clamp), wanted)
        ]
        assert exact, "the example has to have solutions"
        first, last = max(int(least[channel]), -1200), min(int(most[channel]), 1199)
        assert exact == list(range(first, last + 1))


def test_nothing_fits_where_the_slopes_differ() -> None:
    r = _rescaling((-7, 127))
    limits = np.arange(-6, 128, dtype=np.int64) << SHIFT
    least, most = fitting_addends(lambda sums: sums * 17, r.thresholds(), limits, LOW, HIGH)
    assert least[0] > most[0]


def test_an_addend_keeps_its_sums_in_an_int32() -> None:
    nothing = np.zeros((3, 0), np.int64)
    least, most = fitting_addends(lambda sums: sums << 20, nothing, nothing, LOW, HIGH)
    assert least[0] == fixed_point.INT32_MIN + (300 << 20)
    assert most[0] == fixed_point.INT32_MAX - (450 << 20)
