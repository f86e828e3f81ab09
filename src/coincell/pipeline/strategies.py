"""Thresholds for groups of a project's people: chosen on the validation split, judged on the test
split; and the one threshold that the device can have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import (
    TOLERANCE,
    Column,
    People,
    Scored,
    StrategySettings,
    curve_of,
    people_of,
    strategies_of,
)
from coincell.data import Progress, silent
from coincell.errors import DataError, UserError
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.judged import PLACES, Split, Told, read_told
from coincell.pipeline.run import audit_of
from coincell.pipeline.runner import Outcome
from coincell.pipeline.store import Artefact
from coincell.project import Configuration

_JUDGED = "int8"


@dataclass(frozen=True)
class StrategyWish:
    """What is asked of thresholds.

    Attributes:
        ratio: what a false positive costs, in false negatives; None: as [intended] says.
        tolerance: how far apart groups may be; None: TOLERANCE.
        columns: of groups; empty: each that can be compared, by itself.
        label: the class against the rest; "": each but those of silence and the unknown.
        place: whose scores, "float" or "int8".
    """

    ratio: float | None = None
    tolerance: float | None = None
    columns: tuple[str, ...] = ()
    label: str = ""
    place: str = _JUDGED


def project_strategies(
    outcome: Outcome,
    configuration: Configuration,
    wish: StrategyWish,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Facts of `strategies_of` with "label", a column of groups and a class each.

    Args:
        outcome: of a run that came to the audit.
        configuration: of the project.
        wish: what is asked.
        progress: told before each strategy; what it raises ends the work.

    Raises:
        UserError: the project does not tell classes, or the label is none of its.
        DataError: no column compares groups on both splits, or a column is not there.
    """
    audit_of(outcome)
    labels = _labels(configuration, wish.label)
    evaluated, clips = outcome.artefacts["evaluate"], read_clips(outcome.artefacts["dataset"])
    splits: tuple[Split, ...] = ("validation", "test")
    sides = {
        split: (_people(clips, configuration, split, wish.columns), _told(evaluated, split, wish))
        for split in splits
    }
    settings = strategy_settings(configuration, wish)
    found = []
    for name in _compared(sides["validation"][0], sides["test"][0], wish.columns):
        for label in labels:
            at = configuration.data.labels.index(label)
            chosen_by, judged = (
                _scored(clips, split, at, people, told, name)
                for split, (people, told) in sides.items()
            )
            facts = strategies_of(
                chosen_by,
                settings,
                seed=configuration.project.seed,
                judged=judged,
                progress=progress,
            )
            found.append({"label": label} | facts)
    return found


def strategy_settings(configuration: Configuration, wish: StrategyWish) -> StrategySettings:
    """Costs and limits: as asked, else as the project says."""
    intended, audit = configuration.intended, configuration.audit
    ratio = intended.false_positive_cost / intended.false_negative_cost
    return StrategySettings(
        ratio if wish.ratio is None else wish.ratio,
        TOLERANCE if wish.tolerance is None else wish.tolerance,
        audit.smallest_group,
        audit.rounds,
    )


def device_threshold(
    outcome: Outcome, configuration: Configuration, wish: StrategyWish
) -> dict[str, Any]:
    """The cheapest [decision] threshold by the validation split, as the device decides: the class
    of the highest score, if that reaches the threshold.

    A false positive is a window in which another class is told than it has, silence and the
    unknown apart, which are not told; a false negative one whose class is told no more.

    Returns:
        {"threshold", "now", "ratio", "test": {"threshold" or "now": {"false_positives",
        "false_negatives", "cost", "windows"}}}.

    Raises:
        UserError: the project does not tell classes.
    """
    _labels(configuration, "")
    evaluated, clips = outcome.artefacts["evaluate"], read_clips(outcome.artefacts["dataset"])
    settings = strategy_settings(configuration, wish)
    said = _first(_told(evaluated, "validation", wish), clips, configuration, "validation")
    curve = curve_of(said.right[said.told], said.scores[said.told])
    least = int(np.argmin(curve.cost(settings.ratio)[::-1]))
    threshold = float(np.clip(curve.thresholds[::-1][least], 0.0, 1.0))
    now = configuration.decision.threshold
    test = _first(_told(evaluated, "test", wish), clips, configuration, "test")
    return {
        "threshold": round(threshold, 4),
        "now": now,
        "ratio": settings.ratio,
        "test": {
            name: test.errors(value, settings.ratio)
            for name, value in (("now", now), ("threshold", round(threshold, 4)))
        },
    }


@dataclass(frozen=True)
class _First:
    """The class of the highest score of each of n windows.

    Attributes:
        scores: float64 [n], the highest.
        right: bool [n], whether it is the window's.
        told: bool [n], whether it is a class that is told.
        wanted: bool [n], whether the window's own is one.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    told: NDArray[np.bool_]
    wanted: NDArray[np.bool_]

    def errors(self, threshold: float, ratio: float) -> dict[str, Any]:
        """With a threshold."""
        said = self.told & (self.scores >= threshold)
        false, missed = (
            int((said & ~self.right).sum()),
            int((self.wanted & ~(said & self.right)).sum()),
        )
        return {
            "windows": len(self.scores),
            "false_positives": false,
            "false_negatives": missed,
            "cost": false * ratio + missed,
        }


def _first(told: Told, clips: Clips, configuration: Configuration, split: str) -> _First:
    truth, said = clips.labels[clips.rows(split)], told.scores.argmax(axis=1)
    quiet = np.isin(np.arange(told.scores.shape[1]), _quiet(configuration))
    return _First(told.scores.max(axis=1), said == truth, ~quiet[said], ~quiet[truth])


def _quiet(configuration: Configuration) -> list[int]:
    """Positions of the classes that are not told."""
    data = configuration.data
    names = (data.silence_label, data.unknown_label)
    return [at for at, label in enumerate(data.labels) if label in names]


def _labels(configuration: Configuration, label: str) -> list[str]:
    if configuration.goal != "classes":
        raise UserError(
            "Thresholds for groups are of classes; this project tells "
            f"{'how strange' if configuration.goal == 'normality' else 'how much'}.",
            hint="A detector's threshold is [anomaly]'s: coincell evaluate --stream chooses it."
            if configuration.goal == "normality"
            else "coincell audit compares the errors of groups.",
        )
    known = list(configuration.data.labels)
    if label and label not in known:
        raise UserError(
            f"{label!r} is none of the project's classes.", hint=f"They are {', '.join(known)}."
        )
    quiet = _quiet(configuration)
    return [label] if label else [name for at, name in enumerate(known) if at not in quiet]


def _told(evaluated: Artefact, split: Split, wish: StrategyWish) -> Told:
    told = read_told(evaluated, split)
    if not told:
        raise DataError(
            f"The {split} split has no windows.",
            hint="Give [data.split] a share for it: thresholds are chosen on validation.",
        )
    if wish.place not in told:
        raise UserError(
            f"There are no scores of {wish.place!r}; received place {wish.place!r}.",
            hint=f"There are {', '.join(place for place in PLACES if place in told) or 'none'}.",
        )
    return told[wish.place]


def _people(
    clips: Clips, configuration: Configuration, split: str, columns: Sequence[str]
) -> People:
    rows = clips.rows(split)
    settings = configuration.audit
    if columns:
        settings = settings.model_copy(update={"columns": tuple(columns)})
    return people_of(
        [clips.groups[row] for row in rows],
        [clips.files[row] for row in rows],
        settings,
        split_by=configuration.data.split.by,
        truth=clips.labels[rows],
    )


def _compared(chosen_by: People, judged: People, asked: Sequence[str]) -> list[str]:
    """Columns that compare groups on both splits; crossed ones where columns were asked for."""
    both = {column.name: _groups(column) for column in judged.columns}
    wanted = [column for column in chosen_by.columns if asked or len(column.parts) == 1]
    names = [
        column.name for column in wanted if _groups(column) & both.get(column.name, frozenset())
    ]
    if not names:
        apart = [
            f"'{column.name}' has no group that is in both splits."
            for column in wanted
            if column.name in both
        ]
        reasons = dict.fromkeys((*apart, *chosen_by.notes, *judged.notes))
        raise DataError(
            "No column of the data compares groups on both the validation and the test split. "
            + " ".join(reasons),
            hint="Add columns such as gender or accent to data/manifest.csv (docs/data.md).",
        )
    return names


def _groups(column: Column) -> frozenset[str]:
    """Those that are told."""
    return frozenset(np.array(column.values)[column.told].tolist())


def _scored(clips: Clips, split: str, label: int, people: People, told: Told, name: str) -> Scored:
    column: Column = next(one for one in people.columns if one.name == name)
    truth = clips.labels[clips.rows(split)] == label
    return Scored(truth, told.scores[:, label], people.person, column)


def told_errors(facts: Mapping[str, Any]) -> str:
    """What a threshold does on the test split, in words."""
    return (
        f"{facts['false_positives']:,} false positives and {facts['false_negatives']:,} false "
        f"negatives of {facts['windows']:,} test windows, cost {facts['cost']:,.4g}"
    )
