"""Integer trees against scikit-learn, against a walk in Python, and a tree worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.classical import IntegerForest, integer_forest
from coincell.classical.binding import power
from coincell.classical.fixed import FixedTrees, fix
from coincell.classical.trees import Tree, Trees
from coincell.errors import DataError

pytest.importorskip("sklearn")
from classical.lessons import FORESTS, fitted_named, forest_named, hard_windows

CLASSES = [name for name, (_, lessons) in FORESTS.items() if lessons.goal == "classes"]
NUMBERS = [name for name in FORESTS if name not in CLASSES]


@pytest.mark.parametrize("name", CLASSES)
def test_the_class_is_scikit_learns_wherever_rounding_leaves_could_not_turn_it(name: str) -> None:
    forest, fitted = forest_named(name), fitted_named(name)
    windows = np.concatenate([hard_windows(), FORESTS[name][1].features])
    wanted, given_ = fitted.scores(windows), forest.scores(windows)
    estimator = fitted.estimator
    if not forest.fixed.softmax:
        together = len(forest.fixed.root) * 2.0**-forest.fixed.shift / 2
        assert together <= 1 / 64, "of a step of the scores, all leaves' roundings together"
    margins = np.sort(wanted, axis=1)
    clear = margins[:, -1] - margins[:, -2] > _bound(forest)
    assert clear.mean() > 0.9
    predicted = estimator.predict(windows.astype(np.float32))
    assert np.array_equal(given_.argmax(axis=1)[clear], predicted[clear])
    shares = (given_.astype(np.float64) - forest.zero_point) * forest.scale
    assert np.abs(shares - wanted).max() < 2 * forest.scale


def _bound(forest: IntegerForest) -> float:
    """The most by which rounding leaves (half a unit each) can move two shares apart; of boosted
    trees that many binary logarithms, of which a share changes by at most ln 2 / 4 each."""
    return len(forest.fixed.root) * 2.0**-forest.fixed.shift * forest.scale * 64


@pytest.mark.parametrize("name", NUMBERS)
def test_the_number_is_scikit_learns_to_half_a_step(name: str) -> None:
    forest, fitted = forest_named(name), fitted_named(name)
    features = FORESTS[name][1].features
    numbers = (forest.scores(features).astype(np.float64) - forest.zero_point) * forest.scale
    off = np.abs(numbers - fitted.scores(features))
    # The zero point is whole, so that the ends of the reach may be cut by half a step more.
    assert off.max() < 1.1 * forest.scale
    assert np.quantile(off, 0.95) < 0.55 * forest.scale


def _walked(fixed: FixedTrees, window: NDArray[np.int8]) -> NDArray[np.int64]:
    """Sums of one window, by the tables."""
    sums = fixed.start.astype(np.int64)
    for root, output in zip(fixed.root.tolist(), fixed.output.tolist(), strict=True):
        place = root
        while place >= 0:
            right = int(window[fixed.feature[place]]) > int(fixed.threshold[place])
            place = int(fixed.child[place, int(right)])
        leaf = fixed.leaf[~place].astype(np.int64)
        sums[output : output + len(leaf)] += leaf
    return sums


@pytest.mark.parametrize("name", FORESTS)
def test_the_c_walks_as_the_tables_say(name: str) -> None:
    forest, windows = forest_named(name), hard_windows()[::7]
    wanted = np.stack([_walked(forest.fixed, window) for window in windows])
    assert np.array_equal(forest.sums(windows), wanted)
    scores = forest.scores(windows)
    assert np.array_equal(scores.argmax(axis=1), wanted.argmax(axis=1)), "ties are the first's"


def test_powers_of_two_are_near_and_fall() -> None:
    distances = [*range(0, 1 << 16, 97), *range(1 << 16, 18 << 16, 4099), (1 << 32) - 1]
    found = np.array([power(distance) for distance in distances], np.int64)
    exact = 2.0 ** (15 - np.array(distances) / 65536)
    assert np.abs(found - exact).max() < 4
    assert (np.diff(found) <= 0).all()


def _stump(threshold: int, left: list[float], right: list[float], output: int = 0) -> Tree:
    return Tree(
        np.array([0]), np.array([threshold]), np.array([[-1, -2]]), 0, np.array([left, right]),
        output,
    )  # fmt: skip


def test_two_trees_worked_by_hand() -> None:
    """Left where x <= 10 and where x <= -3; shares of 3/4 and 1/4 are 192 and 64 of 256."""
    halves = (_stump(10, [0.5, 0.0], [0.0, 0.5]), _stump(-3, [0.25, 0.25], [0.0, 0.5]))
    forest = IntegerForest("random-forest", fix(Trees(halves, np.zeros(2), False), 1, (0, 0)))
    windows = np.array([[-128], [-3], [-2], [10], [11], [127]], np.int8)
    assert forest.scores(windows).tolist() == [
        [64, -64], [64, -64], [0, 0], [0, 0], [-128, 127], [-128, 127],
    ]  # fmt: skip


def test_boosted_trees_worked_by_hand() -> None:
    """ln 3 more for the second class is 3 of 4 shares for it."""
    tree = _stump(0, [0.0], [float(np.log(3))], output=1)
    forest = IntegerForest("gradient-boosting", fix(Trees((tree,), np.zeros(2), True), 1, (0, 0)))
    assert forest.scores(np.array([[0], [1]], np.int8)).tolist() == [[0, 0], [-64, 64]]


def test_a_tree_that_is_one_leaf_answers_always_the_same() -> None:
    none = np.zeros(0, np.int64)
    leaf = Tree(none, none, np.zeros((0, 2), np.int64), -1, np.array([[7.0]]))
    forest = IntegerForest("random-forest", fix(Trees((leaf,), np.zeros(1), False), 3, (7.0, 7.0)))
    numbers = forest.scores(np.zeros((2, 3), np.int8)).astype(float) - forest.zero_point
    assert np.allclose(numbers * forest.scale, 7.0, atol=forest.scale)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=2, max_size=9), st.integers(0, 6), st.data())
def test_however_near_sums_lie_rounding_gives_the_answer_to_no_other(
    whole: list[int], shift: int, data: st.DataObject
) -> None:
    most = (1 << shift) - 1
    sums = [(each << shift) + data.draw(st.integers(0, most)) for each in whole]
    none = np.zeros(0, np.int64)
    for softmax in (False, True):
        fixed = FixedTrees(
            1, shift, -128, 1 / 256, softmax, none.astype(np.uint16), none.astype(np.int8),
            none.astype(np.int16).reshape(0, 2), np.array([-1], np.int16), np.array([0], np.uint8),
            np.zeros((1, 1), np.int16), np.array(sums, np.int32),
        )  # fmt: skip
        forest = IntegerForest("random-forest", fixed)
        scores = forest.scores(np.zeros((1, 1), np.int8))[0].astype(int)
        if max(sums) >> shift > 0:
            assert scores.argmax() == np.argmax(sums)
        assert (np.diff(scores[np.argsort(sums, kind="stable")]) >= -1).all()


def test_more_nodes_than_int16_numbers_are_refused_with_what_to_lower() -> None:
    trees = tuple(
        Tree(
            np.zeros(64, np.int64), np.arange(64) - 32,
            np.stack([~np.arange(64), np.append(np.arange(1, 64), -65)], axis=1), 0,
            np.linspace(0, 1, 65)[:, None] + place,
        )
        for place in range(600)
    )  # fmt: skip
    with pytest.raises(DataError, match="at most 32,767 nodes") as refusal:
        fix(Trees(trees, np.zeros(1), False), 1, (0.0, 600.0))
    assert "model.classical.trees" in refusal.value.hint


def test_features_of_another_shape_are_refused() -> None:
    with pytest.raises(DataError, match=r"int8 \[n, 9\]"):
        forest_named("wood").scores(np.zeros((2, 8), np.int8))
    kind, lessons = FORESTS["wood"]
    again = integer_forest(kind, fitted_named("wood"), lessons)
    assert again.to_json() == forest_named("wood").to_json()
