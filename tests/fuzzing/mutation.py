"""Damaged .tflite files: bytes flipped, words replaced, pieces moved, cut or doubled."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

_WORDS = (
    0, 1, 2, 3, 4, 7, 8, 16, 127, 128, 255, 256, 1024, 65_535, 65_536, 2**24, 2**30, 2**31 - 1,
    2**31, 2**32 - 1, 2**32 - 2, 2**32 - 128,
)  # fmt: skip
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e-38, 1e-10, 1e10, 3e38, float("inf"), float("nan"))


def damaged(seeds: Sequence[bytes], random: np.random.Generator) -> bytes:
    """One of `seeds` with one to a few faults."""
    data = bytearray(seeds[int(random.integers(len(seeds)))])
    for _ in range(1 + int(random.geometric(0.5))):
        if not data:
            break
        _FAULTS[int(random.integers(len(_FAULTS)))](data, random)
    return bytes(data)


def _position(data: bytearray, random: np.random.Generator, align: int = 1) -> int:
    """Somewhere; structure lies at both ends, weights between, so the ends are hit more often."""
    size = len(data)
    edge = min(size, 2048)
    place = int(random.integers(edge))
    if random.random() < 0.5:
        place = size - 1 - place
    elif random.random() < 0.2:
        place = int(random.integers(size))
    return place // align * align


def _flip_bit(data: bytearray, random: np.random.Generator) -> None:
    data[_position(data, random)] ^= 1 << int(random.integers(8))


def _set_byte(data: bytearray, random: np.random.Generator) -> None:
    data[_position(data, random)] = int(random.integers(256))


def _set_word(data: bytearray, random: np.random.Generator) -> None:
    at = _position(data, random, 4)
    if at + 4 <= len(data):
        struct.pack_into("<I", data, at, _WORDS[int(random.integers(len(_WORDS)))])


def _set_float(data: bytearray, random: np.random.Generator) -> None:
    at = _position(data, random, 4)
    if at + 4 <= len(data):
        struct.pack_into("<f", data, at, _FLOATS[int(random.integers(len(_FLOATS)))])


def _nudge_word(data: bytearray, random: np.random.Generator) -> None:
    at = _position(data, random, 4)
    if at + 4 <= len(data):
        (value,) = struct.unpack_from("<I", data, at)
        struct.pack_into("<I", data, at, (value + int(random.integers(-8, 9))) % 2**32)


def _copy_piece(data: bytearray, random: np.random.Generator) -> None:
    """Words from one place over those of another."""
    size = 4 * int(random.integers(1, 9))
    source, target = _position(data, random, 4), _position(data, random, 4)
    data[target : target + size] = data[source : source + size][: len(data) - target]


def _cut(data: bytearray, random: np.random.Generator) -> None:
    if random.random() < 0.3:
        del data[_position(data, random) :]


_FAULTS = (_flip_bit, _set_byte, _set_word, _set_float, _nudge_word, _copy_piece, _cut)
