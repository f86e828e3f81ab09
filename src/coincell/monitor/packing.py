"""Vectors of counts as bytes of a database: as few bytes a counter as the row needs."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.layout import CounterLayout

_WIDTHS = (1, 2, 4, 8)
_FASTEST = 1
"""zlib's level: hours hold a few sections among many empty ones, which any level makes short."""


def packed_rows(layout: CounterLayout, vectors: NDArray[np.int64], squeeze: bool) -> list[bytes]:
    """Vectors [rows, layout.size] -> a byte string each.

    A row's counters are little-endian signed integers of the fewest bytes (1, 2, 4 or 8) that hold
    them all. `squeeze` deflates them too (RFC 1950): smaller where few sections were told, and
    slower to read.
    """
    rows = vectors.copy()
    floors = rows[:, layout.floors]
    # A floor that nobody told would need 32 bits by itself.
    rows[:, layout.floors] = np.where(floors == layout.NO_FLOOR, -1, floors)
    most = np.maximum(rows.max(1, initial=0), -rows.min(1, initial=0) - 1)
    chosen = np.searchsorted([(1 << (8 * width - 1)) - 1 for width in _WIDTHS], most)
    packed: list[bytes] = [b""] * len(rows)
    for place, width in enumerate(_WIDTHS):
        which = np.flatnonzero(chosen == place)
        length = width * layout.size
        data = rows[which].astype(f"<i{width}").tobytes()
        for order, row in enumerate(which.tolist()):
            packed[row] = data[order * length : (order + 1) * length]
    return [zlib.compress(text, _FASTEST) for text in packed] if squeeze else packed


def unpacked_rows(
    layout: CounterLayout, texts: Sequence[bytes], squeezed: bool
) -> NDArray[np.int64]:
    """The inverse of `packed_rows`: int64 [len(texts), layout.size]."""
    if squeezed:
        texts = [zlib.decompress(text) for text in texts]
    rows = np.empty((len(texts), layout.size), np.int64)
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    for width in _WIDTHS:
        which = np.flatnonzero(lengths == width * layout.size)
        if which.size:
            whole = len(which) == len(texts)
            data = b"".join(texts if whole else [texts[row] for row in which.tolist()])
            rows[slice(None) if whole else which] = np.frombuffer(data, f"<i{width}").reshape(
                -1, layout.size
            )
    floors = rows[:, layout.floors]
    rows[:, layout.floors] = np.where(floors < 0, layout.NO_FLOOR, floors)
    return rows


def merged_by(
    layout: CounterLayout, keys: NDArray[np.int64], vectors: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vectors [rows, size] of equal key merged: the keys, ascending, and a vector for each."""
    if (np.diff(keys) < 0).any():
        order = np.argsort(keys, kind="stable")
        keys, vectors = keys[order], vectors[order]
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    total = np.add.reduceat(vectors, starts, 0) if len(starts) else vectors
    if len(starts):
        total[:, layout.floors] = np.minimum.reduceat(vectors[:, layout.floors], starts, 0)
    return keys[starts], total
