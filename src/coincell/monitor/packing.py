"""Vectors of counts as bytes of a database: as few bytes a counter as the row needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.layout import CounterLayout

_WIDTHS = (1, 2, 4, 8)


def packed_rows(layout: CounterLayout, vectors: NDArray[np.int64], sparse: bool) -> list[bytes]:
    """Vectors [rows, layout.size] -> a byte string each.

    A row's counters are little-endian signed integers of the fewest bytes (1, 2, 4 or 8) that hold
    them all. `sparse` is for rows that are mostly 0: one byte tells that width, a bit a counter
    whether it is other than 0 (most significant bit first), and only those that are follow.
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
        if not which.size:
            continue
        part = rows[which]
        texts = _sparse_texts(part, width) if sparse else _cut(part.astype(f"<i{width}"))
        for row, text in zip(which.tolist(), texts, strict=True):
            packed[row] = text
    return packed


def _cut(rows: NDArray[Any]) -> list[bytes]:
    """Each row's bytes."""
    data, length = rows.tobytes(), rows.shape[1] * rows.itemsize
    return [data[begin : begin + length] for begin in range(0, len(data), length)]


def _sparse_texts(rows: NDArray[np.int64], width: int) -> list[bytes]:
    told = rows != 0
    values = rows[told].astype(f"<i{width}").tobytes()
    ends = (width * told.sum(1).cumsum()).tolist()
    head = bytes([width])
    return [
        head + mask + values[begin:end]
        for mask, begin, end in zip(
            _cut(np.packbits(told, axis=1)), [0, *ends[:-1]], ends, strict=True
        )
    ]


def unpacked_rows(layout: CounterLayout, texts: Sequence[bytes], sparse: bool) -> NDArray[np.int64]:
    """The inverse of `packed_rows`: int64 [len(texts), layout.size]."""
    rows = np.zeros((len(texts), layout.size), np.int64)
    if sparse:
        widths = np.array([text[0] for text in texts], np.int64)
    else:
        widths = np.array(list(map(len, texts)), np.int64) // layout.size
    for width in _WIDTHS:
        which = np.flatnonzero(widths == width)
        if not which.size:
            continue
        whole = len(which) == len(texts)
        chosen = texts if whole else [texts[row] for row in which.tolist()]
        if sparse:
            rows[which] = _read_sparse(layout, chosen, width)
        else:
            part = np.frombuffer(b"".join(chosen), f"<i{width}").reshape(-1, layout.size)
            rows[slice(None) if whole else which] = part
    floors = rows[:, layout.floors]
    rows[:, layout.floors] = np.where(floors < 0, layout.NO_FLOOR, floors)
    return rows


def _read_sparse(layout: CounterLayout, texts: Sequence[bytes], width: int) -> NDArray[np.int64]:
    begin = 1 + -(-layout.size // 8)
    masks = np.frombuffer(b"".join(text[1:begin] for text in texts), np.uint8)
    told = np.unpackbits(masks.reshape(len(texts), -1), axis=1, count=layout.size).astype(bool)
    rows = np.zeros(told.shape, np.int64)
    rows[told] = np.frombuffer(b"".join(text[begin:] for text in texts), f"<i{width}")
    return rows


def merged_by(
    layout: CounterLayout, keys: NDArray[np.int64], vectors: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vectors [rows, size] of equal key merged: the keys, ascending, and a vector for each."""
    if (np.diff(keys) < 0).any():
        order = np.argsort(keys, kind="stable")
        keys, vectors = keys[order], vectors[order]
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    if len(starts) == len(keys):
        return keys, vectors.copy()
    total = np.add.reduceat(vectors, starts, 0)
    total[:, layout.floors] = np.minimum.reduceat(vectors[:, layout.floors], starts, 0)
    return keys[starts], total
