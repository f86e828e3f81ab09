"""Learning from another network's outputs beside the labels (Hinton et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.models._examples import Examples
from coincell.models._prediction import predict_float
from coincell.models.tensorflow import load_tensorflow

if TYPE_CHECKING:
    import keras

_MOST_SAMPLES = 2048


@dataclass(frozen=True)
class Teacher:
    """A trained network whose outputs another one is to come near.

    Attributes:
        network: for the same features, in any shape with as many values; it is not changed.
        temperature: above 0; scores of both are softened by it.
        weight: 0 to 1, share of the loss that is the distance to it.
    """

    network: keras.Model
    temperature: float
    weight: float

    def sees(self, features: Any) -> Any:
        """float32 [n, ...] as the network takes it."""
        tf, _ = load_tensorflow()
        return tf.reshape(features, (-1, *self.network.input_shape[1:]))


def softened_distance(given: Any, logits: Any, temperature: float) -> Any:
    """How far scores are from a teacher's, by Kullback and Leibler, both softened: float32 [n].

        temperature^2 * sum over classes of p * log(p / q),  p, q = softmax(logits / temperature)

    The square keeps gradients as large as those of the labels' loss, whatever the temperature.

    Args:
        given, logits: the teacher's and the student's, [n, classes].
        temperature: above 0.
    """
    tf, _ = load_tensorflow()
    teacher = tf.nn.log_softmax(given / temperature)
    student = tf.nn.log_softmax(logits / temperature)
    return temperature**2 * tf.reduce_sum(tf.exp(teacher) * (teacher - student), axis=-1)


def check_class_order(teacher: keras.Model, data: Examples, labels: tuple[str, ...]) -> None:
    """Refuse a teacher whose classes are not these, in this order, by what it says of samples.

    Args:
        teacher: [n, ...] -> [n, classes] scores.
        data: training samples, of which the first some thousand are asked about.
        labels: of the project.

    Raises:
        ModelError: it takes classes for one another throughout, or is no better than chance.
    """
    chosen = np.random.default_rng(0).permutation(len(data))[:_MOST_SAMPLES]
    some = data.take(chosen)
    said = predict_float(teacher, some.features, some.quantization).argmax(axis=1)
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (some.labels, said), 1)
    right, likeliest = np.trace(counts) / len(some), counts.argmax(axis=1)
    if _is_other_order(counts, likeliest):
        told = ", ".join(
            f"{labels[wanted]!r} for {labels[found]!r}"
            for wanted, found in enumerate(likeliest)
            if wanted != found
        )
        raise ModelError(
            f"The teacher's classes are in another order: it takes {told}.",
            hint="Train it with data.labels in this project's order.",
        )
    if right <= counts.sum(axis=1).max() / len(some):
        raise ModelError(
            f"The teacher is right on {100 * right:.0f} % of the training windows: always saying "
            "one class would be as good.",
            hint="It must be trained on the same features and labels, in the same order.",
        )


def _is_other_order(counts: NDArray[np.int64], likeliest: NDArray[np.int64]) -> bool:
    """Whether each class is mostly taken for one, [truth, said], but not each for itself."""
    order = np.arange(len(counts))
    permuted = len(set(likeliest.tolist())) == len(order)
    return permuted and bool((likeliest != order).any())
