"""The decision in C against NumPy's means."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError
from coincell.runtime import NO_DECISION, Decision, Rest, c_sources, decision_threshold
from coincell.toolchain import C_FLAGS

SCORES = hnp.arrays(
    np.int8, st.tuples(st.integers(1, 40), st.integers(1, 12)), elements=st.integers(-128, 127)
)
SMALL_SCORES = hnp.arrays(
    np.int8, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.integers(-2, 2)
)


def numpy_decisions(
    scores: NDArray[np.int8], windows: int, threshold: int
) -> tuple[list[int], list[int]]:
    """Labels and mean scores of windows in a row, in exact fractions."""
    labels, means = [], []
    for end in range(1, len(scores) + 1):
        seen = scores[max(0, end - windows) : end].astype(np.int64)
        best = int(seen.sum(axis=0).argmax())  # the first of equals
        mean = Fraction(int(seen[:, best].sum()), len(seen)) * 256
        labels.append(best if mean >= threshold else NO_DECISION)
        means.append(mean.__floor__())
    return labels, means


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    scores=st.one_of(SCORES, SMALL_SCORES),
    windows=st.integers(1, 9),
    threshold=st.integers(-128 * 256, 127 * 256),
)
def test_equals_the_mean_of_the_last_windows(
    scores: NDArray[np.int8], windows: int, threshold: int
) -> None:
    labels, means = Decision(scores.shape[1], windows, threshold).run(scores)
    assert (labels.tolist(), means.tolist()) == numpy_decisions(scores, windows, threshold)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(scores=SCORES, windows=st.integers(1, 9), threshold=st.integers(-32768, 32512))
def test_step_by_step_is_the_same_as_in_one_call(
    scores: NDArray[np.int8], windows: int, threshold: int
) -> None:
    whole, single = (Decision(scores.shape[1], windows, threshold) for _ in range(2))
    labels, means = whole.run(scores)
    assert [single.step(row) for row in scores] == list(
        zip(labels.tolist(), means.tolist(), strict=True)
    )


@settings(derandomize=True, max_examples=50, deadline=None)
@given(scores=SCORES, windows=st.integers(1, 9))
def test_apart_each_window_is_the_first(scores: NDArray[np.int8], windows: int) -> None:
    decision = Decision(scores.shape[1], windows, 0)
    decision.run(scores)
    labels, means = decision.run_apart(scores)
    expected = [numpy_decisions(row[np.newaxis], windows, 0) for row in scores]
    assert labels.tolist() == [label for (label,), _ in expected]
    assert means.tolist() == [mean for _, (mean,) in expected]


def test_reset_forgets() -> None:
    decision = Decision(2, 3, 0)
    first = decision.step(np.array([100, -100], np.int8))
    decision.step(np.array([-128, 127], np.int8))
    decision.reset()
    assert decision.step(np.array([100, -100], np.int8)) == first


def test_equal_means_go_to_the_first_class() -> None:
    assert Decision(3, 2, 0).step(np.array([1, 9, 9], np.int8)) == (1, 9 * 256)


def test_the_threshold_is_reached_by_equality() -> None:
    just = Decision(1, 3, -85)  # the mean of -1, 0, 0 is -1/3 = -85.33 / 256
    assert [just.step(np.array([s], np.int8))[0] for s in (0, 0, -1)] == [0, 0, NO_DECISION]
    below = Decision(1, 3, -86)
    assert [below.step(np.array([s], np.int8))[0] for s in (0, 0, -1)] == [0, 0, 0]


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.7, 0.99, 1.0])
@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 256, -128), (0.1, 3), (1e-9, 0)])
def test_a_probability_as_a_threshold(probability: float, scale: float, zero_point: int) -> None:
    """Every int8 score decides exactly when its real value reaches the probability."""
    threshold = decision_threshold(probability, scale, zero_point)
    scores = np.arange(-128, 128).astype(np.int8)[:, np.newaxis]
    labels, _ = Decision(1, 1, threshold).run(scores)
    real = (scores[:, 0].astype(np.float64) - zero_point) * scale
    assert np.array_equal(labels == 0, real >= probability - 1e-12)


@pytest.mark.parametrize(
    ("classes", "windows", "threshold"), [(0, 1, 0), (1, 0, 0), (40000, 1, 0), (2, 1, 1 << 40)]
)
def test_impossible_settings_are_refused(classes: int, windows: int, threshold: int) -> None:
    with pytest.raises(ConfigurationError):
        Decision(classes, windows, threshold)


@pytest.mark.parametrize("scores", [np.zeros((3, 2), np.int8), np.zeros((3, 4), np.int16)])
def test_scores_of_another_shape_or_type_are_refused(scores: NDArray[np.generic]) -> None:
    with pytest.raises(DataError, match="int8"):
        Decision(4, 1, 0).run(scores)


class Told:
    """The oracle of hysteresis and refractory time: one window after the other, in fractions."""

    def __init__(self, windows: int, threshold: int, rest: Rest) -> None:
        self.windows, self.threshold, self.rest = windows, threshold, rest
        self.release = threshold if rest.release is None else rest.release
        self.seen: list[NDArray[np.int64]] = []
        self.told = NO_DECISION
        self.ended: dict[int, int] = {}  # class -> the number of the last window that told it
        self.number = 0

    def step(self, scores: NDArray[np.int8]) -> tuple[int, int]:
        self.number += 1
        self.seen = [*self.seen, scores.astype(np.int64)][-self.windows :]
        means = [Fraction(int(total), len(self.seen)) * 256 for total in np.sum(self.seen, axis=0)]
        best = max(range(len(means)), key=lambda label: (means[label], -label))
        label, score = NO_DECISION, means[best]
        if means[best] >= self.threshold:
            label = best
        elif self.told != NO_DECISION and means[self.told] >= self.release:
            label, score = self.told, means[self.told]
        events = self.rest.events
        if label != NO_DECISION and (events is None or label in events):
            rivals = self.ended.values() if self.rest.of_any else [self.ended.get(label, -(10**9))]
            recent = self.number - max(rivals, default=-(10**9)) <= self.rest.windows
            if label != self.told and recent:
                label, score = NO_DECISION, means[best]
            else:
                self.ended[label] = self.number
        self.told = label
        return label, score.__floor__()


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    scores=st.one_of(SCORES, SMALL_SCORES),
    windows=st.integers(1, 4),
    threshold=st.integers(-400, 400),
    below=st.one_of(st.none(), st.integers(0, 600)),
    refractory=st.integers(0, 5),
    of_any=st.booleans(),
    data=st.data(),
)
def test_hysteresis_and_refractory_time(
    scores: NDArray[np.int8],
    windows: int,
    threshold: int,
    below: int | None,
    refractory: int,
    of_any: bool,
    data: st.DataObject,
) -> None:
    classes = scores.shape[1]
    events = data.draw(st.one_of(st.none(), st.lists(st.integers(0, classes - 1))))
    release = None if below is None else threshold - below
    rest = Rest(release, refractory, of_any, events)
    told = Told(windows, threshold, rest)
    labels, means = Decision(classes, windows, threshold, rest).run(scores)
    expected = [told.step(row) for row in scores]
    assert list(zip(labels.tolist(), means.tolist(), strict=True)) == expected


def test_a_word_is_told_once_while_it_rests() -> None:
    yes, no, nothing = ([90, 0, 0], [0, 90, 0], [0, 0, 90])
    rows = [yes, nothing, yes, no, no, yes, yes, no]
    scores = np.array(rows, np.int8)
    same = Decision(3, 1, 80 * 256, Rest(windows=3, events=[0, 1]))
    assert same.run(scores)[0].tolist() == [0, 2, -1, 1, 1, 0, 0, -1]
    either = Decision(3, 1, 80 * 256, Rest(windows=3, of_any=True, events=[0, 1]))
    assert either.run(scores)[0].tolist() == [0, 2, -1, -1, 1, -1, -1, -1]


def test_rests_go_on_while_nothing_is_computed_and_end_with_a_reset() -> None:
    yes = np.array([90, 0], np.int8)
    decision = Decision(2, 1, 0, Rest(windows=2))
    found = []
    for quiet in (0, 1, 2):
        decision.reset()
        assert decision.step(yes)[0] == 0
        for _ in range(quiet):
            decision.pass_by()
        decision.step(np.array([-9, -9], np.int8))
        found.append(decision.step(yes)[0])
    assert found == [NO_DECISION, 0, 0]


def test_rests_that_cannot_be_are_refused() -> None:
    for rest in (Rest(release=1), Rest(windows=256), Rest(windows=-1)):
        with pytest.raises(ConfigurationError):
            Decision(2, 1, 0, rest)


_PROGRAM = """\
#include <stdio.h>
#include <stdlib.h>
#include "decision/decision.h"

int main(void)
{
    const coincell_decision_config config = {.classes = 32767, .windows = 3, .threshold = -32768};
    coincell_decision_state state = {.ring = malloc(COINCELL_DECISION_RING_BYTES(32767, 3))};
    int8_t *scores = malloc(32767);
    for (int i = 0; i < 32767; i++) scores[i] = -128;
    coincell_decision_reset(&state);
    for (int i = 0; i < 7; i++) {
        scores[32766] = (int8_t)(i % 2 ? 127 : -128);
        const coincell_decision_result result = coincell_decision_step(&config, &state, scores);
        printf("%d %d\\n", result.label, (int)result.score);
    }
    free(scores);
    free(state.ring);
    return 0;
}
"""


def test_no_overflow_at_the_limits_under_the_sanitizers(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler named cc with its sanitizers")
    (tmp_path / "decision").mkdir()
    for path, text in c_sources("decision").items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "main.c").write_text(_PROGRAM, encoding="utf-8")
    flags = ["-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all", "-I", "."]
    command = ["cc", *C_FLAGS, *flags, "main.c", "decision/decision.c", "-o", "program"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "cannot find" in built.stderr and "san" in built.stderr:
        pytest.skip("the C compiler has no sanitizer libraries")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(tmp_path / "program")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    last = [[-128] * 32766 + [127 if i % 2 else -128] for i in range(7)]
    labels, means = numpy_decisions(np.array(last, np.int8), 3, -32768)
    expected = [f"{label} {mean}" for label, mean in zip(labels, means, strict=True)]
    assert done.stdout.splitlines() == expected
