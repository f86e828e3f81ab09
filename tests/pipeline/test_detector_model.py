"""Scores as the device tells them, and their unit."""

from __future__ import annotations

import numpy as np

from coincell.pipeline.detector_model import in_steps, strangeness_of
from coincell.runtime import Level, StrangenessUnit, strangeness_unit


def test_four_bytes_are_an_int32_low_byte_first() -> None:
    scores = np.array([[1, 0, 0, 0], [-1, -1, -1, -1], [0, 1, 0, 0], [0, 0, 0, -128]], np.int8)
    assert strangeness_of(scores).tolist() == [1, -1, 256, -(2**31)]


def test_real_scores_become_steps_and_stay_in_int32() -> None:
    steps = in_steps(np.array([0.26, -0.24, 1e30, -1e30]), 0.25)
    assert steps.tolist() == [1, -1, 2**31 - 1, -(2**31)]


def test_a_level_forgets_where_it_is_told_to() -> None:
    values = np.array([10, 20, 60, 0, 5], np.int32)
    labels, means = Level(2, 40).run(values, np.array([0, 0, 0, 1, 0], np.bool_))
    assert means.tolist() == [10, 15, 40, 0, 2]
    assert labels.tolist() == [0, 0, 1, 0, 0]
    assert Level(2, 40).run_apart(values)[1].tolist() == values.tolist()


def test_an_image_tells_the_unit_and_a_hostile_one_is_not_believed() -> None:
    told = {"step": 0.5, "threshold": -6, "unit": "nats", "detector": "gaussian-mixture"}
    assert strangeness_unit({"strangeness": told}) == StrangenessUnit(0.5, -6, "nats")
    assert StrangenessUnit(0.5, 8, "nats").told(5) == "2.5 nats, strange from 4"
    for wrong in (
        {}, {"strangeness": 1}, {"strangeness": told | {"step": 0.0}},
        {"strangeness": told | {"step": float("nan")}},
        {"strangeness": told | {"threshold": 2**31}},
        {"strangeness": told | {"threshold": True}}, {"strangeness": told | {"unit": "x" * 61}},
    ):  # fmt: skip
        assert strangeness_unit(wrong) is None
