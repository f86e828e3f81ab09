"""What mattered: planted answers are found in their place; inner layers are the model's."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import Oracle
from coincell.pipeline.attribution import InnerModel, cells_for, occlusion
from coincell.pipeline.report_parts_maps import principal_components, spread_rows
from compiler.networks import Network

SHAPES = [(12, 12), (49, 40), (119, 6), (1, 30), (24, 32, 3), (7, 5, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_alone_is_counted_alone_matters(shape):
    """The answer is one value; hiding its part changes the answer by just what was hidden."""
    generator = np.random.default_rng(len(shape))
    features = generator.integers(-128, 128, shape).astype(np.int8)
    neutral = np.full(shape, -7, np.int8)
    place = tuple(int(generator.integers(0, size)) for size in shape)
    features[place] = 90

    found = occlusion(lambda batch: batch[(slice(None), *place)].astype(float), features, neutral,
                      144)  # fmt: skip
    assert found.shape == shape[:2]
    assert found[place[:2]] == 97.0
    touched = np.argwhere(found)
    high, wide = np.ptp(touched, axis=0) + 1
    assert set(np.unique(found)) <= {0.0, 97.0}
    assert len(touched) == high * wide <= max(1, 4 * np.prod(shape[:2]) // 144)


def test_parts_cover_all_and_add_up_for_a_sum():
    """For a linear answer the parts' changes sum to the whole change."""
    generator = np.random.default_rng(4)
    shape = (31, 17)
    weights = generator.normal(size=shape)
    features = generator.integers(-128, 128, shape).astype(np.int8)
    neutral = np.zeros(shape, np.int8)
    found = occlusion(lambda batch: (batch * weights).sum(axis=(1, 2)), features, neutral, 100)
    parts = {}
    for at, value in np.ndenumerate(found):
        parts.setdefault(float(value), []).append(at)
    assert len(parts) <= 100
    assert sum(parts) == pytest.approx((features * weights).sum())


@pytest.mark.parametrize(("windows", "macs", "cells"), [(20, 1000, 144), (20, 10**9, 16)])
def test_dear_networks_are_asked_less_often(windows, macs, cells):
    assert cells_for(windows, macs) == cells


def _classifier():
    network = Network(3)
    x = network.input((1, 10, 8, 1))
    x = network.conv_2d(x, 4, (3, 3), (2, 2))
    hidden = network.reshape(x, (1, int(np.prod(network.shape(x)))))
    logits = network.fully_connected(hidden, 3)
    return network, hidden, logits, network.softmax(logits)


def test_inner_layers_are_those_of_the_oracle():
    """Each inner tensor equals what TFLM answers for a model that ends there."""
    network, hidden, logits, scores = _classifier()
    inputs = np.random.default_rng(1).integers(-128, 128, (5, 10, 8, 1)).astype(np.int8)
    inner = InnerModel(network.tflite(scores)).run(inputs)
    for name, seen in ((scores, inner.outputs), (logits, inner.before), (hidden, inner.hidden)):
        told = Oracle(network.tflite(name)).run(inputs).reshape(5, -1)
        assert np.array_equal(seen, told)


def test_without_a_layer_before_there_is_none():
    network = Network(5)
    x = network.input((1, 12))
    inner = InnerModel(network.tflite(network.fully_connected(x, 2))).run(
        np.zeros((2, 12), np.int8)
    )
    assert inner.hidden is None
    assert np.array_equal(inner.before, inner.outputs)


@pytest.mark.parametrize("shape", [(40, 7), (12, 60), (5, 2), (3, 1)], ids=str)
def test_maps_are_principal_components(shape):
    """scikit-learn is the oracle; directions have no sign of their own."""
    decomposition = pytest.importorskip("sklearn.decomposition")
    values = np.random.default_rng(2).integers(-128, 128, shape)
    places, explained = principal_components(values)
    wanted = decomposition.PCA(min(2, *shape)).fit(values)
    count = wanted.n_components_
    assert np.abs(places[:, :count]) == pytest.approx(np.abs(wanted.transform(values)), abs=1e-6)
    assert explained[:count] == pytest.approx(wanted.explained_variance_ratio_)


def test_equal_rows_have_no_map_but_are_no_error():
    places, explained = principal_components(np.full((4, 9), 3))
    assert not places.any()
    assert explained == (0.0, 0.0)


def test_many_windows_are_thinned_evenly():
    assert spread_rows(7, 9).tolist() == list(range(7))
    assert spread_rows(100, 4).tolist() == [0, 33, 66, 99]
