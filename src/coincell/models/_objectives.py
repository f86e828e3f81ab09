"""What training aims at: one class, one number, or the features themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.models._distillation import softened_distance
from coincell.models._examples import Examples, dequantize
from coincell.models._losses import quantity_losses, sample_losses
from coincell.models.tensorflow import load_tensorflow
from coincell.project import Goal, TrainingSettings

if TYPE_CHECKING:
    import keras


class Objective(Protocol):
    """How far a network's outputs are from what they should be."""

    @property
    def width(self) -> int:
        """Numbers of a sample's target."""

    @property
    def counts_hits(self) -> bool:
        """Whether an output is right or wrong, so that there is an accuracy."""

    def part(self, model: keras.Model) -> keras.Model:
        """`model` up to the outputs that `losses` takes."""

    def asked(self, teacher: keras.Model) -> keras.Model:
        """Another network for the same, up to the outputs that `apart` takes."""

    def targets(self, data: Examples, chosen: Any) -> NDArray[np.float32]:
        """What the samples `chosen` of `data` should give, float32 [n, width]."""

    def losses(self, targets: Any, outputs: Any) -> Any:
        """One value a sample, tensor float32 [n]."""

    def apart(self, given: Any, outputs: Any, temperature: float) -> Any:
        """How far `outputs` are from what `asked` of a teacher gives, tensor float32 [n]."""

    def hits(self, targets: Any, outputs: Any) -> Any:
        """1 where an output is right, tensor float32 [n]; 0 where that means nothing."""


class ClassObjective:
    """The right class: losses from logits do not lose digits near 0 and 1."""

    counts_hits = True

    def __init__(self, model: keras.Model, settings: TrainingSettings) -> None:
        self.width = int(model.output_shape[-1])
        self._settings = settings

    def part(self, model: keras.Model) -> keras.Model:
        """Without its last softmax."""
        _, keras = load_tensorflow()
        last = model.layers[-1]
        if not isinstance(last, keras.layers.Softmax):
            raise ModelError(
                f"A network to train must end in a Softmax layer; received {type(last).__name__}."
            )
        return keras.Model(model.inputs[0], last.input)

    def asked(self, teacher: keras.Model) -> keras.Model:
        """Without its last softmax too."""
        return self.part(teacher)

    def targets(self, data: Examples, chosen: Any) -> NDArray[np.float32]:
        """1 for the class, else 0."""
        rows: NDArray[np.float32] = np.eye(self.width, dtype=np.float32)[data.labels[chosen]]
        return rows

    def losses(self, targets: Any, outputs: Any) -> Any:
        """The loss that the settings name."""
        return sample_losses(targets, outputs, self._settings)

    def apart(self, given: Any, outputs: Any, temperature: float) -> Any:
        """Of softened scores."""
        return softened_distance(given, outputs, temperature)

    def hits(self, targets: Any, outputs: Any) -> Any:
        """Whether the highest output is the target's."""
        tf, _ = load_tensorflow()
        return tf.cast(tf.argmax(targets, -1) == tf.argmax(outputs, -1), tf.float32)


class QuantityObjective:
    """The right number, in deviations of the training split's numbers from their mean."""

    counts_hits = False
    width = 1

    def __init__(self, model: keras.Model, settings: TrainingSettings) -> None:
        _, keras = load_tensorflow()
        last = model.layers[-1]
        if not isinstance(last, keras.layers.Rescaling):
            raise ModelError(
                "A network that predicts a number must end in a Rescaling layer, which brings it "
                f"to its unit; received {type(last).__name__}."
            )
        self._scale, self._offset = float(last.scale), float(last.offset)
        self._settings = settings

    def part(self, model: keras.Model) -> keras.Model:
        """Without the last step, which brings the number to its unit."""
        _, keras = load_tensorflow()
        return keras.Model(model.inputs[0], model.layers[-1].input)

    def asked(self, teacher: keras.Model) -> keras.Model:
        """All of it, and its number in this network's deviations."""
        _, keras = load_tensorflow()
        standardize = keras.layers.Rescaling(1 / self._scale, offset=-self._offset / self._scale)
        return keras.Model(teacher.inputs[0], standardize(teacher.outputs[0]))

    def targets(self, data: Examples, chosen: Any) -> NDArray[np.float32]:
        """The numbers, standardized as the network's last layer undoes it."""
        numbers = np.asarray(data.targets[chosen], np.float64)
        return ((numbers - self._offset) / self._scale).astype(np.float32)[:, None]

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Squared, absolute or Huber's."""
        return quantity_losses(targets, outputs, self._settings)

    def apart(self, given: Any, outputs: Any, temperature: float) -> Any:
        """The same of the teacher's number."""
        del temperature
        return quantity_losses(given, outputs, self._settings)

    def hits(self, targets: Any, outputs: Any) -> Any:
        """None are told."""
        del targets
        tf, _ = load_tensorflow()
        return tf.zeros_like(outputs[:, 0])


class ReconstructionObjective:
    """The features themselves: an autoencoder's."""

    counts_hits = False

    def __init__(self, model: keras.Model, settings: TrainingSettings) -> None:
        del settings
        self.width = int(np.prod(model.output_shape[1:]))

    def part(self, model: keras.Model) -> keras.Model:
        """All of it, flat."""
        _, keras = load_tensorflow()
        return keras.Model(
            model.inputs[0], keras.layers.Flatten(name="flat_outputs")(model.outputs[0])
        )

    def asked(self, teacher: keras.Model) -> keras.Model:
        """All of it too."""
        return self.part(teacher)

    def targets(self, data: Examples, chosen: Any) -> NDArray[np.float32]:
        """What goes in."""
        features = dequantize(data.features[chosen], data.quantization)
        return features.reshape(len(features), -1)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Mean squared difference."""
        tf, _ = load_tensorflow()
        return tf.reduce_mean(tf.square(targets - outputs), axis=-1)

    def apart(self, given: Any, outputs: Any, temperature: float) -> Any:
        """Mean squared difference."""
        del temperature
        return self.losses(given, outputs)

    def hits(self, targets: Any, outputs: Any) -> Any:
        """None are told."""
        del targets
        tf, _ = load_tensorflow()
        return tf.zeros_like(outputs[:, 0])


_OBJECTIVES: dict[Goal, type[Objective]] = {
    "classes": ClassObjective,
    "quantity": QuantityObjective,
    "normality": ReconstructionObjective,
}


def objective_of(goal: Goal, model: keras.Model, settings: TrainingSettings) -> Objective:
    """What training `model` aims at."""
    objective: Objective = _OBJECTIVES[goal](model, settings)  # type: ignore[call-arg]
    return objective
