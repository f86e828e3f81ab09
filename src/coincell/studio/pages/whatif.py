"""What if a recording were otherwise: every sample as a point, and one of them under edits."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from coincell.data import Progress
from coincell.errors import UserError
from coincell.pipeline import heat_png, wav_of
from coincell.studio.dependence import MOST_WINDOWS, dependence
from coincell.studio.dependence_chart import dependence_charts
from coincell.studio.explorer import Chosen, Explorer, open_explorer
from coincell.studio.model import Answer
from coincell.studio.neighbours import NORMS, Norm, nearest_apart, nearest_otherwise
from coincell.studio.pages.jobs import job_part
from coincell.studio.pages.shared import page, session_of
from coincell.studio.running import run_in_process
from coincell.studio.security import MOST_RECORDING_BYTES
from coincell.studio.session import Session
from coincell.studio.thumbnails import bands_png

router = APIRouter(prefix="/whatif")

_ALIKE = 5
_SPLITS = ("test", "validation", "train", "all")


@router.get("")
def explore(request: Request, file: str = "", split: str = "test") -> Response:
    """The whole page; while the model is being opened, how far that is."""
    session = session_of(request)
    explorer = session.explorer
    split = split if split in _SPLITS else "test"
    if explorer is None:
        job, due = session.jobs.latest("model"), session.jobs.latest("run")
        if job and due and job.state == "failed" and due.state == "done":
            job = job if job.number > due.number else None  # run since, from any page: look again
        return page(request, "opening.html.j2", job=job, due=due)
    row = explorer.row_of(file) if file else None
    if row is None:
        rows = explorer.rows(split)
        row = int(rows[0]) if len(rows) else 0
    else:
        split = str(explorer.ready.clips.splits[row])
    chosen = explorer.chosen(str(row))
    columns = explorer.columns(split)
    return page(
        request,
        "whatif.html.j2",
        split=split,
        splits=_SPLITS,
        columns=columns,
        count=len(explorer.rows(split)),
        stale=session.is_stale(),
        **_about(session, explorer, chosen),
    )


@router.post("/open")
def open_model(request: Request) -> Response:
    """Begin to open the model."""
    session = session_of(request)

    def work(progress: Progress) -> None:
        session.explore(open_explorer(session.project, progress))

    return job_part(request, session.jobs.start("model", "Opening the model", work))


@router.post("/run")
def run(request: Request) -> Response:
    """Begin a run of the project, and open its model behind it."""
    session = session_of(request)

    def work(progress: Progress) -> str:
        said = run_in_process(session.project.directory, progress)
        session.explore(open_explorer(session.project, progress))
        return said

    return job_part(request, session.jobs.start("run", "Running the project", work))


@router.get("/points")
def points(request: Request, split: str = "test") -> Response:
    """Every window of a split, column by column, as JSON."""
    explorer = _explorer(request)
    rows = explorer.rows(split)
    files = [explorer.ready.clips.files[row] for row in rows]
    columns = [column.to_json() for column in explorer.columns(split)]
    return JSONResponse({"rows": rows.tolist(), "files": files, "columns": columns})


@router.get("/sample")
def sample(request: Request, source: str) -> Response:
    """One window, to be edited: a part of the page."""
    session, explorer = session_of(request), _explorer(request)
    return page(request, "sample.html.j2", **_about(session, explorer, explorer.chosen(source)))


@router.post("/ask")
async def ask(request: Request) -> Response:
    """Edits of a window in, what both models say out; JSON."""
    explorer, given = _explorer(request), _json(await request.body())
    answered = await run_in_threadpool(_answered, explorer, given)
    timing = f"model;dur={answered['milliseconds']:.2f}"
    return JSONResponse(answered, headers={"Server-Timing": timing})


@router.get("/sound")
def sound(request: Request, source: str, edits: str = "{}") -> Response:
    """The edited window, to listen to."""
    explorer = _explorer(request)
    chosen = explorer.chosen(source)
    window = explorer.altered(chosen, explorer.values(_json(edits.encode())))
    content = wav_of(window, explorer.data)
    if content is None:
        raise UserError("There is nothing to hear.", "Only sound of one channel can be played.")
    return Response(content, media_type="audio/wav")


@router.get("/attribution")
def attribution(request: Request, source: str, edits: str = "{}") -> Response:
    """What in the edited window's features spoke for the answer, as a PNG."""
    explorer = _explorer(request)
    chosen = explorer.chosen(source)
    window = explorer.altered(chosen, explorer.values(_json(edits.encode())))
    features = explorer.model.answer(window).features
    if explorer.ready.form == "columns":
        raise UserError("These features have no picture.", "Partial dependence tells more.")
    change = explorer.model.attribution(features)
    return Response(heat_png(features, change, explorer.ready.form), media_type="image/png")


@router.get("/neighbours")
def neighbours(
    request: Request, source: str, edits: str = "{}", split: str = "test", least: float = 0.0
) -> Response:
    """The nearest windows that are decided otherwise, and those most alike: a part of the page."""
    explorer = _explorer(request)
    chosen = explorer.chosen(source)
    window = explorer.altered(chosen, explorer.values(_json(edits.encode())))
    answer = explorer.model.answer(window)
    found = {
        norm: _found(explorer, chosen, answer, explorer.distances(split, answer.features, norm),
                     explorer.rows(split), least)
        for norm in NORMS
    }  # fmt: skip
    return page(request, "neighbours.html.j2", found=found, said=explorer.said(answer.label))


@router.get("/similarity")
def similarity(
    request: Request, source: str, norm: Norm, edits: str = "{}", split: str = "test"
) -> Response:
    """How far each point is from the chosen, edited one: a column more, as JSON."""
    explorer = _explorer(request)
    chosen = explorer.chosen(source)
    window = explorer.altered(chosen, explorer.values(_json(edits.encode())))
    far = explorer.distances(split, explorer.model.answer(window).features, norm)
    values = [float(f"{value:.4g}") for value in far.tolist()]
    title = f"distance {norm} from {chosen.name}"
    return JSONResponse({"name": f"far_{norm}", "title": title, "values": values})


@router.get("/dependence")
def partial_dependence(
    request: Request, source: str, edit: str, edits: str = "{}", split: str = "test"
) -> Response:
    """What the scores do as one edit changes: a part of the page."""
    explorer = _explorer(request)
    chosen = explorer.chosen(source)
    values = explorer.values(_json(edits.encode()))
    which = next((one for one in explorer.edits if one.name == edit), None)
    if which is None:
        raise UserError(f"There is no edit {edit[:40]!r}.", "Load the page again.")
    rows = explorer.rows(split)
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_WINDOWS)).astype(int)]
    others = np.asarray(explorer.ready.clips.windows[some])

    def scores(windows: NDArray[Any]) -> NDArray[np.float64]:
        return explorer.model.ask(windows).scores

    told = dependence(which, chosen.window, others, values, explorer.data, scores)
    charts = dependence_charts(told, which, explorer.ready.names, explorer.ready.unit)
    return page(
        request, "dependence.html.j2", told=told, edit=which, charts=charts,
        names=explorer.ready.names,
    )  # fmt: skip


@router.post("/recording")
async def recording(request: Request, name: str = "own recording") -> Response:
    """A visitor's own recording, whose bytes are the body: a part of the page."""
    session, explorer = session_of(request), _explorer(request)
    content = await request.body()
    plain = "".join(c for c in name[:100] if c.isprintable())
    chosen = await run_in_threadpool(explorer.bring, content, plain or "own recording")
    return page(request, "sample.html.j2", **_about(session, explorer, chosen))


def _explorer(request: Request) -> Explorer:
    explorer = session_of(request).explorer
    if explorer is None:
        raise UserError("The model is not open yet.", "Load the page again.")
    return explorer


def _json(content: bytes) -> dict[str, Any]:
    """An object that came in."""
    try:
        given = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError("Not JSON.", "Load the page again.") from error
    if not isinstance(given, dict):
        raise UserError("An object is expected.", "Load the page again.")
    return given


def _answered(explorer: Explorer, given: dict[str, Any]) -> dict[str, Any]:
    """What a page is told of an edited window."""
    edits = given.get("edits", {})
    if not isinstance(edits, dict):
        raise UserError("Edits are an object.", "Load the page again.")
    began = time.perf_counter()
    chosen = explorer.chosen(str(given.get("source", "")))
    answer = explorer.model.answer(explorer.altered(chosen, explorer.values(edits)))
    before, picture = explorer.model.before, _picture(explorer, answer)
    return {
        "source": chosen.source,
        "names": list(explorer.ready.names),
        "int8": [round(value, 5) for value in answer.scores.tolist()],
        "decision": explorer.said(answer.label),
        "float": None
        if answer.float_scores is None
        else [round(value, 5) for value in answer.float_scores.tolist()],
        "float_decision": explorer.said(answer.float_label),
        "float_state": before.state if before else "none",
        "features": picture,
        "milliseconds": round((time.perf_counter() - began) * 1000, 2),
    }


def _picture(explorer: Explorer, answer: Answer) -> str:
    """The features as a data URL."""
    features, form = answer.features, explorer.ready.form
    if form == "picture":
        content = heat_png(features, np.zeros(features.shape[:2]), form)
    else:
        content = bands_png(features)
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _about(session: Session, explorer: Explorer, chosen: Chosen) -> dict[str, Any]:
    """What the part with the sliders shows."""
    del session
    return {
        "chosen": chosen,
        "edits": explorer.edits,
        "ready": explorer.ready,
        "first": _answered(explorer, {"source": chosen.source}),
        "audible": wav_of(chosen.window, explorer.data) is not None,
        "suffixes": ",".join(_suffixes(explorer)),
        "norms": NORMS,
        "most_bytes": MOST_RECORDING_BYTES,
    }


def _suffixes(explorer: Explorer) -> tuple[str, ...]:
    from coincell.data import sense_files

    return sense_files(explorer.data).suffixes


def _found(
    explorer: Explorer,
    chosen: Chosen,
    answer: Answer,
    far: NDArray[np.float64],
    rows: NDArray[np.int64],
    least: float,
) -> dict[str, Any]:
    """The nearest one that is otherwise, and those that are most alike."""
    if explorer.ready.configuration.goal == "quantity":
        values = explorer.scores[rows, 0]
        wanted = least if least > 0 else float(np.std(values))
        other = nearest_apart(far, values, float(answer.scores[0]), wanted)
    else:
        other = nearest_otherwise(far, explorer.labels[rows], answer.label)
    order = [at for at in np.argsort(far, kind="stable").tolist() if rows[at] != chosen.row]
    return {
        "other": None if other is None else _neighbour(explorer, far, rows, other),
        "alike": [_neighbour(explorer, far, rows, at) for at in order[:_ALIKE]],
    }


def _neighbour(
    explorer: Explorer, far: NDArray[np.float64], rows: NDArray[np.int64], at: int
) -> dict[str, Any]:
    row = int(rows[at])
    chosen = explorer.chosen(str(row))
    scores = explorer.scores[row]
    return {
        "source": chosen.source,
        "name": chosen.name,
        "truth": chosen.truth,
        "said": explorer.said(int(explorer.labels[row])),
        "scores": dict(zip(explorer.ready.names, scores.tolist(), strict=True)),
        "far": float(far[at]),
    }
