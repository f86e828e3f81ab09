"""Where reports are kept: what was added is on the disk, and counts once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coincell.errors import TelemetryError
from coincell.monitor.admission import Admission, Admitted, Refusal, placed_at, read_all, refused
from coincell.monitor.database import Database, Row, insert, lookup, open_database
from coincell.monitor.reference import Reference
from coincell.monitor.rollups import add_to_rollups
from coincell.monitor.schema import prepare
from coincell.monitor.telemetry import IDENTITY_BYTES, KEY_BYTES

KEPT_REFUSALS = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of reports that came together.

    Attributes:
        added: reports that count now and did not before.
        repeated: reports that counted already.
        refusals: those that count nowhere, and why.
    """

    added: int
    repeated: int
    refusals: tuple[Refusal, ...]


class Store:
    """A store of reports; a context manager, which closes the database.

    Several processes may have one store open and write. One instance is for one thread at a time.

    Args:
        place: a SQLite file, or the URL of a PostgreSQL database.
        enrolled_only: refuse reports of devices without an enrolled key.

    Raises:
        StoreError: the database cannot be used; so raises every method.
    """

    def __init__(self, place: Path | str, enrolled_only: bool = False) -> None:
        self.database: Database = open_database(place)
        prepare(self.database)
        self._references: dict[bytes, Reference] = {}
        self._enrolled_only = enrolled_only

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    def register(self, reference: Reference) -> None:
        """Let devices report against a reference; the same one again changes nothing."""
        import json

        text = json.dumps(reference.to_json()).encode()
        with self.database.writing():
            self.database.each(
                "INSERT INTO reference_files (identity, registered, text) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [(bytes.fromhex(reference.identity), int(time.time()), text)],
            )

    def references(self) -> dict[bytes, Reference]:
        """All registered references by their identities, 8 bytes."""
        for (identity,) in self.database.rows("SELECT identity FROM reference_files"):
            self.reference(bytes(identity))
        return dict(self._references)

    def reference(self, identity: bytes) -> Reference | None:
        """One of them; None where it is not registered."""
        if identity not in self._references:
            found = self.database.rows(
                "SELECT text FROM reference_files WHERE identity = ?", [identity]
            )
            if not found:
                return None
            self._references[identity] = Reference.from_text(bytes(found[0][0]))
        return self._references[identity]

    def enroll(self, device: bytes, key: bytes) -> None:
        """From now on this device must sign with `key` (32 bytes); a new key replaces the old.

        Raises:
            TelemetryError: the identity is not 8 bytes, or the key not 32.
        """
        for name, text, length in (
            ("device's identity", device, IDENTITY_BYTES), ("key", key, KEY_BYTES),
        ):  # fmt: skip
            if len(text) != length:
                raise TelemetryError("form", f"A {name} has {length} bytes; received {len(text)}.")
        with self.database.writing():
            self.database.each(
                "INSERT INTO devices (device, signing_key, enrolled) VALUES (?, ?, ?)"
                " ON CONFLICT (device) DO UPDATE SET signing_key = excluded.signing_key,"
                " enrolled = excluded.enrolled",
                [(device, key, int(time.time()))],
            )

    def add(self, batch: Sequence[bytes], received: float | None = None) -> Outcome:
        """Count what is believed of `batch`; when this returns, it is on the disk.

        Args:
            batch: bytes of anyone's, each at most one report.
            received: seconds since 1970; now unless told.
        """
        moment = int(time.time() if received is None else received)
        envelopes, refusals = read_all(batch)
        devices = {envelope.report.device for _, _, envelope in envelopes}
        admission = Admission(self._keys(devices), self.reference, self._enrolled_only)
        found = admission.admit(envelopes)
        with self.database.writing():
            writer = _Writer(self.database, self._references, moment)
            added, repeated, late = writer.add(found.admitted)
            refusals = sorted([*refusals, *found.refusals, *late], key=lambda one: one.place)
            _keep_refusals(self.database, refusals, moment)
            _tally(self.database, "reports", {"added": added, "repeated": repeated})
        return Outcome(added, repeated, tuple(refusals))

    def _keys(self, devices: Iterable[bytes]) -> dict[bytes, bytes]:
        rows = lookup(
            self.database, "devices", "device, signing_key", ["device"],
            [(device,) for device in sorted(devices)],
        )  # fmt: skip
        return {bytes(device): bytes(key) for device, key in rows if key is not None}

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction over several statements."""
        with self.database.writing():
            yield self.database


class _Writer:
    """Adds believed reports within a transaction that no other writer shares."""

    def __init__(
        self, database: Database, references: dict[bytes, Reference], received: int
    ) -> None:
        self._database = database
        self._references = references
        self._received = received

    def add(self, admitted: Sequence[Admitted]) -> tuple[int, int, list[Refusal]]:
        """How many were new, how many repeats, and which cannot be told from either."""
        boots = self._boots(admitted)
        fresh: dict[tuple[bytes, int, int], Admitted] = {}
        again, refusals = [], []
        for one in admitted:
            report = one.report
            boot = boots.setdefault(report.name[:2], [self._received - report.uptime, 0, -1, 0])
            if report.sequence < boot[_PRUNED]:
                error = TelemetryError(
                    "late", "Whether this report is a repeat cannot be told any more."
                )
                refusals.append(refused(one.place, error, one.data, report.device))
            elif report.name in fresh:
                again.append(one)
            else:
                fresh[report.name] = one
                boot[_STARTED] = min(boot[_STARTED], self._received - report.uptime)
        times = {
            name: placed_at(one.report, self._received, boots[name[:2]][_STARTED])
            for name, one in fresh.items()
        }
        inserted = self._inserted(fresh, times)
        again += [one for name, one in fresh.items() if name not in inserted]
        conflicts = self._conflicts(again)
        new = [one for name, one in fresh.items() if name in inserted]
        self._update_boots(new, boots)
        self._update_devices(new)
        add_to_rollups(
            self._database,
            self._references,
            [(one.report, times[one.report.name], one.vector) for one in new],
        )
        return len(new), len(again) - len(conflicts), refusals + conflicts

    def _boots(self, admitted: Sequence[Admitted]) -> dict[tuple[bytes, int], list[int]]:
        names = sorted({one.report.name[:2] for one in admitted})
        rows = lookup(
            self._database, "boots", "device, boot, started, received, greatest, pruned",
            ["device", "boot"], names,
        )  # fmt: skip
        return {(bytes(row[0]), row[1]): list(row[2:]) for row in rows}

    def _inserted(
        self,
        fresh: dict[tuple[bytes, int, int], Admitted],
        times: dict[tuple[bytes, int, int], int],
    ) -> set[tuple[bytes, int, int]]:
        rows = insert(
            self._database,
            "INSERT INTO reports (device, boot, sequence, received, placed, body) VALUES {}"
            " ON CONFLICT DO NOTHING RETURNING device, boot, sequence",
            [(*name, self._received, times[name], one.data) for name, one in sorted(fresh.items())],
        )
        return {(bytes(row[0]), row[1], row[2]) for row in rows}

    def _conflicts(self, again: Sequence[Admitted]) -> list[Refusal]:
        """Of reports whose name is taken: those that say something else."""
        rows = lookup(
            self._database, "reports", "device, boot, sequence, body",
            ["device", "boot", "sequence"], sorted({one.report.name for one in again}),
        )  # fmt: skip
        kept = {(bytes(row[0]), row[1], row[2]): bytes(row[3]) for row in rows}
        error = TelemetryError(
            "conflict", "Another report of this device, boot and sequence came before."
        )
        return [
            refused(one.place, error, one.data, one.report.device)
            for one in again
            if kept.get(one.report.name) != one.data
        ]

    def _update_boots(
        self, new: Sequence[Admitted], boots: dict[tuple[bytes, int], list[int]]
    ) -> None:
        for one in new:
            boot = boots[one.report.name[:2]]
            boot[_COUNT] += 1
            boot[_GREATEST] = max(boot[_GREATEST], one.report.sequence)
        touched = {one.report.name[:2] for one in new}
        self._database.each(
            "INSERT INTO boots (device, boot, started, received, greatest, pruned)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, boot) DO UPDATE SET"
            " started = excluded.started, received = excluded.received,"
            " greatest = excluded.greatest",
            [(*name, *boots[name]) for name in sorted(touched)],
        )

    def _update_devices(self, new: Sequence[Admitted]) -> None:
        skews: dict[bytes, int | None] = {}
        references: dict[bytes, bytes] = {}
        for one in new:
            report = one.report
            references[report.device] = report.reference
            told = None if report.time is None else report.time - self._received
            skews[report.device] = told if told is not None else skews.get(report.device)
        self._database.each(
            "INSERT INTO devices (device, first_seen, last_seen, reference, skew)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET"
            " first_seen = COALESCE(devices.first_seen, excluded.first_seen),"
            " last_seen = excluded.last_seen, reference = excluded.reference,"
            " skew = COALESCE(excluded.skew, devices.skew)",
            [
                (device, self._received, self._received, reference, skews[device])
                for device, reference in sorted(references.items())
            ],
        )


_STARTED, _COUNT, _GREATEST, _PRUNED = range(4)


def _keep_refusals(database: Database, refusals: Sequence[Refusal], moment: int) -> None:
    if not refusals:
        return
    ((last,),) = database.rows("SELECT COALESCE(MAX(number), 0) FROM refusals")
    rows: list[Row] = [
        (last + order, moment, one.reason, one.message, one.device, one.data)
        for order, one in enumerate(refusals, 1)
    ]
    database.each(
        "INSERT INTO refusals (number, received, reason, message, device, data)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows[-KEPT_REFUSALS:],
    )
    database.rows("DELETE FROM refusals WHERE number <= ?", [last + len(refusals) - KEPT_REFUSALS])
    counts: dict[str, Any] = {}
    for one in refusals:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    _tally(database, "refused", counts)


def _tally(database: Database, kind: str, counts: dict[str, int]) -> None:
    database.each(
        "INSERT INTO tallies (kind, name, count) VALUES (?, ?, ?)"
        " ON CONFLICT (kind, name) DO UPDATE SET count = tallies.count + excluded.count",
        [(kind, name, count) for name, count in sorted(counts.items()) if count],
    )
