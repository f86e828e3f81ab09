"""Integer scores: within the proved distance of float64's, and never out of their type."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.made_detectors import (
    COLUMNS,
    GIVEN,
    KINDS,
    MADE,
    detector_named,
    detector_of_any,
    halves,
    hard_windows,
    normal_windows,
)
from coincell.anomaly import FormDetector, reconstruction_detector
from coincell.anomaly.binding import join
from coincell.anomaly.detector import detector_of
from coincell.anomaly.error import error_bound
from coincell.anomaly.fixed import fix
from coincell.anomaly.forms import Forms
from coincell.errors import CoincellError, DataError, InternalError
from coincell.features import InputQuantization

EVERY = [*KINDS, "halves"]


@pytest.mark.parametrize("name", EVERY)
def test_integers_stay_within_the_proved_distance(name: str) -> None:
    detector, windows = detector_of_any(name), hard_windows()
    apart = np.abs(detector.score(windows) * detector.unit - detector.score_float(windows))
    bound = detector.error_bound(windows)
    assert (apart <= bound).all()
    exact = detector.score_float(windows)
    assert (bound <= 0.02 * np.abs(exact) + 0.06).all(), "a bound that allows anything is none"


@pytest.mark.parametrize("name", EVERY)
def test_on_normal_windows_the_error_is_small(name: str) -> None:
    detector, windows = detector_of_any(name), normal_windows()
    apart = np.abs(detector.score(windows) * detector.unit - detector.score_float(windows))
    assert apart.max() < 0.02


def test_a_wrong_shift_leaves_the_proved_distance() -> None:
    """The bound is of use: one bit elsewhere breaks it."""
    detector = detector_named("diagonal")
    broken = dataclasses.replace(detector.fixed, form_shift=detector.fixed.form_shift + 1)
    windows = hard_windows()
    scores = FormDetector(detector.kind, broken).score(windows) * detector.unit
    apart = np.abs(scores - detector.score_float(windows))
    assert (apart > detector.error_bound(windows)).mean() > 0.9


@pytest.mark.parametrize("name", EVERY)
def test_far_away_is_stranger_than_normal(name: str) -> None:
    detector = detector_of_any(name)
    corners = hard_windows()[-62:]
    assert detector.score(corners).min() > np.quantile(detector.score(normal_windows()), 0.99)


@st.composite
def forms(draw: st.DrawFn) -> Forms:
    """Any shape, weights over six decades, centres up to the ends of int8."""
    columns, count = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    shape = draw(st.sampled_from(["spherical", "diagonal", "triangular"]))
    generator = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    centres = generator.uniform(-128, 127, (count, columns))
    likelihood = draw(st.booleans())
    constants = generator.normal(0, 50, count) if likelihood else np.zeros(count)
    if shape == "triangular":
        spread = 10 ** generator.uniform(-2, 0.5, (count, 1, 1))
        factors = np.tril(generator.normal(0, 0.3, (count, columns, columns))) + np.eye(columns)
        return Forms(likelihood, centres, None, factors * spread, constants)
    wanted = (count,) if shape == "spherical" else (count, columns)
    precisions = 10 ** generator.uniform(-4, 1, wanted)
    return Forms(likelihood, centres, precisions, None, constants)


@given(made=forms(), seed=st.integers(0, 1 << 30))
def test_any_forms_are_scored_within_their_bound_or_refused(made: Forms, seed: int) -> None:
    try:
        fixed = fix(made)
    except DataError:
        return
    generator = np.random.default_rng(seed)
    windows = np.concatenate(
        [
            generator.integers(-128, 128, (40, made.columns)),
            generator.choice([-128, 127], (20, made.columns)),
            np.clip(np.rint(made.centres), -128, 127),
        ]
    ).astype(np.int8)
    scores = FormDetector("any", fixed, made).score(windows) * 2.0**-fixed.score_bits
    assert (np.abs(scores - made.score(windows)) <= error_bound(made, fixed, windows)).all()


@given(first=st.integers(-(1 << 40), 1 << 40), gap=st.integers(0, 13 << 16))
def test_joining_two_likelihoods_is_exact_to_its_word(first: int, gap: int) -> None:
    exact = -math.log1p(math.exp(-gap / 65536)) * 65536
    for found in (join(first, first + gap), join(first + gap, first)):
        assert abs(found - first - exact) / 65536 < 1.5e-4


def test_a_precision_beyond_all_shifts_is_refused() -> None:
    factors = np.eye(3)[None] * 1e9
    with pytest.raises(DataError) as raised:
        detector_of("mahalanobis", Forms(False, np.zeros((1, 3)), None, factors, np.zeros(1)))
    assert "egularization" in raised.value.hint


def test_full_covariances_of_too_many_features_are_refused() -> None:
    columns = 513
    factors = np.eye(columns)[None]
    with pytest.raises(DataError, match="at most 512"):
        fix(Forms(False, np.zeros((1, columns)), None, factors, np.zeros(1)))


@pytest.mark.parametrize("columns", [1, 640, 65536])
@pytest.mark.parametrize("ratio", [1 / 900, 0.3, 1.0, 5.0])
def test_reconstruction_at_every_size_and_ratio(columns: int, ratio: float) -> None:
    given_scale = InputQuantization(float(np.float32(0.05 * ratio)), -128)
    made_scale = InputQuantization(float(np.float32(0.05)), 127)
    generator = np.random.default_rng(1)
    inputs = generator.integers(-128, 128, (5, columns)).astype(np.int8)
    outputs = generator.integers(-128, 128, (5, columns)).astype(np.int8)
    inputs[0], outputs[0] = 127, -128  # the farthest apart
    inputs[1], outputs[1] = -128, 127  # both 0
    detector = reconstruction_detector(columns, given_scale, made_scale, lambda _: outputs)
    apart = np.abs(detector.score(inputs) * detector.unit - detector.score_float(inputs))
    assert (apart <= detector.error_bound(inputs)).all()
    assert apart.max() < 1e-3 * detector.score_float(inputs).max()
    assert detector.score(inputs)[1] == 0


def test_reconstruction_refuses_what_is_no_autoencoder() -> None:
    far = InputQuantization(float(np.float32(1e-5)), 0)
    with pytest.raises(DataError, match="within a factor"):
        reconstruction_detector(COLUMNS, GIVEN, far)
    with pytest.raises(DataError, match="features"):
        reconstruction_detector(65537, GIVEN, MADE)
    alone = reconstruction_detector(COLUMNS, GIVEN, MADE)
    with pytest.raises(InternalError, match="no network"):
        alone.score(normal_windows())
    windows = normal_windows()
    assert np.array_equal(
        alone.score_outputs(windows, halves(windows)), detector_of_any("halves").score(windows)
    )
    with pytest.raises(InternalError, match="lengths"):
        alone.score_outputs(windows, halves(windows[1:]))


@pytest.mark.parametrize("name", EVERY)
def test_other_arrays_are_refused(name: str) -> None:
    detector = detector_of_any(name)
    for wrong in (normal_windows()[:, 1:], normal_windows().astype(np.int16)):
        with pytest.raises(CoincellError, match="int8"):
            detector.score(wrong)


@pytest.mark.parametrize("name", EVERY)
def test_features_may_have_the_shape_that_a_block_gives(name: str) -> None:
    detector, windows = detector_of_any(name), normal_windows()
    shaped = windows.reshape(len(windows), 4, 6)
    assert np.array_equal(detector.score(shaped), detector.score(windows))
    assert np.array_equal(detector.score_float(shaped), detector.score_float(windows))
    assert detector.score(windows[:0]).shape == (0,)
