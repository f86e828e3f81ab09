"""Where reports are kept: what was added is on the disk, and counts once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coincell.errors import TelemetryError
from coincell.monitor.adding import Writer
from coincell.monitor.admission import Admission, Batch, Refusal, read_batch
from coincell.monitor.database import Database, Row, open_database
from coincell.monitor.many_rows import insert, lookup
from coincell.monitor.reference import Reference
from coincell.monitor.schema import prepare
from coincell.monitor.telemetry import IDENTITY_BYTES, KEY_BYTES

KEPT_REFUSALS = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of reports that came together.

    Attributes:
        added: reports that count now and did not before.
        repeated: reports that counted already.
        refused: reports that count nowhere.
        refusals: those, and why; of a file the first thousand.
    """

    added: int
    repeated: int
    refused: int
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
            self.database.change(
                "INSERT INTO reference_files (identity, registered, text) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [bytes.fromhex(reference.identity), int(time.time()), text],
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
            self.database.change(
                "INSERT INTO devices (device, signing_key, enrolled) VALUES (?, ?, ?)"
                " ON CONFLICT (device) DO UPDATE SET signing_key = excluded.signing_key,"
                " enrolled = excluded.enrolled",
                [device, key, int(time.time())],
            )

    def has_key(self, device: bytes) -> bool:
        """Whether a device must sign."""
        return bool(self._keys([device]))

    def add(self, batch: Sequence[bytes] | Batch, received: float | None = None) -> Outcome:
        """Count what is believed of `batch`; when this returns, it is on the disk.

        Args:
            batch: bytes of anyone's, each at most one report; or what `read_batch` made of them.
            received: seconds since 1970; now unless told.
        """
        moment = int(time.time() if received is None else received)
        read = batch if isinstance(batch, Batch) else read_batch(batch)
        devices = {envelope.report.device for _, _, envelope in read.envelopes}
        admission = Admission(self._keys(devices), self.reference, self._enrolled_only)
        found = admission.admit(read.envelopes)
        with self.database.writing():
            writer = Writer(self.database, self._references, moment)
            added, repeated, late = writer.add(found.admitted)
            refusals = [*read.refusals, *found.refusals, *late]
            refusals.sort(key=lambda one: one.place)
            _keep_refusals(self.database, refusals, moment)
            _tally(self.database, "reports", {"added": added, "repeated": repeated})
        return Outcome(added, repeated, len(refusals), tuple(refusals))

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


def _keep_refusals(database: Database, refusals: Sequence[Refusal], moment: int) -> None:
    if not refusals:
        return
    ((last,),) = database.rows("SELECT COALESCE(MAX(number), 0) FROM refusals")
    rows: list[Row] = [
        (last + order, moment, one.reason, one.message, one.device, one.data)
        for order, one in enumerate(refusals, 1)
    ]
    insert(
        database,
        "INSERT INTO refusals (number, received, reason, message, device, data) VALUES {}",
        rows[-KEPT_REFUSALS:],
    )
    database.change(
        "DELETE FROM refusals WHERE number <= ?", [last + len(refusals) - KEPT_REFUSALS]
    )
    counts: dict[str, Any] = {}
    for one in refusals:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    _tally(database, "refused", counts)


def _tally(database: Database, kind: str, counts: dict[str, int]) -> None:
    insert(
        database,
        "INSERT INTO tallies (kind, name, count) VALUES {}"
        " ON CONFLICT (kind, name) DO UPDATE SET count = tallies.count + excluded.count",
        [(kind, name, count) for name, count in sorted(counts.items()) if count],
    )
