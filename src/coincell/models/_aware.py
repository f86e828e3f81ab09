"""Quantization-aware training: a trained network learns to live with int8 (Jacob et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coincell.models._calibration import Calibration, calibrated_ranges
from coincell.models._distillation import Teacher
from coincell.models._examples import Examples
from coincell.models._fake_quantization import (
    Ranges,
    answer_places,
    copy_weights,
    fake_quantized,
    ranges_of,
)
from coincell.models._folding import fold_normalizations
from coincell.models._history import EpochRecord, History
from coincell.models._training import Augment, train
from coincell.project import Goal, TrainingSettings

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class AwareNetwork:
    """A network that was trained to be int8.

    Attributes:
        network: normalizations folded, its kernels as trained, not rounded.
        ranges: of its activations' int8 grids.
        history: of the training.
    """

    network: keras.Model
    ranges: Ranges
    history: History


def train_aware(
    model: keras.Model,
    training: Examples,
    validation: Examples | None,
    settings: TrainingSettings,
    calibration: NDArray[np.float32],
    *,
    seed: int,
    augment: Augment | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    goal: Goal = "classes",
    teacher: Teacher | None = None,
) -> AwareNetwork:
    """Train a copy of `model`, whose weights it starts from, with int8's rounding in it.

    Normalizations are folded first, as in the int8 graph. The activations' ranges begin where
    `calibration` puts them and follow the batches; what softmax reads keeps to the share of its
    reach in which the answers lose least.

    Args:
        model: as `train` left it.
        training, validation, settings, seed, augment, on_epoch, goal, teacher: as of `train`; the
            learning rate should be low, since little is left to learn.
        calibration: float32 [n, *shape], dequantized features.

    Raises:
        ModelError: the network has what cannot be trained so.
        UserError: the loss left the finite numbers.
    """
    folded = fold_normalizations(model)
    extremes = calibrated_ranges(folded, calibration, Calibration())
    drawn_in = calibrated_ranges(folded, calibration, Calibration("squared-error"))
    answers = {name: drawn_in[name] for name in answer_places(folded) if name in drawn_in}
    kept = {name: _shares(span, extremes[name]) for name, span in answers.items()}
    aware = fake_quantized(folded, extremes | answers, kernels=True, kept=kept)
    history = train(
        aware, training, validation, settings, seed=seed, augment=augment, on_epoch=on_epoch,
        goal=goal, teacher=teacher,
    )  # fmt: skip
    if folded is model:
        folded = fake_quantized(model, {}, kernels=False)
    copy_weights(aware, folded)
    return AwareNetwork(folded, ranges_of(aware), history)


def _shares(inner: tuple[float, float], outer: tuple[float, float]) -> tuple[float, float]:
    """How far the ends of a range that holds 0 reach, of those of another that holds it."""
    low, high = (one / whole if whole else 1.0 for one, whole in zip(inner, outer, strict=True))
    return low, high
