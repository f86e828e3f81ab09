"""What each layer loses to int8: where the loss begins, and what would help."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.models._fake_quantization import (
    Ranges,
    answer_places,
    fake_quantized,
    outputs_of,
    quantized_places,
    round_kernel,
)
from coincell.models._folding import only_follower, output_axes, read_by
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras

_MOST_DB = 120.0
_MUCH_CLIPPED = 0.001
_LONG_TAIL = 0.4
_WIDE_SPREAD = 64.0
_POOR_DB = 20.0
_MANY_CLOSE = 0.02
_WORST = 3
_STEPS = 255


@dataclass(frozen=True)
class LayerError:
    """One place where int8 rounds activations.

    Attributes:
        name: of the layer.
        kind: of the layer.
        range_low, range_high: of its int8 grid.
        clipped: share of the values outside it.
        bulk: share of the range that 99.9 % of the values fill, 0 to 1.
        rounding_db: signal to noise when the layer's float output alone is rounded.
        kernel_db: the same of its rounded kernel; None without one.
        kernel_spread: largest over smallest reach of the kernel's channels; None without one.
        total_db: signal to noise of the whole int8 network's output here against float.
        close: where softmax reads it, share of samples whose two largest values are less than one
            step of the grid apart, so that rounding may turn the answer; None elsewhere.
        turned: share of samples whose largest value is another in int8 than in float; else None.
        advice: what may help; "" where nothing stands out.
    """

    name: str
    kind: str
    range_low: float
    range_high: float
    clipped: float
    bulk: float
    rounding_db: float
    kernel_db: float | None
    kernel_spread: float | None
    total_db: float
    close: float | None = None
    turned: float | None = None
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def layer_errors(
    model: keras.Model, ranges: Ranges, samples: NDArray[np.float32]
) -> tuple[LayerError, ...]:
    """What each place loses, in the network's order; the worst have advice.

    Args:
        model: without normalizations that can be folded.
        ranges: of its int8 grids.
        samples: float32 [n, *shape], dequantized features.
    """
    tf, _ = load_tensorflow()
    places = {place: grid for place, grid in quantized_places(model).items() if grid in ranges}
    aware = fake_quantized(model, ranges, kernels=True)
    shaped = tf.constant(samples.reshape(-1, *model.input_shape[1:]))
    exact, noisy = (outputs_of(_watching(each, list(places)), shaped) for each in (model, aware))
    errors = [
        _error(model, place, ranges[grid], whole, rounded)
        for (place, grid), whole, rounded in zip(places.items(), exact, noisy, strict=True)
    ]
    return _advised(errors)


def _watching(model: keras.Model, names: list[str]) -> Any:
    """`model` with the outputs of these layers."""
    _, keras = load_tensorflow()
    return keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])


def _error(
    model: keras.Model,
    place: str,
    span: tuple[float, float],
    exact: NDArray[np.float32],
    noisy: NDArray[np.float32],
) -> LayerError:
    """Of one place: its values in float, and those of the int8 network before they are rounded."""
    tf, _ = load_tensorflow()
    layer = _with_kernel(model, place)
    kernel_db = spread = None
    if layer is not None:
        kernel = np.asarray(layer.kernel)
        rounded = np.asarray(round_kernel(tf.constant(kernel), output_axes(layer)))
        kernel_db = _decibels(kernel, rounded)
        reach = np.abs(kernel.reshape(-1, *kernel.shape[-output_axes(layer) :])).max(axis=0)
        spread = float(reach.max() / max(float(reach.min()), 1e-9))
    low, high = span
    rounded_noisy = _rounded(noisy, span)
    close = turned = None
    if place in answer_places(model) and exact.shape[-1] > 1:
        first, second = np.sort(exact, axis=-1)[..., :-3:-1].T
        close = float(np.mean(first - second < (high - low) / _STEPS))
        turned = float(np.mean(rounded_noisy.argmax(axis=-1) != exact.argmax(axis=-1)))
    tail = np.quantile(np.abs(exact), 0.999) / max(abs(low), abs(high), 1e-9)
    return LayerError(
        place,
        type(model.get_layer(place) if layer is None else layer).__name__,
        low,
        high,
        float(np.mean((exact < low) | (exact > high))),
        float(min(tail, 1.0)),
        _decibels(exact, _rounded(exact, span)),
        kernel_db,
        spread,
        _decibels(exact, rounded_noisy),
        close,
        turned,
    )


def _with_kernel(model: keras.Model, place: str) -> Any:
    """The layer with a kernel in the chain that ends in `place`; None where it has none."""
    layer = model.get_layer(place)
    while not hasattr(layer, "kernel"):
        before = read_by(layer)
        if len(before) != 1 or only_follower(before[0]) is not layer:
            return None
        (layer,) = before
        if layer.name in quantized_places(model):
            return None
    return layer


def _rounded(values: NDArray[np.float32], span: tuple[float, float]) -> NDArray[np.float32]:
    tf, _ = load_tensorflow()
    low, high = span
    return np.asarray(
        tf.quantization.fake_quant_with_min_max_vars(values, low, max(high, low + 1e-6))
    )


def _decibels(exact: NDArray[np.float32], noisy: NDArray[np.float32]) -> float:
    """Signal to noise; 120 where there is no noise to speak of."""
    signal = float(np.square(exact, dtype=np.float64).sum())
    noise = float(np.square(exact - noisy, dtype=np.float64).sum())
    if noise <= signal * 10 ** (-_MOST_DB / 10):
        return _MOST_DB
    return 10 * float(np.log10(max(signal, 1e-30) / noise))


def _advised(errors: list[LayerError]) -> tuple[LayerError, ...]:
    """With advice for the few at which the network's signal to noise is worst, and where rounding
    decides the answer."""
    worst = {error.name for error in sorted(errors, key=lambda one: one.total_db)[:_WORST]}
    return tuple(
        replace(error, advice=_advice(error))
        if error.name in worst or (error.close or 0) > _MANY_CLOSE
        else error
        for error in errors
    )


def _advice(error: LayerError) -> str:
    if error.close is not None and error.close > _MANY_CLOSE:
        return (
            f"{error.close:.0%} of the samples have their two largest values less than one step "
            f'apart; {error.turned:.1%} are answered otherwise. calibration = "squared-error" '
            'makes the steps smaller, mode = "qat" learns with them, activations = "int16" ends it.'
        )
    if error.clipped > _MUCH_CLIPPED:
        return (
            f"{error.clipped:.2%} of its values are cut off: more calibration_samples, or "
            'calibration = "min-max".'
        )
    if error.bulk < _LONG_TAIL:
        return (
            f"99.9 % of its values fill {error.bulk:.0%} of its range: calibration = "
            '"squared-error" or "percentile" cuts the tail off.'
        )
    if error.kernel_spread is not None and error.kernel_spread > _WIDE_SPREAD:
        return (
            f"Its channels' kernels differ by {error.kernel_spread:.0f} times: equalize = true "
            "evens them."
        )
    if error.total_db < _POOR_DB < error.rounding_db:
        return 'The loss comes from the layers before it: mode = "qat" lets all of them learn.'
    if error.rounding_db < _POOR_DB:
        return '256 steps are few for it: mode = "qat".'
    return ""
