"""The parts of the .tflite schema that the compiler reads, as plain records.

Source: tensorflow/lite/schema/schema.fbs, version 3 (file identifier TFL3). Slots are the fields'
positions in their table, counted from 0; enum values are the schema's. Nothing here knows what an
operator means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.reading.flatbuffer import Table, root_table
from coincell.errors import ModelError

IDENTIFIER = b"TFL3"
MAX_FILE_BYTES = 64 << 20
MAX_TENSORS = 8192
MAX_OPERATORS = 2048
MAX_OPERANDS = 64
MAX_RANK = 6
MAX_CHANNELS = 1 << 20
MAX_SUBGRAPHS = 16
MAX_CUSTOM_OPTIONS = 1 << 20

TENSOR_TYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "float64",
    13: "resource",
    17: "int4",
}

CUSTOM = 32

BUILTIN_OPERATORS = {
    0: "ADD",
    1: "AVERAGE_POOL_2D",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    5: "DEPTH_TO_SPACE",
    6: "DEQUANTIZE",
    9: "FULLY_CONNECTED",
    11: "L2_NORMALIZATION",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    18: "MUL",
    19: "RELU",
    20: "RELU_N1_TO_1",
    21: "RELU6",
    22: "RESHAPE",
    23: "RESIZE_BILINEAR",
    25: "SOFTMAX",
    26: "SPACE_TO_DEPTH",
    27: "SVDF",
    28: "TANH",
    32: "CUSTOM",
    34: "PAD",
    36: "GATHER",
    37: "BATCH_TO_SPACE_ND",
    38: "SPACE_TO_BATCH_ND",
    39: "TRANSPOSE",
    40: "MEAN",
    41: "SUB",
    42: "DIV",
    43: "SQUEEZE",
    44: "UNIDIRECTIONAL_SEQUENCE_LSTM",
    45: "STRIDED_SLICE",
    47: "EXP",
    49: "SPLIT",
    50: "LOG_SOFTMAX",
    53: "CAST",
    54: "PRELU",
    55: "MAXIMUM",
    56: "ARG_MAX",
    57: "MINIMUM",
    58: "LESS",
    59: "NEG",
    60: "PADV2",
    61: "GREATER",
    65: "SLICE",
    67: "TRANSPOSE_CONV",
    69: "TILE",
    70: "EXPAND_DIMS",
    73: "LOG",
    74: "SUM",
    75: "SQRT",
    76: "RSQRT",
    77: "SHAPE",
    79: "ARG_MIN",
    81: "REDUCE_PROD",
    82: "REDUCE_MAX",
    83: "PACK",
    88: "UNPACK",
    89: "REDUCE_MIN",
    92: "SQUARE",
    94: "FILL",
    97: "RESIZE_NEAREST_NEIGHBOR",
    98: "LEAKY_RELU",
    99: "SQUARED_DIFFERENCE",
    100: "MIRROR_PAD",
    101: "ABS",
    102: "SPLIT_V",
    111: "ELU",
    114: "QUANTIZE",
    117: "HARD_SWISH",
    126: "BATCH_MATMUL",
    129: "CALL_ONCE",
    130: "BROADCAST_TO",
    142: "VAR_HANDLE",
    143: "READ_VARIABLE",
    144: "ASSIGN_VARIABLE",
    150: "GELU",
}

PADDING_SAME, PADDING_VALID = 0, 1
ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_RELU_N1_TO_1, ACTIVATION_RELU6 = 0, 1, 2, 3
ACTIVATION_TANH = 4


@dataclass(frozen=True)
class TensorRecord:
    """A tensor as the file describes it; `data` is empty where it has none."""

    index: int
    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    type_name: str
    data: memoryview
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    quantized_dimension: int
    is_variable: bool
    is_sparse: bool


@dataclass(frozen=True)
class OperatorRecord:
    """An operator as the file describes it; an operand of -1 was left out."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    custom_options: bytes = b""

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"Operator {self.index} ({self.name})"

    def option(self, slot: int, form: str, default: Any = 0) -> Any:
        """A scalar of the builtin options."""
        return default if self.options is None else self.options.scalar(slot, form, default)


@dataclass(frozen=True)
class GraphRecord:
    """One subgraph."""

    tensors: tuple[TensorRecord, ...]
    operators: tuple[OperatorRecord, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class ModelRecord(GraphRecord):
    """The first subgraph of a model, which is what runs, and the others by index less 1."""

    others: tuple[GraphRecord, ...]


def _integers(values: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _buffer_data(buffers: list[Table], index: int, tensor: int) -> memoryview:
    """The bytes of a tensor's buffer; buffer 0 is always empty."""
    if not 0 <= index < len(buffers):
        raise ModelError(
            f"Tensor {tensor} refers to buffer {index}, but the file has {len(buffers)} buffers.",
            hint="The file is damaged; make or fetch it again.",
        )
    if buffers[index].scalar(1, "<Q") > 1:
        raise ModelError(
            f"Tensor {tensor} keeps its data outside the model's tables, which is for huge models.",
            hint="Convert the model again without external buffers.",
        )
    return buffers[index].raw(0, "a buffer")


def _graph(table: Table, names: list[str], buffers: list[Table]) -> GraphRecord:
    tensors = table.tables(0, MAX_TENSORS, "the list of tensors")
    operators = table.tables(3, MAX_OPERATORS, "the list of operators")
    return GraphRecord(
        tensors=tuple(_tensor(tensor, i, buffers) for i, tensor in enumerate(tensors)),
        operators=tuple(_operator(operator, i, names) for i, operator in enumerate(operators)),
        inputs=_integers(table.numbers(1, "<i4", MAX_OPERANDS, "the graph's inputs")),
        outputs=_integers(table.numbers(2, "<i4", MAX_OPERANDS, "the graph's outputs")),
    )


def _tensor(table: Table, index: int, buffers: list[Table]) -> TensorRecord:
    code = table.scalar(1, "<b")
    quantization = table.table(4)
    scales, zero_points = np.empty(0, np.float32), np.empty(0, np.int64)
    dimension = 0
    if quantization is not None:
        scales = quantization.numbers(2, "<f4", MAX_CHANNELS, "a list of scales")
        zero_points = quantization.numbers(3, "<i8", MAX_CHANNELS, "a list of zero points")
        dimension = quantization.scalar(6, "<i")
    return TensorRecord(
        index=index,
        name=table.text(3, "a tensor's name"),
        shape=_integers(table.numbers(0, "<i4", MAX_RANK, "a shape")),
        shape_signature=_integers(table.numbers(7, "<i4", MAX_RANK, "a shape")),
        type_name=TENSOR_TYPES.get(code, f"type {code}"),
        data=_buffer_data(buffers, table.scalar(2, "<I"), index),
        scales=scales,
        zero_points=zero_points,
        quantized_dimension=dimension,
        is_variable=bool(table.scalar(5, "<?", False)),
        is_sparse=table.table(6) is not None,
    )


def _operator_name(code: Table) -> str:
    """The builtin's name; a custom operator's own name in quotes."""
    number = max(code.scalar(0, "<b"), code.scalar(3, "<i"))
    if number == CUSTOM:
        return f"custom {code.text(1, 'a custom code')!r}"
    return BUILTIN_OPERATORS.get(number, f"builtin {number}")


def _operator(table: Table, index: int, names: list[str]) -> OperatorRecord:
    code = table.scalar(0, "<I")
    if code >= len(names):
        raise ModelError(
            f"Operator {index} has the code {code}, but the file lists {len(names)} codes.",
            hint="The file is damaged; make or fetch it again.",
        )
    return OperatorRecord(
        index=index,
        name=names[code],
        inputs=_integers(table.numbers(1, "<i4", MAX_OPERANDS, "a list of inputs")),
        outputs=_integers(table.numbers(2, "<i4", MAX_OPERANDS, "a list of outputs")),
        options=table.table(4),
        custom_options=bytes(table.numbers(5, "u1", MAX_CUSTOM_OPTIONS, "custom options")),
    )


def read_records(data: bytes) -> ModelRecord:
    """What stands in a .tflite file.

    Raises:
        ModelError: it is none, is damaged, or is larger than any microcontroller's model.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ModelError(
            f"The .tflite file has {len(data)} bytes; at most {MAX_FILE_BYTES} are read.",
            hint="A microcontroller's model is far smaller.",
        )
    model = root_table(data, IDENTIFIER)
    version = model.scalar(0, "<I")
    if version != 3:
        raise ModelError(f"The .tflite file has schema version {version}; only 3 is known.")
    codes = model.tables(1, MAX_OPERATORS, "the list of operator codes")
    subgraphs = model.tables(2, MAX_SUBGRAPHS, "the list of subgraphs")
    buffers = model.tables(4, 2 * MAX_TENSORS, "the list of buffers")
    if not subgraphs:
        raise ModelError(
            "The .tflite file holds no graph (its list of subgraphs is empty).",
            hint="The file is damaged; make or fetch it again.",
        )
    names = [_operator_name(code) for code in codes]
    first, *others = (_graph(table, names, buffers) for table in subgraphs)
    return ModelRecord(**vars(first), others=tuple(others))
