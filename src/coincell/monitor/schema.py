"""The tables of a store; SQLite and PostgreSQL take the same text but for the type of bytes."""

from __future__ import annotations

from coincell.monitor.database import Database, StoreError

VERSION = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS reference_files (
    identity BYTES PRIMARY KEY, registered BIGINT NOT NULL, text BYTES NOT NULL);
CREATE TABLE IF NOT EXISTS devices (
    device BYTES PRIMARY KEY, signing_key BYTES, enrolled BIGINT,
    first_seen BIGINT) CLUSTERED;
CREATE TABLE IF NOT EXISTS boots (
    device BYTES NOT NULL, boot BIGINT NOT NULL, started BIGINT NOT NULL,
    received BIGINT NOT NULL, greatest BIGINT NOT NULL, pruned BIGINT NOT NULL,
    last_seen BIGINT NOT NULL, reference BYTES NOT NULL, skew BIGINT,
    PRIMARY KEY (device, boot)) CLUSTERED;
CREATE TABLE IF NOT EXISTS reports (
    device BYTES NOT NULL, boot BIGINT NOT NULL, sequence BIGINT NOT NULL, life BIGINT NOT NULL,
    received BIGINT NOT NULL, placed BIGINT NOT NULL, body BYTES NOT NULL,
    PRIMARY KEY (boot, sequence, device, life)) CLUSTERED;
CREATE TABLE IF NOT EXISTS hours (
    device BYTES NOT NULL, reference BYTES NOT NULL, bucket BIGINT NOT NULL,
    counts BYTES NOT NULL, PRIMARY KEY (reference, bucket, device)) CLUSTERED;
CREATE TABLE IF NOT EXISTS days (
    device BYTES NOT NULL, reference BYTES NOT NULL, bucket BIGINT NOT NULL,
    counts BYTES NOT NULL, PRIMARY KEY (reference, bucket, device)) CLUSTERED;
CREATE TABLE IF NOT EXISTS refusals (
    number BIGINT PRIMARY KEY, received BIGINT NOT NULL, reason TEXT NOT NULL,
    message TEXT NOT NULL, device BYTES, data BYTES NOT NULL);
CREATE TABLE IF NOT EXISTS tallies (
    kind TEXT NOT NULL, name TEXT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY (kind, name))
"""
"""Times are seconds since 1970. `boots`: started, when a boot began by our clock; received and
greatest, of its sequence numbers; pruned, below which raw reports were deleted, so that a repeat
could not be told; last_seen, reference and skew of its newest report. `reports`: life, `life_of`;
where that is other than 0, an old report's body is emptied and its row stays, to tell repeats.
`hours` and `days`: bucket, hours or days since 1970; counts, `packed_rows`.

Keys begin with what all devices have alike at one time, so that what comes together stands
together: a commit writes few pages. CLUSTERED: the table is its key's tree, one write a row."""


def prepare(database: Database) -> None:
    """Make the tables where there are none; a store that is whole is only looked at, so that who
    reads waits for no writer.

    Raises:
        StoreError: a later version of Coincell made them.
    """
    found = _version(database)
    if found is None:
        _make(database)
        found = _version(database)
    if found != VERSION:
        raise StoreError(
            f"This version reads stores of version {VERSION}; this one is of {found}.",
            hint="Use the version of Coincell that made it.",
        )


def _version(database: Database) -> int | None:
    """Of the tables; None where there are none yet. They are made in one transaction."""
    if not database.has_table("facts"):
        return None
    rows = database.rows("SELECT value FROM facts WHERE name = 'version'")
    return int(rows[0][0]) if rows else None


def _make(database: Database) -> None:
    with database.writing():
        text = _TABLES.replace("BYTES", database.blob).replace("CLUSTERED", database.clustered)
        for statement in text.split(";"):
            database.rows(statement)
        database.change(
            "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
            ["version", VERSION],
        )
