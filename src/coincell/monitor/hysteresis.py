"""An alarm that does not flicker: several bad moments raise it, several good ones clear it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hysteresis:
    """Of an alarm.

    Attributes:
        raise_after: bad moments behind each other that raise it.
        clear_after: good ones that clear it.
    """

    raise_after: int = 2
    clear_after: int = 4

    def states(self, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Moments [n] -> whether the alarm stands after each, bool [n]; at first it does not."""
        stands, run = False, 0
        states = np.zeros(len(bad), np.bool_)
        for place, one in enumerate(bad.tolist()):
            run = run + 1 if one != stands else 0
            if run >= (self.clear_after if stands else self.raise_after):
                stands, run = not stands, 0
            states[place] = stands
        return states

    def risen(self, bad: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Moments at which the alarm was raised."""
        states = self.states(bad)
        return np.flatnonzero(states & ~np.concatenate([[False], states[:-1]]))
