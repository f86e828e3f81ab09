"""Labels that a person corrected: what was changed, when, and how to take it back.

A correction changes the manifest alone, through the store, so that it waits for whoever else writes
there; recordings stay where they are. It names what each label was, and is refused if it is
something else by now: of two people at once, the later one is told. What was done stands in
data/corrections.jsonl, a line each, between two versions' names (see `versions`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coincell.data.manifest import (
    NOISE_LABEL,
    Dataset,
    Sample,
    finite_number,
    is_field,
    manifest_text,
)
from coincell.data.store import Store, open_store
from coincell.errors import DataError
from coincell.files import sha256_bytes, write_atomic
from coincell.project import Configuration, Project

CORRECTIONS_FILE = "corrections.jsonl"
MAX_CORRECTIONS_BYTES = 1 << 27
_DIGITS = 12


class OvertakenError(DataError):
    """Somebody else changed the same recording first.

    Attributes:
        file: which.
        now: the label, or the number as text, that it has.
    """

    def __init__(self, file: str, expected: str, now: str) -> None:
        super().__init__(
            f"{file}: it was {expected!r} when you looked, and is {now!r} by now: somebody else "
            "changed it. Nothing of yours was written.",
            "Look at it again, and correct it from there.",
        )
        self.file = file
        self.now = now


@dataclass(frozen=True)
class Corrected:
    """One recording: what it was, and what it became; of quantities numbers as text."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Correction:
    """What was changed at once.

    Attributes:
        number: from 1, in the order of their making.
        made: when, as ISO 8601 in UTC.
        changes: by recording.
        version_before: the name of the data set's version before it.
        version_after: and after it.
        undoes: the number of the correction that this one takes back; 0: none.
    """

    number: int
    made: str
    changes: tuple[Corrected, ...]
    version_before: str
    version_after: str
    undoes: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def label_of(sample: Sample) -> str:
    """What can be corrected: the label, or the target as text."""
    return sample.label if sample.target is None else repr(sample.target)


def correct_labels(project: Project, changes: Sequence[Corrected], undoes: int = 0) -> Correction:
    """Write new labels, or targets, into the manifest: all of them or none.

    Args:
        project: whose data set.
        changes: each from what it is believed to be.
        undoes: the number of the correction that is taken back; 0: none.

    Raises:
        OvertakenError: one is something else by now.
        DataError: a recording is not there, or its new label cannot be.
    """
    with open_store(project) as store:
        return _correct(store, project, changes, undoes)


def _correct(
    store: Store, project: Project, changes: Sequence[Corrected], undoes: int
) -> Correction:
    samples = {sample.file: sample for sample in store.before.samples}
    altered = [_altered(samples, change, project.configuration) for change in changes]
    if not altered:
        raise DataError("A correction changes at least one recording; received none.")
    earlier = corrections(project)
    dataset = store.publish(altered)
    correction = Correction(
        number=earlier[-1].number + 1 if earlier else 1,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        changes=tuple(changes),
        version_before=_name(store.before),
        version_after=_name(dataset),
        undoes=undoes,
    )
    lines = [json.dumps(one.to_json(), ensure_ascii=False) for one in (*earlier, correction)]
    write_atomic(_path(project), "\n".join(lines) + "\n")
    return correction


def undo_correction(project: Project, number: int) -> Correction:
    """Take back a correction, which is a correction too, and can be taken back.

    Raises:
        OvertakenError: one of its recordings was changed again since.
        DataError: there is no such correction, or it was taken back before.
    """
    known = corrections(project)
    found = next((one for one in known if one.number == number), None)
    if found is None:
        raise DataError(f"There is no correction {number}.", "`corrections` lists them all.")
    if number in undone(known):
        raise DataError(f"Correction {number} was taken back already.", "Look at the page again.")
    back = [Corrected(one.file, one.after, one.before) for one in found.changes]
    return correct_labels(project, back, undoes=number)


def undone(known: Sequence[Correction]) -> frozenset[int]:
    """The numbers of those that were taken back and are not in force."""
    gone: set[int] = set()
    for one in reversed(known):
        if one.undoes and one.number not in gone:
            gone.add(one.undoes)
    return frozenset(gone)


def corrections(project: Project) -> tuple[Correction, ...]:
    """All that were made, the oldest first; none where there is no such file.

    Raises:
        DataError: the file is damaged.
    """
    path = _path(project)
    if not path.is_file():
        return ()
    try:
        if path.stat().st_size > MAX_CORRECTIONS_BYTES:
            raise ValueError("it is too large")
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(_read(json.loads(line)) for line in lines if line)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: not a history of corrections: {error}.",
            "Move it away: the labels themselves stand in the manifest.",
        ) from error


def _read(line: Any) -> Correction:
    """One line, which may have been changed by anyone; ValueError with the rule it breaks."""
    if not isinstance(line, dict) or not isinstance(line.get("changes"), list):
        raise ValueError("an object with changes is expected")
    changes = tuple(
        Corrected(*(_text(one, name) for name in ("file", "before", "after")))
        for one in line["changes"]
    )
    number, undoes = line.get("number"), line.get("undoes", 0)
    if not isinstance(number, int) or not isinstance(undoes, int):
        raise ValueError("number and undoes must be whole numbers")
    made, before, after = (_text(line, n) for n in ("made", "version_before", "version_after"))
    return Correction(number, made, changes, before, after, undoes)


def _text(table: Any, name: str) -> str:
    value = table.get(name) if isinstance(table, dict) else None
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value


def _altered(
    samples: Mapping[str, Sample], change: Corrected, configuration: Configuration
) -> Sample:
    sample = samples.get(change.file)
    if sample is None:
        raise DataError(
            f"{change.file}: no such recording is in the data set any more.",
            "Look at the page again.",
        )
    if label_of(sample) != change.before:
        raise OvertakenError(change.file, change.before, label_of(sample))
    if configuration.goal == "quantity":
        try:
            return replace(sample, target=finite_number("target", change.after))
        except ValueError as error:
            raise DataError(f"{change.file}: {error}.") from error
    allowed = configuration.data.labels
    if configuration.goal == "classes" and change.after not in allowed:
        raise DataError(
            f"A label is one of data.labels: {', '.join(allowed)}; received {change.after!r}.",
            "Add it to data.labels in coincell.toml first.",
        )
    if not change.after or change.after == NOISE_LABEL or not is_field(change.after):
        raise DataError(f"{change.after!r} cannot be a recording's label.")
    return replace(sample, label=change.after)


def _name(dataset: Dataset) -> str:
    """As `Version.name` is of the same manifest."""
    return sha256_bytes(manifest_text(dataset).encode())[:_DIGITS]


def _path(project: Project) -> Path:
    return project.data_directory / CORRECTIONS_FILE
