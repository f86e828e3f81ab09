"""What is supported: every .tflite operator, with its types, its limits, and its oracle.

tests/compiler/test_operator_table.py compares this table with what the tests really try: a type
stands here if, and only if, random networks or the zoo compare it with the oracle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OperatorSupport:
    """One operator.

    Attributes:
        name: the schema's name.
        types: element types of the data that it reads (that it makes, for FILL and VAR_HANDLE)
            for which it is compared with TensorFlow Lite Micro.
        reference_types: those for which it is compared with LiteRT's reference kernels, where TFLM
            lacks them or is wrong (docs/deviations.md).
        limits: what is refused beside other types; "" where nothing is.
    """

    name: str
    types: tuple[str, ...]
    reference_types: tuple[str, ...] = ()
    limits: str = ""

    @property
    def tested_against(self) -> str:
        """The oracles by name."""
        oracles = (("tflite-micro", self.types), ("LiteRT reference", self.reference_types))
        return ", ".join(name for name, types in oracles if types)


def _row(name: str, types: str = "int8", limits: str = "", reference: str = "") -> OperatorSupport:
    return OperatorSupport(name, tuple(types.split()), tuple(reference.split()), limits)


_FILTER = "constant filter, its zero points 0"
_JOINT = "at most 4 dimensions once neighbours are joined"
_SAME = "one quantization for inputs and output"
_AXES = "constant axes"
_BETWEEN = "between DEQUANTIZE and QUANTIZE of 8 bits"

_ROWS = (
    _row("ABS"),
    _row("ADD", "int8 int16 int32", _JOINT),
    _row("ARG_MAX", limits="constant axis; int32 or int64 output", reference="int8"),
    _row("ARG_MIN", limits="constant axis; int32 or int64 output", reference="int8"),
    _row("ASSIGN_VARIABLE"),
    _row("AVERAGE_POOL_2D", "int8 int16"),
    _row("BATCH_MATMUL", "int8 int16", "two to five dimensions"),
    _row("BATCH_TO_SPACE_ND", "int8 float32"),
    _row("BROADCAST_TO", "int8 int16 int32 float32"),
    _row("CALL_ONCE"),
    _row("CAST", "int8 int16 int32 float32", "to int8, int16, int32 and float32", "int64"),
    _row("CIRCULAR_BUFFER", limits="a cycles_max of 1; its output a variable"),
    _row("CONCATENATION", "int8 int16 int32 float32", _SAME),
    _row("CONV_2D", "int8 int16", _FILTER),
    _row("DEPTHWISE_CONV_2D", "int8 int16", _FILTER),
    _row("DEPTH_TO_SPACE", "int8 float32"),
    _row("DEQUANTIZE", "int8 uint8 int16", "to float32"),
    _row("ELU", "int8 float32", f"float32 {_BETWEEN}"),
    _row("EXP", "", reference="int8"),
    _row("EXPAND_DIMS"),
    _row("FILL", "int8 int32 float32", reference="uint8 int16"),
    _row("FULLY_CONNECTED", "int8 int16", _FILTER),
    _row("GATHER", "int8 float32", "int32 indices"),
    _row("GELU", "", reference="int8"),
    _row("HARD_SWISH"),
    _row("L2_NORMALIZATION", limits="the last dimension"),
    _row("LEAKY_RELU", "int8 int16", limits="slope of 0 or more"),
    _row("LOG", "", reference="int8"),
    _row("LOGISTIC", "int8 int16"),
    _row("LOG_SOFTMAX", limits="the last dimension"),
    _row("MAXIMUM", "int8 int16 int32", f"{_SAME}; {_JOINT}"),
    _row("MAX_POOL_2D", "int8 int16"),
    _row("MEAN", "int8 int16", limits=_AXES),
    _row("MINIMUM", "int8 int16 int32", f"{_SAME}; {_JOINT}"),
    _row("MIRROR_PAD", "int8 float32", "constant paddings"),
    _row("MUL", "int8 int16 int32", _JOINT),
    _row("NEG", "float32", _BETWEEN),
    _row("PACK", "int8 int32 float32", _SAME),
    _row("PAD", "int8 int16 int32 float32", "constant paddings"),
    _row("PADV2", "int8 int16 int32 float32", "constant paddings and value"),
    _row("PRELU", limits=_JOINT),
    _row(
        "QUANTIZE",
        "int8 uint8 int16 int32 float32",
        "the pairs that TFLM has, and float32 to uint8",
        "float32",
    ),
    _row("READ_VARIABLE"),
    _row("REDUCE_MAX", limits=f"{_AXES}; {_SAME}"),
    _row("REDUCE_MIN", limits=f"{_AXES}; {_SAME}"),
    _row("REDUCE_PROD", "", "of shapes, where all is known beforehand", "int32"),
    _row("RELU", "int8 int16"),
    _row("RELU6", "int8 int16", reference="int8"),
    _row("RELU_N1_TO_1", "", reference="int8"),
    _row("RESHAPE", "int8 float32", "a shape that does not depend on data", "int8"),
    _row("RESIZE_BILINEAR", reference="int16"),
    _row("RESIZE_NEAREST_NEIGHBOR", "int8 int16", reference="int8 uint8"),
    _row("RSQRT"),
    _row("SHAPE", reference="int8"),
    _row("SLICE", "int8 int16 int32 float32", "constant bounds"),
    _row("SOFTMAX", "int8 int16", limits="the last dimension"),
    _row("SPACE_TO_BATCH_ND", "int8 float32", reference="int8 uint8"),
    _row("SPACE_TO_DEPTH", "int8 float32"),
    _row("SPLIT", "int8 int16 int32 float32", "constant axis"),
    _row("SPLIT_V", "int8 int16 int32 float32", "constant axis and sizes"),
    _row("SQRT", "float32", f"float32 {_BETWEEN}", "int8"),
    _row("SQUARE", "float32", _BETWEEN),
    _row("SQUARED_DIFFERENCE", "int8 int32", _JOINT),
    _row("SQUEEZE"),
    _row(
        "STRIDED_SLICE", "int8 int16 int32 float32", "constant bounds", reference="int8 uint8 int32"
    ),
    _row("SUB", "int8 int16 int32", _JOINT),
    _row("SUM", "int8 int16", limits=_AXES),
    _row("SVDF", limits="RELU or no activation; int8 state"),
    _row("TANH", "int8 int16"),
    _row("TILE", "", "constant repetitions", "int8 uint8 int32"),
    _row("TRANSPOSE", "int8 int16 float32", "constant order", reference="uint8 int32"),
    _row("TRANSPOSE_CONV", "int8 int16", _FILTER),
    _row("UNIDIRECTIONAL_SEQUENCE_LSTM", limits="as docs/deviations.md says"),
    _row("UNPACK", "int8 int32 float32"),
    _row("VAR_HANDLE"),
)

OPERATOR_TABLE: Mapping[str, OperatorSupport] = {row.name: row for row in _ROWS}
"""By the schema's name, in alphabetical order."""
