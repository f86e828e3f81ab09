"""fully-connected: the yardstick. What convolution is worth shows beside it."""

from __future__ import annotations

from typing import Any

from coincell.models import _layers
from coincell.models._layers import Plan
from coincell.models.tensorflow import load_tensorflow

_WEIGHTS = 24_000  # about those of ds-cnn-small
_HIDDEN_LAYERS = 2


def fully_connected(inputs: Any, plan: Plan) -> Any:
    """Two hidden layers with ReLU; shapes for 49 x 40 features: [n, 49, 40, 1]
      -> flatten          [n, 1960]
      -> dense, ReLU      [n, 12]
      -> dense, ReLU      [n, 12]
      -> dense, softmax   [n, classes]

    The width is what makes the network as large as ds-cnn-small, but at least 8 and at most 128.
    """
    _, keras = load_tensorflow()
    hidden = keras.layers.Flatten(name="flatten")(inputs)
    hidden = _layers.standardize(hidden, plan)
    width = min(128, max(8, _WEIGHTS // hidden.shape[1] // 4 * 4))
    for layer in range(_HIDDEN_LAYERS):
        hidden = keras.layers.Dense(
            width,
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(next(plan.seeds)),
            name=f"dense_{layer}",
        )(hidden)
    return _layers.answer(hidden, plan)
