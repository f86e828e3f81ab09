"""What a store knows of its devices: for people, for programs, and as Prometheus text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coincell.monitor.database import Database

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SILENT_S = 86400


@dataclass(frozen=True)
class DeviceState:
    """A device as the store knows it.

    Attributes:
        device: its identity, 16 hexadecimal digits.
        enrolled: whether it must sign.
        first_seen: seconds since 1970; None before its first report.
        last_seen: the same.
        reference: what its newest report counts against, 16 hexadecimal digits.
        skew_seconds: its clock less ours at its newest report that told the time; a delivery that
            took long makes it smaller.
        boots: starts that are known.
        reports: that count.
        missing: gaps in the sequence numbers, over all boots.
    """

    device: str
    enrolled: bool
    first_seen: int | None
    last_seen: int | None
    reference: str | None
    skew_seconds: int | None
    boots: int
    reports: int
    missing: int


def list_devices(database: Database) -> list[DeviceState]:
    """Every device that was enrolled or reported, by identity.

    Raises:
        StoreError: the database cannot be used.
    """
    rows = database.rows(
        "SELECT devices.device, signing_key IS NOT NULL, first_seen, last_seen, reference, skew,"
        " COUNT(boots.boot), COALESCE(SUM(received), 0),"
        " COALESCE(SUM(greatest + 1 - received), 0)"
        " FROM devices LEFT JOIN boots ON boots.device = devices.device"
        " GROUP BY devices.device, signing_key, first_seen, last_seen, reference, skew"
        " ORDER BY devices.device"
    )
    return [
        DeviceState(
            bytes(row[0]).hex(), bool(row[1]), row[2], row[3],
            None if row[4] is None else bytes(row[4]).hex(), row[5], *map(int, row[6:]),
        )
        for row in rows
    ]  # fmt: skip


def refusals(database: Database) -> dict[str, int]:
    """Reason -> how many reports were refused for it, ever.

    Raises:
        StoreError: the database cannot be used.
    """
    rows = database.rows("SELECT name, count FROM tallies WHERE kind = 'refused' ORDER BY name")
    return {name: int(count) for name, count in rows}


def metrics(database: Database, now: float | None = None) -> str:
    """The store's counters in Prometheus' text format, version 0.0.4.

    Raises:
        StoreError: the database cannot be used.
    """
    moment = time.time() if now is None else now
    rows = database.rows("SELECT name, count FROM tallies WHERE kind = 'reports'")
    tallies = {name: int(count) for name, count in rows}
    devices = list_devices(database)
    seen = [one.last_seen for one in devices if one.last_seen is not None]
    families: list[tuple[str, str, str, Mapping[str, float]]] = [
        ("reports_total", "counter", "Reports received, by what became of them.",
         {_label("outcome", name): tallies.get(name, 0) for name in ("added", "repeated")}),
        ("refused_total", "counter", "Reports refused, by reason.",
         {_label("reason", name): count for name, count in refusals(database).items()}),
        ("devices", "gauge", "Devices that are known.", {"": len(devices)}),
        ("devices_enrolled", "gauge", "Devices that must sign.",
         {"": sum(one.enrolled for one in devices)}),
        ("devices_silent", "gauge", "Devices that reported, but not within the last day.",
         {"": sum(moment - last > _SILENT_S for last in seen)}),
        ("reports_missing", "gauge", "Gaps in the sequence numbers of reports.",
         {"": sum(one.missing for one in devices)}),
        ("last_report_timestamp_seconds", "gauge", "When the newest report was received.",
         {"": max(seen)} if seen else {}),
    ]  # fmt: skip
    return "".join(line for family in families for line in _family(*family))


def _label(name: str, value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{{name}="{text}"}}'


def _family(name: str, kind: str, text: str, values: Mapping[str, float]) -> Iterable[str]:
    full = f"coincell_monitor_{name}"
    yield f"# HELP {full} {text}\n# TYPE {full} {kind}\n"
    for labels, value in values.items():
        yield f"{full}{labels} {value}\n"
