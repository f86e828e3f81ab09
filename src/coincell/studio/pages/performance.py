"""Performance and fairness: figures by group, curves, thresholds, strategies, and the threshold of
the device."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from coincell.data import Progress
from coincell.errors import UserError
from coincell.project import load_project
from coincell.studio.pages.jobs import job_part
from coincell.studio.pages.shared import form_of, judging_of, page, session_of
from coincell.studio.performance.curves import curves_of
from coincell.studio.performance.examples import Examples
from coincell.studio.performance.figures import areas_of, figures_of
from coincell.studio.performance.strategies import strategies_for
from coincell.studio.performance.wish import Wish, wish_of
from coincell.studio.running import run_in_process
from coincell.studio.threshold_setting import set_threshold

router = APIRouter(prefix="/performance")


@router.get("")
def performance(request: Request) -> Response:
    """The whole page; where nothing was judged yet, what to do."""
    session = judging_of(request)
    examples = session.judged()
    if examples is None:
        due = session.jobs.latest("run")
        return page(request, "performance_due.html.j2", due=due)
    wish = wish_of(request.query_params, examples)
    shown = _quantity(examples, wish) if examples.goal == "quantity" else _classes(examples, wish)
    return page(
        request,
        "performance.html.j2",
        examples=examples,
        wish=wish,
        stale=session.judged_is_stale(),
        now=_now(request, examples),
        **shown,
    )


@router.get("/figures")
def figures(request: Request) -> Response:
    """Counts, figures and confusion: a part of the page."""
    examples, wish = _asked(request)
    if examples.goal == "quantity":
        shown = _quantity(examples, wish)
        return page(request, "performance_errors.html.j2", examples=examples, wish=wish, **shown)
    told = figures_of(examples, wish)
    return page(request, "performance_figures.html.j2", examples=examples, wish=wish, **told)


@router.get("/curves")
def curves(request: Request) -> Response:
    """Three charts: a part of the page."""
    examples, wish = _asked(request)
    _need_scores(examples)
    return page(
        request, "performance_curves.html.j2", examples=examples, wish=wish,
        curves=curves_of(examples, wish),
    )  # fmt: skip


@router.get("/areas")
def areas(request: Request) -> Response:
    """Areas under the ROC curve with intervals: a part of the page, which takes a moment."""
    examples, wish = _asked(request)
    _need_scores(examples)
    return page(request, "performance_areas.html.j2", wish=wish, **areas_of(examples, wish))


@router.post("/strategies")
async def choose(request: Request) -> Response:
    """Begin to look for thresholds."""
    form = await form_of(request)
    session = judging_of(request)
    examples = await run_in_threadpool(_examples, request)
    wish = await run_in_threadpool(wish_of, form, examples)
    if examples.goal != "classes" or not examples.has_scores:
        raise UserError("Strategies choose thresholds of classes, by scores; there are none.")

    def work(progress: Progress) -> dict[str, Any]:
        return strategies_for(examples, wish, progress)

    return job_part(request, session.jobs.start("strategies", "Looking for thresholds", work))


@router.get("/strategies")
def strategies(request: Request) -> Response:
    """What was found last: a part of the page."""
    job = judging_of(request).jobs.latest("strategies")
    told = job.result if job and job.state == "done" else None
    return page(request, "performance_strategies.html.j2", told=told)


@router.post("/threshold")
async def threshold(request: Request) -> Response:
    """Write the one threshold of the device into coincell.toml."""
    project = getattr(judging_of(request), "project", None)
    if project is None:
        raise UserError("A table has no coincell.toml to write to.")
    form = await form_of(request)
    value, expected = (_number(form, name) for name in ("value", "expected"))
    written = await run_in_threadpool(set_threshold, project, value, expected)
    return page(request, "performance_setting.html.j2", now=written, written=True, wish=None)


@router.post("/run")
def run(request: Request) -> Response:
    """Begin a run of the project."""
    session = session_of(request)
    if session.project is None:
        raise UserError("A table has nothing to run.")

    def work(progress: Progress) -> str:
        return run_in_process(session.project.directory, progress)

    return job_part(request, session.jobs.start("run", "Running the project", work))


def _examples(request: Request) -> Examples:
    examples = judging_of(request).judged()
    if examples is None:
        raise UserError("Nothing was judged yet.", "Load the page again.")
    return examples


def _asked(request: Request) -> tuple[Examples, Wish]:
    examples = _examples(request)
    return examples, wish_of(request.query_params, examples)


def _need_scores(examples: Examples) -> None:
    if not examples.has_scores:
        raise UserError("Curves are of scores; there are none.", "Load the page again.")


def _classes(examples: Examples, wish: Wish) -> dict[str, Any]:
    curves = curves_of(examples, wish) if examples.has_scores else None
    return figures_of(examples, wish) | {"curves": curves}


def _quantity(examples: Examples, wish: Wish) -> dict[str, Any]:
    """Errors of a number, of all and by group."""
    facts = examples.audited(wish.columns)
    return {"facts": facts, "curves": None}


def _now(request: Request, examples: Examples) -> float | None:
    """The device's threshold as coincell.toml says it at this moment."""
    project = getattr(judging_of(request), "project", None)
    if project is None or examples.goal != "classes":
        return None
    return load_project(project.directory).configuration.decision.threshold


def _number(form: dict[str, str], name: str) -> float:
    try:
        return float(form.get(name, ""))
    except ValueError as error:
        raise UserError(
            f"The {name} must be a number; received {form.get(name, '')[:40]!r}."
        ) from error
