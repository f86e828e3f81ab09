"""Reports behind each other, in a file or a message, told apart; a torn one costs no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

MOST_PIECE = 4096
"""Bytes between two reports are refused in pieces of at most so many."""

_ARRAY_OF_TWO = 0x82
_BYTES, _BYTES_1, _BYTES_2 = 0x40, 0x58, 0x59
_BEGIN = re.compile(rb"\x82\x58.[\xa8-\xad]\x00.\x01\x48", re.DOTALL)
"""An array of two, a byte string; in it a map of 8 to 13 keys, a version, 8 bytes of identity."""

_CHUNK = 1 << 18


def split_reports(data: bytes) -> list[bytes]:
    """Reports behind each other -> each of them, and what lies between; together all of `data`.

    A CBOR array of two definite byte strings tells its own length. Where it cannot be right,
    because a report was torn or the bytes are none, the next that looks like a report begins anew.
    """
    parts, begin = [], 0
    while begin < len(data):
        end = _end(data, begin)
        parts.append(data[begin:end])
        begin = end
    return parts


def read_reports(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The same of a file of any length, a part of it at a time."""
    held = b""
    while chunk := stream.read(_CHUNK):
        held += chunk
        parts, begin = [], 0
        # Where a part ends hangs on what follows: no part is longer than a piece.
        while begin < len(held) - 2 * MOST_PIECE:
            end = _end(held, begin)
            parts.append(held[begin:end])
            begin = end
        yield parts
        held = held[begin:]
    yield split_reports(held)


def _end(data: bytes, begin: int) -> int:
    """Where the report, or the piece, that begins at `begin` ends."""
    end = begin + 1 if data[begin] == _ARRAY_OF_TWO else None
    for _ in range(2):
        end = None if end is None else _after_bytes(data, end)
    if end is not None and end - begin <= MOST_PIECE and end <= len(data):
        if end == len(data) or _BEGIN.match(data, end):
            return end
        torn = _BEGIN.search(data, begin + 1, end + len("head of it"))
        return torn.start() if torn and torn.start() < end else end
    following = _BEGIN.search(data, begin + 1, begin + MOST_PIECE)
    return following.start() if following else min(begin + MOST_PIECE, len(data))


def _after_bytes(data: bytes, begin: int) -> int | None:
    """Where the byte string at `begin` ends; None where there is none."""
    if begin >= len(data):
        return None
    head = data[begin]
    if _BYTES <= head < _BYTES_1:
        return begin + 1 + head - _BYTES
    if head == _BYTES_1 and begin + 1 < len(data):
        return begin + 2 + data[begin + 1]
    if head == _BYTES_2 and begin + 2 < len(data):
        return begin + 3 + int.from_bytes(data[begin + 1 : begin + 3], "big")
    return None
