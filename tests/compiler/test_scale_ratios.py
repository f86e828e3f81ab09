"""Ratios of scales are taken in double, as TFLM takes them.

In float32 they would differ by one part in 2**24, which shows only right beside ties: here scales
are drawn so that results lie there, and every pair of values is tried.
"""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import Oracle, interpret, oracle_available, read_model
from compiler.networks import Network

pytestmark = pytest.mark.skipif(
    not oracle_available(), reason="needs the package tflite-micro (Linux on x86-64)"
)

EVERY = np.arange(-128, 128, dtype=np.int8)


def _near_ties(network: Network, scale: float) -> float:
    """An output scale in which some integers times `scale` lie between two integers."""
    steps, ticks = network.random.integers(1, 200), network.random.integers(1, 100)
    return float(np.float32(scale * steps / (ticks + 0.5)))


def _same(network: Network, y: int, inputs: list[np.ndarray]) -> bool:
    data = network.tflite(y)
    made, expected = interpret(read_model(data), inputs)[0], Oracle(data).run_many(inputs)[0]
    return bool((made == expected).all())


@pytest.mark.parametrize(
    "code", [114, 19, 98, 74, 101], ids=["quantize", "relu", "leaky_relu", "sum", "abs"]
)
def test_of_one_input(code: int) -> None:
    for seed in range(60):
        network = Network(seed)
        x = network.input((1, 256))
        slope = float(np.float32(network.random.uniform(0.1, 0.9)))
        scale = network.scale_of(x) * (slope if code == 98 and seed % 2 else 1.0)
        y = network.tensor((1, 256), _near_ties(network, scale), network.zero_point())
        if code == 98:
            network.operator(code, [x], y, 75, {0: ("f", slope)})
        elif code == 74:
            axis = network.constant([0], "int32")
            network.operator(code, [x, axis], y, 27, {0: ("?", True)})
        else:
            network.operator(code, [x], y)
        assert _same(network, y, [EVERY[np.newaxis, np.newaxis]]), f"seed {seed}"


@pytest.mark.parametrize("code", [0, 41, 18, 54], ids=["add", "sub", "mul", "prelu"])
def test_of_two_inputs(code: int) -> None:
    for seed in range(60):
        network = Network(seed)
        a, b = network.input((256, 1)), network.input((1, 256))
        first, second = network.scale_of(a), network.scale_of(b)
        scale = max(first, second) * float(network.random.uniform(0.5, 2))
        if code in (18, 54):
            scale = _near_ties(network, first * second) * 64
        y = network.tensor((256, 256), scale, network.zero_point())
        options_type = {0: 11, 41: 28, 18: 21}.get(code, 0)
        network.operator(code, [a, b], y, options_type, {0: ("b", 0)} if options_type else {})
        inputs = [EVERY[np.newaxis, :, np.newaxis], EVERY[np.newaxis, np.newaxis]]
        assert _same(network, y, inputs), f"seed {seed}"
