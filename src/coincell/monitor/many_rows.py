"""Statements over many rows, some hundred at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coincell.monitor.database import Database, Row

_AT_ONCE = 400
"""Rows in one statement."""


def insert(database: Database, statement: str, keys: Sequence[Sequence[Any]]) -> int:
    """How many rows an INSERT with `VALUES {}` changed, so many at once as a statement takes.

    A statement a row would be a round trip each to a server; and SQLite gives other threads of
    Python their turn at each statement, of which they take milliseconds.
    """
    return sum(database.change(*part) for part in _inserts(database, statement, keys))


def insert_all(database: Database, statement: str, keys: Sequence[Sequence[Any]]) -> bool:
    """Insert all rows; none where one of them is there already. Within a transaction.

    Args:
        database: where to.
        statement: an INSERT with `VALUES {}` and ON CONFLICT DO NOTHING.
        keys: the rows, all different.
    """
    database.rows("SAVEPOINT before_rows")
    whole = insert(database, statement, keys) == len(keys)
    if not whole:
        database.rows("ROLLBACK TO SAVEPOINT before_rows")
    database.rows("RELEASE SAVEPOINT before_rows")
    return whole


def inserted(database: Database, statement: str, keys: Sequence[Sequence[Any]]) -> list[Row]:
    """What an INSERT with `VALUES {}` and RETURNING gives for many rows."""
    return [row for part in _inserts(database, statement, keys) for row in database.rows(*part)]


def _inserts(
    database: Database, statement: str, keys: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    """Statements and their values, for some of the rows each."""
    names = statement[statement.index("(") + 1 : statement.index(")")].split(", ")
    for begin in range(0, len(keys), _AT_ONCE):
        text, values = database.table_of(names, keys[begin : begin + _AT_ONCE])
        yield statement.replace("VALUES {}", text), values


def lookup(
    database: Database,
    table: str,
    columns: str,
    names: Sequence[str],
    keys: Sequence[Sequence[Any]],
) -> list[Row]:
    """`columns` of the rows of `table` whose columns `names` are one of `keys`."""
    wanted = ", ".join(f"wanted_{name}" for name in names)
    matches = " AND ".join(f"{table}.{name} = wanted_{name}" for name in names)
    found: list[Row] = []
    for begin in range(0, len(keys), _AT_ONCE):
        text, values = database.table_of(names, keys[begin : begin + _AT_ONCE])
        # Of (a, b) IN (...) SQLite scans the whole table; of a CROSS JOIN it takes the order.
        found += database.rows(
            f"WITH wanted ({wanted}) AS ({text}) SELECT {columns}"  # noqa: S608 - ours
            f" FROM wanted CROSS JOIN {table} WHERE {matches}",
            values,
        )
    return found
