"""UNIDIRECTIONAL_SEQUENCE_LSTM against the oracle, also over several inferences."""

from __future__ import annotations

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
from compiler.networks import Network
from compiler.random_recurrent import lstm
from compiler.tflm import needs_oracle


@needs_oracle
@pytest.mark.parametrize("seed", range(40))
def test_a_random_lstm_means_what_tflm_means(seed: int) -> None:
    network = Network(seed)
    data = lstm(network)
    inputs = network.samples(5)
    for consecutive in (False, True):
        expected = Oracle(data).run_many(inputs, consecutive)[0]
        for graph in (read_model(data), lower(read_model(data))):
            made = interpret(graph, inputs, consecutive)[0]
            assert (made == expected.reshape(made.shape)).all()


@needs_oracle
@pytest.mark.parametrize(("seed", "sample"), [(1012, 1230), (1037, 3299), (1041, 3691)])
def test_products_of_scales_are_not_rounded_to_float32(seed: int, sample: int) -> None:
    """Samples found by search, of which some output depends on the last bits of a multiplier."""
    network = Network(seed)
    data = lstm(network)
    inputs = [array[sample : sample + 1] for array in network.samples(6000)]
    made = interpret(read_model(data), inputs)[0]
    assert (made == Oracle(data).run_many(inputs)[0].reshape(made.shape)).all()


@pytest.mark.parametrize("seed", range(100, 104))
def test_the_c_of_an_lstm_is_exact(seed: int) -> None:
    network = Network(seed)
    data = lstm(network)
    inputs = network.samples(12)
    model = HostModel(compile_model(data, "model"))
    for consecutive in (True, False):
        expected = interpret(read_model(data), inputs, consecutive)[0]
        assert len(np.unique(expected)) > 8
        assert (model.run_many(inputs, consecutive)[0] == expected).all()


def test_the_states_of_an_lstm_are_updated_in_place() -> None:
    compiled = compile_model(lstm(Network(7)), "model")
    offsets = compiled.plan.offsets
    assert len(compiled.graph.states) == 2
    for state in compiled.graph.states:
        assert offsets[state.before] == offsets[state.after]


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"power": -9.5}, "power of two"), ({"activation": 1}, "activation 1, not supported")],
)
def test_an_lstm_that_tflm_would_get_wrong_is_refused(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        read_model(lstm(Network(1), **changed))
