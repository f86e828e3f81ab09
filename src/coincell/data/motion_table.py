"""Readings as text: CSV, TSV, semicolons or spaces, with or without a header -> a table."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError
from coincell.units import split_heading

MAX_VALUES = 1 << 25
_MAX_COLUMNS = 64
_LONGEST_LINE = 4096
_COMMENTS = ("#", "//", "%")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_MEND = "Mend or delete that line; `coincell data import --repair` mends, and counts what it mends."


class UnitChangeError(DataError):
    """A heading that comes again, with another unit."""


@dataclass(frozen=True)
class Table:
    """Readings of one file, in the file's own columns and units.

    Attributes:
        names: of the columns; empty where the file has no header.
        units: of the columns, "" where none is told.
        values: float64 [n, columns]; NaN where a cell is no number, which `faults` tells of.
        lines: int64 [n], each reading's line (from 1; of arrays its place).
        starts: places in `values` where a further recording begins.
        faults: of each column the first cell that is no number: its column and what is wrong, with
            its line; -1 for a line of another length.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float64]
    lines: NDArray[np.int64]
    starts: tuple[int, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()


def read_table(content: bytes, name: str) -> Table:
    """Text -> a table; a blank line begins another recording; the header may come again.

    Raises:
        DataError: not text, no readings, too many, or a unit that changes on the way.
    """
    if b"\0" in content:
        raise DataError(f"{name}: not text: it holds zero bytes (at {content.index(0)}).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not text in UTF-8 (byte {error.start}).") from error
    reader = TableReader(name)
    for number, line in enumerate(text.splitlines(), start=1):
        reader.feed(number, line)
    return reader.table()


class TableReader:
    """Lines, one after the other -> a `Table`; of a file, or of a board that prints them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._separator: str | None = None
        self._names: tuple[str, ...] = ()
        self._units: tuple[str, ...] = ()
        self._width = 0
        self._values = array("d")
        self._lines = array("q")
        self._starts: list[int] = []
        self._faults: dict[int, str] = {}
        self._pause = False

    @property
    def count(self) -> int:
        """Readings so far."""
        return len(self._lines)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, where a heading came."""
        return self._names

    @property
    def units(self) -> tuple[str, ...]:
        """Of the columns, "" where none is told."""
        return self._units or ("",) * self._width

    @property
    def last(self) -> tuple[float, ...]:
        """The last reading; NaN for a cell that is no number."""
        return tuple(self._values[-self._width :])

    def feed(self, number: int, line: str) -> None:
        """One more line, of that number."""
        text = line.strip()
        if not text:
            self._pause = self.count > 0
            return
        if text.startswith(_COMMENTS):
            return
        if len(text) > _LONGEST_LINE:
            raise DataError(
                f"{self._name}, line {number}: {len(text)} characters; at most {_LONGEST_LINE}."
            )
        first = self._separator is None
        if first:
            self._separator = _separator_of(text)
        cells = _cells(text, self._separator)
        numbers = [_number(cell, self._separator) for cell in cells]
        if self._is_heading(cells, numbers, first):
            self._take_heading(number, cells)
            return
        if self._width == 0:
            self._width = len(cells)
            if self._width > _MAX_COLUMNS:
                raise DataError(
                    f"{self._name}: at most {_MAX_COLUMNS} columns; received {len(cells)}."
                )
        self._take_reading(number, cells, numbers)

    def _is_heading(self, cells: list[str], numbers: list[float | None], first: bool) -> bool:
        words = [cell for cell, value in zip(cells, numbers, strict=True) if value is None and cell]
        if first or self._width == 0:
            return bool(words) and not any(value is not None for value in numbers)
        if not self._names:  # a board whose first lines were missed names its columns later
            return len(words) == len(cells) == self._width
        return bool(words) and tuple(split_heading(cell)[0] for cell in cells) == self._names

    def _take_heading(self, number: int, cells: list[str]) -> None:
        names, units = zip(*(split_heading(cell) for cell in cells), strict=True)
        if self._names and units != self._units:
            at = next(i for i, unit in enumerate(units) if unit != self._units[i])
            raise UnitChangeError(
                f"{self._name}, line {number}: the unit of {names[at]} changes from "
                f"{self._units[at]!r} to {units[at]!r}.",
                "A recording keeps its units; cut the file there.",
            )
        if len(set(names)) != len(names) or len(names) > _MAX_COLUMNS:
            raise DataError(
                f"{self._name}, line {number}: columns are named unlike, at most {_MAX_COLUMNS}; "
                f"received {', '.join(names)[:120]}."
            )
        self._names, self._units, self._width = names, units, len(names)

    def _take_reading(self, number: int, cells: list[str], numbers: list[float | None]) -> None:
        if len(cells) == self._width + 1 and not cells[-1]:
            cells, numbers = cells[:-1], numbers[:-1]  # a separator at the end of each line
        good = [value if value is not None else math.nan for value in numbers]
        if len(cells) != self._width:
            self._fault(number, -1, f"{self._width} columns expected, {len(cells)} found")
            good = (good + [math.nan] * self._width)[: self._width]
            if len(cells) > self._width:
                good = [math.nan] * self._width  # which of them is too many is not known
        elif not all(map(math.isfinite, good)):
            for at, value in enumerate(good):
                if not math.isfinite(value):
                    column = self._names[at] if self._names else f"column {at + 1}"
                    self._fault(number, at, f"{column} is no number: {cells[at][:40]!r}")
        if self._pause:
            self._starts.append(self.count)
            self._pause = False
        self._lines.append(number)
        self._values.extend(value if math.isfinite(value) else math.nan for value in good)
        if len(self._values) > MAX_VALUES:
            raise DataError(f"{self._name}: at most {MAX_VALUES} values are read; cut the file.")

    def _fault(self, number: int, column: int, what: str) -> None:
        self._faults.setdefault(column, f"{self._name}, line {number}: {what}.")

    def table(self) -> Table:
        """What was read.

        Raises:
            DataError: there was no reading.
        """
        if self.count == 0:
            raise DataError(f"{self._name}: it holds no readings.", "Record it again or delete it.")
        values = np.frombuffer(self._values, np.float64).reshape(self.count, self._width).copy()
        units = self._units or ("",) * self._width
        lines = np.frombuffer(self._lines, np.int64).copy()
        return Table(
            self._names, units, values, lines, tuple(self._starts), tuple(self._faults.items())
        )


def refuse_faults(table: Table, columns: Collection[int]) -> None:
    """Raise what is wrong in the first line that is, as far as it concerns `columns`."""
    for column, message in table.faults:
        if column < 0 or column in columns:
            raise DataError(message, _MEND)


_WITH_UNIT = re.compile(r"\S+(?:\s+[\[(][^\[\]()]*[\])])?")


def _separator_of(line: str) -> str:
    for mark in ("\t", ";", ","):
        if mark in line:
            return mark
    return " "


def _cells(line: str, separator: str | None) -> list[str]:
    if separator == " ":  # a unit belongs to its name: "aX [g]"
        parts = _WITH_UNIT.findall(line) if "[" in line or "(" in line else line.split()
    else:
        parts = line.split(separator)
    return [part.strip().strip('"') for part in parts]


def _number(cell: str, separator: str | None) -> float | None:
    """A cell's number, NaN and infinities included; None for text and for nothing.

    A moment in ISO 8601 is its seconds. "0,5" is a half where commas do not separate.
    """
    text = cell
    if separator != "," and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        pass
    if len(text) >= 19 and text[4:5] == "-":
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            return None
    return None
