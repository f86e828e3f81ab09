"""Forests through JSON: the same scores, and nothing taken on trust."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.classical import float_forest, float_forest_from_json, forest_from_json
from coincell.errors import DataError

pytest.importorskip("sklearn")
from classical.lessons import FORESTS, fitted_named, forest_named, hard_windows


def _stored(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(forest_named(name).to_json()))
    return values


@pytest.mark.parametrize("name", FORESTS)
def test_what_is_read_scores_and_emits_the_same(name: str) -> None:
    forest, read = forest_named(name), forest_from_json(_stored(name))
    windows = hard_windows()
    assert np.array_equal(read.scores(windows), forest.scores(windows))
    assert read.compiled("a").sources == forest.compiled("a").sources
    assert read.to_json() == forest.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "this version"),
        ({"kind": "k-means"}, "kind is one of"),
        ({"scale": 0.0}, "scale is a number above 0"),
        ({"scale": float("nan")}, "scale is a number above 0"),
        ({"shift": 17}, "shift is an integer from 0 to 16"),
        ({"columns": 3}, "nodes ask 3 features"),
        ({"root": [32_000] * 12}, "places are nodes or leaves"),
        ({"root": [-32_000] * 12}, "places are nodes or leaves"),
        ({"root": []}, "one length"),
        ({"output": [4] * 12}, "outputs that it has"),
        ({"threshold": [0]}, "one length"),
        ({"leaf": [True] * 8}, "leaf holds integers"),
        ({"start": [2**30, 0, 0, 0]}, "do not fit 32 bits"),
    ],
)
def test_what_is_unsound_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        forest_from_json(_stored("wood") | change)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(-32_768, 32_767))
def test_a_changed_place_is_refused_or_walked_to_an_end(where: int, value: int) -> None:
    values = _stored("wood")
    values["child"][where % len(values["child"])] = value
    try:
        forest = forest_from_json(values)
    except DataError:
        return
    assert forest.scores(hard_windows()).shape == (len(hard_windows()), 4)


@pytest.mark.parametrize("name", FORESTS)
def test_leaves_that_are_not_rounded_are_scikit_learns(name: str) -> None:
    fitted, fixed = fitted_named(name), forest_named(name).fixed
    stored = json.loads(json.dumps(float_forest(fitted, fixed).to_json()))
    windows = hard_windows()
    scores = float_forest_from_json(fixed, stored).scores(windows)
    assert np.allclose(scores, fitted.scores(windows), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": [[0.5]]},
        {"leaf": [[0.1], [0.1, 0.2]]},
        {"leaf": "no"},
        {"start": [0.0, 0.0, 0.0]},
        {"start": [0.0, 0.0, 0.0, float("nan")]},
        {"start": [True, False, True, True]},
        {"start": None},
    ],
)
def test_leaves_of_something_else_are_refused(change: dict[str, Any]) -> None:
    fixed = forest_named("wood").fixed
    stored = float_forest(fitted_named("wood"), fixed).to_json()
    assert float_forest_from_json(fixed, stored).start.shape == (4,)
    with pytest.raises(DataError, match="forest's float"):
        float_forest_from_json(fixed, stored | change)
