"""Pictures that look almost alike: a hash of 256 bits, and its neighbours.

The hash is that of M. Zauner, "Implementation and benchmarking of perceptual image hash functions"
(2010), section 3.2.1, on more coefficients: the picture's brightness is brought to 64 x 64 by means
over areas; of its cosine transform the 16 x 16 lowest frequencies but the mean are compared with
their median. Compression, brightness and small changes of size leave most bits.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 64
KEPT = 16
NEAR_BITS = 56
"""Bits of 256 in which two pictures that look alike differ at most; see docs/data.md."""

_ROWS = 512


def picture_hash(brightness: NDArray[np.float64]) -> bytes:
    """The hash of a picture [height, width]: 32 bytes."""
    small = _area_means(_area_means(brightness, SIDE).T, SIDE).T
    basis = _cosines()
    low = (basis @ small @ basis.T).reshape(-1)
    bits = low > np.median(low[1:])
    bits[0] = False  # the mean says how bright, not what
    return np.packbits(bits).tobytes()


def _area_means(values: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """[n, m] -> [rows, m]: means over n/rows rows each, parts of rows counted as such."""
    count = len(values)
    sums = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    edges = np.linspace(0.0, count, rows + 1)
    below = np.minimum(edges.astype(int), count - 1)
    part = (edges - below)[:, np.newaxis]
    at_edges = sums[below] * (1 - part) + sums[below + 1] * part
    means: NDArray[np.float64] = np.diff(at_edges, axis=0) * (rows / count)
    return means


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """The lowest frequencies of the cosine transform (DCT-II), float64 [KEPT, SIDE]."""
    place = (2 * np.arange(SIDE) + 1) * np.pi / (2 * SIDE)
    basis: NDArray[np.float64] = np.cos(np.arange(KEPT)[:, np.newaxis] * place)
    return basis


def near_pairs(hashes: Sequence[bytes], most_bits: int = NEAR_BITS) -> Iterator[tuple[int, int]]:
    """Positions (i, j), i < j, of hashes that differ in at most `most_bits` bits."""
    if len(hashes) < 2:
        return
    words = np.frombuffer(b"".join(hashes), np.uint64).reshape(len(hashes), -1)
    for start in range(0, len(words), _ROWS):
        block = words[start : start + _ROWS]
        unlike = np.bitwise_count(block[:, np.newaxis] ^ words[np.newaxis, start:]).sum(axis=2)
        for row, column in np.argwhere(unlike <= most_bits):
            if column > row:
                yield start + int(row), start + int(column)
