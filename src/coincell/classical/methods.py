"""The models that are no networks, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coincell.errors import UserError
from coincell.project import Goal

Family = Literal["linear", "trees", "neighbours"]


@dataclass(frozen=True)
class Method:
    """A way to learn from features.

    Attributes:
        name: as model.architecture has it, or would have it.
        title: for people.
        family: linear: one FULLY_CONNECTED on the device; trees: tables of thresholds; neighbours:
            all that was learned from, so that no device is given it.
        goals: what it answers.
    """

    name: str
    title: str
    family: Family
    goals: tuple[Goal, ...]


METHODS = (
    Method("logistic-regression", "logistic regression", "linear", ("classes",)),
    Method("linear-svm", "linear SVM", "linear", ("classes",)),
    Method("ridge", "ridge regression", "linear", ("quantity",)),
    Method("random-forest", "random forest", "trees", ("classes", "quantity")),
    Method("gradient-boosting", "gradient boosting", "trees", ("classes", "quantity")),
    Method("k-nearest-neighbours", "k nearest neighbours", "neighbours", ("classes", "quantity")),
)


def methods_of(goal: Goal) -> tuple[Method, ...]:
    """Those that answer `goal`."""
    return tuple(method for method in METHODS if goal in method.goals)


def find_methods(names: tuple[str, ...], goal: Goal) -> tuple[Method, ...]:
    """The methods of these names; all of `goal` for none.

    Raises:
        UserError: one is unknown, or answers something else.
    """
    there = {method.name: method for method in methods_of(goal)}
    for name in names:
        if name not in there:
            raise UserError(
                f"There is no baseline {name!r} for this goal ({goal}).",
                hint=f"Baselines: {', '.join(there)}."
                if there
                else "Detectors are compared by `coincell run`: see docs/detectors.md.",
            )
    return tuple(there[name] for name in names) or tuple(there.values())
