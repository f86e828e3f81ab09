"""Flash that a power cut leaves as a chip would: words half written, pages half erased."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_int, c_uint32, c_void_p

import numpy as np
from numpy.typing import NDArray

from coincell.runtime import load_library

PAGE_WORDS = 1024
ERASED = 0xFFFFFFFF
ERASE_STEPS = 3
_WRITE = CFUNCTYPE(None, c_uint32, c_uint32)
_ERASE = CFUNCTYPE(c_int, c_uint32)
_MAY = CFUNCTYPE(c_int)


class _Flash(ctypes.Structure):
    _fields_ = (
        ("words", c_void_p), ("pages", c_uint32), ("write", _WRITE), ("erase", _ERASE),
        ("may_write", _MAY),
    )  # fmt: skip


class _Log(ctypes.Structure):
    _fields_ = (
        ("flash", _Flash),
        *(
            (name, c_uint32)
            for name in (
                "sequence",
                "given",
                "page",
                "slot",
                "newest",
                "erases",
                "erasing",
                "ready",
            )
        ),
    )


class _Mark(ctypes.Structure):
    _fields_ = (("boot", c_uint32), ("kind", c_uint32))


class SimulatedFlash:
    """Pages of NOR flash, which can lose its power in the middle of any operation.

    Attributes:
        words: uint32 [pages * 1024].
        operations: writes and parts of erasures so far.
        erases: whole erasures of each page.
        dead: the power is gone; nothing changes any more.
        may_write: what the power-fail warning says.
        cut_at: the operation in which the power goes; None for never.
    """

    def __init__(self, pages: int, seed: int = 0) -> None:
        self.words = np.full(pages * PAGE_WORDS, ERASED, np.uint32)
        self.pages = pages
        self.operations = 0
        self.erases = [0] * pages
        self.dead = False
        self.may_write = True
        self.cut_at: int | None = None
        self._random = np.random.default_rng(seed)
        self._writes = np.zeros(len(self.words), np.uint8)
        self._steps = [0] * pages

    def _goes_on(self) -> bool:
        """Count an operation; False when the power goes in its middle."""
        self.operations += 1
        if self.operations == self.cut_at:
            self.dead = True
            return False
        return True

    def write(self, word: int, value: int) -> None:
        """Bits become 0; at most two writes between erasures."""
        if self.dead:
            return
        assert self.may_write, "written on a power-fail warning"
        self._writes[word] += 1
        assert self._writes[word] <= 2, "a word was written a third time"
        if self._goes_on():
            self.words[word] &= np.uint32(value)
        else:  # some of the bits
            self.words[word] &= np.uint32(value) | self._noise(1)[0]

    def erase(self, page: int) -> int:
        """A part; after the last one, all bits are 1."""
        if self.dead:
            return 0
        assert self.may_write, "erased on a power-fail warning"
        begin = page * PAGE_WORDS
        part = slice(begin, begin + PAGE_WORDS)
        self._steps[page] += 1
        goes_on = self._goes_on()
        if goes_on and self._steps[page] == ERASE_STEPS:
            self.words[part] = ERASED
            self._writes[part] = 0
            self._steps[page] = 0
            self.erases[page] += 1
            return 1
        self.words[part] |= self._noise(PAGE_WORDS)  # what has been erased so far
        return 0

    def power_on(self) -> None:
        """The power comes back."""
        self.dead = False
        self.may_write = True
        self.cut_at = None
        self._steps = [0] * self.pages

    def _noise(self, count: int) -> NDArray[np.uint32]:
        return self._random.integers(0, 2**32, count, dtype=np.uint32)


class HostLog:
    """runtime/flash_log over such a flash, as after a reset."""

    def __init__(self, flash: SimulatedFlash, library: ctypes.CDLL | None = None) -> None:
        self._library = library or load_library("flash_log")
        self._kept = (_WRITE(flash.write), _ERASE(flash.erase), _MAY(lambda: flash.may_write))
        words = flash.words.ctypes.data_as(c_void_p)
        self._flash = _Flash(words, flash.pages, *self._kept)
        self._log, mark = _Log(), _Mark()
        found = self._library.coincell_flash_log_open(
            ctypes.byref(self._log), ctypes.byref(self._flash), ctypes.byref(mark)
        )
        self.found = (int(mark.boot), int(mark.kind)) if found else None

    @property
    def sequence(self) -> int:
        """Of the newest record."""
        return int(self._log.sequence)

    @property
    def erases(self) -> int:
        """Of the page that was erased most often, as the log knows."""
        return int(self._log.erases)

    def read(self, kind: int, count: int) -> list[int] | None:
        """The newest record's payload."""
        payload = (c_uint32 * count)()
        told = self._library.coincell_flash_log_read(
            ctypes.byref(self._log), c_uint32(kind), payload, c_uint32(count)
        )
        return list(payload) if told else None

    def append(self, boot: int, kind: int, payload: list[int]) -> bool:
        """Whether it is kept."""
        words = (c_uint32 * len(payload))(*payload)
        return bool(
            self._library.coincell_flash_log_append(
                ctypes.byref(self._log),
                ctypes.byref(_Mark(boot, kind)),
                ctypes.cast(words, POINTER(c_uint32)),
                c_uint32(len(payload)),
            )
        )

    def work(self) -> bool:
        """Whether there is more to do."""
        return bool(self._library.coincell_flash_log_work(ctypes.byref(self._log)))
