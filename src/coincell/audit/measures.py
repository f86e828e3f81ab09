"""What is measured of a group: sums over its clips, and the rates that they make.

A measure turns each clip into a row of numbers. Whatever is told of a group, an intersection or a
round of the bootstrap is made of weighted sums of such rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation import NO_DECISION

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Key:
    """A figure's name, and the class that it is of; "" where it is of all."""

    metric: str
    label: str = ""


CLASS_METRICS = ("precision", "recall", "f1", "fpr", "fnr", "selection_rate")
"""Of each class against the rest."""
NOT_RATES = frozenset({"false_alarms_per_hour", "mae", "mean_error", "rmse"})
"""Figures that are no shares of clips, so that no score interval fits them."""


class Measure(Protocol):
    """Rows of clips -> sums -> figures."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Of the figures, [m]."""

    def rows(self) -> Values:
        """What is summed, a clip a row: [n, k]."""

    def figures(self, sums: Values) -> Values:
        """Sums [..., k] -> figures [..., m]; NaN where one is not defined."""

    def bases(self, sums: Values) -> Values:
        """Sums [..., k] -> of how many clips each figure is, [..., m]."""


def share(part: Values, whole: Values) -> Values:
    """part / whole, NaN where there is nothing to divide by; same shapes."""
    result = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


@dataclass(frozen=True)
class ClassMeasure:
    """Decisions for one of several classes, or for none.

    Attributes:
        labels: the classes, [C].
        truth: int64 [n], positions in `labels`.
        decisions: int64 [n], the same; NO_DECISION for none.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    decisions: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.truth.shape != self.decisions.shape:
            raise InternalError(f"{self.truth.shape} truths and {self.decisions.shape} decisions")
        check_classes(self.truth, self.decisions, len(self.labels))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Three of all classes, then CLASS_METRICS of each."""
        whole = (Key("accuracy"), Key("recall_macro"), Key("no_decision_rate"))
        return (*whole, *(Key(name, label) for name in CLASS_METRICS for label in self.labels))

    def rows(self) -> Values:
        """[n, 1 + 3 C]: 1; whether of each class, decided for it, and both."""
        classes = np.arange(len(self.labels))
        real = self.truth[:, None] == classes
        told = self.decisions[:, None] == classes
        ones = np.ones((len(self.truth), 1))
        return np.concatenate([ones, real, told, real & told], axis=1).astype(np.float64)

    def figures(self, sums: Values) -> Values:
        """[..., 1 + 3 C] -> [..., 3 + 6 C]."""
        whole, real, told, hits = self._parts(sums)
        recall = share(hits, real)
        known = ~np.isnan(recall)
        macro = share(np.where(known, recall, 0).sum(-1, keepdims=True), _count(known))
        return np.concatenate(
            [
                share(hits.sum(-1, keepdims=True), whole),
                macro,
                share(whole - told.sum(-1, keepdims=True), whole),
                share(hits, told),
                recall,
                share(2 * hits, real + told),
                share(told - hits, whole - real),
                1 - recall,
                share(told, np.broadcast_to(whole, told.shape)),
            ],
            axis=-1,
        )

    def bases(self, sums: Values) -> Values:
        """[..., 1 + 3 C] -> [..., 3 + 6 C]."""
        whole, real, told, _ = self._parts(sums)
        every = np.broadcast_to(whole, told.shape)
        each = [told, real, real + told, whole - real, real, every]
        return np.concatenate([whole, whole, whole, *each], axis=-1)

    def _parts(self, sums: Values) -> tuple[Values, Values, Values, Values]:
        count = len(self.labels)
        return (
            sums[..., :1],
            sums[..., 1 : 1 + count],
            sums[..., 1 + count : 1 + 2 * count],
            sums[..., 1 + 2 * count :],
        )


def _count(known: NDArray[np.bool_]) -> Values:
    return np.asarray(known.sum(-1, keepdims=True), np.float64)


def check_classes(truth: NDArray[np.int64], decisions: NDArray[np.int64], classes: int) -> None:
    """Whether truths and decisions are of the model's classes.

    Raises:
        DataError: a label is unknown to the model, or a decision is none of its answers.
    """
    strange = np.unique(truth[(truth < 0) | (truth >= classes)])
    if len(strange):
        raise DataError(
            f"A true label must be one of the model's {classes} classes; received "
            f"{', '.join(map(str, strange[:5].tolist()))}.",
            hint="Take those rows out, or audit the model that knows these labels.",
        )
    wrong = np.unique(decisions[(decisions < NO_DECISION) | (decisions >= classes)])
    if len(wrong):
        raise DataError(
            f"A decision must be one of {classes} classes, or none ({NO_DECISION}); received "
            f"{', '.join(map(str, wrong[:5].tolist()))}."
        )


@dataclass(frozen=True)
class AlarmMeasure:
    """Alarms of what tells the strange from the normal.

    Attributes:
        strange: bool [n], which windows are not normal.
        alarms: bool [n], at which an alarm was told.
        events: int64 [n], windows of one strange event share a number; any where normal.
        hours: what a window stands for in time.
    """

    strange: NDArray[np.bool_]
    alarms: NDArray[np.bool_]
    events: NDArray[np.int64]
    hours: float

    @property
    def keys(self) -> tuple[Key, ...]:
        """By the names that a classifier's figures have, strange being the class."""
        names = ("accuracy", "fpr", "false_alarms_per_hour", "recall", "fnr", "missed_events")
        return tuple(map(Key, (*names, "precision", "f1", "selection_rate")))

    def rows(self) -> Values:
        """[n, 6]: normal, false alarm, strange, found; event, missed event, at its first window."""
        normal, found = ~self.strange, self.strange & self.alarms
        places = np.flatnonzero(self.strange)
        event, missed = np.zeros(len(normal)), np.zeros(len(normal))
        _, first, inverse = np.unique(self.events[places], return_index=True, return_inverse=True)
        heard = np.zeros(len(first), np.bool_)
        np.logical_or.at(heard, inverse.reshape(-1), self.alarms[places])
        event[places[first]] = 1
        missed[places[first]] = ~heard
        parts = [normal, normal & self.alarms, self.strange, found, event, missed]
        return np.stack(parts, axis=1).astype(np.float64)

    def figures(self, sums: Values) -> Values:
        """[..., 6] -> [..., 9]."""
        normal, false, strange, found, events, missed = np.moveaxis(sums, -1, 0)
        return np.stack(
            [
                share(normal - false + found, normal + strange),
                share(false, normal),
                share(false, normal * self.hours),
                share(found, strange),
                share(strange - found, strange),
                share(missed, events),
                share(found, false + found),
                share(2 * found, false + found + strange),
                share(false + found, normal + strange),
            ],
            axis=-1,
        )

    def bases(self, sums: Values) -> Values:
        """[..., 6] -> [..., 9]."""
        normal, false, strange, found, events, _ = np.moveaxis(sums, -1, 0)
        every, told = normal + strange, false + found
        parts = [every, normal, normal, strange, strange, events, told, told + strange, every]
        return np.stack(parts, axis=-1)


@dataclass(frozen=True)
class QuantityMeasure:
    """A predicted number.

    Attributes:
        errors: float64 [n], predicted - true, in the number's unit.
    """

    errors: Values

    @property
    def keys(self) -> tuple[Key, ...]:
        """In the number's unit."""
        return (Key("mae"), Key("mean_error"), Key("rmse"))

    def rows(self) -> Values:
        """[n, 4]: 1, the error without its sign, with it, its square."""
        ones = np.ones(len(self.errors))
        return np.stack([ones, abs(self.errors), self.errors, self.errors**2], axis=1)

    def figures(self, sums: Values) -> Values:
        """[..., 4] -> [..., 3]."""
        means = share(sums[..., 1:], np.broadcast_to(sums[..., :1], sums[..., 1:].shape))
        return np.concatenate([means[..., :2], np.sqrt(means[..., 2:])], axis=-1)

    def bases(self, sums: Values) -> Values:
        """[..., 4] -> [..., 3]."""
        return np.broadcast_to(sums[..., :1], (*sums.shape[:-1], 3))


def events_of(recordings: Sequence[str], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Windows of one recording and label are one event: int64 [n]."""
    place: dict[tuple[str, int], int] = {}
    pairs = zip(recordings, labels.tolist(), strict=True)
    return np.array([place.setdefault(pair, len(place)) for pair in pairs], np.int64)
