"""One thing that can be changed in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from coincell.project import DataSettings

Values = Mapping[str, float]
"""Edit's name -> how much; what is absent stays as it is."""
Alter = Callable[[NDArray[Any], Values, DataSettings], NDArray[Any]]
"""A window [form.values] of form.dtype, edits within their bounds -> the altered window."""


@dataclass(frozen=True)
class Edit:
    """A slider, or a choice.

    Attributes:
        name: for programs.
        title: for people.
        unit: of its values; "" for none.
        low: its least value.
        high: its greatest.
        step: between values that a slider offers.
        neutral: the value that changes nothing.
        choices: what 0, 1, 2 ... stand for; empty: it is a number.
        note: a few words more.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float
    choices: tuple[str, ...] = ()
    note: str = ""
