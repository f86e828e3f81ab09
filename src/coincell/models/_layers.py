"""Building blocks shared by the architectures; every name and seed is explicit.

Keras numbers unnamed layers by what the process built before, and the names end in the .tflite:
explicit ones keep its bytes a function of the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coincell.models.tensorflow import load_tensorflow
from coincell.project import Goal

# Keras's 0.99 needs thousands of steps until the moving averages are those of the data; short
# runs on small sets have some hundreds.
BATCH_NORM_MOMENTUM = 0.9


@dataclass(frozen=True)
class Plan:
    """What an architecture needs to know besides its inputs.

    outputs: classes, or 1 of a quantity. dropout: share dropped before the last layer. mean,
    deviation: of the training features. seeds: one is drawn for each layer. goal: what the outputs
    are. target_mean, target_deviation: of the training split's numbers. alpha: width of a
    MobileNet, 0: its own. code: numbers in an autoencoder's narrowest layer.
    """

    outputs: int
    dropout: float
    mean: float
    deviation: float
    seeds: Iterator[int]
    goal: Goal = "classes"
    target_mean: float = 0.0
    target_deviation: float = 1.0
    alpha: float = 0.0
    code: int = 8


def seeds_from(seed: int) -> Iterator[int]:
    """Endless different seeds, the same for the same `seed`: one a layer."""
    generator = np.random.default_rng(seed)
    while True:
        yield int(generator.integers(2**31))


def standardize(inputs: Any, plan: Plan) -> Any:
    """(inputs - mean) / deviation; the converter folds it into the next layer.

    That layer must not pad: padding would come after the subtraction, and nothing folds.
    """
    _, keras = load_tensorflow()
    scale = 1.0 / plan.deviation
    return keras.layers.Rescaling(scale, offset=-plan.mean * scale, name="standardize")(inputs)


def batch_norm_relu(inputs: Any, name: str) -> Any:
    """Batch normalization, then ReLU; the converter folds both into the layer before."""
    _, keras = load_tensorflow()
    normalized = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(
        inputs
    )
    return keras.layers.ReLU(name=f"{name}_relu")(normalized)


def convolution(
    inputs: Any,
    name: str,
    plan: Plan,
    *,
    filters: int,
    kernel: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: str = "same",
) -> Any:
    """[n, h, w, c] -> [n, h', w', filters]: convolution, batch normalization, ReLU."""
    _, keras = load_tensorflow()
    convolved = keras.layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(next(plan.seeds)),
        name=name,
    )(inputs)
    return batch_norm_relu(convolved, name)


def depthwise_convolution(
    inputs: Any, name: str, plan: Plan, *, strides: tuple[int, int] = (1, 1)
) -> Any:
    """[n, h, w, c] -> [n, h', w', c]: 3x3 in each channel, batch normalization, ReLU."""
    _, keras = load_tensorflow()
    convolved = keras.layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=keras.initializers.HeNormal(next(plan.seeds)),
        name=name,
    )(inputs)
    return batch_norm_relu(convolved, name)


def answer(inputs: Any, plan: Plan) -> Any:
    """[n, features] -> [n, outputs]: dropout, a dense layer `logits`, softmax `scores`; of a
    quantity, instead of softmax, what brings it to its unit."""
    _, keras = load_tensorflow()
    if plan.dropout:
        inputs = keras.layers.Dropout(plan.dropout, seed=next(plan.seeds), name="dropout")(inputs)
    logits = keras.layers.Dense(
        plan.outputs,
        kernel_initializer=keras.initializers.GlorotUniform(next(plan.seeds)),
        name="logits",
    )(inputs)
    if plan.goal == "quantity":
        return keras.layers.Rescaling(
            plan.target_deviation, offset=plan.target_mean, name="quantity"
        )(logits)
    return keras.layers.Softmax(name="scores")(logits)
