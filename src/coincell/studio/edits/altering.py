"""The edits of a sense, checked and applied; equal edits of equal windows give equal windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import UserError
from coincell.project import DataSettings
from coincell.studio.edits.edit import Alter, Edit, Values
from coincell.studio.edits.motion import alter_motion, motion_edits
from coincell.studio.edits.picture import alter_picture, picture_edits
from coincell.studio.edits.sound import alter_sound, sound_edits

_ALTER: Mapping[str, Alter] = {
    "sound": alter_sound,
    "motion": alter_motion,
    "picture": alter_picture,
}


def edits_for(data: DataSettings) -> tuple[Edit, ...]:
    """What can be changed in a window of the project's."""
    if data.sense == "motion":
        return motion_edits(data)
    return picture_edits() if data.sense == "picture" else sound_edits(data)


def values_of(given: Mapping[str, Any], edits: Sequence[Edit]) -> Values:
    """What came in from a page, checked; neutral values are left out.

    Raises:
        UserError: there is no such edit, or its value is no number within its bounds.
    """
    known = {edit.name: edit for edit in edits}
    values: dict[str, float] = {}
    for name, value in given.items():
        edit = known.get(name)
        if edit is None:
            raise UserError(
                f"There is no edit {str(name)[:40]!r}.", f"Edits are: {', '.join(known)}."
            )
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(value) or not edit.low <= value <= edit.high:
            raise UserError(
                f"{edit.title} is a number from {edit.low:g} to {edit.high:g}; "
                f"received {str(value)[:40]}."
            )
        if value != edit.neutral:
            values[name] = float(value)
    return values


def altered(window: NDArray[Any], values: Values, data: DataSettings) -> NDArray[Any]:
    """A window [form.values] of form.dtype after some edits, in the same form; the very window
    where there are none."""
    if not values:
        return window
    changed = _ALTER[data.sense](window, values, data)
    return np.ascontiguousarray(changed, data.form.dtype).reshape(-1)
