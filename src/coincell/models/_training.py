"""Training a network, deterministically, one visible loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.models._distillation import Teacher
from coincell.models._examples import Examples
from coincell.models._history import EpochRecord, History
from coincell.models._objectives import Objective, objective_of
from coincell.models._optimizer import learning_rate_at, make_optimizer
from coincell.models.tensorflow import compiled, load_tensorflow
from coincell.project import Goal, TrainingSettings

if TYPE_CHECKING:
    import keras

# (features float32 [n, frames, bands], generator) -> the same, altered
Augment = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

_EVALUATION_BATCH = 256
_MOST_CLEAN_SAMPLES = 2000
_SETTLING_STEPS = 20


def train(
    model: keras.Model,
    training: Examples,
    validation: Examples | None,
    settings: TrainingSettings,
    *,
    seed: int,
    augment: Augment | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    goal: Goal = "classes",
    teacher: Teacher | None = None,
) -> History:
    """Train `model` in place; it ends with the weights of the best validation loss.

    Args:
        model: [n, ...] float32 -> [n, classes] scores that sum to 1; of a quantity [n, 1] in its
            unit, behind a Rescaling; of normality the features again.
        training: what to learn from, altered copies included.
        validation: what decides when to stop and which weights to keep; None: the last ones.
        settings: optimizer, schedule, loss and so on.
        seed: of the order of samples and of `augment`.
        augment: alters each batch of dequantized features, anew each epoch.
        on_epoch: called after each epoch.
        goal: what the outputs are.
        teacher: whose outputs on each batch, as altered, count beside the labels.

    Raises:
        ModelError: the loss left the finite numbers.
    """
    trainer = _Trainer(model, settings, objective_of(goal, model, settings), teacher)
    generator = np.random.default_rng(seed)
    weights = np.ones(1, np.float32)
    if goal == "classes":
        weights = class_weights(training.labels, trainer.width, settings)
    records: list[EpochRecord] = []
    best: tuple[float, int, list[Any]] = (math.inf, 0, [])
    for epoch in range(settings.epochs):
        accuracy: float | None
        loss, accuracy = trainer.run_epoch(epoch, training, weights, generator, augment)
        trainer.settle(training, generator)
        val_loss, val_accuracy = trainer.evaluate(validation) if validation else (None, None)
        if not trainer.counts_hits:
            accuracy = val_accuracy = None
        rate = learning_rate_at(settings, epoch / settings.epochs)
        records.append(EpochRecord(epoch + 1, rate, loss, accuracy, val_loss, val_accuracy))
        if on_epoch:
            on_epoch(records[-1])
        if val_loss is None:
            best = (loss, epoch + 1, [])
        elif val_loss < best[0]:
            best = (val_loss, epoch + 1, model.get_weights())
        elif settings.patience and epoch + 1 - best[1] >= settings.patience:
            break
    if best[2]:
        model.set_weights(best[2])
    clean = generator.permutation(len(training))[:_MOST_CLEAN_SAMPLES]
    _, training_accuracy = trainer.evaluate(training.take(clean))
    stopped = len(records) < settings.epochs
    told = training_accuracy if trainer.counts_hits else None
    return History(tuple(records), best[1], stopped, told)


def evaluate_network(
    model: keras.Model, data: Examples, settings: TrainingSettings, goal: Goal = "classes"
) -> tuple[float, float | None]:
    """Mean loss on `data` as it is, and the share that is right; None where nothing is right or
    wrong. The loss is that of the labels alone."""
    trainer = _Trainer(model, settings, objective_of(goal, model, settings))
    loss, hits = trainer.evaluate(data)
    return loss, hits if trainer.counts_hits else None


def class_weights(
    labels: NDArray[np.int64], classes: int, settings: TrainingSettings
) -> NDArray[np.float32]:
    """One weight a class, float32 [classes]; "balanced": n / (classes present * count)."""
    if settings.class_weights == "none":
        return np.ones(classes, np.float32)
    counts = np.bincount(labels, minlength=classes)
    present = np.count_nonzero(counts)
    return np.asarray(len(labels) / (present * np.maximum(counts, 1)), np.float32)


def epoch_order(
    labels: NDArray[np.int64], strata: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of the n samples of an epoch, in random order, int64 [n].

    With strata each class keeps its number of samples, and draws as many of each of its groups: all
    of one before any of them again. What tells no group is drawn as often as it is there.

    Args:
        labels: int64 [n].
        strata: int64 [n], below 0 of no group; or none at all: every sample once.
        generator: of the order.
    """
    if not len(strata):
        return generator.permutation(len(labels))
    drawn = [np.flatnonzero(strata < 0)]
    for label in np.unique(labels):
        own = np.flatnonzero((labels == label) & (strata >= 0))
        groups = [own[strata[own] == group] for group in np.unique(strata[own])]
        shares = np.diff(np.linspace(0, len(own), len(groups) + 1).round().astype(np.int64))
        for group, share in zip(groups, generator.permutation(shares), strict=True):
            rounds = -(-int(share) // len(group))
            drawn.append(
                np.concatenate([generator.permutation(group) for _ in range(rounds)])[:share]
            )
    return generator.permutation(np.concatenate(drawn))


def mix(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    alpha: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mixup (Zhang et al. 2018): each sample mixed with another of its batch, [n, ...] each.

    The share is drawn from Beta(alpha, alpha), one a sample; the other sample's never prevails.
    """
    share = generator.beta(alpha, alpha, len(features)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = generator.permutation(len(features))
    wide = share.reshape(-1, *(1 for _ in features.shape[1:]))
    mixed = wide * features + (1 - wide) * features[other]
    return mixed, share[:, None] * targets + (1 - share[:, None]) * targets[other]


class _Trainer:
    """A model with its optimizer, and the compiled steps of both."""

    def __init__(
        self,
        model: keras.Model,
        settings: TrainingSettings,
        objective: Objective,
        teacher: Teacher | None = None,
    ) -> None:
        self._tf, keras = load_tensorflow()
        self._model = model
        self._settings = settings
        self._input_shape = tuple(model.input_shape[1:])
        self._objective = objective
        self.width = objective.width
        self.counts_hits = objective.counts_hits
        self._outputs = objective.part(model)
        self._teacher = teacher
        self._asked: Any = objective.asked(teacher.network) if teacher else None
        self._optimizer = make_optimizer(settings)
        self._optimizer.build(model.trainable_variables)
        float32 = self._tf.float32
        features = self._tf.TensorSpec((None, *self._input_shape), float32)
        targets = self._tf.TensorSpec((None, self.width), float32)
        weights = self._tf.TensorSpec((None,), float32)
        self._step = compiled(self._train_step, features, targets, weights)
        self._test = compiled(self._test_step, features, targets)
        self._follow = compiled(lambda batch: self._outputs(batch, training=True), features)
        self._normalizes = any(
            isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
            for layer in model._flatten_layers()
        )

    def run_epoch(
        self,
        epoch: int,
        data: Examples,
        weights: NDArray[np.float32],
        generator: np.random.Generator,
        augment: Augment | None,
    ) -> tuple[float, float]:
        """One pass in random order; the mean loss and accuracy.

        What does not fill the last batch is left out of this epoch: a normalization over a
        handful of samples hurts more than it gives.
        """
        size = min(self._settings.batch_size, len(data))
        batches = len(data) // size
        order = epoch_order(data.labels, data.strata, generator)
        losses, hits = [], []
        for batch in range(batches):
            chosen = order[batch * size : (batch + 1) * size]
            features = data.values(chosen)
            targets = self._objective.targets(data, chosen)
            if augment:
                features = augment(features, generator)
            if self._settings.mixup and self.counts_hits:
                features, targets = mix(features, targets, self._settings.mixup, generator)
            progress = (epoch + batch / batches) / self._settings.epochs
            self._optimizer.learning_rate.assign(learning_rate_at(self._settings, progress))
            weighted = _weighted(targets, weights)
            if len(data.weights):
                weighted *= data.weights[chosen]
            loss, hit = self._step(self._tensor(features), targets, weighted)
            losses.append(float(loss))
            hits.append(float(hit))
        mean = float(np.mean(losses))
        if not math.isfinite(mean):
            raise ModelError(
                f"Training diverged in epoch {epoch + 1}: the loss is no finite number any more.",
                hint="Lower training.learning_rate (a tenth of it is a good next try).",
            )
        return mean, float(np.mean(hits))

    def settle(self, data: Examples, generator: np.random.Generator) -> None:
        """Let the moving averages of normalizations catch up with the weights.

        They follow step by step, and in an epoch of a few steps they stay so far behind that the
        network looks dead when it is evaluated. What is missing to `_SETTLING_STEPS` is made up
        here, without changing weights.
        """
        size = min(self._settings.batch_size, len(data))
        missing = _SETTLING_STEPS - len(data) // size
        if missing <= 0 or not self._normalizes:
            return
        for _ in range(missing):
            chosen = generator.choice(len(data), size, replace=False)
            self._follow(self._tensor(data.values(chosen)))

    def evaluate(self, data: Examples) -> tuple[float, float]:
        """Mean loss and accuracy on `data` as it is, all samples alike."""
        losses, hits = [], []
        for start in range(0, len(data), _EVALUATION_BATCH):
            chosen = slice(start, start + _EVALUATION_BATCH)
            features = data.values(chosen)
            loss, hit = self._test(self._tensor(features), self._objective.targets(data, chosen))
            losses.append(loss.numpy())
            hits.append(hit.numpy())
        return float(np.concatenate(losses).mean()), float(np.concatenate(hits).mean())

    def _tensor(self, features: NDArray[np.float32]) -> Any:
        return self._tf.constant(features.reshape(len(features), *self._input_shape))

    def _train_step(self, features: Any, targets: Any, weights: Any) -> tuple[Any, Any]:
        tf = self._tf
        with tf.GradientTape() as tape:
            outputs = self._outputs(features, training=True)
            losses = self._objective.losses(targets, outputs)
            if self._teacher is not None:
                given = self._asked(self._teacher.sees(features), training=False)
                share, warmth = self._teacher.weight, self._teacher.temperature
                far = self._objective.apart(tf.stop_gradient(given), outputs, warmth)
                losses = (1 - share) * losses + share * far
            loss = tf.reduce_mean(weights * losses)
        variables = self._model.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss, tf.reduce_mean(self._objective.hits(targets, outputs))

    def _test_step(self, features: Any, targets: Any) -> tuple[Any, Any]:
        outputs = self._outputs(features, training=False)
        return self._objective.losses(targets, outputs), self._objective.hits(targets, outputs)


def _weighted(targets: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """One weight a sample: of its class, or 1."""
    if len(weights) == 1:
        return np.ones(len(targets), np.float32)
    return np.asarray(targets @ weights, np.float32)
