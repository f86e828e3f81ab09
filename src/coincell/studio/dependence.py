"""Partial dependence: what the scores do while one edit goes from its least to its greatest value,
of one window and on average over many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.project import DataSettings
from coincell.studio.edits import Edit, Values, altered

STEPS = 13
MOST_WINDOWS = 32
Ask = Callable[[NDArray[Any]], NDArray[np.float64]]
"""Windows [n, form.values] -> scores [n, outputs]."""


@dataclass(frozen=True)
class Dependence:
    """Scores against the values of an edit.

    Attributes:
        values: of the edit, [steps].
        one: of the chosen window, [steps, outputs].
        mean: over several windows, [steps, outputs].
        windows: how many.
    """

    values: NDArray[np.float64]
    one: NDArray[np.float64]
    mean: NDArray[np.float64]
    windows: int


def steps_of(edit: Edit) -> NDArray[np.float64]:
    """The values that are tried: even steps, and the neutral one among them; of a choice all."""
    if edit.choices:
        return np.arange(len(edit.choices), dtype=np.float64)
    even = np.linspace(edit.low, edit.high, STEPS)
    return np.unique(np.append(even, edit.neutral))


def dependence(
    edit: Edit,
    window: NDArray[Any],
    others: NDArray[Any],
    values: Values,
    data: DataSettings,
    ask: Ask,
) -> Dependence:
    """What the scores do as `edit` changes, while the other edits stay as they are.

    Args:
        edit: which.
        window: the chosen one, [form.values].
        others: windows [n, form.values] to average over; the other edits do not touch them.
        values: the edits of the chosen window.
        data: the project's.
        ask: the model.
    """
    tried = steps_of(edit)
    rest = {name: value for name, value in values.items() if name != edit.name}
    own = np.stack([altered(window, _with(rest, edit, value), data) for value in tried])
    mean = []
    for value in tried:
        change = _with({}, edit, value)
        mean.append(ask(np.stack([altered(one, change, data) for one in others])).mean(axis=0))
    return Dependence(tried, ask(own), np.stack(mean), len(others))


def _with(values: Values, edit: Edit, value: float) -> Values:
    return dict(values) if value == edit.neutral else {**values, edit.name: float(value)}
