"""Cross-validation: the project's own stages on other splits of what is not for the test.

Each window that is not in the test split is judged once, by a model that met nobody of its unit
(its speaker, or whatever data.split.by names). The test split is taken out before anything begins.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import MissingExtraError, UserError
from coincell.evaluation import Estimate, over_folds
from coincell.files import write_atomic
from coincell.pipeline.clips import Clips, normal_class, read_clips, silence_class
from coincell.pipeline.runner import Demand, Listener, StageEvent, alone, run_stages, unheard
from coincell.pipeline.stage import Stage
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact, key_of
from coincell.pipeline.variation import dealt_out, run_variation, with_settings
from coincell.project import Configuration, Project

PLACE = "folds"
"""The folder below build/ in which folds keep what they make."""
_QUANTILES = 5
FEWEST_FOLDS, MOST_FOLDS = 2, 50


@dataclass(frozen=True)
class Fold:
    """One part of the cross-validation.

    Attributes:
        train, validation, test: windows of each side.
        figures: "float" and "int8" -> name of a metric -> its value on the fold's windows.
        settings: those that a search on the fold's own sides chose; none without a search.
    """

    train: int
    validation: int
    test: int
    figures: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, Any] = field(default_factory=dict)


Choose = Callable[[int, tuple[Stage, ...], Artefact], Mapping[str, Any]]
"""(number of a fold, the stages with its splits, the data set) -> settings for its model."""


@dataclass(frozen=True)
class CrossValidation:
    """All folds, and what they say together.

    Attributes:
        folds: in order.
        figures: "float" and "int8" -> name of a metric -> mean over folds with its interval.
        spread: the same -> standard deviation over folds.
        units: how many people (or whatever is never parted) were dealt out.
        by: what they are; "" where each window stands alone.
    """

    folds: tuple[Fold, ...]
    figures: Mapping[str, Mapping[str, Estimate]]
    spread: Mapping[str, Mapping[str, float]]
    units: int
    by: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "folds": [
                {
                    "train": fold.train,
                    "validation": fold.validation,
                    "test": fold.test,
                    **{model: dict(values) for model, values in fold.figures.items()},
                    **({"settings": dict(fold.settings)} if fold.settings else {}),
                }
                for fold in self.folds
            ],
            **{
                model: {
                    name: estimate.to_json() | {"spread": self.spread[model][name]}
                    for name, estimate in figures.items()
                }
                for model, figures in self.figures.items()
            },
            "units": self.units,
            "by": self.by,
        }


def check_count(count: int) -> None:
    """Refuse a number of folds that is never dealt, whatever the data.

    Raises:
        UserError: it is below FEWEST_FOLDS or above MOST_FOLDS.
    """
    if not FEWEST_FOLDS <= count <= MOST_FOLDS:
        raise UserError(
            f"Folds are {FEWEST_FOLDS} to {MOST_FOLDS}; received {count}.",
            hint="Five are usual: --folds 5. Each trains a model of its own.",
        )


def cross_validate(
    project: Project,
    count: int,
    listener: Callable[[int, StageEvent], None] | None = None,
    choose: Choose | None = None,
) -> CrossValidation:
    """`count` folds of the project as it stands, float and int8.

    A fold's model is trained on all folds but its own and the next one, which it is watched by
    (of two folds, on half of the other one).

    Args:
        project: as it stands.
        count: of folds.
        listener: hears of each fold's stages.
        choose: settings of a fold, by its own training and validation sides (nested); None: the
            project's for all.

    Raises:
        UserError: no such number of folds is dealt; or there are fewer units, or of a class.
    """
    check_count(count)
    with alone(project, STAGES):
        outcome = run_stages(project, STAGES, Demand(until="dataset"))
        dataset = outcome.artefacts["dataset"]
        clips = read_clips(dataset)
        dealt = deal(clips, project.configuration, count)
        folds = []
        try:
            for number in range(count):
                splits = dealt.splits(number)
                stages = dealt_out(STAGES, dataset, splits)
                heard = _heard(number, listener)
                chosen = choose(number, stages, dataset) if choose else {}
                own = with_settings(project, chosen) if chosen else project
                made = run_variation(own, stages, "evaluate", place=PLACE, listener=heard)
                facts = made.artefacts["evaluate"].read_json("evaluation.json")
                counts = {side: int((splits == side).sum()) for side in _SIDES}
                folds.append(Fold(**counts, figures=_figures(facts), settings=chosen))
        finally:
            shutil.rmtree(project.build_directory / PLACE, ignore_errors=True)
    found = _together(folds, dealt)
    if choose:
        return found
    told = {"key": _key(project, dataset, count), "folds": found.to_json()["folds"]}
    write_atomic(project.build_directory / _MEMORY, json.dumps(told, allow_nan=False))
    return found


_MEMORY = "folds.json"
"""In the build folder: what the folds of the project as it stands found last."""


def _key(project: Project, dataset: Artefact, count: int) -> str:
    """Of all that folds depend on, the program's own sources apart."""
    names = [stage.name for stage in STAGES]
    asked = STAGES[: names.index("evaluate") + 1]
    settings = {stage.name: dict(stage.settings(project.configuration)) for stage in asked}
    return key_of({"settings": settings, "dataset": dataset.content, "folds": count})


def remembered_folds(
    project: Project, dataset: Artefact, count: int
) -> dict[str, list[dict[str, float]]] | None:
    """ "float" and "int8" -> each fold's figures, as `cross_validate` found them for the project as
    it stands; None where it has not run since a setting or the data changed."""
    try:
        told = json.loads((project.build_directory / _MEMORY).read_text(encoding="utf-8"))
        if told["key"] != _key(project, dataset, count) or len(told["folds"]) != count:
            return None
        return {
            model: [
                {str(name): float(value) for name, value in fold[model].items()}
                for fold in told["folds"]
            ]
            for model in ("float", "int8")
            if model in told["folds"][0]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


_SIDES = ("train", "validation", "test")


def _heard(number: int, listener: Callable[[int, StageEvent], None] | None) -> Listener:
    if listener is None:
        return unheard
    return lambda event: listener(number, event)


@dataclass(frozen=True)
class Dealt:
    """Windows in folds.

    Attributes:
        fold: int [n], of each window; -1 for what is in no fold.
        always: bool [n], windows that every fold is judged by: strange ones, of anomaly detection.
        count: folds.
        units: how many were dealt out.
        by: what they are.
        shares: whether all figures are shares from 0 to 1: those of a quantity are not.
    """

    fold: NDArray[np.int64]
    always: NDArray[np.bool_]
    count: int
    units: int
    by: str
    shares: bool

    def splits(self, number: int) -> NDArray[np.str_]:
        """ "train", "validation", "test" or "" for each window, when fold `number` judges."""
        splits = np.full(len(self.fold), "", "<U10")
        splits[self.fold >= 0] = "train"
        if self.count > 2:
            splits[self.fold == (number + 1) % self.count] = "validation"
        splits[self.fold == number] = "test"
        splits[self.always] = "test"
        return splits


def deal(clips: Clips, configuration: Configuration, count: int) -> Dealt:
    """Whole units into folds, each class (or range of numbers) in all of them as evenly as can be.

    Raises:
        UserError: there are fewer units, or of a class, than folds.
    """
    try:
        from sklearn.model_selection import StratifiedGroupKFold
    except ImportError as error:
        raise MissingExtraError("tune", "scikit-learn", "Cross-validation") from error
    inner = clips.splits != "test"
    always = np.zeros(len(clips.files), bool)
    if configuration.goal == "normality":
        strange = clips.labels != normal_class(configuration.data)
        always, inner = inner & strange, inner & ~strange
    rows = np.flatnonzero(inner)
    by = configuration.data.split.by
    named = clips.units(rows, by, silence_class(configuration.data))
    units = named if named is not None else [str(row) for row in rows]
    classes = _classes(clips, rows, configuration)
    word = clips.unit_word(rows, by, silence_class(configuration.data))
    _refuse_few(units, classes, configuration, count, word or "window")
    dealer = StratifiedGroupKFold(count, shuffle=True, random_state=configuration.project.seed)
    fold = np.full(len(clips.files), -1)
    for number, (_, judged) in enumerate(dealer.split(rows, classes, units)):
        fold[rows[judged]] = number
    shares = configuration.goal != "quantity"
    return Dealt(fold, always, count, len(set(units)), word, shares)


def _classes(
    clips: Clips, rows: NDArray[np.int64], configuration: Configuration
) -> NDArray[np.int64]:
    """What is to be even over folds: labels, or fifths of the numbers."""
    if configuration.goal != "quantity":
        return clips.labels[rows]
    targets = clips.targets[rows]
    edges = np.quantile(targets, np.linspace(0, 1, _QUANTILES + 1)[1:-1])
    return np.searchsorted(edges, targets)


def _refuse_few(
    units: Sequence[str],
    classes: NDArray[np.int64],
    configuration: Configuration,
    count: int,
    what: str,
) -> None:
    everything = len(set(units))
    if everything < count:
        raise UserError(
            f"{count} folds need as many values of {what!r}, of which none is on two sides; there "
            f"are {everything} outside the test split.",
            hint=f"Ask for at most {everything} folds, or record more.",
        )
    if configuration.goal != "classes":
        return
    for index, label in enumerate(configuration.data.labels):
        there = {unit for unit, one in zip(units, classes, strict=True) if one == index}
        if len(there) < count:
            raise UserError(
                f"The class {label!r} would be missing from a fold: it has {len(there)} values of "
                f"{what!r} outside the test split, and there are {count} folds.",
                hint=f"Ask for at most {max(len(there), 1)} folds, or record more of {label!r}.",
            )


def estimates_of(facts: Mapping[str, Any]) -> dict[str, dict[str, Estimate]]:
    """Of float and int8, each figure of evaluation.json that has a value, with its interval."""
    found: dict[str, dict[str, Estimate]] = {}
    for model in ("float", "int8"):
        part = facts[model]
        if part is None:
            continue
        inner = part.get("quantity") or part.get("normality") or part
        found[model] = {
            name: Estimate(value["value"], *(value["ci95"] or ()))
            for name, value in inner.items()
            if isinstance(value, dict) and set(value) == {"value", "ci95"}
            and value["value"] is not None
        }  # fmt: skip
    return found


def _figures(facts: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {
        model: {name: float(each.value) for name, each in part.items() if each.value is not None}
        for model, part in estimates_of(facts).items()
    }


def _together(folds: Sequence[Fold], dealt: Dealt) -> CrossValidation:
    figures: dict[str, dict[str, Estimate]] = {}
    spread: dict[str, dict[str, float]] = {}
    for model in folds[0].figures:
        names = [n for n in folds[0].figures[model] if all(n in f.figures[model] for f in folds)]
        values = {name: [fold.figures[model][name] for fold in folds] for name in names}
        figures[model] = {
            name: over_folds(each, share=dealt.shares) for name, each in values.items()
        }
        spread[model] = {name: _deviation(each) for name, each in values.items()}
    return CrossValidation(tuple(folds), figures, spread, dealt.units, dealt.by)


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
