"""Any CSV file of true labels beside scores or decisions, audited without a model.

The file is hostile until checked: bounded in bytes, rows, columns and classes; each message names
the line, the rule and what was received.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from coincell.audit.fairness import Place
from coincell.audit.measures import ClassMeasure, Values
from coincell.audit.people import People, people_of
from coincell.data import RECORDING
from coincell.errors import DataError
from coincell.evaluation import NO_DECISION, decide
from coincell.files import sha256_bytes
from coincell.project import AuditSettings

MOST_BYTES = 256 << 20
MOST_ROWS = 200_000
MOST_COLUMNS = 1000
MOST_CELLS = 5_000_000
"""Rows times columns that may be groups: all that is kept of text."""
MOST_CLASSES = 100
MOST_LETTERS = 200
"""Of a label or a group."""
MOST_DRAWS = 60_000_000
"""People times rounds: what the bootstrap keeps, 8 bytes each."""
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "-"})
"""What stands for a value that is not known, in any case."""
_OPPOSITE = {
    "0": "1", "-1": "1", "false": "true", "no": "yes", "n": "y", "f": "t", "negative": "positive",
}  # fmt: skip
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_NAMED = {
    "audit.person": "--person",
    "audit.columns": "--group",
    "examples do not": "rows do not",
}


@dataclass(frozen=True)
class TableColumns:
    """Which column is what.

    Attributes:
        truth: of the true labels.
        scores: class -> column of its scores, 0 .. 1; one under "" is the positive class's.
        decision: of what was decided; "" where scores decide.
        groups: of the groups; empty: all others that are groups.
        person: whose a row is; "": each row is somebody.
        positive: the label that a lone column of scores is of; "": the obvious one.
        threshold: scores from here on decide; None: 0.5 of a lone column, else none is needed.
    """

    truth: str
    scores: Mapping[str, str] = field(default_factory=dict)
    decision: str = ""
    groups: tuple[str, ...] = ()
    person: str = ""
    positive: str = ""
    threshold: float | None = None

    def __post_init__(self) -> None:
        if not all((self.truth, *self.scores.values(), *self.groups)):
            raise DataError(
                "Columns of true labels, scores and groups need a name; received ''.",
                hint="Leave --group out: all columns that can be are compared then.",
            )
        once = (self.truth, *self.scores.values(), self.decision, self.person)
        taken = [name for name in once if name]
        twice = [name for name, count in Counter(taken + list(self.groups)).items() if count > 1]
        if twice:
            raise DataError(
                f"A column is truth, score, decision, person or group; {twice[0]!r} is named twice."
            )
        if "" in self.scores and len(self.scores) > 1:
            raise DataError("Of several columns of scores each must name its class.")

    @property
    def needed(self) -> tuple[str, ...]:
        """All columns that are named."""
        named = (self.truth, *self.scores.values(), self.decision, self.person, *self.groups)
        return tuple(name for name in named if name)


@dataclass(frozen=True)
class JudgedTable:
    """The rows of a file that have a label and an answer.

    Attributes:
        labels: classes; where a lone column of scores is given, the positive one is the last.
        truth: int64 [n].
        decisions: int64 [n]; NO_DECISION for none.
        scores: float64 [n, classes], or None: decisions alone.
        groups: of each row, the columns that may be groups, [n].
        person: the column that tells people apart, or "".
        notes: rows that were left out, and why; labels that only one side has.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    decisions: NDArray[np.int64]
    scores: Values | None
    groups: tuple[Mapping[str, str], ...]
    person: str
    notes: tuple[str, ...]

    def people(self, settings: AuditSettings) -> People:
        """Whose the rows are, by the numbers of `settings`; its columns must be the file's.

        Raises:
            DataError: there are more people than so many rounds can draw.
        """
        files = [str(at) for at in range(len(self.truth))]
        people = people_of(self.groups, files, settings, truth=self.truth)
        if people.count * settings.rounds > MOST_DRAWS:
            most = MOST_DRAWS // settings.rounds
            raise DataError(
                f"{settings.rounds:,} rounds over people need at most {most:,} people; received "
                f"{people.count:,}.",
                hint="Ask for fewer rounds (--rounds), or audit a part of the rows, drawn by "
                "chance.",
            )
        return people

    @property
    def place(self) -> Place:
        """The rows as the audit takes them."""
        name = "scored" if self.scores is not None else "decided"
        measure = ClassMeasure(self.labels, self.truth, self.decisions)
        known = (self.truth, self.scores) if self.scores is not None else (None, None)
        return Place(name, measure, *known)

    def noted(self, notes: Sequence[str]) -> list[str]:
        """Own notes and those of an audit, in the words of the command's options."""
        told = []
        for note in notes:
            for setting, option in _NAMED.items():
                note = note.replace(setting, option)
            told.append(note)
        return [*self.notes, *told]


def read_table(path: Path, columns: TableColumns) -> JudgedTable:
    """The rows of a CSV file with a header line; commas, semicolons or tabs part its fields.

    Rows without a true label, or without any answer, are left out and counted.

    Raises:
        DataError: it cannot be read, is too large, lacks a column, or holds what cannot be.
    """
    if not columns.scores and not columns.decision:
        raise DataError(
            "An audit needs answers beside true labels; received neither.",
            hint="Name a column of scores (--score) or of decisions (--decision).",
        )
    if columns.threshold is not None and not 0 <= columns.threshold <= 1:
        raise DataError(f"A threshold must be 0 to 1; received {columns.threshold}.")
    rows = _read(path, columns)
    if not rows.truth:
        raise DataError(
            f"{path}: no row has both '{columns.truth}' and an answer.",
            hint="Look at the names of the columns, and whether they are filled.",
        )
    return _judge(rows, columns, path)


@dataclass
class _Rows:
    """What was read: text and numbers."""

    truth: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    groups: list[dict[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def _read(path: Path, columns: TableColumns) -> _Rows:
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: a table is a plain file; this is something else.")
        if path.stat().st_size > MOST_BYTES:
            raise DataError(
                f"{path}: a table has at most {MOST_BYTES >> 20} MiB; it is not read.",
                hint="Audit a part of the rows, drawn by chance, or leave columns out.",
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _rows(path, file, columns)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 text ({error.reason}).",
            hint="Save it as UTF-8; spreadsheets call that 'CSV UTF-8'.",
        ) from error
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file: {error}.") from error


def _rows(path: Path, file: TextIO, columns: TableColumns) -> _Rows:
    head = file.readline(1 << 16)
    mark = max(",;\t", key=head.count)
    file.seek(0)
    reader = csv.reader(file, delimiter=mark, skipinitialspace=True, strict=True)
    place = _header(path, next(reader, []), columns)
    others = [name for name in place if name not in columns.needed and name != RECORDING]
    kept = [*(columns.groups or others), *filter(None, [columns.person])]
    needed = (columns.truth, *columns.scores.values())
    named = {name: place[name] for name in columns.needed}
    groups = [(name, place[name]) for name in kept]
    found, told = _Rows(), _Told()
    for cells in reader:
        if not cells:
            continue
        where = f"{path}, line {reader.line_num}"
        if len(cells) != len(place):
            raise DataError(f"{where}: {len(place)} columns expected, {len(cells)} found.")
        if len(found.truth) == MOST_ROWS:
            raise DataError(
                f"{path}: a table has at most {MOST_ROWS:,} rows.",
                hint="Audit a part of them, drawn by chance.",
            )
        if len(found.truth) * len(kept) > MOST_CELLS:
            raise DataError(
                f"{path}: rows times columns that may be groups are at most {MOST_CELLS:,}; there "
                f"are {len(kept)} such columns.",
                hint="Name the groups with --group.",
            )
        if max(map(len, cells)) > MOST_LETTERS:
            _shorten(cells, place, columns, where)
        row = {name: _known(cells[at]) for name, at in named.items()}
        missing = next((name for name in needed if not row[name]), "")
        if missing:
            found.left_out[missing] += 1
            continue
        found.truth.append(row[columns.truth])
        found.said.append(row.get(columns.decision, ""))
        found.scores.append([_score(row[name], name, where) for name in columns.scores.values()])
        found.groups.append({name: told[cells[at]] for name, at in groups})
    return found


def _header(path: Path, cells: Sequence[str], columns: TableColumns) -> dict[str, int]:
    """Column -> place; names are unlike, and all that are needed are there."""
    names = [cell.strip() for cell in cells]
    fit = 0 < len(names) <= MOST_COLUMNS and all(0 < len(name) <= 100 for name in names)
    if not fit or len(set(names)) != len(names):
        raise DataError(
            f"{path}: the first line must name each of at most {MOST_COLUMNS} columns, in 1 to 100 "
            f"characters, no two alike; received "
            f"{', '.join(repr(name[:100]) for name in names[:10]) or 'nothing'}.",
            hint="Write a line of names above the rows.",
        )
    missing = [name for name in columns.needed if name not in names]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(map(repr, missing))}; its first line names "
            f"{', '.join(map(repr, names[:40]))}.",
            hint="Name its columns with --truth, --score, --decision, --group and --person; if "
            "the first line is a row, write a line of names above it.",
        )
    return {name: at for at, name in enumerate(names)}


def _known(cell: str) -> str:
    """A cell's text; "" where it stands for a value that is not known."""
    text = cell.strip()
    return "" if text.lower() in MISSING else text


class _Told(dict[str, str]):
    """Cells of groups -> their text: few differ, and equal ones are kept once."""

    def __missing__(self, cell: str) -> str:
        text = _known(cell)
        self[cell] = text
        return text


def _shorten(cells: list[str], place: Mapping[str, int], columns: TableColumns, where: str) -> None:
    """Refuse long text in a column that is named; cut it in others, which are no groups then."""
    for name, at in place.items():
        text = cells[at].strip()
        if len(text) <= MOST_LETTERS:
            continue
        if name in columns.needed:
            raise DataError(
                f"{where}: '{name}' must have at most {MOST_LETTERS} characters; received "
                f"{len(text):,}."
            )
        cells[at] = f"{text[:20]}... {sha256_bytes(text.encode())[:16]}"  # unlike stays unlike


def _score(text: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        hint = (
            "Turn scores into probabilities, such as 1 / (1 + exp(-score)), or name a column of "
            "decisions (--decision) instead."
        )
        if _DECIMAL_COMMA.fullmatch(text):
            hint = "Write numbers with a point: 0.5, not 0,5."
        raise DataError(
            f"{where}: a score is a number from 0 to 1; '{name}' is {text!r}.", hint=hint
        )
    return value


def _judge(rows: _Rows, columns: TableColumns, path: Path) -> JudgedTable:
    """Text as classes."""
    notes = [
        f"Rows without '{name}': {count:,}, left out." for name, count in rows.left_out.items()
    ]
    labels = _labels(rows, columns, path)
    if "" in columns.scores and len(set(rows.truth)) > 2:
        rows.truth = [text if text == labels[1] else labels[0] for text in rows.truth]
        rows.said = [text if text in ("", labels[1]) else labels[0] for text in rows.said]
    place = {label: at for at, label in enumerate(labels)}
    truth = np.array([place[text] for text in rows.truth], np.int64)
    scores = None
    if columns.scores:
        scores = np.array(rows.scores, np.float64)
        scores = np.concatenate([1 - scores, scores], axis=1) if "" in columns.scores else scores
    if columns.decision:
        decisions = np.array([place.get(text, NO_DECISION) for text in rows.said], np.int64)
        silent = int((decisions == NO_DECISION).sum())
        if silent:
            notes.append(f"Rows without a decision, which is no right answer: {silent:,}.")
        notes += _one_sided(labels, truth, decisions)
    elif "" in columns.scores:
        threshold = 0.5 if columns.threshold is None else columns.threshold
        decisions = (np.array(rows.scores)[:, 0] >= threshold).astype(np.int64)
    else:
        assert scores is not None
        decisions = decide(scores, columns.threshold or 0.0)
    return JudgedTable(
        labels, truth, decisions, scores, tuple(rows.groups), columns.person, tuple(notes)
    )


def _one_sided(
    labels: Sequence[str], truth: NDArray[np.int64], decisions: NDArray[np.int64]
) -> Iterator[str]:
    """Labels that are never true, or never decided: perhaps misspelt."""
    for at, label in enumerate(labels):
        if not (truth == at).any():
            yield f"'{label}' is decided, and never true."
        elif not (decisions == at).any():
            yield f"'{label}' is true, and never decided."


def _labels(rows: _Rows, columns: TableColumns, path: Path) -> tuple[str, ...]:
    """The classes; of a lone column of scores the positive one is the second."""
    real = sorted(set(rows.truth))
    said = sorted(set(rows.said) - {""})
    if "" in columns.scores:
        return _two_labels(real, said, columns, path)
    known = tuple(columns.scores) or tuple(sorted({*real, *said}))
    strange = [label for label in (*real, *said) if label not in known]
    if strange:
        raise DataError(
            f"{path}: {', '.join(map(repr, strange[:5]))} of '{columns.truth}' or the decisions is "
            f"no class that has scores: {', '.join(map(repr, known))}.",
            hint="Name a column of scores for each class (--score CLASS=COLUMN), or take those "
            "rows out.",
        )
    if not 2 <= len(known) <= MOST_CLASSES:
        raise DataError(
            f"{path}: true labels and decisions must be 2 to {MOST_CLASSES} classes; "
            f"'{columns.truth}' makes {len(known):,}.",
            hint="Is it a column of labels? Numbers have to be put into a few ranges.",
        )
    return known


def _two_labels(
    real: Sequence[str], said: Sequence[str], columns: TableColumns, path: Path
) -> tuple[str, str]:
    named = ", ".join(map(repr, real[:10]))
    positive = columns.positive or _obvious(real)
    if not positive:
        raise DataError(
            f"{path}: which label the scores are of must be told; '{columns.truth}' has {named}.",
            hint="Say --positive LABEL; the others are negative.",
        )
    if positive not in real:
        raise DataError(
            f"{path}: '{columns.truth}' has no {positive!r}, which the scores are said to be of; "
            f"it has {named}.",
            hint="Say --positive with one of these.",
        )
    others = [label for label in real if label != positive]
    if not others:
        raise DataError(f"{path}: all rows are {positive!r}; there is nothing to tell apart.")
    strange = [label for label in said if label not in real]
    if strange:
        raise DataError(
            f"{path}: '{columns.decision}' holds {strange[0]!r}, which is no label of "
            f"'{columns.truth}': {named}."
        )
    return others[0] if len(others) == 1 else f"not {positive}", positive


def _obvious(real: Sequence[str]) -> str:
    """Of two opposite labels, such as 0 and 1, the positive; "" of others."""
    plain = {label.lower(): label for label in real}
    pairs = [(no, yes) for no, yes in _OPPOSITE.items() if {no, yes} == set(plain)]
    return plain[pairs[0][1]] if len(real) == 2 and pairs else ""
