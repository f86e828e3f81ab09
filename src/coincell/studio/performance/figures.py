"""Judged examples -> rows of tables, and counts of confusion."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from coincell.audit import SLICE_METRICS, area_rounds, slice_areas, slice_figures
from coincell.evaluation import NO_DECISION
from coincell.report import cells_svg
from coincell.studio.performance.examples import Examples
from coincell.studio.performance.wish import Wish

TITLES = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1",
    "fpr": "FPR", "fnr": "FNR", "selection_rate": "selection rate",
}  # fmt: skip
MOST_MATRICES = 12
_MOST_LABELS = 14
_ALL = "all"


def figures_of(examples: Examples, wish: Wish) -> dict[str, Any]:
    """Figures of each group by place, of all first; the cost; matrices. For the template.

    Raises:
        DataError: the columns are no groups.
    """
    people, column = examples.sliced(wish.columns)
    rows: dict[str, list[dict[str, Any]]] = {}
    for place in examples.places:
        scored = examples.scored(place, wish.label, people, column)
        said = examples.said(place, wish.label, wish.threshold)
        told = slice_figures(scored, said, examples.settings.rounds, examples.seed)
        rows[place] = [told[-1] | {"value": _ALL}, *(told[:-1] if wish.columns else ())]
    return {
        "rows": rows,
        "slices": len(rows[wish.place]),
        "heading": ", ".join(column.parts),
        "metrics": TITLES,
        "smallest": examples.settings.smallest_group,
        "costs": {place: _cost(found[0], wish.ratio) for place, found in rows.items()},
        "alarms": {place: examples.alarms(place, wish.threshold) for place in examples.places},
        "matrices": _matrices(rows[wish.place], wish),
        "whole": _whole(examples, wish),
        "by": f"{people.count:,} people (by {people.by})",
    }


def areas_of(examples: Examples, wish: Wish) -> dict[str, Any]:
    """Areas under the ROC curve with intervals, by place and group; "all" first."""
    people, column = examples.sliced(wish.columns)
    found = {}
    for place in examples.places:
        scored = examples.scored(place, wish.label, people, column)
        told = slice_areas(scored, examples.settings.rounds, examples.seed)
        groups = {value: told[value] for value in column.values if wish.columns}
        found[place] = {_ALL: told[""]} | groups
    return {"areas": found, "rounds": area_rounds(people.count, examples.settings.rounds)}


def _cost(row: dict[str, Any], ratio: float) -> float:
    return float(row["counts"]["fp"] * ratio + row["counts"]["fn"])


def _matrices(rows: list[dict[str, Any]], wish: Wish) -> list[Markup]:
    """The class against the rest: of all, and of the first groups."""
    names = (wish.label, "the rest")
    drawn = []
    for row in rows[: MOST_MATRICES + 1]:
        found = row["counts"]
        counts = [[found["tp"], found["fn"]], [found["fp"], found["tn"]]]
        title = f"Confusion of {row['value']}, {wish.place}"
        drawn.append(Markup(cells_svg(title, names, names, counts)))  # noqa: S704 - escaped there
    return drawn


def _whole(examples: Examples, wish: Wish) -> Markup | None:
    """Every class against every other, as was decided; None of two classes, or of many."""
    labels, count = examples.labels, len(examples.labels)
    if not 2 < count <= _MOST_LABELS:
        return None
    decisions = examples.places[wish.place].decisions
    answers = np.where(decisions == NO_DECISION, count, decisions)
    flat = np.bincount(examples.truth * (count + 1) + answers, minlength=count * (count + 1))
    counts = flat.reshape(count, count + 1)
    said = (*labels, "none") if counts[:, -1].any() else labels
    title = f"Confusion of all classes, {wish.place}"
    drawn = cells_svg(title, labels, said, counts[:, : len(said)].tolist())
    return Markup(drawn)  # noqa: S704 - escaped where it is drawn


assert set(TITLES) == set(SLICE_METRICS)
