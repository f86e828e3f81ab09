"""What a run's int8 model decided of each test window, kept beside its report in runs/.

Two runs that judged the same windows can then be compared person by person. People are numbers
here, no names; groups are those that the audit compared.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from coincell.audit import Column, People, people_of
from coincell.errors import FileError
from coincell.files import write_atomic
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.judged import read_told
from coincell.pipeline.ledger import RUNS
from coincell.pipeline.runner import Outcome
from coincell.project import Project

_MAX_BYTES = 64 << 20
_MOST = 1_000_000
_Numbers = Annotated[tuple[int, ...], Field(strict=False, max_length=_MOST)]
_Names = Annotated[
    tuple[Annotated[str, Field(max_length=1000)], ...], Field(strict=False, max_length=10_000)
]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeptColumn(_Kept):
    """Groups by one column or several: names, and each window's position among them, [n]."""

    parts: _Names
    values: _Names
    codes: _Numbers


class KeptAnswers(_Kept):
    """Of n test windows.

    Attributes:
        windows: a hash of the windows, their recordings and their order.
        labels: the classes.
        truth: positions in `labels`, [n].
        decisions: the same, or evaluation.NO_DECISION, [n].
        by: what tells people apart.
        person: whose each window is, from 0, [n].
        columns: the groups that were compared.
    """

    windows: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    labels: _Names
    truth: _Numbers
    decisions: _Numbers
    by: str
    person: _Numbers
    columns: Annotated[tuple[KeptColumn, ...], Field(strict=False, max_length=1000)]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        count = len(self.truth)
        lists = [self.decisions, self.person, *(column.codes for column in self.columns)]
        if not count or any(len(each) != count for each in lists):
            raise ValueError(f"all lists must be as long as truth, {count}, which must not be 0")
        if min(self.person) < 0 or max(self.person) >= count:
            raise ValueError("people are numbered from 0, below the number of windows")
        for column in self.columns:
            if min(column.codes) < 0 or max(column.codes) >= len(column.values):
                raise ValueError(f"a code of {column.parts} is none of its values")
        return self

    @property
    def people(self) -> People:
        """For the audit."""
        columns = tuple(
            Column(column.parts, column.values, np.array(column.codes, np.int64))
            for column in self.columns
        )
        return People(np.array(self.person, np.int64), self.by, columns)


def keep_answers(project: Project, number: int, outcome: Outcome) -> None:
    """Lay down the answers of the run with this number, as far as it came; of classes alone."""
    if project.configuration.goal != "classes" or "audit" not in outcome.artefacts:
        return
    configuration = project.configuration
    clips = read_clips(outcome.artefacts["dataset"])
    told = read_told(outcome.artefacts["evaluate"])
    rows = clips.rows("test")
    people = people_of(
        [clips.groups[row] for row in rows],
        [clips.files[row] for row in rows],
        configuration.audit,
        split_by=configuration.data.split.by,
        truth=clips.labels[rows],
    )
    kept = KeptAnswers(
        windows=_hash(clips),
        labels=tuple(configuration.data.labels),
        truth=tuple(clips.labels[rows].tolist()),
        decisions=tuple(told.get("int8", list(told.values())[-1]).decisions.tolist()),
        by=people.by,
        person=tuple(people.person.tolist()),
        columns=tuple(
            KeptColumn(parts=each.parts, values=each.values, codes=tuple(each.codes.tolist()))
            for each in people.columns
        ),
    )
    write_atomic(_path(project, number), kept.model_dump_json())


def read_answers(project: Project, number: int) -> KeptAnswers | None:
    """The answers of a run; None where none were kept.

    Raises:
        FileError: the file cannot be read, or holds something else.
    """
    path = _path(project, number)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FileError(f"{path} is larger than 64 MiB: it holds no answers of a run.")
        return KeptAnswers.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"Cannot read {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise FileError(
            f"{path} holds no answers of a run that this version of Coincell knows.",
            hint="Delete it: without it the figures of the runs are compared alone.",
        ) from error


def _path(project: Project, number: int) -> Path:
    return project.directory / RUNS / f"{number:04d}.answers.json"


def _hash(clips: Clips) -> str:
    """Of the test windows: names of the recordings, true classes, and every sample."""
    digest = hashlib.sha256()
    for row in clips.rows("test"):
        digest.update(f"{clips.files[row]}\0{clips.labels[row]}\0".encode())
        digest.update(np.ascontiguousarray(clips.windows[row]).tobytes())
    return digest.hexdigest()
