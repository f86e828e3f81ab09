"""Convolution and ADD in one op: the same meaning, ranges, memory and bytes as two have."""

from __future__ import annotations

from collections.abc import Callable
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
    oracle_available,
    read_model,
)
from coincell.compiler.apart import parts_of, taken_apart
from coincell.compiler.passes import FUSE_RESIDUAL_ADD
from coincell.compiler.ranges import ranges_of
from coincell.compiler.verify import verify
from compiler.networks import NO_ACTIVATION, Network
from compiler.residual_networks import residual_network


def _network(seed: int) -> tuple[Network, bytes]:
    network = Network(seed)
    return network, network.tflite(residual_network(network))


@pytest.mark.parametrize("seed", range(24))
def test_the_pass_keeps_the_meaning_of_residual_networks(seed: int) -> None:
    network, data = _network(seed)
    before = read_model(data)
    after = FUSE_RESIDUAL_ADD.run(before)
    verify(after)
    apart = taken_apart(after)
    verify(apart)
    assert [op.kind for op in apart.ops] == [op.kind for op in before.ops]
    inputs = network.samples(16)
    for graph in (after, apart):
        np.testing.assert_array_equal(interpret(graph, inputs)[0], interpret(before, inputs)[0])


def test_most_blocks_are_fused_and_keep_their_ranges() -> None:
    fused = 0
    for seed in range(24):
        before = read_model(_network(seed)[1])
        after = FUSE_RESIDUAL_ADD.run(before)
        known = ranges_of(before)
        for op in after.ops:
            for one, other in zip(
                ranges_of(after).values[op.output], known.values[op.output], strict=True
            ):
                np.testing.assert_array_equal(one, other)
            if op.kind == "conv_2d_add":
                fused += 1
                assert [part.kind for part in parts_of(op, after)] == ["conv_2d", "add"]
        assert after.macs == before.macs
    assert fused > 24


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
@pytest.mark.parametrize("seed", range(8))
def test_the_portable_kernels_are_exact(seed: int, optimize: Any) -> None:
    network, data = _network(100 + seed)
    compiled = compile_model(data, "model", CompileOptions(optimize=optimize))
    assert any("add" in layer.ops for layer in compiled.layers)
    inputs = network.samples(12)
    made = HostModel(compiled).run_many(inputs)
    meant = Oracle(data).run_many(inputs) if oracle_available() else None
    for ours, right in zip(made, meant or interpret(read_model(data), inputs), strict=True):
        np.testing.assert_array_equal(ours, right)


def _with_add(make: Callable[[Network, int, int], tuple[int, ...]]) -> list[str]:
    """Kinds of the lowered ops of a convolution `y` of `x` and what `make` adds."""
    network = Network(5)
    x = network.input((1, 4, 4, 3))
    y = network.conv_2d(x, 3, (1, 1), activation=NO_ACTIVATION)
    data = network.tflite(*make(network, x, y))
    before, after = read_model(data), lower(read_model(data))
    inputs = network.samples(8)
    for ours, right in zip(interpret(after, inputs), interpret(before, inputs), strict=True):
        np.testing.assert_array_equal(ours, right)
    return [op.kind for op in after.ops]


def test_what_must_stay_two_ops() -> None:
    def of_itself(network: Network, x: int, y: int) -> tuple[int, ...]:
        return (network.add(x, y),)

    def of_itself_by_another_name(network: Network, x: int, y: int) -> tuple[int, ...]:
        other = network.conv_2d(y, 2, (1, 1))
        image = network.reshape(other, (1, 8, 4, 1))
        return (network.add(network.conv_2d(image, 2, (1, 1), stride=(2, 1)), other),)

    def doubled(network: Network, _: int, y: int) -> tuple[int, ...]:
        return (network.add(y, y),)

    def read_twice(network: Network, x: int, y: int) -> tuple[int, ...]:
        older = network.elementwise(x, 114)
        z = network.conv_2d(y, 3, (1, 1))
        return (network.add(z, older), z)

    def of_what_comes_later(network: Network, x: int, y: int) -> tuple[int, ...]:
        return (network.add(y, network.elementwise(x, 14)),)

    def of_another_shape(network: Network, x: int, y: int) -> tuple[int, ...]:
        return (network.add(network.conv_2d(y, 3, (1, 1)), network.mean(x, (1, 2), True)),)

    for make in (
        of_itself,
        of_itself_by_another_name,
        doubled,
        read_twice,
        of_what_comes_later,
        of_another_shape,
    ):
        kinds = _with_add(make)
        assert "add" in kinds
        assert "conv_2d_add" not in kinds


def test_either_operand_may_be_the_convolution() -> None:
    def first(network: Network, x: int, y: int) -> tuple[int, ...]:
        return (network.add(network.conv_2d(y, 3, (1, 1)), x),)

    def second(network: Network, x: int, y: int) -> tuple[int, ...]:
        return (network.add(x, network.conv_2d(y, 3, (1, 1))),)

    for make in (first, second):
        assert _with_add(make) == ["conv_2d", "conv_2d_add"]
