"""Threshold strategies of judged examples as long work: of a project chosen on validation, judged
on test; of a table's rows on themselves."""

from __future__ import annotations

from typing import Any

from coincell.audit import STRATEGY_NAMES, StrategySettings, strategies_of
from coincell.data import Progress
from coincell.studio.performance.examples import Examples
from coincell.studio.performance.wish import Wish


def strategies_for(examples: Examples, wish: Wish, progress: Progress) -> dict[str, Any]:
    """Facts of `strategies_of` for each column and their intersection, and the device's threshold.

    Without columns each that can be compared, by itself.

    Raises:
        DataError: nothing can be compared.
    """
    told = {"wish": wish, "names": STRATEGY_NAMES, "smallest": examples.settings.smallest_group}
    if examples.run is None:
        return told | {"found": _of_rows(examples, wish, progress), "device": None}
    from coincell.pipeline import StrategyWish, device_threshold, project_strategies, told_errors

    asked = StrategyWish(wish.ratio, wish.tolerance, wish.columns, wish.label, wish.place)
    run = examples.run
    progress(0, 0, "The device's threshold")
    device = device_threshold(run.outcome, run.configuration, asked)
    found = project_strategies(run.outcome, run.configuration, asked, progress)
    words = {name: told_errors(facts) for name, facts in device["test"].items()}
    return told | {"found": found, "device": device | {"words": words}}


def _of_rows(examples: Examples, wish: Wish, progress: Progress) -> list[dict[str, Any]]:
    if wish.columns:
        people, column = examples.sliced(wish.columns)
        columns = [column]
    else:
        people = examples.everybody
        columns = list(people.columns)
    settings = StrategySettings(
        wish.ratio, wish.tolerance, examples.settings.smallest_group, examples.settings.rounds
    )
    found = []
    for at, column in enumerate(columns):

        def step(done: int, total: int, message: str = "", first: int = at) -> None:
            progress(first * total + done, len(columns) * total, message)

        scored = examples.scored(wish.place, wish.label, people, column)
        facts = strategies_of(scored, settings, seed=examples.seed, progress=step)
        found.append({"label": wish.label} | facts)
    return found
