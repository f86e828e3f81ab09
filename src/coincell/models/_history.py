"""What happened while training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_APART = 0.05
_FAR_APART = 0.15


@dataclass(frozen=True)
class EpochRecord:
    """One pass over the training data; val_* are None without validation samples.

    `loss` and `accuracy` are means over the epoch's batches as trained on: augmented, with
    dropout, while the weights moved. accuracy is None where outputs are not right or wrong.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None


@dataclass(frozen=True)
class History:
    """All epochs, and how training ended.

    best_epoch: whose weights the model now has (the last, without validation samples).
    training_accuracy: of those weights on training samples as they are, without augmentation;
        None where outputs are not right or wrong.
    """

    records: tuple[EpochRecord, ...]
    best_epoch: int
    stopped_early: bool
    training_accuracy: float | None

    @property
    def best(self) -> EpochRecord:
        """The record of `best_epoch`."""
        return self.records[self.best_epoch - 1]

    @property
    def gap(self) -> str:
        """A word on how far training and validation part, at the weights that were kept."""
        if self.best.val_loss is None:
            return "No clips for validation: nothing tells whether the clips were learned by heart."
        if self.training_accuracy is None or self.best.val_accuracy is None:
            return f"Loss on what is for validation, at the weights kept: {self.best.val_loss:.4g}."
        apart = self.training_accuracy - self.best.val_accuracy
        numbers = (
            f"{100 * self.training_accuracy:.1f} % right on the training clips as they are, "
            f"{100 * self.best.val_accuracy:.1f} % on those for validation"
        )
        if apart > _FAR_APART:
            return f"Overfitting: {numbers}; more speakers, or more augmentation, would help."
        if apart > _APART:
            return f"Some overfitting: {numbers}."
        return f"Training and validation are close: {numbers}."

    def to_json(self) -> dict[str, Any]:
        """As report.json has it: one value an epoch in each list."""
        watched = self.best.val_loss is not None
        return {
            "loss": [record.loss for record in self.records],
            "accuracy": _told(record.accuracy for record in self.records),
            "validation_loss": [record.val_loss for record in self.records if watched],
            "validation_accuracy": _told(record.val_accuracy for record in self.records),
            "best_epoch": self.best_epoch,
            "stopped_early": self.stopped_early,
            "remark": self.gap,
        }


def _told(values: Iterable[float | None]) -> list[float]:
    """Those that there are."""
    return [value for value in values if value is not None]
