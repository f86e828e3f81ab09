"""Doubted labels, near copies and outliers, on data whose faults are known; scikit-learn agrees."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from coincell.data import (
    components,
    doubted_labels,
    doubted_targets,
    near_copies,
    numbered,
    outliers,
    pooled,
)
from coincell.data.suspects import _PENALTY, _softmax, _softmax_regression, _with_one, nearest


def blobs(count: int = 240, classes: int = 4, spread: float = 6.0) -> tuple[
    NDArray[np.int8], NDArray[np.int64]
]:  # fmt: skip
    """Features int8 [count, 20, 3] of classes in turns."""
    generator = np.random.default_rng(3)
    centres = generator.normal(0, 20, (classes, 20, 3))
    labels = np.arange(count) % classes
    noise = generator.normal(0, spread, (count, 20, 3))
    return np.clip(np.rint(centres[labels] + noise), -128, 127).astype(np.int8), labels


def test_flipped_labels_are_doubted_and_right_ones_are_not() -> None:
    features, labels = blobs()
    rows, units = components(pooled(features), 0), np.arange(len(labels))
    clean, right = doubted_labels(rows, labels, units, 0)
    assert (clean, right) == ([], 1.0)
    flipped = labels.copy()
    flipped[[5, 77, 130]] = (labels[[5, 77, 130]] + 1) % 4
    doubts, right = doubted_labels(rows, flipped, units, 0)
    assert {doubt.row for doubt in doubts} == {5, 77, 130}
    assert all(doubt.better == labels[doubt.row] for doubt in doubts)
    assert all(flipped[list(doubt.others)].tolist() == [doubt.better] * 3 for doubt in doubts)
    assert right == pytest.approx(1 - 3 / 240)


def test_a_model_that_knows_nothing_doubts_nothing() -> None:
    features, labels = blobs()
    shuffled = np.random.default_rng(0).permutation(labels)
    rows = components(pooled(features), 0)
    doubts, right = doubted_labels(rows, shuffled, np.arange(len(labels)), 0)
    assert doubts == []
    assert right < 0.5


def test_too_few_recordings_are_not_judged() -> None:
    features, labels = blobs(12)
    doubts, right = doubted_labels(pooled(features), labels, np.arange(12), 0)
    assert doubts == []
    assert np.isnan(right)


def test_softmax_regression_is_scikit_learns() -> None:
    features, labels = blobs(spread=40.0)
    rows = components(pooled(features), 0) * 4
    ours = _softmax(_with_one(rows) @ _softmax_regression(rows, labels, 4))
    oracle = LogisticRegression(
        C=1 / (_PENALTY * len(rows)), fit_intercept=False, tol=1e-10, max_iter=5000
    ).fit(_with_one(rows), labels)
    theirs = oracle.predict_proba(_with_one(rows))
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_nearest_is_scikit_learns_and_passes_over_the_own_unit() -> None:
    features, _ = blobs(700, spread=40.0)
    rows = components(pooled(features), 0)
    near, cosines = nearest(rows, np.arange(700), 4)
    oracle = NearestNeighbors(n_neighbors=5, metric="cosine").fit(rows)
    distances, expected = oracle.kneighbors(rows)
    np.testing.assert_array_equal(near, expected[:, 1:])
    np.testing.assert_allclose(1 - cosines, distances[:, 1:], atol=1e-5)
    units = np.arange(700) // 2
    near, _ = nearest(rows, units, 4)
    assert (units[near] != units[:, np.newaxis]).all()


def waves(count: int, channels: int) -> NDArray[np.float64]:
    """Noise through a smoothing filter, [count, 400 * channels]; no two alike."""
    white = np.random.default_rng(1).normal(0, 4000, (count, 400, channels))
    return np.apply_along_axis(np.convolve, 1, white, np.ones(3) / 3, "same").reshape(count, -1)


@pytest.mark.parametrize("channels", [1, 3])
def test_copies_are_found_whatever_their_loudness_and_shift(channels: int) -> None:
    sounds = waves(60, channels)
    noise = np.random.default_rng(2).normal(0, 200, sounds[2].shape)
    copies = [0.4 * sounds[0], np.roll(sounds[1], 12 * channels), sounds[2] + noise]
    everything = np.rint(np.concatenate([sounds, copies])).astype(np.int16)
    power = np.abs(np.fft.rfft(everything.reshape(63, 400, channels), axis=1))
    features = np.clip(power.reshape(63, -1) / 4000, 0, 127)
    rows = components(features.astype(np.float32), 0)
    found = {doubt.row: doubt for doubt in near_copies(rows, everything, channels)}
    assert {row: found[row].others[0] for row in found} == {60: 0, 61: 1, 62: 2}
    assert all(0.95 <= doubt.strength <= 1.0 + 1e-9 for doubt in found.values())


def test_silence_is_no_copy_of_silence() -> None:
    assert near_copies(np.zeros((9, 4), np.float32), np.zeros((9, 100), np.int16), 1) == []


def test_a_stranger_among_its_class_is_an_outlier() -> None:
    features, labels = blobs()
    flat = features.reshape(len(features), -1).astype(np.float32)
    assert outliers(flat, labels) == []
    flat[17] = -flat[17]
    found = outliers(flat, labels)
    assert [doubt.row for doubt in found] == [17]
    assert found[0].strength > 4.5
    assert (labels[list(found[0].others)] == labels[17]).all()


def test_a_target_unlike_its_neighbours_is_doubted() -> None:
    generator = np.random.default_rng(5)
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    rows = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    targets = 100 * np.sin(turn) + generator.normal(0, 1, 200)
    assert doubted_targets(rows, targets, np.arange(200)) == []
    targets[40] -= 90
    assert [doubt.row for doubt in doubted_targets(rows, targets, np.arange(200))] == [40]


def test_names_are_numbered() -> None:
    assert numbered(["b", "a", "b"]).tolist() == [1, 0, 1]
