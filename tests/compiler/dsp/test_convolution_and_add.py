"""A convolution that adds before it writes: every pair of bytes, random networks, in place."""

from __future__ import annotations

import importlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from coincell.compiler import CompileOptions, HostModel, compile_model, interpret, lower, read_model
from coincell.compiler.apart import parts_of, taken_apart
from coincell.compiler.compiled import compile_lowered
from coincell.compiler.dsp import DSP_KERNELS
from coincell.compiler.dsp.residual_add import choose_sum
from coincell.compiler.dsp.strip_scales import general_scales
from coincell.compiler.ir import EXACTLY_IN_PLACE, Graph, Op
from compiler.dsp.exact import CORTEX_M4, check_on_board, check_on_host, kernels_of, meant
from compiler.networks import NO_ACTIVATION, RELU, RELU6, Network
from compiler.residual_networks import residual_network

FUSED = "dsp/strip_convolution_add"


def _of(seed: int, **settings: Any) -> tuple[Network, bytes]:
    network = Network(seed)
    return network, network.tflite(residual_network(network, **settings))


def test_random_residual_networks_on_this_computer() -> None:
    used: Counter[str] = Counter()
    for seed in range(16):
        channels = (4, 8, 0, 12)[seed % 4]
        network, data = _of(300 + seed, channels=channels, pointwise=seed % 3 == 0)
        used.update(check_on_host(data, network.samples(10)))
    assert used[FUSED] > 10
    assert used["dsp/weighted_sum"] > 0


@pytest.mark.parametrize("optimize", ["ram", "speed", "size"])
def test_they_are_exact_whatever_counts_most(optimize: Any) -> None:
    for seed in range(5):
        network, data = _of(400 + seed, channels=(8, 4, 5)[seed % 3])
        compiled = compile_model(data, "model", CompileOptions(CORTEX_M4, optimize))
        inputs = network.samples(8)
        made = HostModel(compiled).run_many(inputs)
        for ours, right in zip(made, meant(data, compiled, inputs), strict=True):
            np.testing.assert_array_equal(ours, right)


@pytest.mark.parametrize(("compiler", "seed"), [("gcc", 0), ("gcc", 1), ("gcc", 2), ("zig", 3)])
def test_the_assembly_is_exact_on_the_board(compiler: str, seed: int) -> None:
    """Clamped and unclamped outputs and sums, odd widths, two rows at once among them."""
    network, data = _all_kinds(seed)
    assert check_on_board(data, network.samples(4), compiler).count(FUSED) >= 2


def _all_kinds(seed: int) -> tuple[Network, bytes]:
    network = Network(seed)
    x = network.input((1, 7, (6, 5, 9, 7)[seed], 3))
    x = network.conv_2d(x, 8, (1, 1))
    for index, activation in enumerate((NO_ACTIVATION, RELU, RELU6)):
        y = network.conv_2d(x, 12, (1, 1), activation=RELU)
        kernel = ((3, 3), (1, 1), (2, 3))[index]
        y = network.conv_2d(y, 8, kernel, activation=(activation, NO_ACTIVATION)[seed % 2])
        x = network.add(*((x, y) if index % 2 else (y, x)), activation=activation)
    return network, network.tflite(x)


def _addition(scales: tuple[float, float, float], zero_point: int) -> tuple[Graph, Op]:
    network = Network(1)
    first, second = (network.input((256,)) for _ in range(2))
    total = network.add(first, second, NO_ACTIVATION)
    for tensor, scale in zip((first, second, total), scales, strict=True):
        network.tensors[tensor].scale, network.tensors[tensor].zero_point = scale, zero_point
    graph = read_model(network.tflite(total))
    return graph, graph.ops[0]


# All but the third pair meet exact ties; the last two saturate a lot.
SCALES = (
    (0.05, 0.05, 0.1),
    (0.0625, 0.03125, 0.125),
    (0.05, 0.05, 0.05),
    (0.125, 0.0625, 0.03125),
    (0.003, 0.1, 0.1),
)


def test_sums_are_tflms_on_every_pair() -> None:
    random = np.random.default_rng(3)
    values = np.arange(-128, 128, dtype=np.int64)
    pairs = values[:, np.newaxis], values[np.newaxis]
    drawn = []
    for _ in range(25):
        first, second = np.exp(random.uniform(np.log(0.01), np.log(0.3), 2))
        target = max(first, second) * random.uniform(0.4, 2.5)
        drawn.append((float(first), float(second), float(target)))
    found = 0
    for scales in (*SCALES, *drawn):
        graph, op = _addition(scales, int(random.integers(-128, 64)))
        chosen = choose_sum(op, graph)
        if chosen is None:
            continue
        found += 1
        right = op.attributes.combine(op, graph, *pairs)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(chosen.apply(*pairs), right)
        extremes = [chosen.factor * a + (chosen.addend_factor * b >> 8) + chosen.offset
                    for a in (-128, 127) for b in (-128, 127)]  # fmt: skip
        assert max(map(abs, extremes)) < 2**31
    assert found > 25


def _two_kernels(channels: int) -> None:
    network, data = _of(7, channels=channels)
    used = check_on_host(data, network.samples(6))
    assert FUSED not in used
    assert "dsp/weighted_sum" in used


def test_six_channels_take_two_kernels() -> None:
    _two_kernels(6)


def test_the_general_form_takes_two_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("coincell.compiler.dsp.strip_convolution")
    monkeypatch.setattr(module, "choose_strip_scales", general_scales)
    _two_kernels(8)


def test_a_sum_without_a_proof_takes_two_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincell.compiler.dsp.residual_add._NUDGES", ())
    _two_kernels(8)


def _large_block() -> tuple[Network, bytes]:
    network = Network(12)
    x = network.conv_2d(network.input((1, 12, 12, 2)), 16, (1, 1), activation=RELU)
    y = network.conv_2d(x, 16, (3, 3), activation=RELU)
    return network, network.tflite(network.add(x, network.conv_2d(y, 16, (3, 3))))


def test_sums_may_lie_where_the_addends_were() -> None:
    network, data = _large_block()
    graph = lower(read_model(data))
    (call,) = DSP_KERNELS["conv_2d_add"][0](graph.ops[-1], graph, "balanced") or ()
    assert call.overlaps[graph.ops[-1].inputs[1]] == EXACTLY_IN_PLACE
    compiled = compile_model(data, "model", CompileOptions(CORTEX_M4))
    assert compiled.arena_bytes < 2.7 * 12 * 12 * 16
    inputs = network.samples(10)
    np.testing.assert_array_equal(
        HostModel(compiled).run_many(inputs)[0], interpret(graph, inputs)[0]
    )
    assert kernels_of(compiled)[-1] == FUSED


def test_one_op_needs_no_more_memory_than_two() -> None:
    for seed in range(6):
        _, data = _of(500 + seed, channels=(8, 6)[seed % 2])
        graph = lower(read_model(data))
        for optimize in ("balanced", "ram", "size"):
            options = CompileOptions(CORTEX_M4, optimize)  # type: ignore[arg-type]
            one, two = (compile_lowered(g, "m", options) for g in (graph, taken_apart(graph)))
            assert one.arena_bytes <= two.arena_bytes


def test_the_parts_of_an_op_are_ops_of_the_graph_that_is_taken_apart() -> None:
    graph = lower(read_model(_large_block()[1]))
    apart = taken_apart(graph)
    assert taken_apart(apart) is apart
    assert taken_apart(graph) is apart
    assert all(part in apart.ops for part in parts_of(graph.ops[-1], graph))
