# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The buffers and structures of block_hook.c, as ctypes has them."""

from __future__ import annotations

import ctypes

ENTRIES = 1 << 16
OWNERS = 4096
BLOCK_COUNT_BYTES = 24
SETS_EVENT = 0x8000 << 16
"""In the answer of `price`: the block holds SEV."""
CHECKED = 0x4000 << 16
"""There: some registers must be multiples of 4."""

FOREVER = (1 << 63) - 1
STOPPED_BUDGET, STOPPED_TABLE_FULL, STOPPED_WATCHED, STOPPED_DEADLINE, STOPPED_INTERRUPT = range(
    1, 6
)
STOPPED_UNALIGNED, STOPPED_UNALIGNED_BEFORE, STOPPED_UNALIGNED_HERE, STOPPED_AGAIN = range(6, 10)

PriceFunction = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)


class BlockTime(ctypes.Structure):
    """`block_time` of block_hook.c."""

    _fields_ = [
        ("size", ctypes.c_uint16),
        ("cycles", ctypes.c_uint16),
        ("wait_q8", ctypes.c_uint32),
    ]


class CodeRegion(ctypes.Structure):
    """`code_region` of block_hook.c."""

    _fields_ = [
        ("begin", ctypes.c_uint32),
        ("halfwords", ctypes.c_uint32),
        ("times", ctypes.POINTER(BlockTime)),
        ("runs", ctypes.POINTER(ctypes.c_uint32)),
        ("loads", ctypes.POINTER(ctypes.c_uint32)),
        ("checks", ctypes.POINTER(ctypes.c_uint32)),
    ]


class BlockHook(ctypes.Structure):
    """`block_hook` of block_hook.c."""

    _fields_ = [
        ("now", ctypes.c_int64),
        ("begun", ctypes.c_int64),
        ("deadline", ctypes.c_int64),
        ("budget", ctypes.c_int64),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("price", PriceFunction),
        ("table", ctypes.c_void_p),
        ("owner_of", ctypes.c_void_p),
        ("watched", ctypes.c_void_p),
        ("previous", ctypes.c_void_p),
        ("entries", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("previous_end", ctypes.c_uint32),
        ("block", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("owner", ctypes.c_uint32),
        ("counting", ctypes.c_uint32),
        ("learning", ctypes.c_uint32),
        ("stopped", ctypes.c_uint32),
        ("event", ctypes.c_uint32),
        ("pending", ctypes.c_uint32),
        ("pending_priority", ctypes.c_uint32),
        ("group_mask", ctypes.c_uint32),
        ("wait_fraction", ctypes.c_uint32),
        ("from_", ctypes.c_uint32),
        ("after", ctypes.c_uint32),
        ("checked", ctypes.c_uint32),
        ("again", ctypes.c_uint32),
        ("misaligned", ctypes.c_uint32),
        ("misaligned_base", ctypes.c_uint32),
        ("xpsr", ctypes.c_int32),
        ("primask", ctypes.c_int32),
        ("basepri", ctypes.c_int32),
        ("faultmask", ctypes.c_int32),
        ("general", ctypes.c_int32 * 16),
        ("regions", CodeRegion * 2),
        ("loads", ctypes.c_uint64 * OWNERS),
    ]


class AlignedAccess(ctypes.Structure):
    """`aligned_access` of block_hook.c."""

    _fields_ = [
        ("hook", ctypes.POINTER(BlockHook)),
        ("base", ctypes.c_int32),
        ("condition", ctypes.c_uint32),
    ]


def code_region(begin: int, size: int) -> CodeRegion:
    """Room for the times of all code in `size` bytes from `begin`; nothing is known yet."""
    halfwords = size // 2
    counts = ctypes.c_uint32 * halfwords
    return CodeRegion(begin, halfwords, (BlockTime * halfwords)(), counts(), counts(), counts())
