"""Which channels of a trained network are worth least for what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import rounded_channels
from coincell.models._channels import FIXED, Channels, channels_of, mixes
from coincell.models._examples import Examples
from coincell.models._objectives import objective_of
from coincell.models.tensorflow import compiled, load_tensorflow
from coincell.project import Goal, TrainingSettings

if TYPE_CHECKING:
    import keras

Price = Literal["macs", "weights", "values", "channels"]
"""What a bundle costs: multiplications, numbers in kernels, numbers in what layers give, or one a
channel of a layer with a kernel."""

_BATCH = 64
_MOST_SAMPLES = 2048
_LEAST_SHARE = 8
"""Of a layer's channels, one in so many stays: a layer that is narrower lets nothing through."""


def channel_importance(
    model: keras.Model,
    channels: Channels,
    data: Examples,
    settings: TrainingSettings,
    *,
    seed: int,
    goal: Goal = "classes",
) -> NDArray[np.float64]:
    """How much the loss would change without each bundle, to first order, float64 [bundles].

    After Molchanov et al. 2019: the square of the sum of gradient times weight, mean over batches.
    The weights are those that read the bundle's channels, since it is gone when they are zero.

    Args:
        model: as trained; evaluated as it is, without dropout.
        channels: of `model`.
        data: training samples, of which some thousand are drawn.
        settings: of the loss.
        seed: of the draw.
        goal: what the outputs are.
    """
    tf, _ = load_tensorflow()
    objective = objective_of(goal, model, settings)
    outputs = objective.part(model)
    readers = [layer for layer in model.layers if mixes(layer)]
    kernels = [layer.kernel.value for layer in readers]

    def effects(features: Any, targets: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            loss = tf.reduce_mean(objective.losses(targets, outputs(features, training=False)))
        found = zip(tape.gradient(loss, kernels), kernels, strict=True)
        return [
            tf.reduce_sum(slope * kernel, axis=[*range(len(kernel.shape) - 2), -1])
            for slope, kernel in found
        ]

    shape = tuple(model.input_shape[1:])
    signature = tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None, None), tf.float32)
    step = compiled(effects, *signature)
    places = np.concatenate([channels.read[layer.name] for layer in readers])
    squares = np.zeros(_bundles(channels))
    order = np.random.default_rng(seed).permutation(len(data))[:_MOST_SAMPLES]
    batches = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
    for chosen in batches:
        features = tf.constant(data.values(chosen).reshape(-1, *shape))
        found = step(features, objective.targets(data, chosen))
        changes = np.concatenate([np.asarray(each, np.float64) for each in found])
        squares += np.square(np.bincount(places, changes, len(squares)))
    return squares / len(batches)


def channel_prices(model: keras.Model, channels: Channels, price: Price) -> NDArray[np.float64]:
    """What the network costs less without each bundle alone, float64 [bundles]."""
    _, keras = load_tensorflow()
    prices = np.zeros(_bundles(channels))
    for layer in model.layers:
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        if not mixes(layer) and not depthwise:
            continue
        read, given = channels.read[layer.name], channels.given[layer.name]
        reads, gives = (np.bincount(ids, minlength=len(prices)) for ids in (read, given))
        area = int(np.prod(layer.kernel.shape[:-2]))
        places = int(np.prod(layer.output.shape[1:-1]))
        if price == "channels":
            prices += 0 if depthwise else gives
        elif price == "values":
            prices += places * gives
        else:
            pairs = gives if depthwise else reads * len(given) + (len(read) - reads) * gives
            prices += area * pairs * (places if price == "macs" else 1)
    return prices


def narrowest(channels: Channels) -> dict[tuple[str, ...], int]:
    """The least width that pruning leaves of each family of bundles."""
    return {
        makers: rounded_channels(-(-len(bundles) // _LEAST_SHARE))
        for makers, bundles in channels.families.items()
    }


def removal_order(
    channels: Channels,
    importance: NDArray[np.float64],
    prices: NDArray[np.float64],
    least: Mapping[tuple[str, ...], int],
) -> list[list[int]]:
    """Bundles in the order in which they go: those first that are worth least for their price.

    They go several at a time, so that each width on the way is one that the compiler's kernels
    like; within a family the least important first.

    Args:
        channels: of the network.
        importance, prices: float64 [bundles].
        least: of `narrowest`, for the network before any pruning.
    """
    parts: list[tuple[float, list[int]]] = []
    for makers, bundles in channels.families.items():
        ranked = sorted(bundles, key=lambda bundle: (importance[bundle], bundle))
        worst = 0.0
        for part in _in_good_widths(ranked, least.get(makers, len(ranked))):
            worth = float(importance[part].sum() / max(prices[part].sum(), 1e-9))
            worst = max(worst, worth)  # behind what goes before it, in the family's own order
            parts.append((worst, part))
    return [part for _, part in sorted(parts, key=lambda each: each[0])]


def _in_good_widths(ranked: Sequence[int], least: int) -> list[list[int]]:
    widths = [w for w in range(len(ranked), least - 1, -1) if w == rounded_channels(w)]
    edges = [0, *(len(ranked) - width for width in widths if width < len(ranked))]
    return [list(ranked[a:b]) for a, b in pairwise(edges)]


def kernel_channels(model: keras.Model) -> int:
    """How many channels a network's convolutions and dense layers give that could go."""
    channels = channels_of(model)
    return int(channel_prices(model, channels, "channels")[FIXED + 1 :].sum())


def _bundles(channels: Channels) -> int:
    return max(channels.makers, default=FIXED) + 1
