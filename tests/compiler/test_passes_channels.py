"""Dead, constant and equal channels: gone where that is exact, and the meaning stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import Graph, interpret, lower, read_model
from coincell.compiler.passes import DROP_CONSTANT_CHANNELS, MERGE_EQUAL_CHANNELS, Pass
from coincell.compiler.passes._channels import rounded
from coincell.compiler.text import parse_graph
from coincell.compiler.verify import verify
from compiler.dead_networks import DeadNetwork, dead_network

PASSES = {step.name: step for step in (DROP_CONSTANT_CHANNELS, MERGE_EQUAL_CHANNELS)}


def _same_meaning(before: Graph, after: Graph, count: int = 12) -> None:
    verify(after)
    random = np.random.default_rng(3)
    inputs = []
    for name in before.inputs:
        tensor = before.tensor(name)
        limits = np.iinfo(tensor.dtype.numpy)
        samples = random.integers(limits.min, limits.max + 1, (count, *tensor.shape))
        samples[0], samples[1] = limits.min, limits.max
        samples[2] = random.choice([limits.min, limits.max], tensor.shape)
        inputs.append(samples.astype(tensor.dtype.numpy))
    for ours, theirs in zip(interpret(before, inputs), interpret(after, inputs), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", PASSES)
def test_networks_with_dead_filters_keep_their_meaning(name: str) -> None:
    saved = 0
    for seed in range(60):
        network = DeadNetwork(seed)
        graph = read_model(network.tflite(dead_network(network)))
        after = PASSES[name].run(graph)
        _same_meaning(graph, after)
        again = PASSES[name].run(after)
        assert again.macs == after.macs, "a second run finds nothing more"
        saved += graph.macs - after.macs
    assert saved > 0


def test_half_of_the_visual_wake_words_model_is_dead(shared: Path) -> None:
    path = shared / "models" / "mlperf_tiny" / "vww_96_int8.tflite"
    graph = read_model(path.read_bytes())
    after = lower(graph)
    _same_meaning(graph, after, 4)
    filters = {op.inputs[1] for op in after.ops if len(op.inputs) > 1}
    weights = sum(after.tensor(name).elements for name in filters)
    assert (graph.macs, after.macs, weights) == (7_489_664, 3_766_476, 30_340)


@pytest.mark.parametrize("name", ["kws_ref_model", "pretrainedResnet_quant", "ad01_int8"])
def test_models_without_dead_channels_stay_as_they_are(shared: Path, name: str) -> None:
    graph = read_model((shared / "models" / "mlperf_tiny" / f"{name}.tflite").read_bytes())
    assert lower(graph).macs == graph.macs


def _pointwise(weights: list[int], following: list[int], biases: list[int], shape: str) -> Graph:
    """Two convolutions, the first 1x1 with one input channel, the second as `shape` says."""
    count = len(weights)
    outputs, height, width, _ = (int(part) for part in shape.split("x"))
    padding = (height // 2, height // 2, width // 2, width // 2)
    return parse_graph(
        f"""graph two(%x) -> %y
        input  %x: int8[1, 3, 3, 1] q(0.5, 3)
        const  %w1: int8[{count}, 1, 1, 1] q(0.25, 0) = {weights}
        const  %b1: int32[{count}] = {biases}
        const  %w2: int8[{outputs}, {height}, {width}, {count}] q(0.25, 0) = {following}
        %first: int8[1, 3, 3, {count}] q(0.5, -100) = conv_2d(%x, %w1, %b1) stride=(1, 1) \
dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
        %y: int8[1, 3, 3, {outputs}] q(0.5, -10) = conv_2d(%first, %w2) stride=(1, 1) \
dilation=(1, 1) padding={padding} clamp=(-128, 127)
        """
    )


def test_a_constant_folds_into_a_bias_that_was_not_there() -> None:
    graph = _pointwise([5, 0], [1, 2, 3, 4], [7, 80], "2x1x1x2")
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    held = round(80 * 0.25)  # real value over the output's scale, with the zero point left out
    assert after.tensor(after.ops[1].inputs[2]).array.tolist() == [2 * held, 4 * held]
    assert after.tensor("first").shape[3] == 1


@pytest.mark.parametrize(("bias", "live"), [(0, 1), (80, 2)])
def test_a_constant_beside_padding_goes_only_as_zero(bias: int, live: int) -> None:
    following = list(range(1, 7))
    graph = _pointwise([5, 0], following, [7, bias], "1x3x1x2")
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[3] == live


def test_taps_that_cancel_at_every_border_do_not_matter() -> None:
    graph = _pointwise([5, 0], [1, 0, 2, 9, 3, 0], [7, 80], "1x3x1x2")
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[3] == 1, "the outer taps of the constant channel are zero"


def test_a_bias_that_would_leave_32_bits_keeps_its_channel() -> None:
    text = """graph full(%x) -> %y
      input  %x: int8[1, 4] q(0.5, 3)
      const  %w1: int8[3, 4] q(0.25, 0) = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
      const  %b1: int32[3] = [1, 2, 400]
      const  %w2: int8[1, 3] q(0.25, 0) = [1, 2, 3]
      const  %b2: int32[1] = [BIAS]
      %first: int8[1, 3] q(0.5, 0) = fully_connected(%x, %w1, %b1) clamp=(-128, 127)
      %y: int8[1, 1] q(1000000.0, 0) = fully_connected(%first, %w2, %b2) clamp=(-128, 127)
    """
    for bias, live in ((2**31 - 301, 2), (2**31 - 300, 3)):
        graph = parse_graph(text.replace("BIAS", str(bias)))
        after = DROP_CONSTANT_CHANNELS.run(graph)
        _same_meaning(graph, after)
        assert after.tensor("first").shape[1] == live


def test_sums_of_weights_stay_within_int8() -> None:
    for second, live in ((27, 1), (28, 2)):
        graph = _pointwise([5, 5], [100, second], [7, 7], "1x1x1x2")
        after = MERGE_EQUAL_CHANNELS.run(graph)
        _same_meaning(graph, after)
        assert after.tensor("first").shape[3] == live


@pytest.mark.parametrize("step", [DROP_CONSTANT_CHANNELS, MERGE_EQUAL_CHANNELS])
def test_what_the_caller_reads_stays(step: Pass) -> None:
    graph = _pointwise([5, 5, 0], [1, 2, 3], [7, 7, 80], "1x1x1x3")
    seen = Graph("seen", graph.tensors, graph.inputs, ("first", "y"), graph.ops)
    after = step.run(seen)
    _same_meaning(seen, after)
    assert after.tensor("first").shape[3] == 3


def test_numbers_of_channels_are_rounded_up_where_it_is_cheap() -> None:
    found = {live: rounded(live) for live in (1, 2, 3, 5, 7, 9, 12, 19, 29, 30, 57, 107)}
    assert found == {
        1: 1, 2: 2, 3: 3, 5: 6, 7: 8, 9: 10, 12: 12, 19: 20, 29: 32, 30: 32, 57: 60, 107: 108
    }  # fmt: skip


def test_a_dense_layer_with_its_own_scales_may_keep_a_single_one() -> None:
    text = """graph scales(%x) -> %y
      input  %x: int8[1, 2] q(0.5, 3)
      const  %w1: int8[3, 2] q([0.25, 0.5, 0.125], [0, 0, 0], 0) = [1, 2, 0, 0, 0, 0]
      const  %b1: int32[3] = [1, 20, 400]
      const  %w2: int8[1, 3] q(0.25, 0) = [1, 2, 3]
      %first: int8[1, 3] q(0.5, 0) = fully_connected(%x, %w1, %b1) clamp=(-128, 127)
      %y: int8[1, 1] q(10.0, 0) = fully_connected(%first, %w2) clamp=(-128, 127)
    """
    graph = parse_graph(text)
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape == (1, 1)
    assert after.tensor(after.ops[0].inputs[1]).scale == 0.25


def test_a_flattened_image_loses_the_channel_of_every_pixel() -> None:
    text = """graph flat(%x) -> %y
      input  %x: int8[1, 2, 2, 1] q(0.5, 3)
      const  %w1: int8[2, 1, 1, 1] q(0.25, 0) = [3, 0]
      const  %w2: int8[2, 8] q(0.25, 0) = [1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1]
      %first: int8[1, 2, 2, 2] q(0.5, 0) = conv_2d(%x, %w1) stride=(1, 1) dilation=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
      %vector: int8[1, 8] q(0.5, 0) = reshape(%first)
      %y: int8[1, 2] q(2.0, 0) = fully_connected(%vector, %w2) clamp=(-128, 127)
    """
    graph = parse_graph(text)
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("vector").shape == (1, 4)
    weights = after.tensor(after.ops[-1].inputs[1]).array
    assert weights.tolist() == [[1, 3, 5, 7], [8, 6, 4, 2]]


def test_a_depthwise_layer_reads_all_channels_of_the_graphs_input() -> None:
    text = """graph first(%x) -> %y
      input  %x: int8[1, 2, 2, 2] q(0.5, 3)
      const  %w1: int8[1, 1, 1, 2] q(0.25, 0) = [3, 0]
      const  %w2: int8[1, 1, 1, 2] q(0.25, 0) = [1, 2]
      %first: int8[1, 2, 2, 2] q(0.5, 0) = depthwise_conv_2d(%x, %w1) stride=(1, 1) \
dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
      %y: int8[1, 2, 2, 1] q(2.0, 0) = conv_2d(%first, %w2) stride=(1, 1) dilation=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
    """
    graph = parse_graph(text)
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[3] == 2


def test_new_constants_never_take_a_name_that_the_file_has() -> None:
    text = """graph names(%x) -> %y
      input  %x: int8[1, 2, 2, 1] q(0.5, 3)
      const  %w: int8[2, 1, 1, 1] q(0.25, 0) = [3, 0]
      const  %v: int8[1, 1, 1, 2] q(0.25, 0) = [1, 2]
      const  %w_of_first: int8[1, 1, 1, 1] q(0.5, 0) = [9]
      %first: int8[1, 2, 2, 2] q(0.5, 0) = conv_2d(%x, %w) stride=(1, 1) dilation=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
      %v_of_sum: int8[1, 2, 2, 1] q(2.0, 0) = conv_2d(%x, %w_of_first) stride=(1, 1) \
dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
      %sum: int8[1, 2, 2, 1] q(2.0, 0) = conv_2d(%first, %v) stride=(1, 1) dilation=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
      %y: int8[1, 2, 2, 1] q(2.0, 0) = add(%v_of_sum, %sum) clamp=(-128, 127)
    """
    graph = parse_graph(text)
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[3] == 1


_IMAGE = "int8[1, 2, 3, 3] q(0.5, -20)"
_CARRIED = {
    "average_pool_2d": f"%middle: {_IMAGE} = average_pool_2d(%first) window=(2, 2) "
    "stride=(1, 1) padding=(1, 0, 0, 1) clamp=(-128, 127)",
    "max_pool_2d": f"%middle: {_IMAGE} = max_pool_2d(%first) window=(2, 2) stride=(1, 1) "
    "padding=(1, 0, 0, 1) clamp=(-128, 127)",
    "requantize": f"%middle: {_IMAGE.replace('0.5', '0.4')} = requantize(%first) clamp=(-90, 99)",
    "gelu": f"%middle: {_IMAGE} = gelu(%first) approximate=False",
    "add": f"%middle: {_IMAGE} = add(%first, %three) clamp=(-128, 127)",
    "mul": f"%middle: {_IMAGE} = mul(%three, %first) clamp=(-128, 127)",
    "prelu": f"%middle: {_IMAGE} = prelu(%first, %three)",
    "one factor": f"%middle: {_IMAGE} = mul(%first, %one) clamp=(-128, 127)",
    "rows turned": "%middle: int8[1, 3, 2, 3] q(0.5, -20) = transpose(%first) order=(0, 2, 1, 3)",
    "pad": "%middle: int8[1, 3, 3, 3] q(0.5, -20) = pad(%first) "
    "padding=((0, 0), (1, 0), (0, 0), (0, 0)) value=7",
    "mean": "%middle: int8[1, 1, 3, 3] q(0.25, 20) = mean(%first) axes=(1,)",
    "reduce_max": "%middle: int8[1, 1, 1, 3] q(0.5, -20) = reduce_max(%first) axes=(1, 2)",
    "resize": "%middle: int8[1, 4, 6, 3] q(0.5, -20) = resize_nearest_neighbor(%first) "
    "align_corners=False half_pixel_centers=False",
    "rows joined": "%middle: int8[1, 4, 3, 3] q(0.5, -20) = concatenation(%first, %first) axis=1",
}
_MIXED = {
    "channels turned": "%middle: int8[1, 2, 3, 3] q(0.5, -20) = transpose(%first) "
    "order=(0, 1, 3, 2)",
    "channels padded": "%middle: int8[1, 2, 3, 4] q(0.5, -20) = pad(%first) "
    "padding=((0, 0), (0, 0), (0, 0), (1, 0)) value=7",
    "mean of channels": "%middle: int8[1, 2, 3, 1] q(0.25, 20) = mean(%first) axes=(3,)",
    "softmax": "%middle: int8[1, 2, 3, 3] q(0.00390625, -128) = softmax(%first) beta=1.0",
    "columns as channels": "%middle: int8[1, 3, 2, 3] q(0.5, -20) = transpose(%first) "
    "order=(0, 3, 1, 2)",
}


def _carrying(line: str) -> Graph:
    """Two 1x1 convolutions, the first with a filter of zeros in the middle, and one op between."""
    _, height, width, channels = (
        int(size) for size in line.partition("[")[2].partition("]")[0].split(",")
    )
    weights = [int(value) for value in np.arange(2 * channels) - channels + 1]
    return parse_graph(
        f"""graph carried(%x) -> %y
        input  %x: int8[1, 2, 3, 2] q(0.5, 3)
        const  %w: int8[3, 1, 1, 2] q(0.25, 0) = [5, -6, 0, 0, 7, 8]
        const  %b: int32[3] = [10, 77, -30]
        const  %three: int8[1, 1, 1, 3] q(0.125, 0) = [10, 20, -30]
        const  %one: int8[1, 1, 1, 1] q(0.125, 0) = [11]
        const  %v: int8[2, 1, 1, {channels}] q(0.25, 0) = {weights}
        %first: {_IMAGE} = conv_2d(%x, %w, %b) stride=(1, 1) dilation=(1, 1) \
padding=(0, 0, 0, 0) clamp=(-128, 127)
        {line}
        %y: int8[1, {height}, {width}, 2] q(2.0, -10) = conv_2d(%middle, %v) stride=(1, 1) \
dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)
        """
    )


@pytest.mark.parametrize("kind", _CARRIED)
def test_a_constant_channel_goes_through_what_keeps_channels_apart(kind: str) -> None:
    graph = _carrying(_CARRIED[kind])
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    constant_everywhere = kind != "pad"  # what is padded with is another number
    assert after.tensor("first").shape[3] == (2 if constant_everywhere else 3)


@pytest.mark.parametrize("kind", _MIXED)
def test_a_constant_channel_stays_before_what_mixes_channels(kind: str) -> None:
    graph = _carrying(_MIXED[kind])
    after = DROP_CONSTANT_CHANNELS.run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[3] == 3


@pytest.mark.parametrize("name", PASSES)
def test_a_table_is_no_channels_though_there_are_as_many(name: str) -> None:
    random = np.random.default_rng(6)
    constants = {
        "weights": np.repeat(random.integers(-9, 10, (64, 1)), 4, axis=0),
        "table": random.permutation(256) - 128,
        "following": random.integers(-30, 31, (1, 256)),
    }
    constants["weights"][128:] = 0
    graph = parse_graph(
        """graph wide(%x) -> %y
        input  %x: int8[1, 1] q(0.5, 3)
        const  %w: int8[256, 1] q(0.25, 0) = sha256:weights
        const  %table: int8[256] = sha256:table
        const  %v: int8[1, 256] q(0.25, 0) = sha256:following
        %first: int8[1, 256] q(0.5, 0) = fully_connected(%x, %w) clamp=(-128, 127)
        %middle: int8[1, 256] q(0.5, 0) = lookup_table(%first, %table)
        %y: int8[1, 1] q(8.0, 0) = fully_connected(%middle, %v) clamp=(-128, 127)
        """,
        {key: values.astype(np.int8).tobytes() for key, values in constants.items()},
    )
    after = PASSES[name].run(graph)
    _same_meaning(graph, after)
    assert after.tensor("first").shape[1] < 256
