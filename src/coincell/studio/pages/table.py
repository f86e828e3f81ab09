"""Rows of a table as points: what is told of each, without a model."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray

from coincell.errors import UserError
from coincell.evaluation import NO_DECISION
from coincell.studio.pages.shared import judging_of, page
from coincell.studio.performance.examples import Examples
from coincell.studio.points import Column, decision_columns, group_columns

router = APIRouter(prefix="/points")

MOST_POINTS = 10_000


@router.get("")
def points(request: Request) -> Response:
    """The whole page."""
    examples = _examples(request)
    count = len(examples.truth)
    return page(
        request, "points.html.j2", count=count, shown=min(count, MOST_POINTS),
        title=examples.title,
    )  # fmt: skip


@router.get("/data")
def data(request: Request) -> Response:
    """Rows, column by column, as JSON; of a large table some, drawn by chance, always the same."""
    examples = _examples(request)
    rows = shown_rows(len(examples.truth))
    columns = [column.to_json() for column in columns_of_rows(examples, rows)]
    files = [f"row {row + 1}" for row in rows.tolist()]
    return JSONResponse({"rows": rows.tolist(), "files": files, "columns": columns})


@router.get("/row")
def one(request: Request, row: int) -> Response:
    """All that is known of a row: a part of the page."""
    examples = _examples(request)
    if not 0 <= row < len(examples.truth):
        raise UserError(f"There is no row {row}.", "Choose another one.")
    answers = examples.places[examples.judged]
    decided = int(answers.decisions[row])
    told = [
        ("true label", examples.labels[int(examples.truth[row])]),
        ("decided", "none" if decided == NO_DECISION else examples.labels[decided]),
    ]
    if answers.scores is not None:
        scores = answers.scores[row].tolist()
        pairs = zip(examples.labels, scores, strict=True)
        told += [(f"score of {label}", f"{score:.4g}") for label, score in pairs]
    told += [(name, value or "not told") for name, value in examples.groups[row].items()]
    return page(request, "points_row.html.j2", row=row, told=told)


def shown_rows(count: int) -> NDArray[np.int64]:
    """Positions of the rows that are drawn, rising."""
    if count <= MOST_POINTS:
        return np.arange(count, dtype=np.int64)
    chosen = np.random.default_rng(0).choice(count, MOST_POINTS, replace=False)
    return np.sort(chosen).astype(np.int64)


def columns_of_rows(examples: Examples, rows: NDArray[np.int64]) -> list[Column]:
    """What is known of rows, [m]."""
    place, truth = examples.judged, examples.truth[rows]
    answers = examples.places[place]
    columns = [
        Column("truth", "label", truth, examples.labels),
        *decision_columns(answers.decisions[rows], truth, examples.labels, place),
    ]
    if answers.scores is not None:
        scores = answers.scores[rows]
        columns += [
            Column(f"{place}.{label}", f"score of {label}", scores[:, examples.labels.index(label)])
            for label in examples.offered  # the usual one first: pages begin with it
        ]
    return [*columns, *group_columns([examples.groups[row] for row in rows])]


def _examples(request: Request) -> Examples:
    examples = judging_of(request).judged()
    assert examples is not None
    return examples
