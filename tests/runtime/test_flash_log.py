"""The log in flash: whatever moment the power goes, the last complete record is there."""

from __future__ import annotations

import ctypes
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library
from flash_simulation import PAGE_WORDS, HostLog, SimulatedFlash

KIND = 7
WORDS = 5


def record(number: int) -> list[int]:
    return [number, ~number & 0xFFFFFFFF, 0xFFFFFFFF, 0, number * 2654435761 % 2**32]


def work(log: HostLog, flash: SimulatedFlash) -> None:
    """Until the next page is erased, or the power is gone."""
    for _ in range(20):
        if flash.dead or not log.work():
            return
    raise AssertionError("erasing never ends")


def live(flash: SimulatedFlash, log: HostLog, first: int, records: int) -> int:
    """Append records, each after the erasing that it may need; the last number that was kept."""
    kept = first - 1
    for number in range(first, first + records):
        work(log, flash)
        if log.append(number % 5, KIND, record(number)) and not flash.dead:
            kept = number
    return kept


def check(flash: SimulatedFlash, kept: int) -> HostLog:
    """After a cut: that record is there, or the one that was being written, and the log goes on."""
    flash.power_on()
    log = HostLog(flash)
    newest = log.read(KIND, WORDS)
    if newest is None:
        assert kept == 0
        assert log.sequence == 0
        return log
    assert newest[0] in (kept, kept + 1)
    assert newest == record(newest[0])
    assert log.found == (newest[0] % 5, KIND)
    return log


@pytest.mark.parametrize("pages", [2, 3, 4])
def test_after_a_cut_at_every_operation_the_last_complete_record_is_there(pages: int) -> None:
    whole = SimulatedFlash(pages)
    assert live(whole, HostLog(whole), 1, 16) == 16
    assert sum(whole.erases) >= 5
    for cut in range(1, whole.operations + 2):
        flash = SimulatedFlash(pages, seed=cut)
        flash.cut_at = cut
        kept = live(flash, HostLog(flash), 1, 16)
        log = check(flash, kept)
        newest = (log.read(KIND, WORDS) or [0])[0]
        assert live(flash, log, newest + 1, 4) == newest + 4
        assert HostLog(flash).read(KIND, WORDS) == record(newest + 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 120), min_size=2, max_size=8), st.integers(2, 4), st.integers(0, 99))
def test_cuts_that_follow_each_other_lose_no_more(cuts: list[int], pages: int, seed: int) -> None:
    flash = SimulatedFlash(pages, seed)
    log, newest = HostLog(flash), 0
    for cut in cuts:
        flash.cut_at = flash.operations + cut
        kept = live(flash, log, newest + 1, 30)
        log = check(flash, max(kept, newest))
        newest = (log.read(KIND, WORDS) or [0])[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.sampled_from([0.0, 0.5, 0.999]))
def test_what_was_in_the_flash_before_is_not_believed(seed: int, pages: int, blank: float) -> None:
    """Random words, also among many erased ones."""
    flash = SimulatedFlash(pages, seed)
    random = np.random.default_rng(seed)
    noise = random.integers(0, 2**32, len(flash.words), dtype=np.uint32)
    flash.words[:] = np.where(random.random(len(noise)) < blank, flash.words, noise)
    log = HostLog(flash)
    assert log.found is None
    assert log.read(KIND, WORDS) is None
    assert not log.append(1, KIND, record(1))
    work(log, flash)
    assert log.append(1, KIND, record(1))
    assert HostLog(flash).read(KIND, WORDS) == record(1)


def test_nothing_is_written_once_the_power_is_known_to_fail() -> None:
    flash = SimulatedFlash(2)
    log = HostLog(flash)
    assert live(flash, log, 1, 4) == 4
    before = flash.words.copy()
    flash.may_write = False  # the simulation refuses any write
    assert not log.append(1, KIND, record(5))
    log.work()
    assert (flash.words == before).all()
    flash.may_write = True
    work(log, flash)
    assert log.append(1, KIND, record(5))


def test_a_warning_in_the_middle_of_a_record_ends_it() -> None:
    flash = SimulatedFlash(2)
    log = HostLog(flash)
    assert live(flash, log, 1, 1) == 1
    write = flash.write

    def warned(word: int, value: int) -> None:
        write(word, value)
        flash.may_write = flash.operations < 12

    flash.write = warned  # type: ignore[method-assign]
    log = HostLog(flash)
    assert not log.append(1, KIND, record(2))
    assert HostLog(flash).read(KIND, WORDS) == record(1)


def test_pages_wear_alike_and_the_log_knows_how_often() -> None:
    flash = SimulatedFlash(4)
    live(flash, HostLog(flash), 1, 300)
    assert max(flash.erases) - min(flash.erases) <= 1
    assert max(flash.erases) == HostLog(flash).erases == 25 + 1


def test_another_kind_or_length_is_not_read() -> None:
    flash = SimulatedFlash(2)
    live(flash, HostLog(flash), 1, 1)
    log = HostLog(flash)
    assert log.read(KIND + 1, WORDS) is None
    assert log.read(KIND, WORDS - 1) is None
    assert log.found == (1, KIND)
    assert not log.append(1, KIND, [0] * 281)
    assert log.append(2, KIND, list(range(280)))
    assert HostLog(flash).read(KIND, 280) == list(range(280))


def test_one_changed_bit_makes_the_record_before_the_newest() -> None:
    flash = SimulatedFlash(2)
    live(flash, HostLog(flash), 1, 3)
    pages = flash.words.reshape(2, PAGE_WORDS)
    places = np.argwhere(pages == record(3)[4])
    assert len(places) == 1
    pages[tuple(places[0])] ^= 1 << 13
    assert HostLog(flash).read(KIND, WORDS) == record(2)


@pytest.mark.parametrize("pages", [2, 3, 4])
@pytest.mark.parametrize("prevented", [1, 3, 6, 9, 24])
def test_a_chip_that_prevents_writing_for_a_while_stops_the_log_no_longer(
    pages: int, prevented: int
) -> None:
    """As the nRF52840 does below the comparator's threshold while that is on: nothing happens."""
    flash = SimulatedFlash(pages)
    write, erase = flash.write, flash.erase
    low = False

    def write_if_allowed(word: int, value: int) -> None:
        if not low:
            write(word, value)

    flash.write = write_if_allowed  # type: ignore[method-assign]
    flash.erase = lambda page: 1 if low else erase(page)  # type: ignore[method-assign]
    log = HostLog(flash)
    assert live(flash, log, 1, 2) == 2
    low = True
    assert live(flash, log, 3, prevented) == 2
    low = False
    assert live(flash, log, 10, 4) == 13
    assert live(flash, log, 14, 20) == 33
    assert HostLog(flash).read(KIND, WORDS) == record(33)


@pytest.mark.parametrize("before", range(1, 12))
def test_a_record_that_turns_complete_after_a_start_is_not_the_newest(before: int) -> None:
    """One bit of its checksum, the last word written, was left between 0 and 1 by a cut."""
    flash = SimulatedFlash(4)
    log = HostLog(flash)
    for number in range(1, before + 1):
        work(log, flash)
        assert log.append(1, KIND, record(number))
    work(log, flash)
    words = flash.words.copy()
    assert log.append(1, KIND, record(100))
    changed = np.flatnonzero(words != flash.words)[-1]
    whole = flash.words[changed]
    torn = whole | np.uint32(~int(whole) & int(whole) + 1)  # its lowest 0 reads as 1
    flash.words[changed] = torn
    log = HostLog(flash)
    assert log.read(KIND, WORDS) == record(before)
    work(log, flash)
    assert log.append(2, KIND, record(200))
    if flash.words[changed] == torn:  # else its page was erased meanwhile
        flash.words[changed] = whole
    log = HostLog(flash)
    assert log.found == (2, KIND)
    assert log.read(KIND, WORDS) == record(200)


def test_the_last_sequence_number_is_the_end_and_loses_nothing() -> None:
    """0xFFFFFFFF would read as erased, and 0 as older than all: neither is ever written."""
    flash = SimulatedFlash(4)
    log = HostLog(flash)
    assert live(flash, log, 1, 1) == 1
    (first,) = np.flatnonzero(flash.words == record(1)[0])[-1:] - 4
    slot = flash.words[first : first + 4 + WORDS + 1]
    slot[0] = 0xFFFFFFFE
    slot[-1] = zlib.crc32(slot[:-1].tobytes())
    log = HostLog(flash)
    assert log.sequence == 0xFFFFFFFE
    assert live(flash, log, 2, 40) == 1
    again = HostLog(flash)
    assert (again.sequence, again.read(KIND, WORDS)) == (0xFFFFFFFE, record(1))


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_a_log_of_slots_of_another_size_is_not_merged(slots: int) -> None:
    """What an image of another layout left: its counters are of another kind, so never read."""
    words = (PAGE_WORDS - 3) // slots - 5
    sources = c_sources("flash_log")
    header = sources["flash_log/flash_log.h"]
    other = header.replace("SLOTS 3 ", f"SLOTS {slots} ").replace("WORDS 280 ", f"WORDS {words} ")
    assert other != header
    library = build_shared_library("other_slots", sources | {"flash_log/flash_log.h": other})
    flash = SimulatedFlash(4)
    before = HostLog(flash, ctypes.CDLL(str(library)))
    for number in range(1, 12):
        work(before, flash)
        assert before.append(number, KIND, record(number))
    log = HostLog(flash)
    assert log.found is None or log.found[1] == KIND
    assert log.read(KIND + 1, WORDS) is None
    for number in range(1, 20):
        work(log, flash)
        log.append(number, KIND + 1, record(100 + number))
    assert HostLog(flash).read(KIND + 1, WORDS) == record(119)
    assert HostLog(flash).read(KIND, WORDS) is None
