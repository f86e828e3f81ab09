"""From a Keras model to an int8 .tflite."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import read_model
from coincell.errors import InternalError, ModelError
from coincell.features import InputQuantization
from coincell.models._fake_quantization import Ranges, fake_quantized, quantized_places
from coincell.models._folding import fold_rescaling_into_dense
from coincell.models.tensorflow import compiled, load_tensorflow, silenced

if TYPE_CHECKING:
    import keras


def convert_to_tflite(
    model: keras.Model, calibration: NDArray[np.float32], quantization: InputQuantization
) -> bytes:
    """Quantize `model` to int8 after training: weights per channel, activations per tensor.

    Args:
        model: as trained.
        calibration: float32 [n, *shape], dequantized features of the training split; they set
            the activations' ranges.
        quantization: of the features; the file's input will have exactly this.

    Raises:
        ModelError: TensorFlow's converter refuses the model, or the result has an operator that
            the compiler does not have.
        InternalError: the input's quantization came out otherwise.
    """
    tflite = convert(model, calibration, quantization, "int8")
    check_input(tflite, quantization)
    return tflite


def convert(
    model: keras.Model,
    calibration: NDArray[np.float32],
    quantization: InputQuantization,
    activations: Literal["int8", "int16"],
) -> bytes:
    """The converter's file, whose ends are of the type of its `activations`.

    Args:
        model, calibration, quantization: as of `convert_to_tflite`.
        activations: what layers' outputs are; kernels are int8.

    Raises:
        ModelError: TensorFlow's converter refuses the model.
    """
    tf, _ = load_tensorflow()
    shape = tuple(model.input_shape[1:])
    samples = _to_the_ends(calibration.reshape(-1, *shape), quantization)

    def representative_dataset() -> Iterator[list[Any]]:
        for sample in samples:
            yield [sample[None]]

    with silenced(), warnings.catch_warnings():
        # It misses quantized_input_stats, which the representative data set stands in for.
        warnings.simplefilter("ignore", UserWarning)
        converter = _converter(tf, fold_rescaling_into_dense(model), shape)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative_dataset
        kinds, ends = tf.lite.OpsSet, getattr(tf, activations)
        converter.target_spec.supported_ops = [
            kinds.TFLITE_BUILTINS_INT8
            if activations == "int8"
            else kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        converter.inference_input_type = converter.inference_output_type = ends
        try:
            return bytes(converter.convert())
        except (RuntimeError, ValueError) as error:  # the converter's own, by its documentation
            raise ModelError(
                f"TensorFlow's converter cannot quantize this model to {activations}: {error}",
                hint="Use layers that a microcontroller has: convolutions, pooling, dense, ReLU.",
            ) from error


def convert_aware(
    network: keras.Model,
    ranges: Ranges,
    calibration: NDArray[np.float32],
    quantization: InputQuantization,
) -> bytes:
    """The int8 model of a network whose activations' `ranges` are known, by training or otherwise.

    Their grids are written into the graph, which the converter honours; it rounds the kernels by
    itself, an output channel each (fake-quantized kernels of dense layers crash it).

    Args:
        network: without normalizations that can be folded.
        ranges: of what `fake_quantized` knows; other activations' follow from `calibration`.
        calibration, quantization: as of `convert_to_tflite`, whose errors this has.
    """
    whole = fold_rescaling_into_dense(network)
    told = {name: span for name, span in ranges.items() if name in quantized_places(whole)}
    return convert_to_tflite(fake_quantized(whole, told, kernels=False), calibration, quantization)


def _converter(tf: Any, model: keras.Model, shape: tuple[int, ...]) -> Any:
    """A converter of `model` with a batch of 1: a free batch size leaves shape arithmetic."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    def call(features: Any) -> Any:
        return model(features, training=False)

    signature = tf.TensorSpec((1, *shape), tf.float32, name="features")
    concrete = compiled(call, signature).get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete)
    return tf.lite.TFLiteConverter.from_concrete_functions([frozen], None)


def _to_the_ends(
    samples: NDArray[np.float32], quantization: InputQuantization
) -> NDArray[np.float32]:
    """The samples and two more, [n + 2, ...], so that the input's range becomes exactly the grid's.

    Of the sample that holds the greatest value that one value is moved to the grid's upper end, of
    that with the least to the lower. All else stays as recorded, and so do the ranges of the layers
    behind: samples wholly at an end would stretch those to what no recording does.
    """
    ends = np.array([-128, 127], np.float32) - np.float32(quantization.zero_point)
    moved = []
    for place, end in zip((samples.argmin(), samples.argmax()), ends, strict=True):
        at = np.unravel_index(place, samples.shape)
        sample = samples[at[0]].copy()
        sample[at[1:]] = end * np.float32(quantization.scale)
        moved.append(sample)
    return np.concatenate([samples, np.stack(moved)], dtype=np.float32)


def check_input(tflite: bytes, quantization: InputQuantization) -> None:
    """Refuse, as our fault, a file whose input is not quantized as the features are."""
    graph = read_model(tflite)
    received = graph.tensor(graph.inputs[0])
    wanted = quantization.scale, quantization.zero_point
    if (received.scale, received.zero_point) != wanted:
        raise InternalError(
            "The converted model's input must be quantized as the features are, "
            f"scale {wanted[0]!r} and zero point {wanted[1]}; "
            f"received {received.scale!r} and {received.zero_point}."
        )
