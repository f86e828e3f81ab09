"""Optimizers and learning-rate schedules."""

from __future__ import annotations

import math
from typing import Any

from coincell.models.tensorflow import load_tensorflow
from coincell.project import TrainingSettings

_STEP_FACTOR = 0.1  # He et al. 2016: a tenth at half and at three quarters of training
_STEPS_AT = (0.5, 0.75)


def learning_rate_at(settings: TrainingSettings, progress: float) -> float:
    """The learning rate when the share `progress`, from 0 to 1, of all steps is done."""
    if settings.schedule == "cosine":
        return settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))
    if settings.schedule == "step":
        passed = sum(progress >= at for at in _STEPS_AT)
        return settings.learning_rate * _STEP_FACTOR**passed
    return settings.learning_rate


def make_optimizer(settings: TrainingSettings) -> Any:
    """The Keras optimizer that `settings` names."""
    _, keras = load_tensorflow()
    rate = settings.learning_rate
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=settings.momentum)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    # Decay is for the kernels: pulling a normalization's gain to zero only slows it down.
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
