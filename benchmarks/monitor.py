"""What receiving costs: reports a second, bytes a device a day, a year of a fleet asked, memory.

    taskset -c 0 python benchmarks/monitor.py --output monitor.json

Everything runs in one process on one core. Reports are of a made-up device with 12 classes and 13
watched features, one an hour. The kills are those of benchmarks/monitor_kills.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np

from coincell.monitor import Store, by_bucket, collect_seldom, merged_by, read_rollups
from coincell.monitor.database import insert
from coincell.monitor.packing import packed_rows
from made_fleet import KEY, START, a_reference, a_report, device
from monitor_kills import kill_and_count

_BATCH = 2000
_DAY = 86400


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--reports", type=int, default=48, help="of each device")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    told: dict[str, Any] = {}
    collect_seldom()
    with tempfile.TemporaryDirectory() as folder:
        for name, key in (("unsigned", None), ("signed", KEY)):
            told[name] = _ingest(Path(folder) / f"{name}.db", options, key)
            print(name, told[name], file=sys.stderr)
        told["year"] = _year(Path(folder) / "year.db")
        print("year", told["year"], file=sys.stderr)
        told["kills"] = kill_and_count(Path(folder) / "kills.db", options.kills, seed=1)
    text = json.dumps(told, indent=2)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    print(text)


def _ingest(path: Path, options: argparse.Namespace, key: bytes | None) -> dict[str, Any]:
    """Reports a second of one process, every hour of all devices after the hour before."""
    reference = a_reference()
    with Store(path) as store:
        store.register(reference)
        if key is not None:
            for number in range(options.devices):
                store.enroll(device(number), key)
        spent, busy, count, sizes, memory = 0.0, 0.0, 0, [], []
        for hour in range(options.reports):
            texts = [
                a_report(reference, number, hour).to_bytes(key) for number in range(options.devices)
            ]
            sizes += [len(text) for text in texts]
            for begin in range(0, len(texts), _BATCH):
                started, began = time.perf_counter(), time.process_time()
                outcome = store.add(texts[begin : begin + _BATCH], START + 3600 * (hour + 1))
                spent += time.perf_counter() - started
                busy += time.process_time() - began
                count += outcome.added
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        database = store.database
        tables = {
            table: database.rows(f"SELECT COUNT(*), SUM(LENGTH({column})) FROM {table}")[0]
            for table, column in (("reports", "body"), ("hours", "counts"), ("days", "counts"))
        }
    days = options.reports / 24
    return {
        "reports": count,
        "reports_per_second": round(count / spent),
        "reports_per_processor_second": round(count / busy),
        "mean_report_bytes": round(sum(sizes) / len(sizes), 1),
        "store_bytes_per_device_day": round(path.stat().st_size / options.devices / days),
        "bytes_per_device_day": {
            table: round(length / options.devices / days) for table, (_, length) in tables.items()
        },
        "peak_memory_mb_quarter_half_end": [
            round(memory[int(part * (len(memory) - 1))]) for part in (0.25, 0.5, 1.0)
        ],
    }


def _year(path: Path, devices: int = 1000, days: int = 365) -> dict[str, Any]:
    """1,000 devices for a year: the days that their 24 hours a day left, asked in three ways."""
    reference = a_reference()
    layout = reference.layout
    generator = np.random.default_rng(0)
    identity = bytes.fromhex(reference.identity)
    with Store(path) as store:
        store.register(reference)
        for day in range(days):
            vectors = generator.integers(0, 24 * 900, (devices, layout.size))
            vectors[:, layout.header["seconds"]] = _DAY
            vectors[:, layout.header["reports"]] = 24
            with store.database.writing():
                insert(
                    store.database,
                    "INSERT INTO days (device, reference, bucket, counts) VALUES {}",
                    [
                        (device(number), identity, START // _DAY + day, text)
                        for number, text in enumerate(packed_rows(layout, vectors, sparse=False))
                    ],
                )
    told: dict[str, Any] = {"devices": devices, "days": days, "counters": layout.size}
    for name, ask in (
        ("fleet_by_day_s", _fleet_by_day),
        ("each_device_whole_year_s", _each_device),
        ("one_device_by_day_s", _one_device),
    ):
        with Store(path) as store:
            started = time.perf_counter()
            reports = ask(store, reference)
            told[name] = round(time.perf_counter() - started, 3)
        told[f"{name[:-2]}_reports"] = reports
    told["store_mb"] = round(path.stat().st_size / 1e6)
    return told


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


if __name__ == "__main__":
    main()
