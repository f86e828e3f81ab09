"""Constants of the 3x3 depthwise kernels: TFLM's outputs for every sum, or none at all."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from coincell.compiler.dsp.depthwise_scaling import RAISED, choose_scaling
from coincell.compiler.dsp.rescaling import Rescaling
from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier

CHANNELS = 8


def _rescaling(seed: int, zero_point: int, clamp: tuple[int, int] = (-128, 127)) -> Rescaling:
    """A layer of random scales, biases and ranges; one channel never changes its output."""
    random = np.random.default_rng(seed)
    pairs = [quantize_multiplier(float(real)) for real in 2.0 ** random.uniform(-12, -4, CHANNELS)]
    multipliers, shifts = np.array(pairs, np.int64).T
    low = random.integers(-40_000, 0, CHANNELS)
    high = random.integers(1, 40_000, CHANNELS)
    low[3] = high[3] = 0
    bias = random.integers(-20_000, 20_000, CHANNELS)
    return Rescaling(multipliers, shifts, zero_point, clamp, low, high, bias)


@pytest.mark.parametrize("clamp", [(-128, 127), (-128, 90), (-40, 100)], ids=str)
@pytest.mark.parametrize("zero_point", [-128, -40, 0, 17, 127])
def test_every_sum_gives_tflms_output(zero_point: int, clamp: tuple[int, int]) -> None:
    found = 0
    for seed in range(4):
        rescaling = _rescaling(seed, zero_point, clamp)
        scaling = choose_scaling(rescaling)
        if scaling is None:
            continue
        found += 1
        assert scaling.is_signed == (zero_point > clamp[0])
        assert all(abs(column).max() < 2**31 for column in scaling.constants)
        sums = np.linspace(rescaling.low, rescaling.high, 90_000).astype(np.int64)
        right = multiply_by_quantized_multiplier(
            sums + rescaling.bias, rescaling.multipliers, rescaling.shifts
        )
        assert np.abs((sums << RAISED) + scaling.biases).max() < 2**31
        np.testing.assert_array_equal(scaling.apply(sums), np.clip(right + zero_point, *clamp))
    assert found == 4


def test_what_does_not_fit_is_declined() -> None:
    rescaling = _rescaling(0, -128)
    assert choose_scaling(rescaling) is not None
    # Twice the output for each sum: the shift would be to the left.
    enlarging = dataclasses.replace(rescaling, shifts=np.full(CHANNELS, 7))
    assert choose_scaling(enlarging) is None
    # Sums that leave an int32 once they are raised.
    far = dataclasses.replace(rescaling, low=rescaling.low - 2**24, high=rescaling.high + 2**24)
    assert choose_scaling(far) is None
