"""A trained network -> its int8 file: after training, aware of int8, or whichever is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import OracleProcess, read_model
from coincell.errors import ModelError
from coincell.evaluation import Estimate, mean_difference
from coincell.models import (
    Calibration,
    EpochRecord,
    Examples,
    Teacher,
    bias_corrected,
    calibrated_ranges,
    convert_aware,
    convert_int16,
    convert_to_tflite,
    dequantize,
    equalized,
    fold_normalizations,
    layer_errors,
    train_aware,
)
from coincell.project import Goal, QuantizationSettings, TrainingSettings

QUANTIZATION_FILE = "quantization.json"
"""Beside the .tflite: how it came about."""


@dataclass(frozen=True)
class Material:
    """What quantization works with.

    Attributes:
        network: Keras, as trained.
        learning, watching: what it was trained on and watched by.
        calibration: float32 [n, *shape], dequantized features of the training split.
        goal: what its outputs are.
        groups: whose each watched window is, [m]; None: each stands alone.
        training: settings of the float training.
        seed: of the order of samples.
        progress: hears of each epoch.
        teacher: of training aware of int8, whom the project names; None: none.
    """

    network: Any
    learning: Examples
    watching: Examples
    calibration: NDArray[np.float32]
    goal: Goal
    groups: list[str] | None
    training: TrainingSettings
    seed: int
    progress: Callable[[int, int, str], None]
    teacher: Teacher | None = None


@dataclass(frozen=True)
class Quantized:
    """An int8 file, and how it came about.

    Attributes:
        tflite: the file.
        mode: "ptq" or "qat".
        reason: why this one, in words; "" where there was no choice.
        difference: mean loss on watched windows of qat less that of ptq; None where one alone was
            made.
        history: of quantization-aware training, as report.json has it; None without.
        layers: what each layer loses, as `LayerError.to_json`.
    """

    tflite: bytes
    mode: str
    reason: str = ""
    difference: Estimate | None = None
    history: dict[str, Any] | None = None
    layers: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """All but the file."""
        return {
            "mode": self.mode,
            "reason": self.reason,
            "difference": None if self.difference is None else self.difference.to_json(),
            "history": self.history,
            "layer_losses": self.layers,
        }


def quantize(material: Material, settings: QuantizationSettings) -> Quantized:
    """The int8 file that `settings` ask for.

    "auto" makes both, and takes the aware one where its mean loss on what training watched is lower
    beyond the 95 % interval; the test split is not looked at.

    Raises:
        ModelError: the network cannot be quantized so.
        ModelError: aware training diverged; of mode "auto" what was made after training is taken.
    """
    if settings.mode == "qat":
        return _aware(material, settings)
    plain = _after_training(material, settings)
    if settings.mode == "ptq":
        return plain
    if not len(material.watching):
        return _because(plain, "There is nothing for validation to choose by.")
    try:
        aware = _aware(material, settings)
    except ModelError as error:
        return _because(plain, f"Not trained aware: {error.message}")
    return _better(material, plain, aware)


def _because(chosen: Quantized, reason: str, difference: Estimate | None = None) -> Quantized:
    return Quantized(chosen.tflite, chosen.mode, reason, difference, chosen.history, chosen.layers)


def _better(material: Material, plain: Quantized, aware: Quantized) -> Quantized:
    losses = [int8_losses(each.tflite, material.watching, material.goal) for each in (plain, aware)]
    difference = mean_difference(*losses, seed=material.seed, groups=material.groups)
    ends = (
        ""
        if difference.low is None
        else f" (95 %: {difference.low:+.3g} to {difference.high:+.3g})"
    )
    told = f"its mean loss on validation is {difference.value:+.3g}{ends} against ptq's"
    if difference.high is not None and difference.high < 0:
        return _because(aware, f"qat is better: {told}.", difference)
    return _because(plain, f"qat is not better beyond chance: {told}.", difference)


def int8_losses(tflite: bytes, watching: Examples, goal: Goal) -> NDArray[np.float64]:
    """What an int8 model loses on each sample, [n]: 0 or 1 of classes, the absolute error of a
    number, the mean squared difference of features that an autoencoder gives again."""
    graph = read_model(tflite)
    entry, exit_ = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    inputs = watching.features.reshape(len(watching), *entry.shape[1:])
    with OracleProcess(tflite) as oracle:
        raw = oracle.run(inputs).reshape(len(watching), -1).astype(np.float64)
    if goal == "classes":
        wrong: NDArray[np.float64] = (raw.argmax(axis=1) != watching.labels).astype(np.float64)
        return wrong
    values = (raw - exit_.zero_point) * exit_.scale
    if goal == "quantity":
        return np.abs(values[:, 0] - watching.targets)
    given = dequantize(watching.features, watching.quantization).reshape(values.shape)
    squared: NDArray[np.float64] = np.square(given - values).mean(axis=1)
    return squared


def _after_training(material: Material, settings: QuantizationSettings) -> Quantized:
    quantization = material.learning.quantization
    if settings.activations == "int16":
        tflite = convert_int16(material.network, material.calibration, quantization, material.goal)
        return Quantized(tflite, "ptq", "Activations are int16: a way out of int8's steps.")
    plain = settings.calibration == "min-max" and not settings.equalize
    if plain and not settings.correct_bias:
        tflite = convert_to_tflite(material.network, material.calibration, quantization)
        return Quantized(tflite, "ptq", layers=_layers(material, settings))
    network, ranges = _prepared(material, settings)
    tflite = convert_aware(network, ranges, material.calibration, quantization)
    return Quantized(tflite, "ptq", layers=_errors(network, ranges, material))


def _prepared(
    material: Material, settings: QuantizationSettings
) -> tuple[Any, dict[str, tuple[float, float]]]:
    """The network folded, evened and corrected as asked, and its activations' ranges."""
    network = fold_normalizations(material.network)
    if settings.equalize:
        network = equalized(network)
    if settings.correct_bias:
        network = bias_corrected(network, material.calibration)
    calibration = Calibration(settings.calibration, settings.clipped_share)
    return network, calibrated_ranges(network, material.calibration, calibration)


def _layers(material: Material, settings: QuantizationSettings) -> list[dict[str, Any]]:
    """Of a file that the converter made by itself; none where a layer is not known."""
    try:
        return _errors(*_prepared(material, settings), material)
    except ModelError:
        return []


def _errors(
    network: Any, ranges: dict[str, tuple[float, float]], material: Material
) -> list[dict[str, Any]]:
    return [error.to_json() for error in layer_errors(network, ranges, material.calibration)]


def _teacher(material: Material, settings: QuantizationSettings) -> Teacher | None:
    """Who is heard beside the labels: whom the project names, else the float network itself, which
    knows what int8 should say."""
    if material.teacher or not settings.float_teacher:
        return material.teacher
    return Teacher(material.network, 1.0, settings.float_teacher)


def _aware(material: Material, settings: QuantizationSettings) -> Quantized:
    training = material.training.model_copy(
        update={"epochs": settings.epochs, "learning_rate": settings.learning_rate}
    )

    def on_epoch(record: EpochRecord) -> None:
        watched = "" if record.val_loss is None else f", validation {record.val_loss:.3f}"
        message = f"aware of int8: loss {record.loss:.3f}{watched}"
        material.progress(record.epoch, settings.epochs, message)

    network = fold_normalizations(material.network)
    if settings.equalize:
        network = equalized(network)
    made = train_aware(
        network,
        material.learning,
        material.watching if len(material.watching) else None,
        training,
        material.calibration,
        seed=material.seed,
        on_epoch=on_epoch,
        goal=material.goal,
        teacher=_teacher(material, settings),
    )
    tflite = convert_aware(
        made.network, made.ranges, material.calibration, material.learning.quantization
    )
    layers = _errors(made.network, dict(made.ranges), material)
    return Quantized(tflite, "qat", history=made.history.to_json(), layers=layers)
