"""Random networks of convolutions whose outputs are added to what was there before."""

from __future__ import annotations

from typing import Any

from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, Network


def residual_network(network: Network, channels: int = 0, pointwise: bool = False) -> int:
    """A few blocks, each of one or two convolutions beside an older activation.

    The addend is the first or the second operand; some blocks lower the image, beside a pointwise
    convolution; some outputs are clamped before they are added, some afterwards.

    Args:
        channels: of all blocks; drawn unless given.
        pointwise: only 1x1 filters.
    """
    random = network.random
    channels = channels or int(random.integers(1, 10))
    height, width = (int(size) for size in random.integers(3, 9, 2))
    x = network.input((1, height, width, int(random.integers(1, 7))))
    x = network.conv_2d(x, channels, (1, 1), activation=RELU)
    for _ in range(int(random.integers(1, 4))):
        x = _block(network, x, channels, pointwise)
    return x


def _block(network: Network, x: int, channels: int, pointwise: bool) -> int:
    random = network.random

    def convolved(source: int, kernel: tuple[int, int], **settings: Any) -> int:
        activation = int(random.choice([NO_ACTIVATION, NO_ACTIVATION, RELU]))
        return network.conv_2d(
            source,
            channels,
            (1, 1) if pointwise else kernel,
            padding=SAME,
            activation=activation,
            per_channel=bool(random.integers(2)),
            **settings,
        )

    stride = int(random.integers(1, 3))
    kernel = int(random.integers(1, 4)), int(random.integers(1, 4))
    y = convolved(x, kernel, stride=(stride, stride))
    if random.random() < 0.8:
        y = convolved(y, kernel)
    beside = x if stride == 1 else convolved(x, (1, 1), stride=(stride, stride))
    operands = (y, beside) if random.random() < 0.5 else (beside, y)
    return network.add(*operands, activation=int(random.choice([NO_ACTIVATION, RELU, RELU6])))
