"""The detectors in float64: quadratic forms round centres, as runtime/anomaly/detector.h has them.

Features are counted in steps of their int8 quantization; a step is `scale` of the features' unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Shape = Literal["spherical", "diagonal", "triangular"]


@dataclass(frozen=True)
class Forms:
    """What normal is, in float64.

    Attributes:
        likelihood: the score is the negative log likelihood in nats; else the least distance.
        centres: [k, columns], in steps.
        precisions: of the forms: spherical [k], diagonal [k, columns]; else None.
        factors: triangular [k, columns, columns], lower: the form is |factor (x - centre)|^2.
        constants: [k], added to half the form, in nats; zeros for distances.
    """

    likelihood: bool
    centres: Float
    precisions: Float | None
    factors: Float | None
    constants: Float

    @property
    def shape(self) -> Shape:
        """Of the forms."""
        if self.factors is not None:
            return "triangular"
        assert self.precisions is not None
        return "spherical" if self.precisions.ndim == 1 else "diagonal"

    @property
    def columns(self) -> int:
        """Features of a window."""
        return int(self.centres.shape[1])

    def values(self, features: NDArray[np.int8] | Float) -> Float:
        """[n, columns] in steps -> each form's value, [n, k]."""
        found = np.empty((len(features), len(self.centres)))
        for place, centre in enumerate(self.centres):
            apart = features.astype(np.float64) - centre
            if self.factors is not None:
                found[:, place] = ((apart @ self.factors[place].T) ** 2).sum(axis=1)
            else:
                assert self.precisions is not None
                found[:, place] = (apart**2 * self.precisions[place]).sum(axis=1)
        return found

    def combine(self, values: Float) -> Float:
        """Forms [n, k] -> scores [n]: the least distance, or the negative log likelihood."""
        if not self.likelihood:
            least: Float = np.sqrt(values.min(axis=1))
            return least
        return negative_log_sum(values / 2 + self.constants)

    def score(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> [n]."""
        return self.combine(self.values(features))


def negative_log_sum(energies: Float) -> Float:
    """-ln sum over k of exp(-energies[n, k]) -> [n]."""
    least = energies.min(axis=1)
    total: Float = least - np.log(np.exp(least[:, None] - energies).sum(axis=1))
    return total
