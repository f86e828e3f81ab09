"""From a Keras model to a .tflite of int16 activations and int8 weights, between int8 ends.

Where eight bits of a layer's output are too few, sixteen lose next to nothing; kernels stay int8.
The converter makes such a graph with int16 ends ("16x8"). The device's features and scores are
int8, so that a QUANTIZE before it and one behind it are written into the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.features import InputQuantization
from coincell.models._conversion import check_input, convert
from coincell.models._folding import fold_normalizations
from coincell.project import Goal

if TYPE_CHECKING:
    import keras

_QUANTIZE, _QUANTIZE_VERSION = 114, 2  # schema.fbs, BuiltinOperator; the first version with int16
_INT8 = 9  # schema.fbs, TensorType
_SCORES = 1 / 256, -128
_STEPS = 255


def convert_int16(
    model: keras.Model,
    calibration: NDArray[np.float32],
    quantization: InputQuantization,
    goal: Goal,
) -> bytes:
    """Quantize `model` after training: kernels int8 per channel, activations int16 per tensor.

    Args:
        model: as trained.
        calibration: float32 [n, *shape], dequantized features of the training split; they set the
            activations' ranges, and but for classes that of the int8 output.
        quantization: of the features; the file's input will have exactly this.
        goal: what the outputs are; scores of classes come in steps of 1/256 from -128.

    Raises:
        ModelError: TensorFlow's converter refuses the model, or the result has an operator that
            the compiler does not have.
        InternalError: the input's quantization came out otherwise.
    """
    wide = convert(fold_normalizations(model), calibration, quantization, "int16")
    answers = _SCORES
    if goal != "classes":
        shape = tuple(model.input_shape[1:])
        answers = _range_of(model.predict(calibration.reshape(-1, *shape), verbose=0))
    tflite = _with_int8_ends(wide, (quantization.scale, quantization.zero_point), answers)
    try:
        check_input(tflite, quantization)
    except ModelError as error:
        raise ModelError(
            f"The model cannot have int16 activations: {error.message}",
            hint='Take [quantization] activations = "int8", or another architecture.',
        ) from error
    return tflite


def _range_of(values: NDArray[np.float32]) -> tuple[float, int]:
    """(scale, zero point) of int8 for all of `values` and zero, as the converter chooses them."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = max(high - low, 1e-9) / _STEPS
    return scale, round(-128 - low / scale)


def _with_int8_ends(tflite: bytes, entry: tuple[float, int], exit_: tuple[float, int]) -> bytes:
    """The same graph between a QUANTIZE from int8 and one to int8.

    Args:
        tflite: one graph with one int16 input and one int16 output.
        entry, exit_: (scale, zero point) of the new ends.
    """
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    (graph,) = model.subgraphs
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = _QUANTIZE
    code.version = _QUANTIZE_VERSION
    model.operatorCodes.append(code)

    def end(like: int, name: str, scale: float, zero_point: int) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, _INT8, graph.tensors[like].shape
        tensor.shapeSignature = graph.tensors[like].shapeSignature
        tensor.buffer = 0
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def quantize(source: int, target: int) -> Any:
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [source], [target]
        return operator

    (inside,), (outside,) = graph.inputs, graph.outputs
    first, last = end(inside, "features", *entry), end(outside, "answer", *exit_)
    graph.operators = [quantize(first, inside), *graph.operators, quantize(outside, last)]
    graph.inputs, graph.outputs = [first], [last]
    builder = flatbuffers.Builder(len(tflite) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
