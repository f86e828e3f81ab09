"""Judged examples, of a project's test split or of a table: truths, scores, groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import (
    AlarmMeasure,
    Column,
    JudgedTable,
    Measure,
    People,
    Place,
    Scored,
    TaskWords,
    audit_people,
    people_of,
    values_by_column,
)
from coincell.data import RECORDING
from coincell.errors import DataError
from coincell.project import AuditSettings, Configuration

if TYPE_CHECKING:
    from coincell.pipeline import LastJudged

STRANGE = "strange"
MOST_COLUMNS = 2
_KEPT = 8


@dataclass(frozen=True)
class Answers:
    """What one model said of n examples.

    Attributes:
        scores: float64 [n, classes]; None of decisions alone, and of a number.
        decisions: int64 [n], the class, or NO_DECISION.
        measure: as the audit measures them.
    """

    scores: NDArray[np.float64] | None
    decisions: NDArray[np.int64]
    measure: Measure


@dataclass(frozen=True, eq=False)
class Examples:
    """n judged examples. Safe to use from several threads.

    Attributes:
        title: what they are, for a person.
        goal: "classes", "normality" or "quantity".
        labels: the classes; of normality "normal" and "strange", of a number none.
        offered: classes that can be looked at against the rest, the usual one first.
        truth: int64 [n], positions in `labels`.
        places: "float", "int8", or of a table "scored" or "decided" -> answers.
        groups: each example's columns, [n].
        files: names of recordings, or numbers of rows, [n].
        settings: [audit], or usual ones.
        split_by: the column that tells people apart where settings.person does not.
        ratio: what a false positive costs, in false negatives.
        seed: of the bootstrap.
        unit: of a predicted number, or of a detector's scores.
        now: the threshold that decides on the device; None where there is none.
        noted: notes of an audit -> all that a reader must know, in words of where they come from.
        run: the project's run; None of a table.
    """

    title: str
    goal: str
    labels: tuple[str, ...]
    offered: tuple[str, ...]
    truth: NDArray[np.int64]
    places: Mapping[str, Answers]
    groups: Sequence[Mapping[str, str]]
    files: Sequence[str]
    settings: AuditSettings
    split_by: str = ""
    ratio: float = 1.0
    seed: int = 0
    unit: str = ""
    now: float | None = None
    noted: Callable[[Sequence[str]], Sequence[str]] = tuple
    run: LastJudged | None = field(default=None, repr=False)

    @property
    def judged(self) -> str:
        """The place that counts: what runs on the device, else the last one."""
        return "int8" if "int8" in self.places else list(self.places)[-1]

    @property
    def has_scores(self) -> bool:
        """Whether thresholds mean anything."""
        return all(answers.scores is not None for answers in self.places.values())

    @functools.cached_property
    def columns(self) -> dict[str, int]:
        """Columns that can be groups, and how many values each has."""
        by_column = values_by_column(self.groups)
        found = {
            name: set(values) - {""} for name, values in by_column.items() if name != RECORDING
        }
        most = self.settings.most_values
        return {name: len(found[name]) for name in sorted(found) if 1 < len(found[name]) <= most}

    @functools.cached_property
    def remarks(self) -> tuple[str, ...]:
        """Which columns are no groups and why, and what tells people apart."""
        return tuple(self.noted(self.everybody.notes))

    @functools.cached_property
    def range(self) -> tuple[float, float]:
        """The least and the largest score that a threshold can lie between."""
        if self.goal != "normality":
            return 0.0, 1.0
        every = np.concatenate([self.scores(place, STRANGE) for place in self.places])
        return float(min(0.0, every.min())), float(every.max())

    def sliced(self, columns: Sequence[str]) -> tuple[People, Column]:
        """Whose the examples are, and the groups by up to two columns together.

        Of two columns one of which tells the other, such as speakers and their gender, the finer.

        Raises:
            DataError: a column is none, is no group, or they are too many groups together.
        """
        strange = [name for name in columns if name not in self.columns]
        if strange:
            raise DataError(
                f"{strange[0][:80]!r} cannot be a group: a group column has 2 to "
                f"{self.settings.most_values} values (audit.most_values).",
                hint=f"Columns that can: {', '.join(self.columns) or 'none'}.",
            )
        if not columns:
            codes = np.zeros(len(self.truth), np.int64)
            return self.everybody, Column(("all",), ("all",), codes)
        people = self._grouped(tuple(columns))
        wanted = " and ".join(columns)
        found = next((each for each in people.columns if each.name == wanted), None)
        if found is None and len(people.columns) == len(columns) and not self._too_many(columns):
            found = max(people.columns, key=lambda column: len(column.values))
        if found is None:
            raise DataError(
                f"{wanted} cannot be compared together. {' '.join(people.notes)}",
                hint="Choose one of them, or others.",
            )
        return people, found

    def _too_many(self, columns: Sequence[str]) -> bool:
        """Whether groups by these columns together are more than can be compared."""
        together = {tuple(row.get(name, "") for name in columns) for row in self.groups}
        return len(together) > self.settings.most_values

    @functools.cached_property
    def everybody(self) -> People:
        """Whose the examples are, and every column that compares groups, by itself."""
        return self._people((), crossed=False)

    @functools.cached_property
    def _grouped(self) -> Callable[[tuple[str, ...]], People]:
        """People by columns, the last few kept."""
        return functools.lru_cache(maxsize=_KEPT)(self._people)

    def _people(self, columns: tuple[str, ...], *, crossed: bool = True) -> People:
        asked = {"columns": columns, "intersections": crossed}
        return people_of(
            self.groups,
            self.files,
            self.settings.model_copy(update=asked),
            split_by=self.split_by,
            truth=None if self.goal == "quantity" else self.truth,
        )

    def positive(self, label: str) -> NDArray[np.bool_]:
        """Which are of a class, bool [n]."""
        return np.equal(self.truth, self.labels.index(label))

    def scores(self, place: str, label: str) -> NDArray[np.float64]:
        """Of a class at a place, float64 [n].

        Raises:
            DataError: there are decisions alone.
        """
        scores = self.places[place].scores
        if scores is None:
            raise DataError(
                "Curves and thresholds need scores; there are decisions alone.",
                hint="Name a column of scores with --score.",
            )
        return scores[:, self.labels.index(label)]

    def said(self, place: str, label: str, threshold: float | None) -> NDArray[np.bool_]:
        """Which are told a class: by a threshold, or (None) as was decided; bool [n]."""
        if threshold is None:
            return np.equal(self.places[place].decisions, self.labels.index(label))
        return np.greater_equal(self.scores(place, label), threshold)

    def scored(self, place: str, label: str, people: People, column: Column) -> Scored:
        """As curves and strategies take them; zeros of decisions alone."""
        has = self.places[place].scores is not None
        scores = self.scores(place, label) if has else np.zeros(len(self.truth))
        return Scored(self.positive(label), scores, people.person, column)

    def alarms(self, place: str, threshold: float | None) -> dict[str, float] | None:
        """Of normality: events missed, and false alarms an hour, by a threshold."""
        measure = self.places[place].measure
        if not isinstance(measure, AlarmMeasure):
            return None
        by = replace(measure, alarms=self.said(place, STRANGE, threshold))
        sums = by.rows().sum(axis=0)
        values = dict(zip((key.metric for key in by.keys), by.figures(sums).tolist(), strict=True))
        hourly = values["false_alarms_per_hour"]
        return {"events": sums[4], "missed": sums[5], "hourly": hourly}

    def audited(self, columns: Sequence[str]) -> dict[str, Any]:
        """What the audit tells of groups by these columns: of a number, whose figures are errors.

        Raises:
            DataError: see `sliced`.
        """
        people, column = self.sliced(columns)
        chosen = replace(people, columns=(column,))
        places = [Place(name, answers.measure) for name, answers in self.places.items()]
        words = TaskWords("", self.goal, self.unit)
        return audit_people(chosen, places, self.settings, words, seed=self.seed)


def examples_of_run(run: LastJudged) -> Examples:
    """Of a project's test split."""
    configuration = run.configuration
    goal, data = configuration.goal, configuration.data
    labels, offered = _labels(configuration)
    measures = {place.name: place.measure for place in run.places}
    places = {}
    for name, told in run.told.items():
        scores: NDArray[np.float64] | None = told.scores
        if goal == "normality":
            scores = np.stack([-told.scores, told.scores], axis=1)
        places[name] = Answers(None if goal == "quantity" else scores, told.decisions,
                               measures[name])  # fmt: skip
    return Examples(
        title="windows of the test split",
        goal=goal,
        labels=labels,
        offered=offered,
        truth=run.truth,
        places=places,
        groups=run.groups,
        files=run.files,
        settings=configuration.audit,
        split_by=data.split.by,
        ratio=_ratio(configuration),
        seed=configuration.project.seed,
        unit=data.unit if goal == "quantity" else "",
        now=run.threshold,
        run=run,
    )


def examples_of_table(
    table: JudgedTable, title: str, settings: AuditSettings, configuration: Configuration | None
) -> Examples:
    """Of the rows of a CSV file; a project's numbers where there is one."""
    place = table.place
    answers = Answers(table.scores, table.decisions, place.measure)
    return Examples(
        title=f"rows of {title}",
        goal="classes",
        labels=table.labels,
        offered=table.labels[::-1] if len(table.labels) == MOST_COLUMNS else table.labels,
        truth=table.truth,
        places={place.name: answers},
        groups=table.groups,
        files=[str(at) for at in range(len(table.truth))],
        settings=settings,
        ratio=_ratio(configuration) if configuration else 1.0,
        seed=configuration.project.seed if configuration else 0,
        noted=table.noted,
    )


def _ratio(configuration: Configuration) -> float:
    intended = configuration.intended
    return intended.false_positive_cost / intended.false_negative_cost


def _labels(configuration: Configuration) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The classes, and those that can be looked at, silence and the unknown last."""
    data = configuration.data
    if configuration.goal == "normality":
        return ("normal", STRANGE), (STRANGE,)
    if configuration.goal == "quantity":
        return (), ()
    quiet = (data.silence_label, data.unknown_label)
    labels = tuple(data.labels)
    return labels, tuple(sorted(labels, key=lambda label: label in quiet))
