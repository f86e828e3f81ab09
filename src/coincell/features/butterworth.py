"""Butterworth filters in second-order sections, and their integers for the C."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

COEFFICIENT_BITS = 29
_RESPONSE = 1 << 16


def butterworth(
    kind: Literal["low-pass", "high-pass"], order: int, cutoff_hz: float, rate_hz: float
) -> Float:
    """Sections [order / 2, 5] of (b0, b1, b2, a1, a2), the least resonant first.

    Poles of the analogue filter (Butterworth 1930) through the bilinear transform, its frequency
    warped so that the half power lies at `cutoff_hz`. Each section passes what it passes at 1.

    Args:
        kind: which side passes.
        order: even.
        cutoff_hz: between 0 and half of rate_hz.
        rate_hz: samples a second.
    """
    warped = math.tan(math.pi * cutoff_hz / rate_hz)
    sections = []
    for pair in range(order // 2):
        angle = math.pi * (2 * pair + 1 + order) / (2 * order)
        pole = complex(math.cos(angle), math.sin(angle))
        analogue = warped * pole if kind == "low-pass" else warped / pole
        digital = (1 + analogue) / (1 - analogue)
        a1, a2 = -2 * digital.real, abs(digital) ** 2
        if kind == "low-pass":
            gain = (1 + a1 + a2) / 4
            sections.append((gain, 2 * gain, gain, a1, a2))
        else:
            gain = (1 - a1 + a2) / 4
            sections.append((gain, -2 * gain, gain, a1, a2))
    return np.array(sections[::-1])


def largest_growth(sections: Float) -> float:
    """How much larger than the largest input any section's output may be, whatever the input.

    The sum of the sizes of the impulse response, after each section in turn.
    """
    turn = np.exp(-2j * np.pi * np.arange(_RESPONSE // 2 + 1) / _RESPONSE)
    response, largest = np.ones(len(turn), complex), 1.0
    for b0, b1, b2, a1, a2 in sections:
        response = response * (b0 + b1 * turn + b2 * turn**2) / (1 + a1 * turn + a2 * turn**2)
        largest = max(largest, float(np.abs(np.fft.irfft(response)).sum()))
    return largest


def fixed_sections(sections: Float) -> NDArray[np.int32]:
    """The coefficients in Q29."""
    return np.rint(sections * 2.0**COEFFICIENT_BITS).astype(np.int32)
