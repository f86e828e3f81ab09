"""What a store forgets: raw reports and hours after a while, a device when it is told to."""

from __future__ import annotations

import time
from dataclasses import dataclass

from coincell.monitor.store import Store

_DAY_S, _HOUR_S = 86400, 3600


@dataclass(frozen=True)
class Forgotten:
    """Rows that were deleted.

    Attributes:
        reports: raw reports.
        hours: sums of an hour.
        days: sums of a day.
    """

    reports: int
    hours: int
    days: int = 0


def prune(
    store: Store, report_days: float, hour_days: float, now: float | None = None
) -> Forgotten:
    """Delete raw reports received so many days ago, and hours that began so long ago; days stay.

    A deleted report that comes again is refused as "late": its boot remembers up to which sequence
    number reports were deleted, so nothing counts twice. Of a device that counts no boots the rows
    stay without their bytes, which tells repeats too.

    Raises:
        StoreError: the database cannot be used.
    """
    moment = time.time() if now is None else now
    received = int(moment - report_days * _DAY_S)
    bucket = int(moment - hour_days * _DAY_S) // _HOUR_S
    with store.writing() as database:
        rows = database.rows(
            "SELECT device, boot, MAX(sequence), COUNT(*) FROM reports"
            " WHERE received < ? AND LENGTH(body) > 0 GROUP BY device, boot",
            [received],
        )
        for device, boot, greatest, _ in rows:
            database.change(
                "UPDATE boots SET pruned = ? WHERE device = ? AND boot = ? AND boot > 0"
                " AND pruned < ?",
                [greatest + 1, bytes(device), boot, greatest + 1],
            )
        database.change("DELETE FROM reports WHERE received < ? AND boot > 0", [received])
        database.change(
            "UPDATE reports SET body = ? WHERE received < ? AND LENGTH(body) > 0", [b"", received]
        )
        hours = database.change("DELETE FROM hours WHERE bucket < ?", [bucket])
    return Forgotten(sum(row[3] for row in rows), hours)


def forget(store: Store, device: bytes) -> Forgotten | None:
    """Delete all that a device told, its key included; None where nothing is known of it.

    Raises:
        StoreError: the database cannot be used.
    """
    with store.writing() as database:
        if not database.rows("SELECT 1 FROM devices WHERE device = ?", [device]):
            return None
        counts = {}
        for table in ("reports", "hours", "days", "boots", "refusals", "devices"):
            counts[table] = database.change(
                f"DELETE FROM {table} WHERE device = ?",  # noqa: S608 - one of ours
                [device],
            )
    return Forgotten(counts["reports"], counts["hours"], counts["days"])
