"""The kinds of op: each with its attributes, its legality, its meaning and its C in one file."""

from coincell.compiler.ir import Attributes
from coincell.compiler.operators.activation import Elu, HardSwish, LeakyRelu
from coincell.compiler.operators.add import Add, SquaredDifference, Sub
from coincell.compiler.operators.arg_extremum import ArgMax, ArgMin
from coincell.compiler.operators.batch_matmul import BatchMatMul
from coincell.compiler.operators.broadcast import Broadcasting
from coincell.compiler.operators.concatenation import Concatenation
from coincell.compiler.operators.conv_2d import Conv2D
from coincell.compiler.operators.conv_2d_add import Conv2DAdd
from coincell.compiler.operators.convolution import Convolution
from coincell.compiler.operators.depthwise_conv_2d import DepthwiseConv2D
from coincell.compiler.operators.edges import Cast, Dequantize, Quantize
from coincell.compiler.operators.elementwise import Maximum, Minimum, Mul, Prelu
from coincell.compiler.operators.float_functions import FloatElu, FloatFunction, Neg, Sqrt, Square
from coincell.compiler.operators.fully_connected import FullyConnected
from coincell.compiler.operators.functions import Abs, Exp, Gelu, Log, Root, Rsqrt
from coincell.compiler.operators.gather import Gather
from coincell.compiler.operators.l2_normalization import L2Normalization
from coincell.compiler.operators.log_softmax import LogSoftmax
from coincell.compiler.operators.lookup_table import LookupTable
from coincell.compiler.operators.lstm import Lstm
from coincell.compiler.operators.mirror_pad import MirrorPad
from coincell.compiler.operators.pad import Pad
from coincell.compiler.operators.pool_2d import AveragePool2D, MaxPool2D, Pool2D
from coincell.compiler.operators.reduction import Mean, ReduceMax, ReduceMin, Sum
from coincell.compiler.operators.repeat import BroadcastTo, Tile
from coincell.compiler.operators.requantize import Requantize
from coincell.compiler.operators.reshape import Reshape
from coincell.compiler.operators.resize import Resize, ResizeBilinear, ResizeNearestNeighbor
from coincell.compiler.operators.shape import Pack, Shape
from coincell.compiler.operators.sigmoid import Logistic, Tanh
from coincell.compiler.operators.slices import Split, StridedSlice, Unpack
from coincell.compiler.operators.softmax import Softmax
from coincell.compiler.operators.space_batch import BatchToSpace, SpaceToBatch
from coincell.compiler.operators.svdf import Svdf
from coincell.compiler.operators.transpose import DepthToSpace, SpaceToDepth, Transpose
from coincell.compiler.operators.transpose_conv import TransposeConv

_KINDS: tuple[type[Attributes], ...] = (
    Abs,
    Add,
    ArgMax,
    ArgMin,
    AveragePool2D,
    BatchMatMul,
    BatchToSpace,
    BroadcastTo,
    Cast,
    Concatenation,
    Conv2D,
    Conv2DAdd,
    DepthToSpace,
    DepthwiseConv2D,
    Dequantize,
    Elu,
    Exp,
    FloatElu,
    FullyConnected,
    Gather,
    Gelu,
    HardSwish,
    L2Normalization,
    LeakyRelu,
    Log,
    LogSoftmax,
    Logistic,
    LookupTable,
    Lstm,
    MaxPool2D,
    Maximum,
    Mean,
    Minimum,
    MirrorPad,
    Mul,
    Neg,
    Pack,
    Pad,
    Prelu,
    Quantize,
    ReduceMax,
    ReduceMin,
    Requantize,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Root,
    Rsqrt,
    Shape,
    Softmax,
    SpaceToBatch,
    SpaceToDepth,
    Split,
    Sqrt,
    Square,
    SquaredDifference,
    StridedSlice,
    Sub,
    Sum,
    Svdf,
    Tanh,
    Tile,
    Transpose,
    TransposeConv,
    Unpack,
)

OPERATORS: dict[str, type[Attributes]] = {kind.kind: kind for kind in _KINDS}
"""Every kind by its name in the text form; Broadcasting, Convolution, FloatFunction, Pool2D
and Resize are the bases of some."""

__all__ = [
    "OPERATORS",
    "Abs",
    "Add",
    "ArgMax",
    "ArgMin",
    "AveragePool2D",
    "BatchMatMul",
    "BatchToSpace",
    "BroadcastTo",
    "Broadcasting",
    "Cast",
    "Concatenation",
    "Conv2D",
    "Conv2DAdd",
    "Convolution",
    "DepthToSpace",
    "DepthwiseConv2D",
    "Dequantize",
    "Elu",
    "Exp",
    "FloatElu",
    "FloatFunction",
    "FullyConnected",
    "Gather",
    "Gelu",
    "HardSwish",
    "L2Normalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "Logistic",
    "LookupTable",
    "Lstm",
    "MaxPool2D",
    "Maximum",
    "Mean",
    "Minimum",
    "MirrorPad",
    "Mul",
    "Neg",
    "Pack",
    "Pad",
    "Pool2D",
    "Prelu",
    "Quantize",
    "ReduceMax",
    "ReduceMin",
    "Requantize",
    "Reshape",
    "Resize",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "Root",
    "Rsqrt",
    "Shape",
    "Softmax",
    "SpaceToBatch",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Square",
    "SquaredDifference",
    "StridedSlice",
    "Sub",
    "Sum",
    "Svdf",
    "Tanh",
    "Tile",
    "Transpose",
    "TransposeConv",
    "Unpack",
]
