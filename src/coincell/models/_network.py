"""From settings to an untrained network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from coincell.errors import ModelError
from coincell.models._ds_cnn import ds_cnn_medium, ds_cnn_small
from coincell.models._fully_connected import fully_connected
from coincell.models._layers import Plan, seeds_from
from coincell.models._tiny_conv import tiny_conv
from coincell.models.tensorflow import load_tensorflow
from coincell.project import ModelSettings

if TYPE_CHECKING:
    import keras

# inputs [n, frames, bands, 1] -> scores [n, classes]
_Architecture = Callable[[Any, Plan], Any]

_ARCHITECTURES: dict[str, _Architecture] = {
    "tiny-conv": tiny_conv,
    "ds-cnn-small": ds_cnn_small,
    "ds-cnn-medium": ds_cnn_medium,
    "fully-connected": fully_connected,
}


def build_network(
    settings: ModelSettings,
    input_shape: Sequence[int],
    classes: int,
    seed: int,
    *,
    mean: float = 0.0,
    deviation: float = 1.0,
) -> keras.Model:
    """An untrained network, [n, frames, bands, 1] float32 -> [n, classes] scores that sum to 1.

    Args:
        settings: the architecture and its dropout (`file` is read by `load_network`).
        input_shape: of one sample: (frames, bands), or (frames, bands, 1).
        classes: how many.
        seed: of the initial weights and of dropout.
        mean: of the training features; subtracted first.
        deviation: of the training features, above 0; divided by next. The converter folds both
            into the first convolution, which therefore pads nothing (padding would come after).

    Raises:
        ModelError: the shape is not one of the above.
    """
    _, keras = load_tensorflow()
    shape = tuple(input_shape)
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    if len(shape) != 2 or min(shape) < 1:
        raise ModelError(
            f"A network takes features of shape (frames, bands); received {tuple(input_shape)}."
        )
    inputs = keras.Input((*shape, 1), name="features")
    build = _ARCHITECTURES[settings.architecture]
    plan = Plan(classes, settings.dropout, mean, deviation, seeds_from(seed))
    outputs = build(inputs, plan)
    return keras.Model(inputs, outputs, name=settings.architecture.replace("-", "_"))
