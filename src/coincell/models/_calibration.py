"""Ranges of activations from samples: by their extremes, percentiles, or least squared error."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.models._fake_quantization import answer_places, quantized_places
from coincell.models.tensorflow import compiled, load_tensorflow

if TYPE_CHECKING:
    import keras

Method = Literal["min-max", "percentile", "squared-error"]
Values = NDArray[np.float64]

_BATCH = 64
_BINS = 2048
_CANDIDATES = 64
_ANSWER_CANDIDATES = 32
_MOST_ANSWER_VALUES = 20_000
_STEPS = 255


@dataclass(frozen=True)
class Calibration:
    """How ranges follow from values.

    Attributes:
        method: "min-max" spans all; "percentile" leaves out a share at either end; "squared-error"
            takes the range in which rounding and clipping together lose least; of what softmax
            reads, in which the shares that it gives of them do: far below the largest value all
            are next to nothing, and need no steps.
        outside: share of all values that "percentile" leaves out, half of it at either end.
    """

    method: Method = "min-max"
    outside: float = 0.0001


def calibrated_ranges(
    model: keras.Model, samples: NDArray[np.float32], calibration: Calibration
) -> dict[str, tuple[float, float]]:
    """Name of each int8 grid (`quantized_places`) -> its range, which holds 0.

    Args:
        model: without normalizations that can be folded.
        samples: float32 [n, *shape], dequantized features of the training split.
        calibration: how.
    """
    extremes: dict[str, tuple[float, float]] = {}
    for batch in _activations(model, samples):
        for name, values in batch:
            low, high = extremes.get(name, (0.0, 0.0))
            extremes[name] = min(low, float(values.min())), max(high, float(values.max()))
    if calibration.method == "min-max":
        return extremes
    counts = {name: np.zeros(_BINS, np.int64) for name in extremes}
    for batch in _activations(model, samples):
        for name, values in batch:
            counts[name] += np.histogram(values, _BINS, _wide(extremes[name]))[0]
    choose = _by_percentile if calibration.method == "percentile" else _by_squared_error
    ranges = {
        name: choose(counts[name], *_wide(span), calibration.outside)
        for name, span in extremes.items()
    }
    if calibration.method == "squared-error":
        for name in answer_places(model):
            if name in ranges:
                ranges[name] = _by_shares(_values_of(model, name, samples), *_wide(extremes[name]))
    return ranges


def _values_of(model: keras.Model, name: str, samples: NDArray[np.float32]) -> Values:
    """What a layer gives for samples, spread over all of them, [m, outputs]."""
    _, keras = load_tensorflow()
    watched = keras.Model(model.inputs[0], model.get_layer(name).output)
    width = int(watched.output.shape[-1])
    step = max(1, -(-len(samples) * width // _MOST_ANSWER_VALUES))
    chosen = samples[::step].reshape(-1, *model.input_shape[1:])
    return np.asarray(watched.predict(chosen, batch_size=_BATCH, verbose=0), np.float64)


def _activations(model: keras.Model, samples: NDArray[np.float32]) -> Any:
    """Batch by batch, the name of the grid of each place, and the place's values."""
    tf, keras = load_tensorflow()
    places = quantized_places(model)
    watched = keras.Model(model.inputs[0], [model.get_layer(name).output for name in places])
    shape = tuple(model.input_shape[1:])
    signature = tf.TensorSpec((None, *shape), tf.float32)
    forward = compiled(lambda batch: watched(batch, training=False), signature)
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH].reshape(-1, *shape)
        outputs = forward(tf.constant(batch))
        outputs = outputs if isinstance(outputs, list) else [outputs]
        yield zip(places.values(), (output.numpy() for output in outputs), strict=True)


def _wide(span: tuple[float, float]) -> tuple[float, float]:
    """A range of some width, which a histogram needs."""
    low, high = span
    return low, max(high, low + 1e-6)


def _by_percentile(
    counts: NDArray[np.int64], low: float, high: float, outside: float
) -> tuple[float, float]:
    """Half of `outside` of the values lie below it, half above; it holds 0."""
    edges = np.linspace(low, high, _BINS + 1)
    share = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    first = np.interp(outside / 2, share, edges)
    last = np.interp(1 - outside / 2, share, edges)
    return min(0.0, float(first)), max(0.0, float(last))


def _by_squared_error(
    counts: NDArray[np.int64], low: float, high: float, outside: float
) -> tuple[float, float]:
    """Of `low` and `high` drawn in together to 0, the pair with the least mean squared error."""
    del outside
    edges = np.linspace(low, high, _BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    best = (np.inf, low, high)
    for share in np.linspace(1, 1 / _CANDIDATES, _CANDIDATES):
        ends = share * low, share * high
        step = (ends[1] - ends[0]) / _STEPS
        rounded = np.clip(np.round((middles - ends[0]) / step), 0, _STEPS) * step + ends[0]
        error = float(counts @ np.square(rounded - middles))
        best = min(best, (error, *ends))
    return best[1], best[2]


def _by_shares(values: Values, low: float, high: float) -> tuple[float, float]:
    """Of `low` and `high` drawn in to 0, each by itself, the pair with which softmax's shares of
    the values [n, outputs] have the least mean squared error."""
    exact = _softmax(values)
    inwards = np.linspace(1, 1 / _ANSWER_CANDIDATES, _ANSWER_CANDIDATES)
    best = (np.inf, low, high)
    for first, last in product(inwards * low, inwards * high):
        step = (last - first) / _STEPS
        zero = np.round(-first / step)
        rounded = (np.clip(np.round(values / step) + zero, 0, _STEPS) - zero) * step
        best = min(best, (float(np.square(_softmax(rounded) - exact).mean()), first, last))
    return float(best[1]), float(best[2])


def _softmax(values: Values) -> Values:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
