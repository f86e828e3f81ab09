"""Believed reports into the tables of a store, each once; within one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coincell.errors import TelemetryError
from coincell.monitor.admission import Admitted, Refusal, placed_at, refused
from coincell.monitor.database import Database
from coincell.monitor.many_rows import insert, insert_all, inserted, lookup
from coincell.monitor.reference import Reference
from coincell.monitor.rollups import add_to_rollups
from coincell.monitor.telemetry import Report

_LIFE_BYTES = 7

Name = tuple[bytes, int, int, int]
"""Device, boot, sequence, life: what counts once."""


def life_of(report: Report, data: bytes) -> int:
    """What tells reports of a device apart that counts no boots: their own bytes; else 0.

    Such a device begins at sequence 0 after each start, so that its reports' names come again.
    """
    if report.boot:
        return 0
    return int.from_bytes(hashlib.sha256(data).digest()[:_LIFE_BYTES], "big")


@dataclass(slots=True)
class _Boot:
    """A row of the table `boots`, as schema.py has it."""

    started: int
    received: int = 0
    greatest: int = -1
    pruned: int = 0
    seen: int = 0
    reference: bytes = b""
    skew: int | None = None
    known: bool = field(default=True, kw_only=True)


class Writer:
    """Adds believed reports within a transaction that no other writer shares.

    Args:
        database: within `writing()`.
        references: of all that is added, by identity.
        received: when, in seconds since 1970.
    """

    def __init__(
        self, database: Database, references: Mapping[bytes, Reference], received: int
    ) -> None:
        self._database = database
        self._references = references
        self._received = received
        self._boots: dict[tuple[bytes, int], _Boot] = {}

    def add(self, admitted: Sequence[Admitted]) -> tuple[int, int, list[Refusal]]:
        """How many were new, how many repeats, and which cannot be told from either."""
        self._boots = self._known_boots(admitted)
        fresh: dict[Name, Admitted] = {}
        again: list[tuple[Name, Admitted]] = []
        refusals = []
        for one in admitted:
            report = one.report
            boot = self._boot(report)
            name = (report.device, report.boot, report.sequence, life_of(report, one.data))
            if report.sequence < boot.pruned:
                error = TelemetryError(
                    "late", "Whether this report is a repeat cannot be told any more."
                )
                refusals.append(refused(one.place, error, one.data, report.device))
            elif name in fresh:
                again.append((name, one))
            else:
                fresh[name] = one
                boot.started = min(boot.started, self._received - report.uptime)
        times = {name: self._placed(one.report) for name, one in fresh.items()}
        counting = self._inserted(fresh, times)
        if len(counting) < len(fresh):
            again += [(name, one) for name, one in fresh.items() if name not in counting]
        conflicts = self._conflicts(again)
        new = [(name, one) for name, one in fresh.items() if name in counting]
        self._update_boots([one.report for _, one in new])
        add_to_rollups(
            self._database,
            self._references,
            [(one.report, times[name], one.vector) for name, one in new],
        )
        return len(new), len(again) - len(conflicts), refusals + conflicts

    def _known_boots(self, admitted: Sequence[Admitted]) -> dict[tuple[bytes, int], _Boot]:
        names = sorted({(one.report.device, one.report.boot) for one in admitted})
        rows = lookup(
            self._database, "boots",
            "device, boot, started, received, greatest, pruned, last_seen, reference, skew",
            ["device", "boot"], names,
        )  # fmt: skip
        return {(bytes(row[0]), row[1]): _Boot(*row[2:]) for row in rows}

    def _boot(self, report: Report) -> _Boot:
        name = (report.device, report.boot)
        boot = self._boots.get(name)
        if boot is None:
            boot = self._boots[name] = _Boot(self._received - report.uptime, known=False)
        return boot

    def _placed(self, report: Report) -> int:
        # Of a device that counts no boots it is not known when this one began: it is now.
        now = self._received - report.uptime
        started = self._boots[report.device, report.boot].started if report.boot else now
        return placed_at(report, self._received, started)

    def _inserted(self, fresh: Mapping[Name, Admitted], times: Mapping[Name, int]) -> set[Name]:
        statement = (
            "INSERT INTO reports (device, boot, sequence, life, received, placed, body) VALUES {}"
            " ON CONFLICT DO NOTHING"
        )
        values = [(*name, self._received, times[name], fresh[name].data) for name in sorted(fresh)]
        if insert_all(self._database, statement, values):
            return set(fresh)
        names = "device, boot, sequence, life"
        rows = inserted(self._database, f"{statement} RETURNING {names}", values)
        return {(bytes(row[0]), row[1], row[2], row[3]) for row in rows}

    def _conflicts(self, again: Sequence[tuple[Name, Admitted]]) -> list[Refusal]:
        """Of reports whose name is taken: those that say something else."""
        asked = [(name, one) for name, one in again if name[1]]
        rows = lookup(
            self._database, "reports", "device, boot, sequence, life, body",
            ["device", "boot", "sequence", "life"], sorted({name for name, _ in asked}),
        )  # fmt: skip
        kept = {(bytes(row[0]), *row[1:4]): bytes(row[4]) for row in rows}
        error = TelemetryError(
            "conflict", "Another report of this device, boot and sequence came before."
        )
        return [
            refused(one.place, error, one.data, one.report.device)
            for name, one in asked
            if kept.get(name) != one.data
        ]

    def _update_boots(self, new: Sequence[Report]) -> None:
        touched: dict[tuple[bytes, int], _Boot] = {}
        for report in new:
            name = (report.device, report.boot)
            boot = touched[name] = self._boots[name]
            boot.received += 1
            boot.seen = max(boot.seen, self._received)
            if report.sequence > boot.greatest or not report.boot:
                boot.greatest, boot.reference = report.sequence, report.reference
                if report.time is not None:
                    boot.skew = report.time - self._received
        strangers = sorted({name[0] for name, boot in touched.items() if not boot.known})
        insert(
            self._database,
            "INSERT INTO devices (device, first_seen) VALUES {} ON CONFLICT (device)"
            " DO UPDATE SET first_seen = COALESCE(devices.first_seen, excluded.first_seen)",
            [(device, self._received) for device in strangers],
        )
        insert(
            self._database,
            "INSERT INTO boots (device, boot, started, received, greatest, pruned, last_seen,"
            " reference, skew) VALUES {}"
            " ON CONFLICT (device, boot) DO UPDATE SET"
            " started = excluded.started, received = excluded.received,"
            " greatest = excluded.greatest, last_seen = excluded.last_seen,"
            " reference = excluded.reference, skew = excluded.skew",
            [
                (*name, boot.started, boot.received, boot.greatest, boot.pruned, boot.seen,
                 boot.reference, boot.skew)
                for name, boot in sorted(touched.items())
            ],
        )  # fmt: skip
