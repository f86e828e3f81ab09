"""Counters in bytes: LEB128 as docs/telemetry.md has it, many byte strings at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.errors import TelemetryError

_MORE = 0x80
_GROUP_BITS = 7
_MOST_BYTES = 5
"""Of one counter: 32 bits in groups of seven."""


def packed_counters(values: Iterable[int]) -> bytes:
    """Unsigned integers as LEB128, the least group of seven bits first.

    Source: DWARF 5, section 7.6.
    """
    out = bytearray()
    for value in values:
        rest = int(value)
        while rest >= _MORE:
            out.append(rest & (_MORE - 1) | _MORE)
            rest >>= _GROUP_BITS
        out.append(rest)
    return bytes(out)


def unpacked_counters(texts: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What `packed_counters` made, of many byte strings at once.

    Returns:
        The values of all strings behind each other, int64, and how many each string has, int64
        [len(texts)].

    Raises:
        TelemetryError: a counter does not end within its string, or has more than 32 bits.
    """
    data = np.frombuffer(b"".join(texts), np.uint8)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    is_last = data < _MORE
    places = np.flatnonzero(is_last)
    lengths = np.diff(places, prepend=-1)
    filled = ends[np.diff(ends, prepend=0) > 0]
    if not is_last[filled - 1].all():
        raise TelemetryError(
            "counters", "A counter of a report ends in the middle of a byte group."
        )
    if lengths.size and lengths.max() > _MOST_BYTES:
        raise TelemetryError("counters", "A counter of a report has more than 32 bits.")
    # No counter crosses two strings, so each group's place counts from its counter's first byte.
    firsts = places - lengths + 1
    owner = np.repeat(np.arange(len(places)), lengths)
    shifts = _GROUP_BITS * (np.arange(len(data)) - firsts[owner])
    groups = (data & (_MORE - 1)).astype(np.int64) << shifts
    sums = np.add.reduceat(groups, firsts) if len(firsts) else np.zeros(0, np.int64)
    if sums.size and sums.max() >= 1 << 32:
        raise TelemetryError("counters", "A counter of a report has more than 32 bits.")
    return sums, np.diff(np.searchsorted(places, ends), prepend=0).astype(np.int64)


def zigzag(value: int) -> int:
    """A signed integer as an unsigned one, small where it is near 0: 0, -1, 1, -2 -> 0, 1, 2, 3."""
    return 2 * value if value >= 0 else -2 * value - 1


def from_zigzag(coded: NDArray[np.int64]) -> NDArray[np.int64]:
    """The inverse of `zigzag`, elementwise."""
    return (coded >> 1) ^ -(coded & 1)
