"""A machine that is not there: what an accelerometer on its motor would feel.

A motor turns 25 times a second and shakes a little with that. Worn, each ball of its bearing that
rolls over the flaw knocks, 3.6 times a turn, and each knock rings at 170 Hz for some milliseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STATES = ("still", "running", "worn")
RATE_HZ = 476.0
"""Of the LSM9DS1's accelerometer, as the firmware sets it."""
WINDOW = 128
G = 8192
"""Of the firmware's driver: a step of acceleration is 1/8192 g."""

_KNOCKS_A_TURN = 3.6
_RING_HZ, _RING_S = 170.0, 0.006
_NOISE_G = 0.004


def acceleration(
    state: str, seconds: float, rate_hz: float, random: np.random.Generator
) -> NDArray[np.float32]:
    """float32 [n, 3] in g, gravity included, for `seconds` at `rate_hz`."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    axis = random.normal(size=3)
    shaken = random.normal(0, _NOISE_G, (len(time), 3)) + axis / np.linalg.norm(axis)
    if state == "still":
        return shaken.astype(np.float32)
    turns_hz = random.uniform(23, 27)
    phase = random.uniform(0, 2 * np.pi, 3)
    way = random.normal(size=3)
    way /= np.linalg.norm(way)
    turning = np.sin(2 * np.pi * turns_hz * time[:, None] + phase)
    turning += random.uniform(0.1, 0.4) * np.sin(4 * np.pi * turns_hz * time[:, None] + 2 * phase)
    shaken += random.uniform(0.08, 0.2) * way * turning
    if state == "worn":
        since = np.mod(time, 1 / (_KNOCKS_A_TURN * turns_hz))
        ringing = np.exp(-since / _RING_S) * np.sin(2 * np.pi * _RING_HZ * since)
        shaken += random.uniform(0.15, 0.4) * ringing[:, None] * np.roll(way, 1)
    return shaken.astype(np.float32)


def windows(count: int, random: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """int16 [count, WINDOW, 3] in steps of the driver, and the index of each one's state."""
    labels = random.integers(0, len(STATES), count)
    made = [acceleration(STATES[i], WINDOW / RATE_HZ, RATE_HZ, random) for i in labels]
    return np.round(np.stack(made) * G).astype(np.int16), labels


def centred(samples: NDArray[np.int16]) -> NDArray[np.int32]:
    """int16 [..., WINDOW, 3] -> int32, each axis less its mean: gravity goes; as the firmware."""
    whole = samples.astype(np.int32)
    away: NDArray[np.int32] = whole - (whole.sum(axis=-2, keepdims=True) >> 7)
    return away
