"""What int8 does to a network, in float: kernels and activations rounded to the grids that the
.tflite will have, with gradients that pass straight through (Jacob et al. 2018).

Where the grids stand follows the int8 graph: a convolution, its bias, the normalization folded into
it, a Rescaling and a ReLU behind it are one operator with one output grid; an addition and a mean
have a grid of their own; pooling by maximum or average, and what only moves values, keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.models._folding import call_unmasked, only_follower, output_axes, read_by
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras

Ranges = Mapping[str, tuple[float, float]]
"""Name of a layer -> least and greatest value that its output's int8 grid spans; 0 lies within."""

RANGE_MOMENTUM = 0.98
"""Of the moving ranges: some fifty batches are remembered, so that one odd batch moves little."""

_SMALLEST_SPAN = 1e-6


def quantized_places(model: keras.Model) -> dict[str, str]:
    """Names of the layers whose outputs are rounded to an int8 grid in the converted graph, each
    with the place whose grid it is: its own, or a concatenation's behind it.

    The last of a chain that becomes one operator stands for all of it.

    Raises:
        ModelError: a kernel's layer has an activation within that int8 has as an operator of its
            own.
    """
    _, keras = load_tensorflow()
    layers = keras.layers
    owners = (
        layers.Add, layers.BatchNormalization, layers.Concatenate, layers.GlobalAveragePooling2D,
        layers.Conv2D, layers.Dense, layers.DepthwiseConv2D,
    )  # fmt: skip
    places: dict[str, str] = {}
    for layer in model.layers:
        if isinstance(layer, owners):
            _check_activation(layer, keras)
            place = _end_of_chain(model, layer, keras).name
            places[place] = place
        if isinstance(layer, layers.Concatenate):
            _share_grid(layer, places)
    return places


def answer_places(model: keras.Model) -> list[str]:
    """Of the places that are rounded, those that softmax alone reads: the largest of their values
    is the answer."""
    _, keras = load_tensorflow()
    return [
        name
        for name in quantized_places(model)
        if isinstance(only_follower(model.get_layer(name)), keras.layers.Softmax)
    ]


def _share_grid(concatenation: Any, places: dict[str, str]) -> None:
    """What a concatenation puts side by side takes its grid, and so does who shared that one's."""
    pending = read_by(concatenation)
    joined: set[str] = set()
    while pending:
        layer = pending.pop()
        if layer.name in places:
            joined.add(places[layer.name])
        else:
            pending += read_by(layer)  # pooling and the like keep the grid of what they read
    places |= {name: concatenation.name for name, grid in places.items() if grid in joined}


def _check_activation(layer: Any, keras: Any) -> None:
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation not in (keras.activations.linear, keras.activations.relu):
        raise ModelError(
            f"Layer {layer.name} has {activation.__name__} as its activation, where only ReLU can "
            "be trained for int8.",
            hint="Write the activation as a layer of its own, or set quantization.mode to ptq.",
        )


def _end_of_chain(model: keras.Model, layer: Any, keras: Any) -> Any:
    """The last layer that the converter fuses with `layer`."""
    fused = keras.layers.Identity, keras.layers.ReLU, keras.layers.Rescaling
    last, end = layer, model.layers[-1]
    while True:
        follower = only_follower(last)
        relu = isinstance(follower, keras.layers.Activation) and (
            follower.activation is keras.activations.relu
        )
        if not relu and not isinstance(follower, fused):
            return last
        if follower is end and isinstance(follower, keras.layers.Rescaling) and _answers_one(model):
            return last  # the unit of a quantity: training aims in front of it
        last = follower


def _answers_one(model: keras.Model) -> bool:
    return tuple(model.output_shape[1:]) == (1,)


def fake_quantized(
    model: keras.Model, ranges: Ranges, *, kernels: bool, kept: Ranges = MappingProxyType({})
) -> keras.Model:
    """A network like `model`, with its weights, whose activations keep to int8 grids.

    Args:
        model: without normalizations that can be folded.
        ranges: of the grids; places whose grid is not named stay as they are. While it is trained
            they follow each batch's extremes.
        kernels: whether the kernels keep to int8 grids too, one an output channel (the converter
            rounds them itself).
        kept: name of a grid -> the shares of a batch's least and greatest value, 0 to 1, to which
            its ends go while it is trained; others keep all.
    """
    _, keras = load_tensorflow()
    rounding, aware = _rounding_class(), _aware_class()
    with_kernel = keras.layers.Conv2D, keras.layers.Dense, keras.layers.DepthwiseConv2D

    places = quantized_places(model)
    grids = {
        name: rounding(*span, kept.get(name, (1.0, 1.0)), name=f"{name}_grid")
        for name, span in ranges.items()
    }

    def clone(layer: Any) -> Any:
        fresh = layer.__class__.from_config(layer.get_config())
        return aware(fresh) if kernels and isinstance(layer, with_kernel) else fresh

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        outputs = call_unmasked(layer, *inputs, **options)
        grid = grids.get(places.get(layer.name, ""))
        if grid is None:
            return outputs
        return grid(outputs, follows=places[layer.name] == layer.name)

    made = keras.models.clone_model(model, clone_function=clone, call_function=call)
    copy_weights(model, made)
    return made


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give `target` the weights of `source`, layer by layer; one of both may be fake-quantized."""
    given = {layer.name: layer.get_weights() for layer in source.layers if layer.weights}
    for layer in target.layers:
        if layer.name in given:
            layer.set_weights(given[layer.name])


def outputs_of(network: keras.Model, inputs: Any) -> list[NDArray[np.float32]]:
    """What a network of one or more outputs gives, as arrays, evaluated."""
    found = network(inputs, training=False)
    return [np.asarray(each) for each in (found if isinstance(found, list) else [found])]


def ranges_of(model: keras.Model) -> dict[str, tuple[float, float]]:
    """The ranges that a fake-quantized network has now."""
    rounding = _rounding_class()
    return {
        layer.name.removesuffix("_grid"): layer.span()
        for layer in model.layers
        if isinstance(layer, rounding)
    }


def _moved(end: Any, batch: Any) -> Any:
    return RANGE_MOMENTUM * end + (1 - RANGE_MOMENTUM) * batch


@cache
def _rounding_class() -> type[Any]:
    """Of layers that round activations; made when TensorFlow is there."""
    tf, framework = load_tensorflow()
    layer_class: Any = framework.layers.Layer

    class Rounding(layer_class):  # type: ignore[misc]
        """Values rounded to 256 steps from `low` to `high`, which follow the batches trained on."""

        def __init__(
            self, low: float, high: float, kept: tuple[float, float] = (1.0, 1.0), **options: Any
        ) -> None:
            super().__init__(**options)
            self._start = float(low), float(high)
            self._kept = kept

        def build(self, input_shape: Any) -> None:
            """The range is two weights, so that it is kept and put back with them."""
            del input_shape
            names = ("low", "high")
            self._ends = [
                self.add_weight(
                    shape=(), initializer=framework.initializers.Constant(value), name=name,
                    trainable=False,
                )
                for name, value in zip(names, self._start, strict=True)
            ]  # fmt: skip

        def call(self, inputs: Any, training: bool = False, follows: bool = True) -> Any:
            """inputs float32 of any shape -> the same shape; the range follows them if told so."""
            low, high = self._ends
            if training and follows:
                least = tf.reduce_min(inputs) * self._kept[0]
                most = tf.reduce_max(inputs) * self._kept[1]
                low.assign(_moved(low, tf.minimum(least, 0.0)))
                high.assign(_moved(high, tf.maximum(most, low + _SMALLEST_SPAN)))
            return tf.quantization.fake_quant_with_min_max_vars(
                inputs, low.value, tf.maximum(high.value, low.value + _SMALLEST_SPAN)
            )

        def span(self) -> tuple[float, float]:
            """low and high as they are now."""
            low, high = (float(np.asarray(end)) for end in self._ends)
            return low, high

    return Rounding


@cache
def _aware_class() -> type[Any]:
    """Of layers that round their kernel; made when TensorFlow is there."""
    tf, framework = load_tensorflow()
    layer_class: Any = framework.layers.Layer

    class Aware(layer_class):  # type: ignore[misc]
        """A layer whose kernel is rounded to 255 steps, an output channel each."""

        def __init__(self, inner: Any) -> None:
            super().__init__(name=inner.name)
            self.inner = inner

        def build(self, input_shape: Any) -> None:
            """The inner layer's weights."""
            self.inner.build(input_shape)

        def call(self, inputs: Any) -> Any:
            """What the inner layer gives with its rounded kernel."""
            inner = self.inner
            kernel = round_kernel(inner.kernel.value, output_axes(inner))
            if isinstance(inner, framework.layers.Dense):
                outputs = tf.matmul(inputs, kernel)
            else:
                depthwise = isinstance(inner, framework.layers.DepthwiseConv2D)
                convolve = framework.ops.depthwise_conv if depthwise else framework.ops.conv
                outputs = convolve(
                    inputs,
                    kernel,
                    strides=inner.strides,
                    padding=inner.padding,
                    dilation_rate=inner.dilation_rate,
                )
            if inner.use_bias:
                outputs += inner.bias
            return inner.activation(outputs)

    return Aware


def round_kernel(kernel: Any, axes: int = 1) -> Any:
    """A kernel, of whose axes the last `axes` count output channels, rounded as the converter will:
    each output channel's greatest size is 127 steps."""
    tf, _ = load_tensorflow()
    flat = tf.reshape(kernel, (-1, int(np.prod(kernel.shape[-axes:]))))
    most = tf.maximum(tf.reduce_max(tf.abs(flat), axis=0), _SMALLEST_SPAN)
    rounded = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        flat, -most, most, narrow_range=True
    )
    return tf.reshape(rounded, kernel.shape)
