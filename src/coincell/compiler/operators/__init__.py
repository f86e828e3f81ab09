"""The kinds of op: one file each, with its attributes, its legality, its meaning and its C."""

from coincell.compiler.operators.conv_2d import Conv2D
from coincell.compiler.operators.depthwise_conv_2d import DepthwiseConv2D
from coincell.compiler.operators.fully_connected import FullyConnected
from coincell.compiler.operators.pool_2d import AveragePool2D, MaxPool2D
from coincell.compiler.operators.reshape import Reshape
from coincell.compiler.operators.softmax import Softmax

OPERATORS = {
    kind.kind: kind
    for kind in (
        AveragePool2D,
        Conv2D,
        DepthwiseConv2D,
        FullyConnected,
        MaxPool2D,
        Reshape,
        Softmax,
    )
}
"""Every kind by its name in the text form."""

__all__ = [
    "OPERATORS",
    "AveragePool2D",
    "Conv2D",
    "DepthwiseConv2D",
    "FullyConnected",
    "MaxPool2D",
    "Reshape",
    "Softmax",
]
