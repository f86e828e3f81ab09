"""Windows of a simulated fleet: what each counts, clean and under each drift."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.reference import Reference


@dataclass(frozen=True)
class Condition:
    """All windows of a bank, as one state of the world gives them.

    Attributes:
        kind: "none", or what drifted.
        severity: 0 to 1.
        vectors: what each window adds to a device's counters, int64 [n, layout.size].
        right: whether the model had it right, bool [n].
    """

    kind: str
    severity: float
    vectors: NDArray[np.int64]
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """Share of the bank that is right."""
        return float(self.right.mean())


@dataclass(frozen=True)
class Bank:
    """Windows that simulated devices draw from.

    Attributes:
        reference: of the model that was asked.
        people: who each window is of, [n]; "" where nobody is in it.
        labels: what each is, int64 [n].
        clean: as recorded.
        drifts: the same windows under each drift.
    """

    reference: Reference
    people: tuple[str, ...]
    labels: NDArray[np.int64]
    clean: Condition
    drifts: tuple[Condition, ...] = field(default=())

    def cost(self, drift: Condition) -> float:
        """Accuracy that `drift` takes, 0 to 1."""
        return self.clean.accuracy - drift.accuracy
