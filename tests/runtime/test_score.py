"""The unit of a score: what the device's integers mean to people."""

from __future__ import annotations

from fractions import Fraction

import pytest

from coincell.runtime import ScoreUnit, decision_threshold, score_unit

SOFTMAX = ScoreUnit(1 / 256, -128)


def test_a_softmax_s_scores_are_probabilities() -> None:
    assert [SOFTMAX.share(256 * q) for q in (-128, 0, 64, 127)] == [0.0, 0.5, 0.75, 0.996]
    assert SOFTMAX.share(12544) == 0.691, "49.0 as a mean of int8: (49 + 128) / 256"


@pytest.mark.parametrize("unit", [SOFTMAX, ScoreUnit(0.1, 3), ScoreUnit(1e-4, 127)])
def test_it_is_the_exact_share_cut_to_0_and_1_and_rounded(unit: ScoreUnit) -> None:
    for raw in range(-129 * 256, 129 * 256, 97):
        exact = (Fraction(raw, 256) - unit.zero_point) * Fraction(unit.scale)
        wanted = min(Fraction(1), max(Fraction(0), exact))
        assert abs(Fraction(unit.share(raw)) - wanted) <= Fraction(1, 2000) + Fraction(1, 10**12)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_the_threshold_of_a_project_is_in_the_same_unit(probability: float) -> None:
    raw = decision_threshold(probability, SOFTMAX.scale, SOFTMAX.zero_point)
    assert SOFTMAX.share(raw) == probability


@pytest.mark.parametrize(
    "told",
    [
        None, 7, [], {}, {"scale": 1.0}, {"zero_point": 0}, {"scale": "1", "zero_point": 0},
        {"scale": 0.0, "zero_point": 0}, {"scale": -1.0, "zero_point": 0},
        {"scale": float("nan"), "zero_point": 0}, {"scale": float("inf"), "zero_point": 0},
        {"scale": 1.0, "zero_point": 0.5}, {"scale": 1.0, "zero_point": True},
        {"scale": 1.0, "zero_point": 10**400}, {"scale": True, "zero_point": 0},
    ],
)  # fmt: skip
def test_a_description_that_tells_nothing_of_use_gives_no_unit(told: object) -> None:
    assert score_unit({"score": told}) is None
    assert score_unit({}) is None


def test_what_an_image_says_is_read_back() -> None:
    assert score_unit({"score": ScoreUnit(0.25, -3).to_json()}) == ScoreUnit(0.25, -3)
