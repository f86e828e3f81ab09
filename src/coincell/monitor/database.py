"""A database that several processes write at once: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import contextlib
import itertools
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from coincell.errors import MissingExtraError, UserError

Value = TypeVar("Value")
Row = tuple[Any, ...]

_BUSY_S = 30.0
_PRAGMAS = (
    "page_size = 8192",  # a year of a fleet is read in two thirds of the time that 4096 takes
    "journal_mode = WAL",
    "synchronous = FULL",
    "cache_size = -32768",  # 32 MiB
    "wal_autocheckpoint = 4096",  # 32 MiB: pages that are written often reach the file once
)
_TYPES = dict.fromkeys(
    ("device", "identity", "reference", "signing_key", "counts", "body", "data"), "BYTEA"
) | dict.fromkeys(("kind", "name", "message", "reason"), "TEXT")
"""PostgreSQL's types of the columns that are no whole numbers, of tables with many rows."""

_WRITERS_LOCK = 0x436F696E
"""PostgreSQL's advisory lock that a writing transaction holds."""


class StoreError(UserError):
    """The database is away, full, or broken: nothing was written, nothing may be acknowledged."""

    topic = "telemetry"
    usual_hint = "Reports are not acknowledged meanwhile, so whoever sent them sends them again."


class Database(Protocol):
    """What the store asks of a database."""

    blob: str
    """The type of bytes."""

    clustered: str
    """What makes a table its primary key's tree, where the database asks to be told."""

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a statement gives; `?` stands for a value."""

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement inserted, updated or deleted."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name; waits for no writer."""

    def table_of(
        self, names: Sequence[str], keys: Sequence[Sequence[Any]]
    ) -> tuple[str, list[Any]]:
        """Rows that a statement may insert or select from, of the columns `names`: its text and
        the values in it."""

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """One transaction, the only one that writes: all of it is kept, or nothing."""

    def chunks(self, statement: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """What a statement gives, `size` rows at a time."""

    def close(self) -> None:
        """Give the connection back."""


def open_database(place: Path | str) -> Database:
    """The database in a file, or at `postgresql://user:password@host:port/name`.

    Raises:
        StoreError: it cannot be opened.
        MissingExtraError: PostgreSQL's driver is not installed.
    """
    if str(place).startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(str(place))
    if "://" in str(place):
        raise UserError(
            f"A store is a file, or postgresql://...; received {str(place).split('://')[0]}://..."
        )
    return SqliteDatabase(Path(place))


class SqliteDatabase:
    """SQLite in a file, by write-ahead log: readers do not wait for the writer.

    Commits are flushed to the disk (synchronous = FULL), since what was committed is acknowledged.
    """

    blob = "BLOB"
    clustered = "WITHOUT ROWID"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        with self._told():
            self._connected()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """See `Database`."""
        with self._told():
            return self._connected().execute(statement, values).fetchall()

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """See `Database`."""
        with self._told():
            return self._connected().execute(statement, values).rowcount

    def has_table(self, name: str) -> bool:
        """See `Database`."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = ?", [name]))

    def table_of(
        self, names: Sequence[str], keys: Sequence[Sequence[Any]]
    ) -> tuple[str, list[Any]]:
        """See `Database`."""
        marks = ", ".join([f"({', '.join('?' * len(names))})"] * len(keys))
        return f"VALUES {marks}", [value for key in keys for value in key]

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """See `Database`."""
        if self._connection is not None and self._named() != self._file:
            self.close()  # another file was put in its place
        # IMMEDIATE: a transaction that reads first and writes later could find another's commit
        # in between, and would have to be done anew.
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
            self.rows("COMMIT")
            if self._named() != self._file:
                raise StoreError(f"The store {self._path} was taken away while it was written.")
        except StoreError:
            self.close()  # which takes back what was not committed, whatever state it was in
            raise
        except BaseException:
            self.rows("ROLLBACK")
            raise

    def chunks(self, statement: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """See `Database`."""
        with self._told():
            cursor = self._connected().execute(statement, values)
            while part := cursor.fetchmany(size):
                yield part

    def close(self) -> None:
        """See `Database`."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            # A file that was there is not made anew: an empty one knows no reference, and what
            # is refused for good would be lost.
            mode = "rwc" if self._file is None else "rw"
            # A server hands the one connection from thread to thread, one at a time.
            self._connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_S,
                isolation_level=None, check_same_thread=False, cached_statements=32,
            )  # fmt: skip
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            self._file = self._named()
        return self._connection

    def _named(self) -> tuple[int, int] | None:
        """Which file stands at the path now."""
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"The store {self._path} cannot be used: {error}.") from error


class PostgresDatabase:
    """PostgreSQL; a connection that broke is made anew by the next statement."""

    blob = "BYTEA"
    clustered = ""

    def __init__(self, url: str) -> None:
        try:
            from pg8000 import dbapi
        except ImportError as error:
            raise MissingExtraError("monitor", "pg8000", "A store in PostgreSQL") from error
        self._driver: Any = dbapi
        try:
            self._parts = urlsplit(url)
            self._port = self._parts.port or 5432
            (self._parts.hostname or "").encode("idna")
        except ValueError as error:  # which UnicodeError is
            raise UserError(
                f"A store in PostgreSQL is postgresql://user:password@host:port/name: {error}.",
                hint="Write what is special in a name or password as %40 for @, and so on.",
            ) from error
        self._connection: Any = None
        self._cursors = 0
        self.rows("SELECT 1")

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """See `Database`."""
        with self._told():
            cursor = self._connected().cursor()
            cursor.execute(statement.replace("?", "%s"), list(values))
            found = cursor.fetchall() if cursor.description else ()
            return [tuple(row) for row in found]

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """See `Database`."""
        with self._told():
            cursor = self._connected().cursor()
            cursor.execute(statement.replace("?", "%s"), list(values))
            return int(cursor.rowcount)

    def has_table(self, name: str) -> bool:
        """See `Database`."""
        return bool(self.rows("SELECT 1 WHERE to_regclass(?) IS NOT NULL", [name]))

    def table_of(
        self, names: Sequence[str], keys: Sequence[Sequence[Any]]
    ) -> tuple[str, list[Any]]:
        """See `Database`."""
        # An array a column: of thousands of single values the planner and the driver take 16 times
        # as long.
        arrays = ", ".join(f"?::{_TYPES.get(name, 'BIGINT')}[]" for name in names)
        columns = [[key[place] for key in keys] for place in range(len(names))]
        return f"SELECT * FROM unnest({arrays})", columns  # noqa: S608 - types of ours

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """See `Database`."""
        self.rows("BEGIN")
        try:
            self.rows("SELECT pg_advisory_xact_lock(?)", [_WRITERS_LOCK])
            yield
            self.rows("COMMIT")
        except BaseException:
            self.close()  # which takes back what was not committed, whatever state it was in
            raise

    def chunks(self, statement: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """See `Database`."""
        # A statement that opens a cursor takes no values beside it.
        pieces = statement.split("?")
        filled = "".join(
            f"{piece}{_literal(value)}" for piece, value in zip(pieces, values, strict=False)
        )
        self._cursors += 1
        name = f"chunks_{self._cursors}"
        self.rows(f"DECLARE {name} NO SCROLL CURSOR WITH HOLD FOR {filled}{pieces[-1]}")
        try:
            while part := self.rows(f"FETCH {size} FROM {name}"):
                yield part
        finally:
            self.rows(f"CLOSE {name}")

    def close(self) -> None:
        """See `Database`."""
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def _connected(self) -> Any:
        if self._connection is None:
            parts = self._parts
            self._connection = self._driver.connect(
                user=unquote(parts.username or "postgres"),
                password=unquote(parts.password) if parts.password else None,
                host=parts.hostname or "localhost",
                port=self._port,
                database=unquote(parts.path.lstrip("/")) or None,
                timeout=_BUSY_S,
            )
            self._connection.autocommit = True
        return self._connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._driver.Error, OSError) as error:
            self.close()
            where = f"{self._parts.hostname or 'localhost'}{self._parts.path}"
            raise StoreError(f"The store at {where} cannot be used: {error}.") from error


def _literal(value: bytes | int) -> str:
    return f"'\\x{value.hex()}'::bytea" if isinstance(value, bytes) else str(int(value))


def longer_and_longer() -> Iterator[float]:
    """Seconds to wait, without an end, for who has nobody to hand its reports back to."""
    yield from (0.1, 0.3, 1.0, 3.0)
    yield from itertools.repeat(10.0)


def patiently(
    work: Callable[[], Value],
    waits_s: Iterable[float] = (0.1, 0.3, 1.0, 3.0, 10.0),
    sleep: Callable[[float], None] = time.sleep,
    told: Callable[[StoreError], None] = lambda _: None,
) -> Value:
    """What `work` gives, tried again after longer and longer waits while the store is away.

    Args:
        work: what to do.
        waits_s: seconds before each further try.
        sleep: waits.
        told: gets the error before each wait.

    Raises:
        StoreError: it still is.
    """
    for wait in waits_s:
        try:
            return work()
        except StoreError as error:
            told(error)
            # Of several monitors that lost one database not all come back in the same instant.
            sleep(wait * random.uniform(0.5, 1.0))
    return work()
