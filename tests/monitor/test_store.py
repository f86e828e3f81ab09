"""What was added counts once, in any order and with other writers; strangers are refused."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from coincell.errors import TelemetryError
from coincell.monitor import (
    Store,
    StoreError,
    list_devices,
    parse_report,
    prune,
    read_rollups,
)
from coincell.monitor.database import patiently
from made_fleet import KEY, START, a_reference, a_report, device

REFERENCE = a_reference()
NOW = START + 40 * 86400


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "fleet.db")
    return str(request.getfixturevalue("postgresql"))


def opened(place: str, **options: bool) -> Store:
    store = Store(place, **options)
    store.register(REFERENCE)
    return store


def batch_of(devices: int, reports: int, key: bytes | None = None) -> list[bytes]:
    return [
        a_report(REFERENCE, number, sequence).to_bytes(key)
        for sequence in range(reports)
        for number in range(devices)
    ]


def expected(texts: list[bytes], seconds: int) -> dict[tuple[bytes, int], np.ndarray]:
    """The roll-up's oracle: a sum over reports one by one, in Python's integers."""
    layout, sums = REFERENCE.layout, {}
    for text in set(texts):
        report = parse_report(text).report
        assert report.time is not None
        name = (report.device, report.time // seconds)
        vector = layout.vectors_of([report])[0].tolist()
        before = sums.get(name, layout.nothing().tolist())
        total = [a + b for a, b in zip(before, vector, strict=True)]
        for floor in layout.floors.tolist():
            total[floor] = min(before[floor], vector[floor])
        sums[name] = total
    return sums


def found(store: Store, table: str) -> dict[tuple[bytes, int], list[int]]:
    return {
        (one, bucket): vector.tolist()
        for part in read_rollups(store.database, REFERENCE, table)
        for one, bucket, vector in zip(
            part.devices, part.buckets.tolist(), part.vectors, strict=True
        )
    }


def test_repeats_and_any_order_count_once(place):
    texts = batch_of(5, 60)
    shuffled = [texts[order] for order in np.random.default_rng(0).permutation(len(texts))]
    with opened(place) as store:
        first = store.add(texts[:100], NOW)
        assert (first.added, first.repeated, first.refusals) == (100, 0, ())
        second = store.add(shuffled + shuffled[:7], NOW)
        assert (second.added, second.repeated, second.refusals) == (200, 107, ())
        for table, seconds in (("hours", 3600), ("days", 86400)):
            assert found(store, table) == expected(texts, seconds)


def test_monitors_at_once_on_one_store(place):
    texts = batch_of(4, 90)
    opened(place).close()

    def work(begin: int) -> None:
        with Store(place) as store:
            for start in range(begin, len(texts), 60):
                store.add(texts[start : start + 90], NOW)

    threads = [threading.Thread(target=work, args=(begin,)) for begin in (0, 30, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store(place) as store:
        assert store.database.rows("SELECT COUNT(*) FROM reports") == [(360,)]
        assert found(store, "days") == expected(texts, 86400)
        assert store.database.rows("SELECT SUM(received) FROM boots")[0][0] == 360


def reasons(store: Store, *texts: bytes) -> list[str]:
    return [refusal.reason for refusal in store.add(texts, NOW).refusals]


def test_whom_nobody_should_believe_is_refused(place):
    with opened(place) as store:
        store.enroll(device(1), KEY)
        report = a_report(REFERENCE, 1, 0)
        assert reasons(store, report.to_bytes()) == ["signature"]
        assert reasons(store, report.to_bytes(KEY[::-1])) == ["signature"]
        assert reasons(store, a_report(REFERENCE, 2, 0).to_bytes(KEY)) == ["signature"]
        other = a_report(REFERENCE, 3, 0, reference=b"another!").to_bytes()
        refusal = store.add([other], NOW).refusals[0]
        assert refusal.reason == "reference"
        assert b"another!".hex() in refusal.message
        assert reasons(store, a_report(REFERENCE, 3, 0, windows=20_000).to_bytes()) == ["range"]
        bins = {3: b"\xff\xff\x04" + bytes(15)}  # 81919 windows in a bin
        assert reasons(store, a_report(REFERENCE, 3, 0, sections=bins).to_bytes()) == ["range"]
        assert reasons(store, b"\x82" + bytes(400), b"", b"\x9f" * 200) == [
            "length",
            "cbor",
            "cbor",
        ]
        assert found(store, "hours") == {}
        assert reasons(store, report.to_bytes(KEY)) == []
        changed = a_report(REFERENCE, 1, 0, quiet=1).to_bytes(KEY)
        assert reasons(store, changed) == ["conflict"]
        tallies = dict(
            store.database.rows("SELECT name, count FROM tallies WHERE kind = 'refused'")
        )
        assert tallies == {
            "signature": 3, "reference": 1, "range": 2, "length": 1, "cbor": 2, "conflict": 1,
        }  # fmt: skip


def test_one_bad_report_takes_no_other_with_it(place):
    bad = a_report(REFERENCE, 9, 0, sections={200: b"\0"}).to_bytes()
    texts = batch_of(3, 5)
    with opened(place) as store:
        outcome = store.add([*texts[:8], bad, *texts[8:]], NOW)
        assert outcome.added == 15
        assert [(one.place, one.reason) for one in outcome.refusals] == [(8, "section")]
        assert found(store, "days") == expected(texts, 86400)


def test_only_the_last_refusals_are_kept(tmp_path):
    with opened(str(tmp_path / "fleet.db")) as store:
        for _ in range(3):
            store.add([b"?"] * 450, NOW)
        kept = store.database.rows("SELECT COUNT(*), MIN(number), MAX(number) FROM refusals")
        assert kept == [(1000, 351, 1350)]


def test_where_only_the_enrolled_are_heard(tmp_path):
    with opened(str(tmp_path / "fleet.db"), enrolled_only=True) as store:
        assert reasons(store, a_report(REFERENCE, 1, 0).to_bytes()) == ["unenrolled"]
        store.enroll(device(1), KEY)
        assert reasons(store, a_report(REFERENCE, 1, 0).to_bytes(KEY)) == []
        with pytest.raises(TelemetryError, match="32 bytes"):
            store.enroll(device(1), b"short")


def test_a_report_without_a_clock_or_with_a_wrong_one_is_placed_by_its_uptime(tmp_path):
    with opened(str(tmp_path / "fleet.db")) as store:
        for sequence, told in enumerate((None, NOW + 86400, 17, NOW - 60)):
            report = a_report(REFERENCE, 1, sequence, time=told)
            store.add([report.to_bytes()], NOW + 3600 * sequence)
        placed = store.database.rows("SELECT placed FROM reports ORDER BY sequence")
        assert [row[0] - NOW for row in placed] == [0, 3600, 7200, -60]


def test_an_uptime_that_cannot_be_moves_no_later_report(tmp_path):
    with opened(str(tmp_path / "fleet.db")) as store:
        for sequence, uptime in enumerate((2**32 - 1, 3600, 7200)):
            report = a_report(REFERENCE, 1, sequence, time=None, uptime=uptime)
            store.add([report.to_bytes()], NOW + 3600 * sequence)
        placed = store.database.rows("SELECT placed FROM reports ORDER BY sequence")
    assert [row[0] - NOW for row in placed] == [0, 3600, 7200]


def test_a_device_that_counts_no_boots_loses_nothing_when_it_starts_again(place):
    lives = [
        [
            a_report(REFERENCE, 1, sequence, boot=0, time=None, windows=1000 + life).to_bytes()
            for sequence in range(4)
        ]
        for life in range(3)
    ]
    with opened(place) as store:
        for life, texts in enumerate(lives):
            outcome = store.add([*texts, texts[0]], NOW + 86400 * life)
            assert (outcome.added, outcome.repeated, outcome.refusals) == (4, 1, ())
        placed = store.database.rows("SELECT placed, COUNT(*) FROM reports GROUP BY 1 ORDER BY 1")
        assert placed == [(NOW + 86400 * life, 4) for life in range(3)]
        assert prune(store, 0.5, 400, NOW + 86400 * 2).reports == 8
        again = store.add([text for texts in lives for text in texts], NOW + 86400 * 3)
        assert (again.added, again.repeated, again.refusals) == (0, 12, ())
        (state,) = list_devices(store.database)
        assert (state.reports, state.missing, state.boots) == (12, 0, 1)
        days = [
            vector for part in read_rollups(store.database, REFERENCE) for vector in part.vectors
        ]
        assert sum(vector[REFERENCE.layout.header["reports"]] for vector in days) == 12


def test_a_full_disk_acknowledges_nothing_and_room_mends_it(tmp_path):
    texts = batch_of(50, 10)
    with opened(str(tmp_path / "fleet.db")) as store:
        ((pages,),) = store.database.rows("PRAGMA page_count")
        store.database.rows(f"PRAGMA max_page_count = {pages + 4}")
        with pytest.raises(StoreError, match="full"):
            store.add(texts, NOW)
        assert store.database.rows("SELECT COUNT(*) FROM reports") == [(0,)]
        store.database.rows("PRAGMA max_page_count = 100000")
        assert store.add(texts, NOW).added == 500


def test_a_store_that_is_away_is_asked_again():
    waits: list[float] = []

    def work() -> int:
        if len(waits) < 2:
            raise StoreError("away")
        return 7

    assert patiently(work, (1.0, 2.0, 3.0), waits.append) == 7
    assert len(waits) == 2
    with pytest.raises(StoreError):
        patiently(lambda: opened("/proc/nowhere/fleet.db"), (0.0,))


def test_a_database_server_that_was_restarted_is_found_again(postgresql):
    with opened(postgresql) as store, Store(postgresql) as other:
        store.add(batch_of(1, 1), NOW)
        pid = store.database.rows("SELECT pg_backend_pid()")[0][0]
        other.database.rows("SELECT pg_terminate_backend(?)", [pid])
        with pytest.raises(StoreError):
            store.add(batch_of(1, 2), NOW)
        assert store.add(batch_of(1, 2), NOW).added == 1


def test_a_killed_writer_leaves_a_store(repository, tmp_path):
    """Fifty kill -9: what was acknowledged is there, and roll-ups are the sum of reports."""
    path = tmp_path / "fleet.db"
    done = subprocess.run(
        [os.sys.executable, str(repository / "benchmarks" / "monitor_kills.py"),
         "--kills", "50", "--store", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    import json

    told = json.loads(done.stdout)
    assert told["kills"] == 50
    assert told["acknowledged"] > 0
    assert told["lost"] == 0
    assert told["interrupted"] > 10, "the kills came when nothing was written"
    with Store(path) as store:
        texts = [bytes(row[0]) for row in store.database.rows("SELECT body FROM reports")]
        assert len(texts) == told["kept"] >= told["acknowledged"]
        assert found(store, "days") == expected(texts, 86400)
        assert found(store, "hours") == expected(texts, 3600)
        assert store.database.rows("PRAGMA integrity_check") == [("ok",)]


def test_who_reads_waits_for_no_writer(place):
    """A second one opens the store, and sees what was committed, while the first still writes."""
    with opened(place) as store:
        store.add(batch_of(2, 1), NOW)
        with store.writing():
            store.database.change("DELETE FROM reports")
            with Store(place) as other:
                assert len(list_devices(other.database)) == 2
                assert other.database.rows("SELECT COUNT(*) FROM reports") == [(2,)]
