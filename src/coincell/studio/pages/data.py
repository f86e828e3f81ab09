"""The data set: a gallery to look at and listen to, filters, and labels that can be corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from coincell.data import (
    SPLITS,
    CheckReport,
    Corrected,
    OvertakenError,
    Progress,
    Sample,
    check_dataset,
    correct_labels,
    corrections,
    label_of,
    load_windows,
    undo_correction,
    undone,
)
from coincell.errors import DataError
from coincell.studio.gallery import Wanted, fitting, page_of, wanted_of
from coincell.studio.pages.jobs import job_part
from coincell.studio.pages.shared import form_of, page, sample_of, session_of
from coincell.studio.session import Holdings, Session

router = APIRouter(prefix="/data")

_KINDS = {".wav": "audio/wav", ".png": "image/png"}
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_SHOWN_CORRECTIONS = 30
_SHOWN_VALUES = 200


@router.get("")
def gallery(request: Request) -> Response:
    """The whole page."""
    return page(request, "data.html.j2", **_about(request))


@router.get("/clips")
def clips(request: Request) -> Response:
    """The gallery alone, after another filter or page was chosen."""
    return page(request, "clips.html.j2", **_about(request))


@router.get("/clip")
def clip(request: Request, file: str) -> Response:
    """One recording, large."""
    from coincell.pipeline import traces_of
    from coincell.report import traces_svg

    session = session_of(request)
    holdings = session.holdings()
    sample = sample_of(holdings, file)
    data = session.project.configuration.data
    window = load_windows(holdings.dataset, [sample], data).values[0]
    drawn = session.thumbnails.kind == "svg"
    traces = () if drawn else traces_of(window, data)
    changed = [
        (correction, change)
        for correction in reversed(corrections(session.project))
        for change in correction.changes
        if change.file == sample.file
    ]
    return page(
        request,
        "clip.html.j2",
        traces=traces_svg(traces, f"Readings of {sample.file}") if traces else None,
        changed=changed,
        **_card(session, holdings, sample),
    )


@router.get("/thumbnail")
def thumbnail(request: Request, file: str) -> Response:
    """What a recording looks like, as a PNG."""
    session = session_of(request)
    holdings = session.holdings()
    drawing = session.thumbnails.of(holdings.dataset, sample_of(holdings, file))
    return Response(drawing.content, media_type="image/png", headers=_FOREVER)


@router.get("/recording")
def recording(request: Request, file: str) -> Response:
    """The recording itself, to listen to; in parts, if the browser asks for such."""
    holdings = session_of(request).holdings()
    sample = sample_of(holdings, file)
    path: Path = holdings.dataset.directory / sample.file
    if not path.is_file():
        raise DataError(
            f"{sample.file}: listed in the manifest, but not there.",
            hint="Import or synthesize the data set again.",
        )
    kind = _KINDS.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=kind, headers=_FOREVER)


@router.post("/label")
async def label(request: Request) -> Response:
    """Correct one label; a page that looked too early is told, and nothing is written."""
    session, form = session_of(request), await form_of(request)
    change = Corrected(form.get("file", ""), form.get("expected", ""), form.get("label", ""))
    sample_of(session.holdings(), change.file)
    try:
        await run_in_threadpool(correct_labels, session.project, [change])
    except OvertakenError as error:
        return page(request, "overtaken.html.j2", status=409, error=error, wished=change.after)
    holdings = session.holdings()
    sample = sample_of(holdings, change.file)
    answer = page(request, "card.html.j2", **_card(session, holdings, sample))
    answer.headers["HX-Trigger"] = "labels-changed"
    return answer


@router.post("/undo")
async def undo(request: Request) -> Response:
    """Take a correction back."""
    session, form = session_of(request), await form_of(request)
    number = form.get("number", "")
    number = number if number.isascii() and number.isdigit() and len(number) < 9 else "0"
    await run_in_threadpool(undo_correction, session.project, int(number))
    answer = page(request, "history.html.j2", **_history(session))
    answer.headers["HX-Trigger"] = "labels-undone"
    return answer


@router.get("/history")
def history(request: Request) -> Response:
    """What was corrected, the newest first."""
    return page(request, "history.html.j2", **_history(session_of(request)))


@router.post("/check")
def check(request: Request) -> Response:
    """Begin to look through all recordings."""
    session = session_of(request)
    revision = session.holdings().revision

    def work(progress: Progress) -> CheckReport:
        report = check_dataset(session.project, progress)
        session.found.note(revision, report)
        return report

    return job_part(request, session.jobs.start("check", "Checking every recording", work))


@router.get("/findings")
def findings(request: Request) -> Response:
    """What the last check found."""
    session = session_of(request)
    return page(request, "findings.html.j2", **_found(session, session.holdings()))


def _about(request: Request) -> dict[str, Any]:
    session = session_of(request)
    holdings = session.holdings()
    wanted = wanted_of(request.query_params)
    shown = page_of(fitting(holdings.dataset.samples, wanted, session.found.last), wanted.page)
    columns = {
        name: values for name, values in holdings.columns.items() if len(values) <= _SHOWN_VALUES
    }
    return {
        "wanted": wanted,
        "shown": shown,
        "cards": [_card(session, holdings, sample) for sample in shown.samples],
        "links": _links(wanted, shown.number, shown.pages),
        "labels": holdings.labels,
        "splits": SPLITS,
        "columns": columns,
        "too_many": sorted({*holdings.columns} - {*columns}),
        **_found(session, holdings),
        **_history(session),
    }


def _links(wanted: Wanted, number: int, pages: int) -> list[tuple[str, str]]:
    """Words and queries of the pages around one."""
    before = [("First", 1), ("Earlier", number - 1)] if number > 1 else []
    behind = [("Later", number + 1), ("Last", pages)] if number < pages else []
    return [(word, wanted.query(place)) for word, place in (*before, *behind)]


def _card(session: Session, holdings: Holdings, sample: Sample) -> dict[str, Any]:
    """What a recording's card shows."""
    configuration = session.project.configuration
    drawing = None
    if session.thumbnails.kind == "svg":
        content = session.thumbnails.of(holdings.dataset, sample).content
        drawing = Markup(content.decode())  # noqa: S704 - our own drawing
    now = label_of(sample)
    choices = configuration.data.labels if configuration.goal == "classes" else holdings.labels
    return {
        "sample": sample,
        "now": now,
        "choices": [*choices, *([now] if now not in choices else [])],
        "is_number": sample.target is not None,
        "drawing": drawing,
        "version": f"{sample.sha256[:16]}-{session.thumbnails.key}",
        "audible": configuration.data.sense == "sound",
    }


def _found(session: Session, holdings: Holdings) -> dict[str, Any]:
    last = session.found.last
    return {"found": last, "outdated": last is not None and last.revision != holdings.revision}


def _history(session: Session) -> dict[str, Any]:
    known = corrections(session.project)
    return {
        "corrections": known[::-1][:_SHOWN_CORRECTIONS],
        "undone": undone(known),
        "corrections_made": len(known),
    }
