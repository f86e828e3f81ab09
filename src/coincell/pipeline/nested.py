"""Nested cross-validation: each fold searches its settings on its own training side.

Settings chosen by the windows that then judge them flatter. Here a fold's study sees only the
fold's training and validation sides, and the windows that judge its model chose nothing of it: the
mean over folds is what the whole procedure, search and training, is worth on new people
(Varma and Simon 2006).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.errors import UserError
from coincell.pipeline.folds import PLACE, Choose
from coincell.pipeline.stage import Stage
from coincell.pipeline.store import Artefact
from coincell.pipeline.tune import Judge, about_limits, plan_of
from coincell.project import Project
from coincell.tuning import Study

FEWEST_NESTED_FOLDS = 3
"""Of two there is no side left to choose by."""


def searching(project: Project, folds: int, trials: int) -> Choose:
    """What `cross_validate` asks for a fold's settings: a search of `trials` candidates.

    The candidate that is best in the first objective, of those on the front, is taken.

    Args:
        project: whose [tune] says what is searched.
        folds: of the cross-validation.
        trials: of each fold.

    Raises:
        UserError: there are too few folds, or anomalies, none of which a fold could choose by.
    """
    if folds < FEWEST_NESTED_FOLDS:
        raise UserError(
            f"A search in each fold needs at least {FEWEST_NESTED_FOLDS} folds: one judges, one "
            f"chooses, the rest is learned from; received {folds}."
        )
    if project.configuration.goal == "normality":
        raise UserError(
            "Folds of anomaly detection keep all that is strange to judge by: a search in them has "
            "nothing to choose by.",
            "coincell tune, with data.split.strange_validation.",
        )
    plan = plan_of(project)

    def choose(number: int, stages: tuple[Stage, ...], dataset: Artefact) -> Mapping[str, Any]:
        study = Study(project.build_directory / PLACE / f"search-{number}", plan)
        study.work(Judge.of_fold(project, dataset, stages, PLACE), trials)
        best = study.front()
        if not best:
            raise UserError(f"Fold {number + 1}: {about_limits(study)}", "Change [tune] limits.")
        return best[0].settings

    return choose
