"""SVDF against the oracle, over several inferences; a keyword model of TFLM's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.errors import ModelError
from compiler.networks import RELU6, Network
from compiler.random_recurrent import svdf
from compiler.tflm import needs_oracle


def _same(ours: list[Any], theirs: list[Any]) -> bool:
    return all((a.reshape(b.shape) == b).all() for a, b in zip(ours, theirs, strict=True))


@needs_oracle
@pytest.mark.parametrize("seed", range(40))
def test_a_random_svdf_means_what_tflm_means(seed: int) -> None:
    network = Network(seed)
    data = svdf(network)
    inputs = network.samples(12)
    for consecutive in (True, False):
        expected = Oracle(data).run_many(inputs, consecutive)
        for graph in (read_model(data), lower(read_model(data))):
            assert _same(interpret(graph, inputs, consecutive), expected)


@pytest.mark.parametrize("seed", range(100, 104))
def test_the_c_of_an_svdf_is_exact(seed: int) -> None:
    network = Network(seed)
    data = svdf(network)
    inputs = network.samples(20)
    compiled = compile_model(data, "model")
    model = HostModel(compiled)
    for consecutive in (True, False):
        expected = interpret(read_model(data), inputs, consecutive)
        assert len(np.unique(expected[0])) > 8
        assert _same(model.run_many(inputs, consecutive), expected)
    (state,) = compiled.graph.states
    assert compiled.plan.offsets[state.before] == compiled.plan.offsets[state.after]


@needs_oracle
def test_a_streaming_keyword_model_is_exact(shared: Path) -> None:
    data = (shared / "models" / "tflite_micro" / "keyword_scrambled_8bit.tflite").read_bytes()
    random = np.random.default_rng(1)
    features = random.integers(-32768, 32768, (20, 1, 96)).astype(np.int16)
    features[10:] //= 64
    for consecutive in (True, False):
        expected = Oracle(data).run_many([features], consecutive)
        assert len(np.unique(expected[0])) > 1
        assert _same(interpret(read_model(data), [features], consecutive), expected)
        made = HostModel(compile_model(data, "model")).run_many([features], consecutive)
        assert _same(made, expected)


def test_an_activation_that_tflm_ignores_is_refused() -> None:
    with pytest.raises(ModelError, match="activation 3, which TFLM does not compute"):
        read_model(svdf(Network(0), activation=RELU6))
