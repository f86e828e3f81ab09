"""What a store knows of its devices: for people, for programs, and as Prometheus text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coincell.monitor.database import Database, Row

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
        missing: gaps in the sequence numbers, over all boots; of boot 0, which counts none,
            they cannot be told.
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
    devices = database.rows(
        "SELECT device, signing_key IS NOT NULL, first_seen FROM devices ORDER BY device"
    )
    boots: dict[bytes, list[Row]] = {}
    for device, *row in database.rows(
        "SELECT device, last_seen, boot, received, greatest, reference, skew FROM boots"
        " ORDER BY device, last_seen, boot"
    ):
        boots.setdefault(bytes(device), []).append(tuple(row))
    return [
        _state(bytes(device), bool(enrolled), first_seen, boots.get(bytes(device), []))
        for device, enrolled, first_seen in devices
    ]


def _state(
    device: bytes, enrolled: bool, first_seen: int | None, boots: Sequence[Row]
) -> DeviceState:
    skews = [skew for *_, skew in boots if skew is not None]
    return DeviceState(
        device=device.hex(),
        enrolled=enrolled,
        first_seen=first_seen,
        last_seen=boots[-1][0] if boots else None,
        reference=bytes(boots[-1][4]).hex() if boots else None,
        skew_seconds=skews[-1] if skews else None,
        boots=len(boots),
        reports=sum(row[2] for row in boots),
        missing=sum(row[3] + 1 - row[2] for row in boots if row[1]),
    )


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
    ((known, enrolled),) = database.rows("SELECT COUNT(*), COUNT(signing_key) FROM devices")
    ((missing,),) = database.rows(
        "SELECT COALESCE(SUM(greatest + 1 - received), 0) FROM boots WHERE boot > 0"
    )
    ((silent, newest),) = database.rows(
        "SELECT COALESCE(SUM(CASE WHEN seen < ? THEN 1 ELSE 0 END), 0), MAX(seen)"
        " FROM (SELECT MAX(last_seen) AS seen FROM boots GROUP BY device) AS devices",
        [int(moment) - _SILENT_S],
    )
    families: list[tuple[str, str, str, Mapping[str, float]]] = [
        ("reports_total", "counter", "Reports received, by what became of them.",
         {_label("outcome", name): tallies.get(name, 0) for name in ("added", "repeated")}),
        ("refused_total", "counter", "Reports refused, by reason.",
         {_label("reason", name): count for name, count in refusals(database).items()}),
        ("devices", "gauge", "Devices that are known.", {"": known}),
        ("devices_enrolled", "gauge", "Devices that must sign.", {"": enrolled}),
        ("devices_silent", "gauge", "Devices that reported, but not within the last day.",
         {"": silent}),
        ("reports_missing", "gauge", "Gaps in the sequence numbers of reports.",
         {"": missing}),
        ("last_report_timestamp_seconds", "gauge", "When the newest report was received.",
         {"": newest} if newest is not None else {}),
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
