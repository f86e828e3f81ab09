"""Networks of one operator that remembers, with random settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from compiler.networks import Network
from compiler.tflite_writer import WrittenOperator, WrittenTensor

_LSTM, _LSTM_OPTIONS = 44, 71
_SVDF, _SVDF_OPTIONS = 27, 6
_TANH = 4


def lstm(network: Network, **changed: Any) -> bytes:
    """An LSTM of random sizes and scales that keep the gates out of saturation.

    Args:
        network: an empty one.
        changed: `sizes` (batches, steps, inputs, units), `batches`, `weight` of the first
            input, `power` of the cell's scale, `activation`.
    """
    random = network.random
    drawn = changed.get("sizes", random.integers(1, (3, 6, 9, 9)))
    batches, steps, width, units = (int(n) for n in drawn)
    batches = changed.get("batches", batches)
    time_major = bool(random.random() < 0.3)
    leading = (steps, batches) if time_major else (batches, steps)
    x = network.input((*leading, width))

    def weights(columns: int) -> Any:
        values = random.integers(-127, 128, (units, columns))
        values[:, 0] = changed.get("weight", values[:, 0])
        return values

    def filters(columns: int) -> list[int]:
        return [
            network.constant(weights(columns), "int8", network.scale(0.001, 0.01)) for _ in range(4)
        ]

    operands = [x, *filters(width), *filters(units), -1, -1, -1]
    operands += [
        network.constant(np.round(random.normal(0, 3000, units)), "int32", 1e-4) for _ in range(4)
    ]
    hidden = network.tensor((batches, units), network.scale(0.004, 0.01), network.zero_point())
    network.tensors[hidden].variable = True
    power = changed.get("power", int(random.integers(-14, -9)))
    cell = WrittenTensor((batches, units), "int16", 2.0**power, 0, variable=True)
    network.tensors.append(cell)
    operands += [-1, -1, hidden, hidden + 1, -1, -1, -1, -1]
    output = network.like(hidden, (*leading, units))
    clip = float(random.uniform(0.2, 3)) if random.random() < 0.4 else 0.0
    activation = changed.get("activation", _TANH)
    options = {0: ("b", activation), 1: ("f", clip), 2: ("f", 0.0), 3: ("?", time_major)}
    network.operators.append(WrittenOperator(_LSTM, operands, [output], _LSTM_OPTIONS, options))
    return network.tflite(output)


def svdf(network: Network, **changed: Any) -> bytes:
    """An SVDF of random sizes and scales.

    Args:
        network: an empty one.
        changed: `sizes` (batches, inputs, units, rank, memory), `weight` of the first input,
            the first `bias`, `activation`.
    """
    random = network.random
    drawn = changed.get("sizes", random.integers(1, (3, 9, 6, 4, 9)))
    batches, width, units, rank, memory = (int(n) for n in drawn)
    filters = units * rank
    x = network.input((batches, width))
    weights = random.integers(-127, 128, (filters, width))
    weights[:, 0] = changed.get("weight", weights[:, 0])
    feature = network.constant(weights, "int8", network.scale(0.004, 0.02))
    time = network.constant(
        random.integers(-127, 128, (filters, memory)), "int8", network.scale(0.004, 0.02)
    )
    feature_scale, time_scale = (network.scale_of(index) for index in (feature, time))
    state_scale = network.scale_of(x) * feature_scale * 60 * width**0.5
    state = network.tensor((batches, filters * memory), state_scale, network.zero_point())
    network.tensors[state].variable = True
    biases = np.round(random.normal(0, 3000, units))
    biases[0] = changed.get("bias", biases[0])
    bias = network.constant(biases, "int32", state_scale * time_scale)
    scale = state_scale * time_scale * 60 * (memory * rank) ** 0.5
    activation = changed.get("activation", int(random.choice([0, 1])))
    output = network.tensor((batches, units), scale, -128 if activation else network.zero_point())
    options = {0: ("i", rank), 1: ("b", activation)}
    operands = [x, feature, time, bias, state]
    network.operators.append(WrittenOperator(_SVDF, operands, [output], _SVDF_OPTIONS, options))
    return network.tflite(output)
