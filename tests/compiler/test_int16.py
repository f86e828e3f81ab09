"""16-bit activations with 8-bit weights: interpreter, generated C and TFLM agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    CompileOptions,
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.compiler.targets import TARGETS
from coincell.errors import ModelError
from compiler import movement_networks
from compiler.networks import Network
from compiler.random_int16 import OPERATORS, Int16Network, whole_network
from compiler.tflm import needs_oracle


def _same(ours: list[Any], theirs: list[Any]) -> bool:
    return all((a.reshape(b.shape) == b).all() for a, b in zip(ours, theirs, strict=True))


@needs_oracle
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_random_operators_mean_what_tflm_means(operator: str) -> None:
    for seed in range(50):
        network = Int16Network(seed)
        data = network.tflite(OPERATORS[operator](network))
        inputs = network.samples(8)
        expected = Oracle(data).run_many(inputs)
        for graph in (read_model(data), lower(read_model(data))):
            assert _same(interpret(graph, inputs), expected), f"seed {seed}"


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_the_c_of_random_operators_is_exact(operator: str) -> None:
    for seed in (100, 101, 102):
        network = Int16Network(seed)
        data = network.tflite(OPERATORS[operator](network))
        inputs = network.samples(40)
        expected = interpret(read_model(data), inputs)
        assert len(np.unique(expected[0])) > 4
        assert _same(HostModel(compile_model(data, "model")).run_many(inputs), expected)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_targets_with_dsp_kernels_take_them_too(operator: str) -> None:
    network = Int16Network(200)
    data = network.tflite(OPERATORS[operator](network))
    inputs = network.samples(40)
    model = HostModel(compile_model(data, "model", CompileOptions(target=TARGETS["cortex-m4"])))
    assert _same(model.run_many(inputs), interpret(read_model(data), inputs))


@needs_oracle
@pytest.mark.parametrize("seed", range(4))
def test_whole_networks_are_exact_for_every_kind_of_target(seed: int) -> None:
    network = Int16Network(300 + seed)
    data = network.tflite(whole_network(network))
    inputs = network.samples(20)
    expected = Oracle(data).run_many(inputs)
    assert len(np.unique(expected[0])) > 8
    for target, optimize in (
        ("generic", "balanced"),
        ("cortex-m4", "balanced"),
        ("generic", "ram"),
    ):
        options = CompileOptions(target=TARGETS[target], optimize=optimize)
        assert _same(HostModel(compile_model(data, "model", options)).run_many(inputs), expected)


def test_a_bilinear_resize_is_left_to_the_plain_kernel() -> None:
    network = Network(4)
    data = network.tflite(*movement_networks.resize_bilinear(network, "int16"))
    inputs = movement_networks.samples(network, 6)
    model = HostModel(compile_model(data, "model", CompileOptions(target=TARGETS["cortex-m4"])))
    assert _same(model.run_many(inputs), interpret(read_model(data), inputs))


def test_a_narrow_bias_that_tflm_misreads_is_refused() -> None:
    drawn = (Int16Network(seed) for seed in range(100))
    made = ((network, OPERATORS["transpose_conv"](network)) for network in drawn)
    network, output = next(pair for pair in made if len(pair[0].operators[0].inputs) == 4)
    network.tensors[network.operators[0].inputs[3]].dtype = "int32"
    with pytest.raises(ModelError, match="needs an int64 bias for int16 activations"):
        read_model(network.tflite(output))
