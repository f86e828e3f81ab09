"""What every feature block checks of the windows that it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.project import WindowForm


def checked_windows(windows: NDArray[Any], form: WindowForm) -> NDArray[Any]:
    """`windows` in one piece, [n, form.values] of form.dtype.

    Raises:
        DataError: the array has another type or shape.
    """
    if windows.dtype != form.dtype or windows.shape[1:] != (form.values,):
        raise DataError(
            f"Windows must be {form.dtype} [n, {form.values}]; "
            f"received {windows.dtype} {list(windows.shape)}."
        )
    return np.ascontiguousarray(windows)
