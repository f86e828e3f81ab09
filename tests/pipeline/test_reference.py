"""The reference: quantiles of the training split, counted by the device's C, hostile until read."""

from __future__ import annotations

import copy
import hashlib
import json

import numpy as np
import pytest

from coincell.errors import TelemetryError
from coincell.monitor import Counts, Reference
from coincell.pipeline.reference import (
    SplitWindows,
    count_windows,
    make_plan,
    right_by_score,
    watched_names,
)
from coincell.project import WindowForm
from coincell.runtime import ScoreUnit, SketchPlan
from sketch_twin import counted, watched

UNIT = ScoreUnit(1 / 256, -128)
SOUND = WindowForm("sound", 160, 1, 16000)
PICTURE = WindowForm("picture", 1, 3, 0, 20, 14)


def split(form: WindowForm, shape: tuple[int, ...], count: int = 400) -> SplitWindows:
    generator = np.random.default_rng(count)
    ends = np.iinfo(form.dtype)
    scores = generator.integers(-128, 128, (count, 4)).astype(np.int8)
    return SplitWindows(
        features=generator.normal(0, 30, (count, *shape)).clip(-128, 127).astype(np.int8),
        scores=scores,
        labels=scores.argmax(1).astype(np.int16),
        samples=generator.integers(ends.min, ends.max, (count, form.values)).astype(form.dtype),
        units=[f"person {place % 7}" for place in range(count)],
    )


def plan_of(form: WindowForm, shape: tuple[int, ...], training: SplitWindows) -> SketchPlan:
    steps = form.samples if form.sense == "sound" else form.width * form.height
    return make_plan(training, training, form, shape, steps, UNIT, 4)


@pytest.mark.parametrize(
    ("form", "shape"), [(SOUND, (9, 45)), (SOUND, (60, 30)), (PICTURE, (14, 20, 3))]
)
def test_edges_are_quantiles_and_counts_are_the_twins(form, shape):
    training = split(form, shape)
    plan = plan_of(form, shape, training)
    values = watched(plan, training.features.reshape(-1, plan.rows, plan.columns))
    below = (values[:, :, None] < np.array(plan.edges)[None]).mean(0)
    assert np.abs(below - np.arange(1, 8) / 8).max() < 0.03
    counts = count_windows(plan, training)
    samples = training.samples.reshape(len(training.samples), -1, plan.channels)
    twin = counted(plan, training.features, training.scores, training.labels, samples)
    told = counts.vector.copy()
    told[:4] = twin[:4]  # the twin counts no reports
    assert told.tolist() == twin.tolist()
    assert (counts.windows, counts.recordings) == (400, 7)


@pytest.mark.parametrize(
    ("form", "shape"),
    [(SOUND, (60, 30)), (SOUND, (1, 2000)), (SOUND, (600, 1)), (PICTURE, (14, 20, 3))],
)
def test_a_device_looks_at_few_values_of_a_window_and_at_every_colour(form, shape):
    plan = plan_of(form, shape, split(form, shape, 20))
    rows = -(-plan.rows // plan.row_step)
    assert rows * -(-plan.columns // plan.column_step) <= max(512, plan.columns)
    assert plan.health_steps * plan.channels <= 256
    colours = {column % form.channels for column in range(0, plan.columns, plan.column_step)}
    assert len(colours) == form.channels


def test_the_spread_is_watched_where_every_mean_is_the_same():
    training = split(SOUND, (40, 8))
    wide = training.features.astype(int)
    flat = (wide - wide.mean(1, keepdims=True)).clip(-128, 127).astype(np.int8)
    leveled = SplitWindows(flat, training.scores, training.labels, training.samples, None)
    assert plan_of(SOUND, (40, 8), leveled).spread == 1
    moved = (flat + np.arange(400)[:, None, None] % 60).clip(-128, 127).astype(np.int8)
    louder = SplitWindows(moved, training.scores, training.labels, training.samples, None)
    assert plan_of(SOUND, (40, 8), louder).spread == 0


def test_score_edges_are_shares_of_the_networks_output():
    edges = plan_of(SOUND, (9, 45), split(SOUND, (9, 45))).score_edges
    shares = [(edge + 128) / 256 for edge in edges]
    assert shares[:4] == pytest.approx([0.2, 0.3, 0.4, 0.5], abs=1 / 256)
    assert edges[-1] == 127


def test_right_answers_by_score():
    plan = plan_of(SOUND, (9, 45), split(SOUND, (9, 45)))
    scores = np.array([[127, 0, 0, 0], [127, 0, 0, 0], [-128, -110, -128, -128]], np.int8)
    right = right_by_score(plan, scores, np.array([0, 1, 1]))
    assert (right[15], right[0], right.sum()) == (1, 1, 2)


def test_watched_features_have_names():
    plan = plan_of(SOUND, (9, 45), split(SOUND, (9, 45)))
    names = watched_names((), plan, picture=False)
    assert len(names) == 40
    assert names[0].startswith("band 1")
    assert "to" in " ".join(names)
    plan = plan_of(PICTURE, (14, 20, 3), split(PICTURE, (14, 20, 3)))
    assert watched_names((), plan, picture=True)[-1] == "row 6 of 6, column 6"


def a_reference() -> Reference:
    training = split(SOUND, (9, 45))
    plan = plan_of(SOUND, (9, 45), training)
    counts = count_windows(plan, training)
    right = right_by_score(plan, training.scores, np.zeros(400, np.int64))
    names = watched_names((), plan, picture=False)
    return Reference(
        "demo", "classes", "sound", ("yes", "no", "up", "down"), (), names, 0.25, 1.0, plan,
        counts, Counts(counts.windows, 3, counts.vector), right,
    )  # fmt: skip


def test_a_reference_comes_back_under_its_identity():
    reference = a_reference()
    text = json.dumps(reference.to_json())
    back = Reference.from_text(text.encode())
    assert back.to_json() == reference.to_json()
    assert back.identity == reference.identity
    assert len(bytes.fromhex(back.identity)) == 8
    places = back.layout.places
    assert (back.training.vector[places[64]] == reference.training.vector[places[64]]).all()


def _with(path: str, value: object) -> bytes:
    facts = copy.deepcopy(a_reference().to_json())
    *way, last = path.split(".")
    place = facts
    for key in way:
        place = place[key]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    if path != "identity":  # else that alone would be what is refused
        del facts["identity"]
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        facts["identity"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return json.dumps(facts).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b" " * (1 << 20) + b"{}",
        b'{"version": 1}',
        _with("version", 2),
        _with("version", True),
        _with("project", "\ud800"),
        _with("project", "x" * 201),
        _with("labels", [1]),
        _with("labels", ["x" * 300, "a", "b", "c"]),
        _with("labels", ["yes", "no", "up", "\udfff"]),
        _with("labels", ["yes"]),
        _with("watched", []),
        _with("channels", ["left", "right"]),
        _with("hop_seconds", -1),
        _with("hop_seconds", 1e999),
        _with("hop_seconds", 10**400),
        _with("hop_seconds", float("nan")),
        _with("window_seconds", "1"),
        _with("plan.rows", 0),
        _with("plan", None),
        _with("training", []),
        _with("training.score", [1] * 15),
        _with("training.score", [-1] * 16),
        _with("training.features", [[0] * 8] * 39),
        _with("validation.health", [[0.5] * 6]),
        _with("validation.windows", KeyError),
        _with("right", [0] * 3),
        _with("right", [1 << 53] * 16),
        _with("identity", "0" * 16),
    ],
)
def test_references_that_cannot_be_are_refused(text):
    with pytest.raises(TelemetryError):
        Reference.from_text(text)
