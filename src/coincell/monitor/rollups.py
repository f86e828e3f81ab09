"""What devices counted, by hour and by day: added to with each report, read by the analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.database import Database, Row
from coincell.monitor.layout import CounterLayout
from coincell.monitor.many_rows import insert, insert_all, lookup
from coincell.monitor.packing import merged_by, packed_rows, unpacked_rows
from coincell.monitor.reference import Reference
from coincell.monitor.telemetry import Report

SECONDS = {"hours": 3600, "days": 86400}
"""Of a bucket of each table; buckets count from 1970."""

_SPARSE = {"hours": True, "days": False}
"""An hour holds the few sections that fitted into a report; a day nearly all."""

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Buckets:
    """Rows of a roll-up.

    Attributes:
        devices: identity of each row's device.
        buckets: hours or days since 1970, int64 [rows].
        vectors: int64 [rows, layout.size].
    """

    devices: list[bytes]
    buckets: NDArray[np.int64]
    vectors: NDArray[np.int64]


def add_to_rollups(
    database: Database,
    references: Mapping[bytes, Reference],
    told: Sequence[tuple[Report, int, NDArray[np.int64]]],
) -> None:
    """Merge (report, when, vector) of new reports into hours and days; within a transaction."""
    groups: dict[bytes, list[tuple[Report, int, NDArray[np.int64]]]] = {}
    for one in told:
        groups.setdefault(one[0].reference, []).append(one)
    for reference, members in groups.items():
        # Neighbours in the table go together, which spares it most of its pages.
        members.sort(key=lambda one: (one[0].device, one[1]))
        layout = references[reference].layout
        rows = [vector for _, _, vector in members]
        vectors = np.concatenate(rows).reshape(len(rows), -1)  # a quarter of np.stack's time
        for table, seconds in SECONDS.items():
            numbers: dict[tuple[bytes, bytes, int], int] = {}
            keys = [
                numbers.setdefault((report.device, reference, when // seconds), len(numbers))
                for report, when, _ in members
            ]
            _, sums = merged_by(layout, np.array(keys, np.int64), vectors)
            alone = min(report.seconds for report, _, _ in members) >= seconds
            _merge_into(database, table, layout, list(numbers), sums, alone)


def _merge_into(
    database: Database,
    table: str,
    layout: CounterLayout,
    names: list[tuple[bytes, bytes, int]],
    vectors: NDArray[np.int64],
    alone: bool,
) -> None:
    sparse = _SPARSE[table]
    # A report that tells of a whole bucket is mostly the only one in it.
    if alone and _insert(database, table, layout, names, vectors):
        return
    rows = lookup(
        database, table, "device, reference, bucket, counts",
        ["device", "reference", "bucket"], names,
    )  # fmt: skip
    if rows:
        places = {name: place for place, name in enumerate(names)}
        which = np.array([places[bytes(row[0]), bytes(row[1]), row[2]] for row in rows])
        before = unpacked_rows(layout, [bytes(row[3]) for row in rows], sparse)
        vectors[which] = layout.merged(np.stack([before, vectors[which]]))
    packed = packed_rows(layout, vectors, sparse)
    insert(
        database,
        f"INSERT INTO {table} (device, reference, bucket, counts) VALUES {{}}"  # noqa: S608
        " ON CONFLICT (device, reference, bucket) DO UPDATE SET counts = excluded.counts",
        [(*name, text) for name, text in zip(names, packed, strict=True)],
    )


def _insert(
    database: Database,
    table: str,
    layout: CounterLayout,
    names: list[tuple[bytes, bytes, int]],
    vectors: NDArray[np.int64],
) -> bool:
    """Insert buckets of which none is there yet; False, and nothing done, where one is."""
    packed = packed_rows(layout, vectors, _SPARSE[table])
    return insert_all(
        database,
        f"INSERT INTO {table} (device, reference, bucket, counts) VALUES {{}}"  # noqa: S608
        " ON CONFLICT DO NOTHING",
        [(*name, text) for name, text in zip(names, packed, strict=True)],
    )


def read_rollups(
    database: Database,
    reference: Reference,
    table: str = "days",
    since: int = 0,
    until: int = 1 << 40,
    device: bytes | None = None,
) -> Iterator[Buckets]:
    """Rows of `hours` or `days`, some thousand at a time, in no order.

    Args:
        database: of the store.
        reference: whose counts.
        table: "hours" or "days".
        since: seconds since 1970; buckets that begin at it or later.
        until: buckets that begin before it.
        device: of this one alone.
    """
    identity, seconds = bytes.fromhex(reference.identity), SECONDS[table]
    first, end = -(-since // seconds), -(-until // seconds)
    if device is None:
        statement = (
            f"SELECT device, bucket, counts FROM {table}"  # noqa: S608 - one of ours
            " WHERE reference = ? AND bucket >= ? AND bucket < ?"
        )
        parts = database.chunks(statement, [identity, first, end], _ROWS_AT_ONCE)
    else:
        parts = _rows_of_device(database, table, identity, device, first, end)
    for rows in parts:
        devices, buckets, texts = zip(*rows, strict=True)
        yield Buckets(
            list(map(bytes, devices)),
            np.array(buckets, np.int64),
            unpacked_rows(reference.layout, list(map(bytes, texts)), _SPARSE[table]),
        )


def _rows_of_device(
    database: Database, table: str, reference: bytes, device: bytes, first: int, end: int
) -> Iterator[list[Row]]:
    """One device's rows. Keys begin with the bucket: each is looked up, none is passed over."""
    where = "WHERE reference = ? AND bucket >= ? AND bucket < ?"
    bounds = [
        # One a question: of both at once SQLite reads all in between.
        database.rows(
            f"SELECT {which}(bucket) FROM {table} {where}",  # noqa: S608 - ours
            [reference, first, end],
        )[0][0]
        for which in ("MIN", "MAX")
    ]
    if bounds[0] is None:
        return
    for begin in range(bounds[0], bounds[1] + 1, _ROWS_AT_ONCE):
        buckets = range(begin, min(begin + _ROWS_AT_ONCE, bounds[1] + 1))
        rows = lookup(
            database, table, "device, bucket, counts", ["reference", "bucket", "device"],
            [(reference, bucket, device) for bucket in buckets],
        )  # fmt: skip
        if rows:
            yield rows


def by_bucket(layout: CounterLayout, parts: Iterator[Buckets]) -> Buckets:
    """All devices together: one row a bucket, ascending."""
    keys: NDArray[np.int64] = np.zeros(0, np.int64)
    vectors = layout.nothing(0)
    for part in parts:
        more_keys, more = merged_by(layout, part.buckets, part.vectors)
        keys, vectors = merged_by(
            layout, np.concatenate([keys, more_keys]), np.concatenate([vectors, more])
        )
    return Buckets([b""] * len(keys), keys, vectors)
