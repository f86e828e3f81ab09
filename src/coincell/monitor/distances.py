"""How far two histograms lie apart: PSI, Kolmogorov-Smirnov on bins, Jensen-Shannon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Counts = NDArray[Any]

_HALF = 0.5
"""Added to every bin of both sides where a logarithm is taken, so that an empty bin is rare and not
impossible (Jeffreys' prior)."""


def shares(counts: Counts, added: float = 0.0) -> Float:
    """Counts [..., bins] -> shares that sum to 1; equal ones where nothing was counted."""
    held = np.asarray(counts, np.float64) + added
    total = held.sum(-1, keepdims=True)
    equal = np.full_like(held, 1.0 / held.shape[-1])
    divided: Float = np.divide(held, total, out=equal, where=total > 0)
    return divided


def psi(counts: Counts, reference: Counts) -> Float:
    """Population stability index of [..., bins] counts: sum of (p - q) ln(p / q), 0 and above.

    It is Jeffreys' divergence (1946). By habit below 0.1 is stable and above 0.25 changed; small
    samples alone give about (bins - 1) (1/n + 1/m), see `expected_psi`.
    """
    p, q = shares(counts, _HALF), shares(reference, _HALF)
    index: Float = ((p - q) * np.log(p / q)).sum(-1)
    return index


def expected_psi(counts: Counts, reference: Counts) -> Float:
    """What `psi` is on average where both samples [..., bins] are of one distribution.

    Source: Yurdakul and Naranjo (2020), "Statistical properties of the population stability index".
    """
    n, m = np.asarray(counts).sum(-1), np.asarray(reference).sum(-1)
    bins = np.asarray(counts).shape[-1]
    index: Float = (bins - 1) * (1.0 / np.maximum(n, 1) + 1.0 / np.maximum(m, 1))
    return index


def kolmogorov_smirnov(counts: Counts, reference: Counts) -> Float:
    """Greatest distance of the two cumulative shares at the edges of [..., bins], 0 to 1.

    Within a bin it could be greater: on bins it is a lower bound of the samples' own.
    """
    apart = np.cumsum(shares(counts), -1) - np.cumsum(shares(reference), -1)
    distance: Float = np.abs(apart).max(-1)
    return distance


def jensen_shannon(counts: Counts, reference: Counts) -> Float:
    """Jensen-Shannon divergence of [..., bins] counts in bits, 0 to 1 (Lin 1991)."""
    p, q = shares(counts), shares(reference)
    middle = (p + q) / 2
    divergence: Float = (_relative(p, middle) + _relative(q, middle)) / 2
    return np.maximum(divergence, 0.0)


def _relative(p: Float, q: Float) -> Float:
    """sum of p log2(p / q); what p does not hold counts nothing."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    entropy: Float = (p * np.log2(ratio)).sum(-1)
    return entropy
