"""Whose each clip is, and which groups it belongs to: columns of the data as codes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from coincell.data import RECORDING
from coincell.errors import DataError, InternalError
from coincell.project import AuditSettings

NOT_TOLD = "not told"
"""The group of clips whose column is empty: counted and shown, never compared."""
_JOINED = " and "
_MOST_NUMBERS = 12
"""A column of more different numbers is a measurement, such as a pitch: no group by itself."""


@dataclass(frozen=True)
class Column:
    """Groups by one column, or by the intersection of several.

    Attributes:
        parts: names of the columns; more than one of an intersection.
        values: the groups, sorted; NOT_TOLD, if there are such clips, is the last.
        codes: int64 [n], each clip's position in `values`.
    """

    parts: tuple[str, ...]
    values: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def name(self) -> str:
        """Such as "gender", or "gender and accent"."""
        return _JOINED.join(self.parts)

    @property
    def told(self) -> NDArray[np.bool_]:
        """Which of `values` are groups that can be compared, bool [values]."""
        return np.array([value != NOT_TOLD for value in self.values], np.bool_)


@dataclass(frozen=True)
class People:
    """Who is judged: n clips, each of a person and of a group in every column.

    Attributes:
        person: int64 [n], whose each clip is: what intervals draw.
        by: what tells people apart: a column's name, "recording" or "clip".
        columns: the columns that are compared, intersections last.
        named: how many people tell who they are; 0 where nothing tells people apart.
        notes: which columns are no groups, and what else a reader must know.
    """

    person: NDArray[np.int64]
    by: str
    columns: tuple[Column, ...]
    named: int = 0
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many are drawn from, nameless recordings included."""
        return int(self.person.max()) + 1 if len(self.person) else 0


def codes_of(values: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Distinct values, sorted, what is empty as NOT_TOLD behind all others; and codes, [n]."""
    # Few values differ: each is looked at once, and rows are looked up.
    words = {value: str(value).strip() or NOT_TOLD for value in set(values)}
    names = tuple(sorted(set(words.values()), key=lambda word: (word == NOT_TOLD, word)))
    place = {name: at for at, name in enumerate(names)}
    code = {value: place[word] for value, word in words.items()}
    return names, np.fromiter(map(code.__getitem__, values), np.int64, len(values))


def values_by_column(groups: Sequence[Mapping[str, str]]) -> dict[str, Sequence[str]]:
    """Column, sorted -> the value of each of n rows, "" where one has none, [n]."""
    names = sorted(set().union(*groups))
    return {name: _values(groups, name) for name in names}


def _values(groups: Sequence[Mapping[str, str]], name: str) -> list[str]:
    try:
        return list(map(itemgetter(name), groups))  # every row of a table has every column
    except KeyError:
        return [row.get(name, "") for row in groups]


def people_of(
    groups: Sequence[Mapping[str, str]],
    files: Sequence[str],
    settings: AuditSettings,
    *,
    split_by: str = "",
    truth: NDArray[np.int64] | None = None,
) -> People:
    """The people of n clips, and the columns that compare them.

    Args:
        groups: each clip's columns, [n]; a column that is missing or empty is not told.
        files: names of the recordings, [n].
        settings: [audit].
        split_by: data.split.by, which tells people apart where settings.person does not.
        truth: classes, [n]: a column that only tells them is no group; None: there are none.

    Raises:
        DataError: settings name a column that the data do not have.
    """
    if len(groups) != len(files):
        raise InternalError(f"{len(groups)} rows of groups and {len(files)} files")
    by_column = values_by_column(groups)
    known = list(by_column)
    by = settings.person or (split_by if split_by in known else "")
    _check_names((*settings.columns, *filter(None, [settings.person])), known)
    notes: list[str] = []
    person, told_by = _persons(groups, files, by, notes)
    columns = _columns(by_column, by, settings, truth, notes)
    crossed = _intersections(columns, settings, notes) if settings.intersections else ()
    named = len({row.get(by, "").strip() for row in groups} - {""}) if by else 0
    return People(person, told_by, (*columns, *crossed), named, tuple(notes))


def _check_names(names: Sequence[str], known: Sequence[str]) -> None:
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f"[audit] names a column that the data do not have: {', '.join(map(repr, missing))}.",
            hint=f"Columns of data/manifest.csv: {', '.join(known) or 'none beside the label'}.",
        )


def _persons(
    groups: Sequence[Mapping[str, str]], files: Sequence[str], by: str, notes: list[str]
) -> tuple[NDArray[np.int64], str]:
    """Codes [n], and what they go by. A clip that does not tell is its recording's."""
    recordings = [row.get(RECORDING, "") or file for row, file in zip(groups, files, strict=True)]
    told = [row.get(by, "").strip() for row in groups] if by else [""] * len(groups)
    names = [
        ("person", whose) if whose else ("recording", recording)
        for whose, recording in zip(told, recordings, strict=True)
    ]
    place: dict[tuple[str, str], int] = {}
    codes = np.array([place.setdefault(name, len(place)) for name in names], np.int64)
    silent = sum(not whose for whose in told)
    if by and silent:
        notes.append(
            f"{silent:,} of {len(groups):,} examples do not tell their {by}: each recording "
            "of them counts as somebody."
        )
    if any(told):
        return codes, by
    several = len(set(recordings)) < len(recordings)
    notes.append(
        f"No column tells people apart: each {'recording' if several else 'example'} counts as "
        "somebody, so that intervals are too narrow where one person gave several. Set "
        "audit.person."
    )
    return codes, "recording" if several else "example"


def _columns(
    by_column: Mapping[str, Sequence[str]],
    by: str,
    settings: AuditSettings,
    truth: NDArray[np.int64] | None,
    notes: list[str],
) -> list[Column]:
    """One for each column that is a group; `notes` tell of the others."""
    wanted = settings.columns or [name for name in by_column if name not in (by, RECORDING)]
    found = []
    for name in wanted:
        values, codes = codes_of(by_column[name])
        count = sum(value != NOT_TOLD for value in values)
        if count > settings.most_values:
            notes.append(
                f"'{name}' is no group: it has {count:,} values, more than audit.most_values, "
                f"{settings.most_values}."
            )
        elif not settings.columns and is_measurement(values):
            notes.append(
                f"'{name}' is taken for a measurement, no group: {count} different numbers. Put it "
                "into a few ranges, or name it in audit.columns."
            )
        elif not settings.columns and _only_tells_truth(codes, truth):
            notes.append(f"'{name}' is no group: each of its values has but one label.")
        elif count < 2:
            notes.append(f"'{name}' compares nothing: all that tell it have the same value.")
        else:
            found.append(Column((name,), values, codes))
    return found


def is_measurement(values: Collection[str]) -> bool:
    """Whether all that a column tells is numbers, and too many to be groups.

    Args:
        values: the different ones, NOT_TOLD perhaps among them.
    """
    told = [value for value in values if value != NOT_TOLD]
    try:
        return len(told) > _MOST_NUMBERS and all(math.isfinite(float(value)) for value in told)
    except ValueError:
        return False


def _only_tells_truth(codes: NDArray[np.int64], truth: NDArray[np.int64] | None) -> bool:
    """Whether every value goes with one class only, and not all with the same."""
    if truth is None or len(truth) == 0:
        return False
    met = np.zeros((int(codes.max()) + 1, int(truth.max()) + 1), np.bool_)
    met[codes, truth] = True
    values, classes = met.any(axis=1).sum(), met.any(axis=0).sum()
    return bool(classes > 1 and values > 1 and met.sum() == values)


def _intersections(
    columns: Sequence[Column], settings: AuditSettings, notes: list[str]
) -> list[Column]:
    """Of every two columns, and of all together."""
    sets = list(combinations(columns, 2))
    if len(columns) > 2:
        sets.append(tuple(columns))  # type: ignore[arg-type]
    found, too_many = [], []
    for parts in sets:
        crossed = _cross(parts)
        if sum(crossed.told) > settings.most_values:
            too_many.append(crossed.name)
        elif sum(crossed.told) > max(sum(part.told) for part in parts):
            found.append(crossed)
    if too_many:
        notes.append(
            f"Not compared together, as they are more than {settings.most_values} groups "
            f"(audit.most_values): {'; '.join(too_many)}."
        )
    return found


def joined_values(values: Sequence[str]) -> str:
    """The name of a group: a value of each of its columns; a comma and a space part them."""
    if len(values) == 1:
        return values[0]
    return ", ".join(value.replace(", ", ",") for value in values)


def _cross(columns: Sequence[Column]) -> Column:
    """The intersection; a clip that does not tell one of them tells nothing."""
    stacked = np.stack([column.codes for column in columns], axis=1)
    rows, inverse = np.unique(stacked, axis=0, return_inverse=True)
    words = []
    for row in rows.tolist():
        told = [column.values[code] for column, code in zip(columns, row, strict=True)]
        words.append("" if NOT_TOLD in told else joined_values(told))
    values, codes = codes_of(words)
    return Column(
        tuple(column.name for column in columns),
        values,
        codes[inverse.reshape(-1)].astype(np.int64),
    )
