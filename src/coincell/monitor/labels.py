"""What a device decided, by label."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from coincell.monitor.layout import PREDICTED
from coincell.monitor.reference import Reference


def label_counts(reference: Reference, vector: NDArray[Any]) -> dict[str, int]:
    """Label -> windows in which it was the most probable, of counters [layout.size].

    Labels from the 16th on share a counter, and are told together.
    """
    counts = vector[reference.layout.places[PREDICTED]].tolist()
    names = list(reference.labels[: len(counts)])
    if len(reference.labels) > len(counts):
        names[-1] = ", ".join(reference.labels[len(counts) - 1 :])
    # Of normality and quantity there are more counters than labels, or fewer.
    return dict(zip(names, counts, strict=False))
