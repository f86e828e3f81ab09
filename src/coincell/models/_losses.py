"""Losses from logits and one-hot (or mixed) targets, both [n, classes], to one value a sample."""

from __future__ import annotations

from typing import Any

from coincell.models.tensorflow import load_tensorflow
from coincell.project import TrainingSettings


def sample_losses(targets: Any, logits: Any, settings: TrainingSettings) -> Any:
    """The loss that `settings` names, float32 [n]."""
    if settings.loss == "focal":
        return focal(targets, logits, settings.focal_gamma)
    if settings.loss == "binary":
        return one_against_rest(targets, logits)
    return cross_entropy(targets, logits, settings.label_smoothing)


def quantity_losses(targets: Any, outputs: Any, settings: TrainingSettings) -> Any:
    """The loss of a number, targets and outputs [n, 1] in deviations, float32 [n].

    Huber's turns from squared to absolute one deviation off (Huber 1964).
    """
    tf, _ = load_tensorflow()
    off = tf.abs(targets - outputs)[:, 0]
    if settings.quantity_loss == "absolute":
        return off
    if settings.quantity_loss == "huber":
        return tf.where(off <= 1.0, 0.5 * tf.square(off), off - 0.5)
    return tf.square(off)


def cross_entropy(targets: Any, logits: Any, smoothing: float) -> Any:
    """Cross-entropy; `smoothing` of each target is spread over all classes (Szegedy 2016)."""
    tf, _ = load_tensorflow()
    classes = logits.shape[-1]
    smoothed = targets * (1.0 - smoothing) + smoothing / classes
    return -tf.reduce_sum(smoothed * tf.nn.log_softmax(logits), axis=-1)


def focal(targets: Any, logits: Any, gamma: float) -> Any:
    """Cross-entropy times (1 - p)^gamma: easy samples count less (Lin et al. 2017)."""
    tf, _ = load_tensorflow()
    logs = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(targets * (1.0 - tf.exp(logs)) ** gamma * logs, axis=-1)


def one_against_rest(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy of each class against all others, on the scores of the softmax.

    On scores rather than on sigmoids: the scores still sum to 1, as the decision expects.
    """
    tf, _ = load_tensorflow()
    logs = tf.nn.log_softmax(logits)
    scores = tf.exp(logs)
    log_rest = tf.math.log(tf.maximum(1.0 - scores, 1e-7))
    return -tf.reduce_sum(targets * logs + (1.0 - targets) * log_rest, axis=-1)
