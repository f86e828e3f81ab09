"""Devices in the field: what they told, which changed, and where to record next."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from coincell.errors import CoincellError, UserError
from coincell.monitor import Day, DeviceView, Estimate, Histograms, Reference, drift_from_reference
from coincell.report import (
    DayPoint,
    HistogramPair,
    fleet_days_svg,
    fleet_html,
    histogram_pairs_svg,
)
from coincell.studio.fleet import Fleet, FleetFound
from coincell.studio.pages.jobs import job_part
from coincell.studio.pages.shared import page, session_of

if TYPE_CHECKING:
    from coincell.studio.jobs import Job

router = APIRouter(prefix="/fleet")

_ROWS = 100
_MOST_PAIRS = 12
_MOST_DAYS = 400
_NORMAL_95 = 1.96

_ORDERS: dict[str, Callable[[FleetFound, DeviceView], Any]] = {
    "troubles": lambda _, one: (not one.troubles, one.device),
    "device": lambda _, one: one.device,
    "windows": lambda _, one: -one.windows,
    "accuracy": lambda _, one: one.estimate.accuracy if one.estimate else 2.0,
    "PSI": lambda _, one: -one.furthest.psi,
    "last heard": lambda _, one: one.until,
    "missing": lambda found, one: -found.states[one.device].missing,
}
"""What a column's heading sorts by, the most telling first."""


@router.get("")
def fleet(
    request: Request, reference: str = "", order: str = "troubles", find: str = "",
    begin: int = Query(0, ge=0),
) -> Response:  # fmt: skip
    """All devices of a reference; where the store was not read yet, how far that is."""
    known = session_of(request).fleet
    if not known.is_there:
        return page(request, "fleet_absent.html.j2", place=known.place)
    references = known.references()
    if not references:
        return page(request, "fleet_absent.html.j2", place=known.place)
    chosen = _chosen(request, references, reference)
    found = known.found(chosen.identity)
    if found is None:
        job = _latest(request, chosen) or _start(request, known, chosen)
        return page(request, "fleet_due.html.j2", job=job, reference=chosen)
    if order not in _ORDERS:
        raise UserError(f"Devices are sorted by {', '.join(_ORDERS)}; received {order[:40]!r}.")
    rows = [one for one in found.view.devices if find.lower() in _words(one)]
    rows.sort(key=partial(_ORDERS[order], found))
    return page(
        request, "fleet.html.j2",
        found=found,
        reference=chosen,
        references=references,
        rows=rows[begin : begin + _ROWS],
        count=len(rows),
        begin=begin,
        page_rows=_ROWS,
        order=order,
        orders=list(_ORDERS),
        find=find,
        troubled=sum(bool(one.troubles) for one in found.view.devices),
        fresh=known.reports() - found.reports,
        margin=_margin,
        drift=sorted(found.view.drift, key=lambda one: -one.psi)[:_MOST_PAIRS],
        **_days(found.days, "All devices, day by day"),
    )  # fmt: skip


@router.post("/read")
def read(request: Request, reference: str) -> Response:
    """Read the store again, behind the page."""
    known = session_of(request).fleet
    chosen = _chosen(request, known.references(), reference)
    return job_part(request, _start(request, known, chosen))


@router.get("/device/{name}")
def device(request: Request, name: str, reference: str) -> Response:
    """One device: its histograms beside the reference's, its classes, its sensor, its days."""
    known, found = _read(request, reference)
    chosen, view = found.view.reference, found.device(name)
    drifts = drift_from_reference(chosen, view.vector)
    order = sorted(range(len(drifts)), key=lambda place: -drifts[place].psi)[:_MOST_PAIRS]
    histograms = Histograms.of(chosen)
    seen, then = histograms.each(view.vector), histograms.each(chosen.training.vector)
    then = [histograms.each(chosen.validation.vector)[0], *then[1:]]
    pairs = [
        HistogramPair(
            drifts[place].name,
            f"PSI {drifts[place].psi:.2f}, KS {drifts[place].ks:.2f}",
            seen[place].tolist(),
            then[place].tolist(),
        )
        for place in order
        if drifts[place].windows
    ]
    title = f"{name}: its last seven days"
    return page(
        request, "fleet_device.html.j2",
        reference=chosen,
        view=view,
        state=found.states[name],
        wish=next((one for one in found.wishes if one.device == name), None),
        outlier=next((one for one in found.view.outliers if one[0] == name), None),
        drifts=[drifts[place] for place in order],
        pairs=_address(histogram_pairs_svg(pairs, title)) if pairs else "",
        classes=_classes(chosen, view),
        margin=_margin,
        **_days(known.days(chosen, name), f"{name}, day by day"),
    )  # fmt: skip


@router.get("/report.html")
def report(request: Request, reference: str) -> Response:
    """The page that `coincell monitor report --output` writes, to be kept."""
    _, found = _read(request, reference)
    name = f"fleet-{found.view.reference.identity}.html"
    return HTMLResponse(
        fleet_html(found.view.to_json()),
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _read(request: Request, reference: str) -> tuple[Fleet, FleetFound]:
    known = session_of(request).fleet
    found = known.found(reference)
    if found is None:
        raise UserError(f"Nothing was read of {reference[:40]!r} yet.", "Open the page Fleet.")
    return known, found


def _chosen(request: Request, references: dict[str, Reference], wanted: str) -> Reference:
    """The reference that was asked for, else the project's own, else the first."""
    if wanted:
        if wanted not in references:
            raise UserError(f"The store knows no reference {wanted[:40]!r}.")
        return references[wanted]
    from coincell.monitor import Reference

    path = session_of(request).project.build_directory / "reference.json"
    try:
        own = Reference.from_text(path.read_bytes()).identity if path.is_file() else ""
    except (OSError, CoincellError):
        own = ""
    return references.get(own) or next(iter(references.values()))


def _latest(request: Request, chosen: Reference) -> Job | None:
    """The job that reads this reference; None where none did, or it is done."""
    job = session_of(request).jobs.latest("fleet")
    mine = job is not None and job.title.endswith(chosen.identity)
    return job if mine and job is not None and job.state != "done" else None


def _start(request: Request, known: Fleet, chosen: Reference) -> Job:
    title = f"Reading what devices told against {chosen.identity}"
    return session_of(request).jobs.start("fleet", title, partial(known.read, chosen))


def _words(one: DeviceView) -> str:
    """What a search looks through."""
    return " ".join((one.device, one.furthest.name, *one.troubles)).lower()


def _margin(estimate: Estimate | None) -> str:
    """Probable accuracy in percent with half its interval; "" without one."""
    if estimate is None:
        return ""
    return f"{100 * estimate.accuracy:.1f} ± {100 * _NORMAL_95 * estimate.error:.1f}"


def _days(days: Sequence[Day], what: str) -> dict[str, Any]:
    """The picture of days, its words, and its table."""
    points = [_point(day) for day in days[-_MOST_DAYS:]]
    if not points:
        return {"picture": "", "picture_told": "", "days": []}
    said = f"{what}: {points[0].told}" + (f"; {points[-1].told}" if len(points) > 1 else "")
    return {
        "picture": _address(fleet_days_svg(points, what)),
        "picture_told": f"{said}. The table below has all {len(points)} days.",
        "days": list(zip(days[-_MOST_DAYS:], points, strict=True))[::-1],
    }


def _point(day: Day) -> DayPoint:
    if day.estimate is None:
        return DayPoint(day.begin, day.devices, None)
    middle, half = day.estimate.accuracy, _NORMAL_95 * day.estimate.error
    ends = max(0.0, middle - half), middle, min(1.0, middle + half)
    return DayPoint(day.begin, day.devices, ends)


def _address(picture: str) -> str:
    """An address that holds the picture: its styles would not be let into the page."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"


def _classes(chosen: Reference, view: DeviceView) -> list[tuple[str, int, float, float]]:
    """Label, windows, share at this device, share over the validation split."""
    from coincell.monitor import label_counts

    now, then = label_counts(chosen, view.vector), label_counts(chosen, chosen.validation.vector)
    total, known = max(1, sum(now.values())), max(1, sum(then.values()))
    return [(name, now[name], now[name] / total, then[name] / known) for name in now]
