"""Layers of 16-bit activations by the DSP kernels: any window, all ways of rescaling, exactness."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.dsp.exact import check_on_board, check_on_host, compiled_for_dsp
from compiler.random_int16 import OPERATORS, Int16Network

_KERNELS = {
    "conv_2d": {"dsp/convolution_int16"},
    "depthwise_conv_2d": {"dsp/depthwise_int16", "depthwise_conv_2d_int16"},
    "fully_connected": {"dsp/dense_int16"},
}


class _BiasedNetwork(Int16Network):
    """One whose biases have a type that a test chooses."""

    def __init__(self, seed: int, bias_type: str = "int64") -> None:
        super().__init__(seed)
        self._bias_type = bias_type

    def bias_type(self, axis: int) -> str:
        return self._bias_type


@pytest.mark.parametrize("operator", sorted(_KERNELS))
@pytest.mark.parametrize("seed", range(25))
def test_random_layers_on_this_computer(operator: str, seed: int) -> None:
    network = Int16Network(seed)
    tflite = network.tflite(OPERATORS[operator](network))
    kernels = check_on_host(tflite, network.samples(12))
    assert set(kernels) & _KERNELS[operator]


def _depthwise(network: Int16Network, channels: int, **settings: Any) -> int:
    return network.depthwise_conv_2d(network.input((1, 7, 9, channels)), 1, **settings)


@pytest.mark.parametrize("channels", [4, 5, 7, 8])
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel": (3, 3)},
        {"kernel": (3, 3), "stride": (2, 2)},
        {"kernel": (2, 5), "dilation": (2, 1)},
        {"kernel": (4, 7), "padding": 1, "activation": 1},
    ],
)
def test_depthwise_windows_on_this_computer(channels: int, settings: dict[str, Any]) -> None:
    network = Int16Network(channels)
    tflite = network.tflite(_depthwise(network, channels, **settings))
    assert check_on_host(tflite, network.samples(12)) == ["dsp/depthwise_int16"]


@pytest.mark.parametrize(
    ("inputs", "bias_type", "rescaling"),
    [(30, "int64", 0), (30, "int32", 1), (1301, "int64", 2), (1301, "int32", 2)],
)
def test_each_way_of_rescaling(inputs: int, bias_type: str, rescaling: int) -> None:
    """The sums of 1301 products leave 32 bits: the first samples are the ends of the type."""
    network = _BiasedNetwork(1, bias_type)
    x = network.input((2, inputs))
    x = network.fully_connected(x, 7, per_channel=True)
    network.tensors[1].data[2:4] = [[127], [-127]]
    tflite = network.tflite(x)
    assert check_on_host(tflite, network.samples(12)) == ["dsp/dense_int16"]
    source = "".join(compiled_for_dsp(tflite).sources.values())
    assert f".made.rescaling = {rescaling}," in source


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("bias_type", ["int64", "int32"])
def test_layers_on_the_board(bias_type: str, compiler: str) -> None:
    network = _BiasedNetwork(3, bias_type)
    x = network.input((1, 7, 6, 3))
    x = network.conv_2d(x, 6, (3, 2), (2, 1), activation=1)
    x = network.conv_2d(x, 9, (1, 1))
    x = network.conv_2d(x, 6, (2, 2), dilation=(2, 1), groups=3)
    if bias_type == "int64":
        x = network.depthwise_conv_2d(x, 1, (3, 3))
        x = network.depthwise_conv_2d(x, 1, (2, 5), (1, 2))
    x = network.fully_connected(x, 5, per_channel=True)
    kernels = check_on_board(network.tflite(x), network.samples(12), compiler)
    depthwise = ["dsp/depthwise_int16"] * 2 * (bias_type == "int64")
    assert kernels == ["dsp/convolution_int16"] * 3 + depthwise + ["dsp/dense_int16"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_sums_of_64_bits_on_the_board(compiler: str) -> None:
    network = _BiasedNetwork(4)
    x = network.input((1, 5, 5, 40))
    x = network.conv_2d(x, 5, (5, 5))
    network.tensors[1].data[:] = 127
    assert check_on_board(network.tflite(x), network.samples(6), compiler) == [
        "dsp/convolution_int16"
    ]
