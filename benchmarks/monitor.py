"""What receiving costs: reports a second, bytes a device a day, a year of a fleet asked, memory.

    python benchmarks/monitor.py --output monitor.json

Everything runs in one process, which binds itself to one core. Reports are of a made-up device
with 12 classes and 13 watched features, one an hour. The kills are those of
benchmarks/monitor_kills.py.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from numpy.typing import NDArray

from coincell.monitor import (
    CounterLayout,
    Reference,
    Store,
    build_receiver,
    by_bucket,
    collect_seldom,
    ingest_file,
    merged_by,
    metrics,
    read_rollups,
    run_receiver,
)
from coincell.monitor.many_rows import insert
from coincell.monitor.packing import packed_rows
from made_fleet import KEY, START, a_reference, a_report, device
from monitor_kills import kill_and_count

_HOURS = 4
_CLIENTS, _POSTED = 8, 250
_DAY = 86400


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--reports", type=int, default=48, help="of each device")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--postgresql", help="URL of an empty database, to measure it too")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    told: dict[str, Any] = {"sqlite": sqlite3.sqlite_version}
    collect_seldom()
    with tempfile.TemporaryDirectory() as folder:
        for name, key in (("unsigned", None), ("signed", KEY)):
            told[name] = _ingest(Path(folder) / f"{name}.db", Path(folder), options, key)
            print(name, told[name], file=sys.stderr)
        if options.postgresql:
            told["postgresql"] = _ingest(options.postgresql, Path(folder), options, None)
            print("postgresql", told["postgresql"], file=sys.stderr)
        told["http"] = _by_http(Path(folder), options)
        print("http", told["http"], file=sys.stderr)
        told["resident_mb_after_each_40000_reports"] = _memory(Path(folder) / "memory.db")
        told["metrics_of_a_million_devices_s"] = _metrics(Path(folder) / "million.db")
        told["year"] = _year(Path(folder) / "year.db")
        print("year", told["year"], file=sys.stderr)
        told["kills"] = kill_and_count(Path(folder) / "kills.db", options.kills, seed=1)
    text = json.dumps(told, indent=2)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    print(text)


def _ingest(
    place: Path | str, folder: Path, options: argparse.Namespace, key: bytes | None
) -> dict[str, Any]:
    """Reports a second of one process, every hour of all devices after the hour before."""
    reference, spool = a_reference(), folder / "spool.cbor"
    with Store(place) as store:
        store.register(reference)
        if key is not None:
            for number in range(options.devices):
                store.enroll(device(number), key)
        spent, busy, count, length, memory, rates = 0.0, 0.0, 0, 0, [], []
        for first in range(0, options.reports, _HOURS):
            texts = [
                a_report(reference, number, hour).to_bytes(key)
                for hour in range(first, min(first + _HOURS, options.reports))
                for number in range(options.devices)
            ]
            spool.write_bytes(b"".join(texts))
            length += spool.stat().st_size
            started, began = time.perf_counter(), time.process_time()
            outcome = ingest_file(store, spool, START + 3600 * (first + _HOURS))
            took = time.perf_counter() - started
            spent += took
            rates.append(len(texts) / took)
            busy += time.process_time() - began
            count += outcome.added
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        assert count == options.devices * options.reports
        tables = {
            table: store.database.rows(f"SELECT SUM(LENGTH({column})) FROM {table}")[0][0]
            for table, column in (("reports", "body"), ("hours", "counts"), ("days", "counts"))
        }
        size = 0
        if isinstance(place, str):
            ((size,),) = store.database.rows("SELECT pg_database_size(current_database())")
    if isinstance(place, Path):
        size = place.stat().st_size  # closed: what stood in the log is in the file
    days = options.reports / 24
    return {
        "reports": count,
        "reports_per_second": round(count / spent),
        "least_median_most_per_second": [
            round(float(rate)) for rate in np.quantile(rates, (0.0, 0.5, 1.0))
        ],
        "reports_per_processor_second": round(count / busy),
        "mean_report_bytes": round(length / count, 1),
        "store_bytes_per_device_day": round(size / options.devices / days),
        "bytes_per_device_day": {
            table: round(length / options.devices / days) for table, length in tables.items()
        },
        "peak_memory_mb_quarter_half_end": [
            round(memory[int(part * (len(memory) - 1))]) for part in (0.25, 0.5, 1.0)
        ],
    }


def _by_http(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Reports a second of a server on one core; who sends them is on another, if there is one."""
    reference, token, hours = a_reference(), "a-token-of-the-benchmark", 12
    place = folder / "http.db"
    with Store(place) as store:
        store.register(reference)
    bodies = [
        b"".join(
            a_report(reference, number, hour).to_bytes()
            for number in range(first, min(first + _POSTED, options.devices))
        )
        for hour in range(hours)
        for first in range(0, options.devices, _POSTED)
    ]
    listening = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        run_receiver(build_receiver(place, token), listening)
        os._exit(0)
    address = listening.getsockname()
    everywhere = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - everywhere or everywhere)
        _post(address, token, b"")
        started, began = time.perf_counter(), _processor_s(child)
        with ThreadPoolExecutor(_CLIENTS) as clients:
            kept = sum(clients.map(lambda body: _post(address, token, body), bodies))
        spent, busy = time.perf_counter() - started, _processor_s(child) - began
    finally:
        os.kill(child, signal.SIGTERM)
        _, _, used = os.wait4(child, 0)
        listening.close()
        os.sched_setaffinity(0, everywhere)
    assert kept == hours * options.devices
    return {
        "clients": _CLIENTS,
        "reports_a_request": _POSTED,
        "reports_per_second": round(kept / spent),
        "reports_per_processor_second": round(kept / busy),
        "server_peak_memory_mb": round(used.ru_maxrss / 1024),
    }


def _memory(path: Path, devices: int = 2000, hours: int = 160) -> list[int]:
    """The process's resident memory while a store grows; see proc(5)."""
    reference, resident = a_reference(), []
    reports = [a_report(reference, number, 0) for number in range(devices)]
    with Store(path) as store:
        store.register(reference)
        for hour in range(hours):
            end = START + 3600 * (hour + 1)
            facts = {"sequence": hour, "uptime": 3600 * (hour + 1), "time": end}
            store.add([replace(report, **facts).to_bytes() for report in reports], end)
            if hour % 20 == 19:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                resident.append(pages * resource.getpagesize() >> 20)
    return resident


def _metrics(path: Path, devices: int = 1_000_000, at_once: int = 10_000) -> float:
    """Seconds for the text at /metrics, of a store that knows so many devices."""
    with Store(path) as store:
        with store.database.writing():
            for first in range(0, devices, at_once):
                names = [device(number) for number in range(first, first + at_once)]
                insert(
                    store.database,
                    "INSERT INTO devices (device, first_seen) VALUES {}",
                    [(name, START) for name in names],
                )
                insert(
                    store.database,
                    "INSERT INTO boots (device, boot, started, received, greatest, pruned,"
                    " last_seen, reference, skew) VALUES {}",
                    [(name, 1, START, 24, 23, 0, START + _DAY, bytes(8), 1) for name in names],
                )
        started = time.perf_counter()
        text = metrics(store.database, START + 2 * _DAY)
        spent = time.perf_counter() - started
    assert f"monitor_devices {devices}\n" in text
    return round(spent, 3)


def _processor_s(process: int) -> float:
    """Seconds of the processor that a process took; see proc(5)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _post(address: tuple[str, int], token: str, body: bytes) -> int:
    connection = HTTPConnection(*address, timeout=60)
    connection.request("POST", "/v1/reports", body, {"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    return int(json.load(answer)["kept"])


def _year(path: Path, devices: int = 1000, days: int = 365) -> dict[str, Any]:
    """1,000 devices for a year, a report an hour: what ingest leaves of it, asked in five ways."""
    reference = a_reference()
    layout = reference.layout
    begun = time.perf_counter()
    with Store(path) as store:
        store.register(reference)
        generator = np.random.default_rng(0)
        for day in range(days):
            _put_day(store, reference, generator, devices, START // _DAY + day)
    told: dict[str, Any] = {"devices": devices, "days": days, "counters": layout.size}
    told["hours"] = devices * days * 24
    told["made_in_s"] = round(time.perf_counter() - begun)
    for name, ask in (
        ("fleet_by_day", _fleet_by_day),
        ("each_device_whole_year", _each_device),
        ("one_device_by_day", _one_device),
        ("one_device_by_hour", _one_device_by_hour),
        ("fleet_by_hour_of_a_day", _fleet_by_hour),
    ):
        with Store(path) as store:
            started = time.perf_counter()
            reports = ask(store, reference)
            told[f"{name}_s"] = round(time.perf_counter() - started, 3)
        told[f"{name}_reports"] = reports
    told["store_mb"] = round(path.stat().st_size / 1e6)
    return told


def _put_day(
    store: Store, reference: Reference, generator: np.random.Generator, devices: int, day: int
) -> None:
    """24 hours of each device, six sections each as in a report, and their sum."""
    layout, identity = reference.layout, bytes.fromhex(reference.identity)
    sections = list(layout.places.values())
    total = layout.nothing(devices)
    with store.database.writing():
        for hour in range(24):
            vectors = layout.nothing(devices)
            for step in range(6):
                place = sections[(hour * 6 + step) % len(sections)]
                shape = (devices, place.stop - place.start)
                vectors[:, place] = generator.integers(0, 900, shape)
            vectors[:, layout.header["seconds"]] = 3600
            vectors[:, layout.header["windows"]] = 14_000
            vectors[:, layout.header["reports"]] = 1
            _put(store, "hours", layout, identity, 24 * day + hour, vectors, sparse=True)
            total = layout.merged(np.stack([total, vectors]))
        _put(store, "days", layout, identity, day, total, sparse=False)


def _put(
    store: Store,
    table: str,
    layout: CounterLayout,
    identity: bytes,
    bucket: int,
    vectors: NDArray[np.int64],
    sparse: bool,
) -> None:
    insert(
        store.database,
        f"INSERT INTO {table} (device, reference, bucket, counts) VALUES {{}}",
        [
            (device(number), identity, bucket, text)
            for number, text in enumerate(packed_rows(layout, vectors, sparse))
        ],
    )


def _fleet_by_day(store: Store, reference: Any) -> int:
    found = by_bucket(reference.layout, read_rollups(store.database, reference))
    return int(found.vectors[:, reference.layout.header["reports"]].sum())


def _each_device(store: Store, reference: Any) -> int:
    layout, keys, vectors = reference.layout, np.zeros(0, np.int64), reference.layout.nothing(0)
    for part in read_rollups(store.database, reference):
        numbers = np.frombuffer(b"".join(part.devices), ">i8").astype(np.int64)
        more = merged_by(layout, numbers, part.vectors)
        keys, vectors = merged_by(
            layout, np.concatenate([keys, more[0]]), np.concatenate([vectors, more[1]])
        )
    return int(vectors[:, layout.header["reports"]].sum())


def _one_device(store: Store, reference: Any) -> int:
    parts = read_rollups(store.database, reference, device=device(7))
    found = by_bucket(reference.layout, parts)
    return int(found.vectors[:, reference.layout.header["reports"]].sum())


def _one_device_by_hour(store: Store, reference: Any) -> int:
    parts = read_rollups(store.database, reference, "hours", device=device(7))
    found = by_bucket(reference.layout, parts)
    assert len(found.buckets) == 8760
    return int(found.vectors[:, reference.layout.header["reports"]].sum())


def _fleet_by_hour(store: Store, reference: Any) -> int:
    since = START + 200 * _DAY
    parts = read_rollups(store.database, reference, "hours", since, since + _DAY)
    found = by_bucket(reference.layout, parts)
    assert len(found.buckets) == 24
    return int(found.vectors[:, reference.layout.header["reports"]].sum())


if __name__ == "__main__":
    main()
