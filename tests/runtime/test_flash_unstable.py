"""The log in flash where cells that a cut left between 0 and 1 read otherwise each time."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library
from flash_simulation import ERASED, PAGE_WORDS, HostLog, SimulatedFlash

KIND, WORDS = 7, 2
STARTS = 1500
READ = "return flash->words[word];"
RANDOM_READ = """
    sim_state = sim_state * 1664525u + 1013904223u;
    const uint32_t first = sim_state >> 16;
    sim_state = sim_state * 1664525u + 1013904223u;
    const uint32_t chance = first << 16 | sim_state >> 16;
    return flash->words[word] ^ (sim_unstable[word] & chance);
"""
"""The constants are of Numerical Recipes' quick generator; its high bits are the random ones."""


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    """The log, all of whose reads pass one line."""
    sources = c_sources("flash_log")
    plain = sources["flash_log/flash_log.c"]
    assert plain.count(READ) == plain.count("flash->words[") == 1
    include = '#include "flash_log/flash_log.h"\n'
    state = f"uint32_t sim_state = 1, sim_unstable[4 * {PAGE_WORDS}];\n"
    changed = plain.replace(READ, RANDOM_READ).replace(include, include + state)
    name = "unstable_flash_log"
    return ctypes.CDLL(
        str(build_shared_library(name, sources | {"flash_log/flash_log.c": changed}))
    )


class UnstableFlash(SimulatedFlash):
    """A cut leaves some cells as they were, some as they should be, and some in between.

    Attributes:
        unstable: uint32 [pages * 1024]: the bits that read as 0 or 1 by chance.
        torn: how often an operation left some of those.
    """

    def __init__(self, library: ctypes.CDLL, pages: int, seed: int) -> None:
        super().__init__(pages, seed)
        whole = (ctypes.c_uint32 * (4 * PAGE_WORDS)).in_dll(library, "sim_unstable")
        self.unstable = np.ctypeslib.as_array(whole)[: len(self.words)]
        self.unstable[:] = 0
        self.torn = 0

    def write(self, word: int, value: int) -> None:
        """What is programmed to its end is stable; cells that stay 1 remain what they are."""
        if self.dead:
            return
        before = self.words[word]
        cut = self.operations + 1 == self.cut_at
        super().write(word, value)
        if cut:
            self.words[word] = before
            self._tear(slice(word, word + 1), before & np.uint32(~value & ERASED), to=0)
            if self.words[word] == before and self.unstable[word] == 0:
                self._writes[word] -= 1  # the power went before it began
        else:
            self.unstable[word] &= np.uint32(value)

    def erase(self, page: int) -> int:
        """Only the last part makes cells stable."""
        if self.dead:
            return 0
        begin = page * PAGE_WORDS
        part = slice(begin, begin + PAGE_WORDS)
        before = self.words[part].copy()
        erased = super().erase(page)
        if erased:
            self.unstable[part] = 0
        else:
            self.words[part] = before
            self._tear(part, ~before, to=ERASED)
        return erased

    def _tear(self, part: slice, cells: NDArray[np.uint32] | np.uint32, to: int) -> None:
        """The power goes early, when few cells have changed at all, or late."""
        count = part.stop - part.start
        done, between = self._noise(count) & cells, self._noise(count) & cells
        for _ in range(self._noise(1)[0] % 4):
            between &= self._noise(count)
        if self._noise(1)[0] % 2:
            done[:] = 0
        self.words[part] = (self.words[part] & ~done) | (done & np.uint32(to))
        self.unstable[part] |= between & ~done
        self.torn += bool((between & ~done).any())


def check(log: HostLog, possible: set[int]) -> None:
    """One of those is there: the last that was kept, or one that a cut has met since."""
    if not possible:
        return
    newest = log.read(KIND, WORDS)
    assert newest is not None, "a record that was kept is lost"
    assert newest[0] in possible, "a record that was kept is lost"
    assert newest[1] == newest[0] ^ 0x5A5A5A5A


def work(log: HostLog, flash: SimulatedFlash) -> None:
    """Until the next page is erased, or the power is gone."""
    while log.work() and not flash.dead:
        pass


def cut_after(random: np.random.Generator) -> int | None:
    """Operations: most often a record's first word, or its checksum, its last."""
    if random.random() < 0.1:  # anywhere, also while a page is erased
        return int(random.integers(1, 40))
    cut = int(random.choice([1, 1, 1, WORDS + 5, WORDS + 5, 4, 9, 0]))
    return cut or None


@pytest.mark.parametrize("seed", range(4))
def test_what_was_kept_is_found_whatever_unstable_cells_read(
    library: ctypes.CDLL, seed: int
) -> None:
    flash, random = UnstableFlash(library, 4, seed), np.random.default_rng(seed)
    possible: set[int] = set()
    number = kept = 0
    for boot in range(1, STARTS):
        flash.power_on()
        log = HostLog(flash, library)
        check(log, possible)
        work(log, flash)
        cut = cut_after(random)
        flash.cut_at = cut and flash.operations + cut
        for _ in range(3):
            number += 1
            if log.append(boot, KIND, [number, number ^ 0x5A5A5A5A]) and not flash.dead:
                possible = {number}
                kept += 1
            elif possible:
                possible.add(number)
            work(log, flash)
    assert STARTS // 4 < kept < number
    assert flash.torn > STARTS // 4
