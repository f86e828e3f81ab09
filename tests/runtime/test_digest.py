"""SHA-256 and HMAC in C against Python's own."""

from __future__ import annotations

import ctypes
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.runtime import load_library

_DIGEST = ctypes.c_uint8 * 32


def sha256(data: bytes) -> bytes:
    digest = _DIGEST()
    load_library("digest").coincell_sha256(data, ctypes.c_uint32(len(data)), digest)
    return bytes(digest)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    tag = _DIGEST()
    load_library("digest").coincell_hmac_sha256(key, data, ctypes.c_uint32(len(data)), tag)
    return bytes(tag)


def test_the_standards_own_example() -> None:
    """FIPS 180-4's "abc"."""
    assert sha256(b"abc").hex().startswith("ba7816bf8f01cfea414140de5dae2223")


@pytest.mark.parametrize("count", [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 256, 1000])
def test_every_way_to_fill_the_last_block(count: int) -> None:
    data = bytes(i * 7 % 256 for i in range(count))
    assert sha256(data) == hashlib.sha256(data).digest()


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_tags_are_pythons(key: bytes, data: bytes) -> None:
    assert hmac_sha256(key, data) == hmac.digest(key, data, "sha256")
