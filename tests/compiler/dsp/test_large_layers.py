"""Layers so large that the assembly's offsets do not fit an instruction, on the virtual board."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.dsp.exact import check_on_board
from compiler.networks import Network


def _thinned(network: Network, y: int, kept: float) -> int:
    """`y`, most of whose weights become 0, so that sums stay small."""
    filters = network.tensors[network.operators[-1].inputs[1]]
    values = np.array(filters.data)
    values[network.random.random(values.shape) > kept] = 0
    filters.data = values
    return y


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_layers_of_many_channels_on_the_board(compiler: str) -> None:
    """Each was once refused by the assembler."""
    network = Network(1)
    made = [network.conv_2d(network.input((1, 8, 8, 201)), 4, (2, 2), (4, 4))]
    for height, width, channels, outputs in ((9, 9, 150, 5), (9, 8, 151, 6)):
        x = network.input((1, height, width, channels))
        made.append(_thinned(network, network.conv_2d(x, outputs, (5, 5)), 0.2))
    made.append(network.depthwise_conv_2d(network.input((1, 2, 2, 1025)), 1, (3, 3)))
    x = network.input((1, 9, 9, 226))
    made.append(_thinned(network, network.conv_2d(x, 3, (9, 9)), 0.05))
    kernels = check_on_board(network.tflite(*made), network.samples(4), compiler)
    strip = "dsp/strip_convolution"
    assert sorted(kernels) == ["conv_2d", "dsp/depthwise_3x3", strip, strip, strip]
