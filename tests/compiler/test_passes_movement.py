"""Passes over reshapes, transposes, divided images, tables and equal ops, beyond their goldens."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import Graph, HostModel, compile_graph, interpret, lower
from coincell.compiler.passes import (
    FOLD_PADDING,
    FOLD_SPACE_BATCHES,
    FUSE_CLAMPS,
    LIFT_SEQUENCES,
    MERGE_EQUAL_OPS,
    MERGE_LOOKUPS,
    MERGE_TRANSPOSES,
)
from coincell.compiler.text import parse_graph
from coincell.compiler.verify import verify


def _samples(graph: Graph, count: int = 10) -> list[np.ndarray]:
    random = np.random.default_rng(9)
    arrays = []
    for name in graph.inputs:
        tensor = graph.tensor(name)
        limits = np.iinfo(tensor.dtype.numpy)
        drawn = random.integers(limits.min, limits.max + 1, (count, *tensor.shape))
        arrays.append(drawn.astype(tensor.dtype.numpy))
    return arrays


def _same_meaning(before: Graph, after: Graph) -> None:
    verify(before)
    verify(after)
    inputs = _samples(before)
    for ours, theirs in zip(interpret(before, inputs), interpret(after, inputs), strict=True):
        assert np.array_equal(ours, theirs)


def _kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


@pytest.mark.parametrize(
    ("padding", "low", "folded"),
    [(-128, -128, True), (-100, -128, False), (5, 5, True), (6, 5, False)],
)
def test_a_pool_takes_over_padding_that_is_never_larger(
    padding: int, low: int, folded: bool
) -> None:
    graph = parse_graph(
        f"""graph padded(%x) -> %y
        input  %x: int8[1, 3, 4, 2] q(0.5, 3)
        %positive: int8[1, 3, 4, 2] q(0.5, 3) = requantize(%x) clamp=({low}, 127)
        %padded: int8[1, 5, 5, 2] q(0.5, 3) = pad(%positive) \
padding=((0, 0), (1, 1), (0, 1), (0, 0)) value={padding}
        %y: int8[1, 2, 2, 2] q(0.5, 3) = max_pool_2d(%padded) window=(3, 3) stride=(2, 2) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
        """
    )
    after = FOLD_PADDING.run(graph)
    _same_meaning(graph, after)
    assert (after.ops[-1].inputs[0] == "positive") is folded


def test_a_pool_that_would_see_padding_alone_keeps_its_pad() -> None:
    graph = parse_graph(
        """graph padded(%x) -> %y
        input  %x: int8[1, 2, 2, 1] q(0.5, 3)
        %padded: int8[1, 6, 2, 1] q(0.5, 3) = pad(%x) \
padding=((0, 0), (2, 2), (0, 0), (0, 0)) value=-128
        %y: int8[1, 5, 2, 1] q(0.5, 3) = max_pool_2d(%padded) window=(2, 1) stride=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
        """
    )
    after = FOLD_PADDING.run(graph)
    _same_meaning(graph, after)
    assert _kinds(after) == ["pad", "max_pool_2d"]


def test_chains_of_random_transposes_become_one_at_most() -> None:
    random = np.random.default_rng(1)
    for _ in range(30):
        shape = random.choice([1, 2, 3], 4).tolist()
        lines, sizes = [f"input %t0: int8{shape} q(0.5, 3)"], shape
        for index in range(3):
            order = random.permutation(4).tolist()
            sizes = [sizes[axis] for axis in order]
            lines.append(
                f"%t{index + 1}: int8{sizes} q(0.5, 3) = transpose(%t{index}) order={tuple(order)}"
            )
        graph = parse_graph("\n".join(["graph turns(%t0) -> %t3", *lines]))
        after = MERGE_TRANSPOSES.run(graph)
        _same_meaning(graph, after)
        assert _kinds(lower(graph)).count("transpose") <= 1
        assert after.ops[-1].inputs == ("t0",)


@pytest.mark.parametrize("seed", range(12))
def test_divided_images_become_dilation(seed: int) -> None:
    random = np.random.default_rng(seed)
    block = random.integers(1, 4, 2)
    taps = random.integers(1, 3, 2)
    sizes = random.integers(4, 8, 2)
    before = random.integers(0, 3, 2)
    after_ = [
        int(-(size + b) % k + k * random.integers(0, 2))
        for size, b, k in zip(sizes, before, block, strict=True)
    ]
    small = [
        (int(s + b) + a) // int(k) for s, b, a, k in zip(sizes, before, after_, block, strict=True)
    ]
    if any(size < t for size, t in zip(small, taps, strict=True)):
        pytest.skip("the divided images are smaller than the filter")
    made = [size - int(t) + 1 for size, t in zip(small, taps, strict=True)]
    cut = [
        (int(random.integers(0, b + 1)), int(random.integers(0, a + 1)))
        for b, a in zip(before, after_, strict=True)
    ]
    whole = [size * int(k) - sum(pair) for size, k, pair in zip(made, block, cut, strict=True)]
    if min(whole) < 1:
        pytest.skip("nothing is left of the result")
    margin = tuple((int(b), a) for b, a in zip(before, after_, strict=True))
    images = int(np.prod(block))
    weights = random.integers(-9, 10, (1, *taps, 2)).reshape(-1).tolist()
    graph = parse_graph(
        f"""graph divided(%x) -> %y
        input  %x: int8[1, {sizes[0]}, {sizes[1]}, 2] q(0.5, 3)
        const  %w: int8[1, {taps[0]}, {taps[1]}, 2] q(0.25, 0) = {weights}
        %d: int8[{images}, {small[0]}, {small[1]}, 2] q(0.5, 3) = space_to_batch(%x) \
block={tuple(block.tolist())} margin={margin} value=3
        %c: int8[{images}, {made[0]}, {made[1]}, 2] q(1.0, 5) = depthwise_conv_2d(%d, %w) \
stride=(1, 1) dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
        %y: int8[1, {whole[0]}, {whole[1]}, 2] q(1.0, 5) = batch_to_space(%c) \
block={tuple(block.tolist())} margin={tuple(cut)}
        """
    )
    after = FOLD_SPACE_BATCHES.run(graph)
    _same_meaning(graph, after)
    assert _kinds(lower(graph)) == ["depthwise_conv_2d"]


def test_one_table_does_for_a_chain_in_c_too() -> None:
    graph = parse_graph(
        """graph chain(%x) -> %y, %z
        input  %x: uint8[1, 9] q(0.05, 131)
        const  %half: int8[1] q(0.25, 0) = [2]
        %signed: int8[1, 9] q(0.05, 3) = requantize(%x) clamp=(-128, 127)
        %smooth: int8[1, 9] q(0.00390625, -128) = logistic(%signed)
        %y: int8[1, 9] q(0.001, -128) = mul(%half, %smooth) clamp=(-128, 127)
        %z: uint8[1, 9] q(0.05, 128) = requantize(%x) clamp=(0, 255)
        """
    )
    after = MERGE_LOOKUPS.run(graph)
    _same_meaning(graph, after)
    assert _kinds(after) == ["lookup_table", "requantize"]
    inputs = _samples(graph, 40)
    made = HostModel(compile_graph(graph, "chain")).run_many(inputs)
    for ours, theirs in zip(made, interpret(graph, inputs), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["abs", "exp", "gelu", "rsqrt"])
def test_every_function_of_one_value_joins_a_chain(kind: str) -> None:
    settings = " approximate=True" if kind == "gelu" else ""
    graph = parse_graph(
        f"""graph chain(%x) -> %y
        input  %x: int8[1, 9] q(0.05, 3)
        %a: int8[1, 9] q(0.04, -3) = requantize(%x) clamp=(-128, 127)
        %y: int8[1, 9] q(0.1, 7) = {kind}(%a){settings}
        """
    )
    after = MERGE_LOOKUPS.run(graph)
    _same_meaning(graph, after)
    assert _kinds(after) == ["lookup_table"]


def test_a_value_with_a_second_reader_keeps_its_table() -> None:
    graph = parse_graph(
        """graph shared(%x) -> %y, %z
        input  %x: int8[1, 3] q(0.5, 3)
        %a: int8[1, 3] q(0.25, 0) = requantize(%x) clamp=(-128, 127)
        %y: int8[1, 3] q(0.0078125, 0) = tanh(%a)
        %z: int8[1, 3] q(0.00390625, -128) = logistic(%a)
        """
    )
    assert MERGE_LOOKUPS.run(graph) == graph


def test_equal_ops_of_unlike_settings_both_stay() -> None:
    graph = parse_graph(
        """graph unlike(%x) -> %y
        input  %x: int8[1, 3] q(0.5, 3)
        %a: int8[1, 3] q(0.25, 0) = requantize(%x) clamp=(-128, 127)
        %b: int8[1, 3] q(0.25, 0) = requantize(%x) clamp=(0, 127)
        %c: int8[1, 3] q(0.25, 1) = requantize(%x) clamp=(-128, 127)
        %d: int8[1, 3] q(0.5, 0) = add(%a, %b) clamp=(-128, 127)
        %y: int8[1, 3] q(0.5, 0) = add(%d, %c) clamp=(-128, 127)
        """
    )
    after = MERGE_EQUAL_OPS.run(graph)
    _same_meaning(graph, after)
    assert len(after.ops) == 5


@pytest.mark.parametrize("other", ["w", "x"])
def test_a_known_branch_becomes_an_addend_in_c_too(other: str) -> None:
    graph = parse_graph(
        f"""graph branch(%x) -> %y
        input  %x: int8[1, 2, 2, 2] q(0.5, 3)
        const  %w: int8[1, 2, 2, 2] q(0.5, 3) = [1, 2, 3, 4, 5, 6, 7, 8]
        const  %zeros: int8[2, 1, 1, 2] q(0.25, 0) = [0, 0, 0, 0]
        const  %b: int32[2] = [40, 60]
        %dead: int8[1, 2, 2, 2] q(0.5, -10) = conv_2d(%x, %zeros, %b) stride=(1, 1) \
dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
        %sum: int8[1, 2, 2, 2] q(0.5, 0) = add(%{other}, %dead) clamp=(-128, 127)
        %y: int8[1, 2, 2, 2] q(0.5, 0) = sub(%x, %sum) clamp=(-128, 127)
        """
    )
    after = lower(graph)
    _same_meaning(graph, after)
    assert _kinds(after) == (["add", "sub"] if other == "x" else ["conv_2d", "add", "sub"])
    inputs = _samples(graph, 20)
    made = HostModel(compile_graph(graph, "branch")).run_many(inputs)
    for ours, theirs in zip(made, interpret(graph, inputs), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["add", "mul", "sub", "squared_difference"])
def test_a_clamp_joins_whatever_can_clamp(kind: str) -> None:
    graph = parse_graph(
        f"""graph clamped(%x, %z) -> %y
        input  %x: int8[1, 9] q(0.5, 3)
        input  %z: int8[1, 9] q(0.5, 3)
        %made: int8[1, 9] q(1.5, -20) = {kind}(%x, %z) clamp=(-100, 127)
        %y: int8[1, 9] q(1.5, -20) = requantize(%made) clamp=(-128, 50)
        """
    )
    after = FUSE_CLAMPS.run(graph)
    _same_meaning(graph, after)
    assert _kinds(after) == [kind]
    assert after.ops[0].attributes.clamp == (-100, 50)


_SEQUENCES = """graph sequences(%x) -> %y
        input  %x: int8[1, {steps}, 3] q(0.5, 3)
        const  %w: int8[2, 1, {taps}, 3] q(0.25, 0) = {weights}
        %before: int8[1, {padded}, 3] q(0.5, 3) = pad(%x) \
padding=((0, 0), ({left}, 0), (0, 0)) value=3
        %d: int8[{block}, {small}, 3] q(0.5, 3) = space_to_batch(%before) \
block=({block},) margin=((0, {margin}),) value=3
        %i: int8[{block}, 1, {small}, 3] q(0.5, 3) = reshape(%d)
        %c: int8[{block}, 1, {made}, 2] q(1.0, 5) = conv_2d(%i, %w) \
stride=(1, 1) dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
        %s: int8[{block}, {made}, 2] q(1.0, 5) = reshape(%c)
        %y: int8[1, {steps}, 2] q(1.0, 5) = batch_to_space(%s) \
block=({block},) margin=((0, {margin}),)
        """


@pytest.mark.parametrize("block", [2, 3, 8])
@pytest.mark.parametrize("taps", [1, 2, 5])
def test_a_causal_convolution_of_sequences_is_one_op(block: int, taps: int) -> None:
    steps, left = 13, (taps - 1) * block
    padded = steps + left
    margin = -padded % block
    small = (padded + margin) // block
    weights = np.random.default_rng(block).integers(-9, 10, 6 * taps).tolist()
    graph = parse_graph(
        _SEQUENCES.format(
            steps=steps,
            taps=taps,
            weights=weights,
            padded=padded,
            left=left,
            block=block,
            small=small,
            margin=margin,
            made=small - taps + 1,
        )
    )
    _same_meaning(graph, LIFT_SEQUENCES.run(graph))
    lowered = lower(graph)
    _same_meaning(graph, lowered)
    assert set(_kinds(lowered)) == {"reshape", "conv_2d"}


def test_sequences_that_no_reshape_is_near_stay() -> None:
    graph = parse_graph(
        """graph alone(%x) -> %y
        input  %x: int8[1, 4, 3] q(0.5, 3)
        %y: int8[1, 6, 3] q(0.5, 3) = pad(%x) padding=((0, 0), (2, 0), (0, 0)) value=3
        """
    )
    assert LIFT_SEQUENCES.run(graph) == graph
