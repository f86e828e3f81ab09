"""Scores of many samples, from the network before quantization."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coincell.features import InputQuantization
from coincell.models._examples import dequantize
from coincell.models.tensorflow import compiled, load_tensorflow

if TYPE_CHECKING:
    import keras

_BATCH = 256


def float_predictor(
    model: keras.Model, quantization: InputQuantization
) -> Callable[[NDArray[np.int8]], NDArray[np.float32]]:
    """`predict_float` of one network, made once and ready to be called again and again."""
    tf, _ = load_tensorflow()
    shape = tuple(model.input_shape[1:])
    signature = tf.TensorSpec((None, *shape), tf.float32)
    predict = compiled(lambda batch: model(batch, training=False), signature)
    width = math.prod(model.output_shape[1:])

    def predicted(features: NDArray[np.int8]) -> NDArray[np.float32]:
        scores = [np.empty((0, width), np.float32)]
        for start in range(0, len(features), _BATCH):
            batch = dequantize(features[start : start + _BATCH], quantization)
            outputs = predict(tf.constant(batch.reshape(len(batch), *shape))).numpy()
            scores.append(outputs.reshape(len(batch), width))
        return np.concatenate(scores)

    return predicted


def predict_float(
    model: keras.Model, features: NDArray[np.int8], quantization: InputQuantization
) -> NDArray[np.float32]:
    """Outputs float32 [n, m] of the network before quantization, features int8 [n, ...]: scores of
    classes, a number, or the features again, flat."""
    return float_predictor(model, quantization)(features)
