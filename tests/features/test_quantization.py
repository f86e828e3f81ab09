"""The last step: choosing scale and zero point, and applying them in integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.errors import DataError, ModelError
from coincell.features import InputQuantization, choose_quantization, make_feature_block
from coincell.project import MelSettings, WindowForm

BLOCK = make_feature_block(MelSettings(), WindowForm("sound", 16000, 1, 16000))
ALL_VALUES = np.arange(-32768, 32768).astype(np.int16)
SCALES = st.floats(2.0**-18, 2.0**10, width=32, allow_nan=False)


def exactly_rounded(value: int, quantization: InputQuantization) -> int:
    """The int8 of one fixed-point value by rational arithmetic, half rounded up."""
    steps = Fraction(value) * Fraction(BLOCK.fixed_point_scale) / Fraction(quantization.scale)
    rounded = int((steps + Fraction(1, 2)).__floor__()) + quantization.zero_point
    return min(127, max(-128, rounded))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(scale=SCALES, zero_point=st.integers(-128, 127))
def test_the_integer_step_equals_float64_but_for_ties(scale: float, zero_point: int) -> None:
    """All 65,536 inputs: equal, or one step off within 2^-15 of a half step."""
    quantization = InputQuantization(scale, zero_point)
    got = BLOCK.quantize(ALL_VALUES, quantization).astype(np.int64)
    exact = ALL_VALUES * BLOCK.fixed_point_scale / np.float64(scale)
    expected = np.clip(np.floor(exact + 0.5) + zero_point, -128, 127).astype(np.int64)
    differs = got != expected
    assert np.abs(got - expected).max() <= 1
    from_half = np.abs(exact + 0.5 - np.rint(exact + 0.5))
    assert not differs.any() or from_half[differs].max() < 2**-15


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    scale=st.sampled_from([0.0625, 0.08660888671875, 0.5847029089927673]),
    zero_point=st.integers(-128, 127),
    value=st.integers(-32768, 32767),
)
def test_usual_scales_round_exactly(scale: float, zero_point: int, value: int) -> None:
    quantization = InputQuantization(scale, zero_point)
    got = BLOCK.quantize(np.array([value], np.int16), quantization)
    assert int(got[0]) == exactly_rounded(value, quantization)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), centre=st.integers(-20000, 20000), width=st.integers(1, 9000)
)
def test_chosen_range_covers_the_values_and_survives_float32(
    seed: int, centre: int, width: int
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(centre, width, 5000).clip(-32768, 32767).astype(np.int16)
    if not values.any():
        return
    step = BLOCK.fixed_point_scale
    chosen = choose_quantization(values, step)
    low, high = np.percentile(values * step, [0.01, 99.99], method="inverted_cdf")
    lowest = (-128 - chosen.zero_point) * chosen.scale
    highest = (127 - chosen.zero_point) * chosen.scale
    assert lowest - chosen.scale <= low
    assert high <= highest + chosen.scale
    assert lowest <= 0 <= highest
    # No wider than needed: what a converter finds from the ends, it finds again.
    assert highest - lowest <= (max(high, 0) - min(low, 0)) * 1.001 + 1e-9
    ends = np.array([lowest, highest])
    assert np.array_equal(ends.astype(np.float32), ends)
    found = (np.float32(highest) - np.float32(lowest)) / np.float32(255)
    assert float(found) == chosen.scale


def test_one_odd_frame_does_not_cost_resolution() -> None:
    values = np.random.default_rng(3).integers(-9000, 3000, 200_000).astype(np.int16)
    usual = choose_quantization(values, BLOCK.fixed_point_scale)
    spoilt = values.copy()
    spoilt[:5] = -32768
    assert choose_quantization(spoilt, BLOCK.fixed_point_scale).scale < usual.scale * 1.01


def test_batches_and_order_do_not_matter() -> None:
    values = np.random.default_rng(4).integers(-9000, 3000, (40, 49, 40)).astype(np.int16)
    whole = choose_quantization(values, BLOCK.fixed_point_scale)
    batches = (values[::-1][start : start + 7] for start in range(0, 40, 7))
    assert choose_quantization(batches, BLOCK.fixed_point_scale) == whole


def test_training_sees_what_the_device_computes() -> None:
    quantization = InputQuantization(0.0625, -20)
    quantized = np.array([-128, -20, 127], np.int8)
    assert quantization.dequantize(quantized).tolist() == [-6.75, 0.0, 9.1875]


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros((0, 49, 40), np.int16), "no features"), (np.zeros((3, 4), np.int16), "all 0")],
)
def test_nothing_to_learn_from_is_said(values: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        choose_quantization(values, BLOCK.fixed_point_scale)


@pytest.mark.parametrize(
    ("scale", "zero_point"), [(0.0, 0), (-1.0, 0), (float("nan"), 0), (0.1, 0), (0.5, 128)]
)
def test_an_impossible_quantization_is_refused(scale: float, zero_point: int) -> None:
    with pytest.raises(ModelError):
        InputQuantization(scale, zero_point)


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**60])
def test_a_scale_far_from_the_features_is_refused(scale: float) -> None:
    with pytest.raises(ModelError, match="does not suit"):
        BLOCK.quantize(ALL_VALUES, InputQuantization(scale, 0))
