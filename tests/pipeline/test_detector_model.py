"""Scores as the device tells them, and their unit."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.pipeline import evaluate_normality
from coincell.pipeline.clips import Clips
from coincell.pipeline.detector_model import (
    in_steps,
    place_threshold,
    smoothed,
    strangeness_of,
)
from coincell.project import Configuration, parse_configuration
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


class FixedDetector:
    """As much of a detector as a threshold needs."""

    unit, kind, table_bytes, scratch_bytes = 1.0, "fixed", 0, 0

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind}


def normal_recordings(count: int, windows: int, seed: int) -> tuple[Clips, NDArray[np.int32]]:
    """`count` normal recordings of `windows` windows each, and skewed scores, int32 [n]."""
    total = count * windows
    scores = np.random.default_rng(seed).gamma(2.0, 1000.0, total).astype(np.int32)
    files = tuple(f"{at // windows}.csv" for at in range(total))
    clips = Clips(
        Path(),
        files,
        np.zeros(total, np.int64),
        np.full(total, np.nan),
        np.full(total, "validation"),
        tuple({} for _ in range(total)),
    )
    return clips, scores


def normality_configuration() -> Configuration:
    text = '[project]\nname = "m"\ntask = "anomaly-detection"\n[decision]\n'
    text += "smoothing_windows = 3\nfalse_alarm_rate = 0.05\n"
    text += '[data]\nsense = "motion"\nlabels = ["normal"]\nnormal_label = "normal"\n'
    text += 'channels = ["x"]\nunits = ["g"]\nfull_scale = [4.0]\nsample_rate_hz = 100\n'
    text += '[features]\nblock = "statistics"\n[model]\narchitecture = "mahalanobis"\n'
    return parse_configuration(text + '[data.split]\nby = "machine"\n')


def test_the_wished_rate_holds_for_means_and_for_windows_by_themselves() -> None:
    configuration = normality_configuration()
    clips, scores = normal_recordings(6000, 10, seed=1)
    facts = place_threshold(
        FixedDetector(),  # type: ignore[arg-type]
        scores,
        clips,
        np.arange(len(scores)),
        configuration,
    )
    clips, fresh = normal_recordings(2000, 10, seed=2)
    means = smoothed(fresh, clips, np.arange(len(fresh)), configuration.decision)
    for alarms in (fresh >= facts["threshold_alone"], means >= facts["threshold"]):
        rates = alarms.reshape(2000, 10).mean(axis=1)  # means within a recording share windows
        assert rates.mean() == pytest.approx(0.05, abs=3.3 * rates.std() / math.sqrt(2000))
    assert (fresh >= facts["threshold"]).mean() > 0.07, "what one threshold for both would cost"
    goes_on = means.reshape(2000, 10)[:, 2:]
    assert (goes_on >= facts["threshold"]).mean() < 0.05, "at most, once the smoothing is full"


def test_many_machines_are_told_apart_and_a_measurement_is_not() -> None:
    clips, scores = normal_recordings(100, 10, seed=3)
    groups = tuple({"machine": f"m{at // 20:02}", "load": str(at)} for at in range(len(scores)))
    clips = dataclasses.replace(clips, groups=groups, splits=np.full(len(scores), "test"))
    test = evaluate_normality.TestWindows.of(clips, normality_configuration())
    scores[20 * 33 : 20 * 34] += 100_000
    told = evaluate_normality._groups(test, scores, 90_000)
    assert {each["column"] for each in told} == {"machine"}
    assert len(told) == 40, "of 50 machines"
    (wrong,) = (each for each in told if each["false_alarm_rate"]["value"])
    assert (wrong["value"], wrong["normal"]) == ("m33", 20)
