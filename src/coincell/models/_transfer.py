"""Transfer learning: a head on a backbone that others trained, then all of it at a low rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.models._distillation import Teacher
from coincell.models._examples import Examples
from coincell.models._history import EpochRecord, History
from coincell.models._mobilenet import EMBEDDING
from coincell.models._training import train
from coincell.models.tensorflow import compiled, load_tensorflow
from coincell.project import Goal, TrainingSettings

if TYPE_CHECKING:
    import keras

_BATCH = 128


def train_transferred(
    model: keras.Model,
    training: Examples,
    validation: Examples | None,
    settings: TrainingSettings,
    *,
    seed: int,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    goal: Goal = "classes",
    teacher: Teacher | None = None,
) -> History:
    """Train `model`, whose backbone has weights already, in place.

    First the head alone, for `settings.frozen_epochs`, on what the backbone makes of each sample,
    which is computed once. Then all kernels, for `settings.epochs` from `settings.fine_tune_rate`;
    normalizations stay as the backbone brought them, since a small set would move them more than
    it teaches. It ends with the weights of the best validation loss of both.

    Args:
        model: of `build_network`, a MobileNet, after `load_weights`.
        training, validation, settings, seed, on_epoch, goal: as of `train`.
        teacher: as of `train`; the head alone learns without.

    Returns:
        The epochs of both phases, counted through.

    Raises:
        UserError: the loss left the finite numbers.
    """
    _, keras = load_tensorflow()
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    frozen = settings.model_copy(
        update={"epochs": settings.frozen_epochs, "patience": 0, "mixup": 0.0}
    )
    head, parts = _head(model, keras)
    embed = _embedder(model, keras)
    first = train(
        head,
        embed(training),
        embed(validation) if validation else None,
        frozen,
        seed=seed,
        on_epoch=on_epoch,
        goal=goal,
    )
    for name in parts:
        model.get_layer(name).set_weights(head.get_layer(name).get_weights())
    before = model.get_weights()
    done = len(first.records)

    def counted_on(record: EpochRecord) -> None:
        if on_epoch:
            on_epoch(replace(record, epoch=record.epoch + done))

    tuning = settings.model_copy(update={"learning_rate": settings.fine_tune_rate})
    second = train(
        model, training, validation, tuning, seed=seed + 1, on_epoch=counted_on, goal=goal,
        teacher=teacher,
    )  # fmt: skip
    return _joined(model, first, second, before)


def _joined(model: keras.Model, first: History, second: History, before: list[Any]) -> History:
    """Both phases as one; `model` gets the weights `before` back where they watched better."""
    done = len(first.records)
    records = (
        *first.records,
        *(replace(record, epoch=record.epoch + done) for record in second.records),
    )
    losses = first.best.val_loss, second.best.val_loss
    if losses[0] is not None and losses[1] is not None and losses[0] <= losses[1]:
        model.set_weights(before)
        return History(records, first.best_epoch, second.stopped_early, first.training_accuracy)
    return History(
        records, done + second.best_epoch, second.stopped_early, second.training_accuracy
    )


def _head(model: keras.Model, keras: Any) -> tuple[keras.Model, list[str]]:
    """The layers behind the embedding as a network of their own, and the names of those with
    weights."""
    names = [layer.name for layer in model.layers]
    behind = model.layers[names.index(EMBEDDING) + 1 :]
    inputs = keras.Input(model.get_layer(EMBEDDING).output.shape[1:], name="embedding")
    hidden = inputs
    for layer in behind:
        hidden = layer.__class__.from_config(layer.get_config())(hidden)
    head = keras.Model(inputs, hidden)
    parts = [layer.name for layer in behind if layer.weights]
    for name in parts:
        head.get_layer(name).set_weights(model.get_layer(name).get_weights())
    return head, parts


def _embedder(model: keras.Model, keras: Any) -> Callable[[Examples], Examples]:
    """What gives Examples of embeddings, float32 [n, channels], for Examples of features."""
    tf, _ = load_tensorflow()
    backbone = keras.Model(model.inputs[0], model.get_layer(EMBEDDING).output)
    shape = tuple(model.input_shape[1:])
    signature = tf.TensorSpec((None, *shape), tf.float32)
    forward = compiled(lambda batch: backbone(batch, training=False), signature)

    def embed(data: Examples) -> Examples:
        rows = np.empty((len(data), backbone.output_shape[-1]), np.float32)
        for start in range(0, len(data), _BATCH):
            chosen = slice(start, start + _BATCH)
            batch = data.values(chosen).reshape(-1, *shape)
            rows[chosen] = forward(tf.constant(batch)).numpy()
        return _embedded(data, rows)

    return embed


@dataclass(frozen=True)
class _Embedded(Examples):
    """Examples that training sees as what a backbone makes of them.

    embeddings: float32 [n, channels].
    """

    embeddings: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def values(self, chosen: Any) -> NDArray[np.float32]:
        """The embeddings."""
        return np.asarray(self.embeddings[chosen])

    def take(self, chosen: NDArray[np.int64]) -> Examples:
        """The samples at these positions."""
        return _embedded(super().take(chosen), self.embeddings[chosen])


def _embedded(data: Examples, embeddings: NDArray[np.float32]) -> _Embedded:
    """`data` with all that they have, seen as `embeddings`, float32 [n, channels]."""
    known = {each.name: getattr(data, each.name) for each in fields(Examples)}
    return _Embedded(**known, embeddings=embeddings)
