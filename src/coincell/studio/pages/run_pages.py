"""What runs left: the board's page, the ledger's, and the report to take along."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from coincell.board import Bounds, battery_names, days_at, load_battery
from coincell.errors import UserError
from coincell.pipeline import Run as LedgerRun
from coincell.pipeline import (
    apart,
    changed_settings,
    fairness_of,
    find_run,
    last_run,
    noted_runs,
    paired_fairness,
)
from coincell.report import EnergyPart, FrontPoint, Metric, front_svg
from coincell.studio.pages.jobs import job_part
from coincell.studio.pages.shared import page, session_of
from coincell.studio.running import run_in_process

board_router = APIRouter(prefix="/board")
runs_router = APIRouter(prefix="/runs")
report_router = APIRouter(prefix="/report")

_FILES = {
    "report.html": "The report, in one file that needs no network",
    "report.json": "All its figures, for programs",
    "model_card.md": "Model card, Markdown",
    "model_card.html": "Model card, HTML",
    "data_card.md": "Data-set card, Markdown",
    "data_card.html": "Data-set card, HTML",
    "model.tflite": "The int8 model",
    "firmware.hex": "The image, Intel HEX",
    "firmware.bin": "The image, as bytes",
    "firmware.elf": "The image, with symbols",
}
"""What may be taken along: these names in build/, and no other."""
_QUALITY = ("accuracy", "auc", "mae")
_MOST_RUNS = 200
_MOST_PARTS = 40


@board_router.get("")
def board(request: Request) -> Response:
    """The image on the board, as the last run measured it."""
    run = _last(request)
    part = run.report.board if run else None
    if run is None or part is None or part.image_flash_bytes is None:
        return page(request, "run_due.html.j2", title="Board", due=_due(request))
    total = part.cycles_flash or part.cycles or 0
    layers = [
        {
            "layer": layer,
            "cycles": cycles,
            "share": cycles / total if total else 0.0,
            "milliseconds": 1e3 * cycles / part.clock_hz,
            "energy_uj": (part.energy_flash_uj or 0.0) * cycles / total if total else None,
        }
        for layer in part.layers
        if (cycles := layer.cycles_flash or layer.cycles or 0) or layer.macs
    ]
    return page(
        request, "board.html.j2", run=run, board=part, layers=layers,
        contributors=part.contributors[:_MOST_PARTS],
        duty=_duty(part.energy, 0, 1.0, "") if part.energy else None,
    )  # fmt: skip


@board_router.get("/duty")
def duty(
    request: Request,
    way: int = 0,
    share: float = Query(1.0, ge=0, le=1, allow_inf_nan=False),
    battery: str = "",
) -> Response:
    """How long a battery lasts where the chain runs so much of the time."""
    run = _last(request)
    part = run.report.board if run else None
    if part is None or part.energy is None:
        raise UserError("There are no figures of energy.", "Run the project.")
    return page(request, "board_duty.html.j2", duty=_duty(part.energy, way, share, battery))


def _duty(energy: EnergyPart, way: int, share: float, battery: str) -> dict[str, Any] | None:
    """What the part of the page shows; None where the report tells no currents."""
    ways = [each for each in energy.ways if each.floor_a is not None and each.floor_a_range]
    if not ways:
        return None
    if not 0 <= way < len(ways):
        raise UserError(f"There are {len(ways)} ways to save; received number {way}.")
    batteries = {name: load_battery(name) for name in battery_names()}
    fed = next((name for name, cell in batteries.items() if cell.title == energy.battery), "")
    if battery and battery not in batteries:
        raise UserError(f"Known batteries: {', '.join(batteries)}; received {battery[:40]!r}.")
    cell = batteries[battery or fed or next(iter(batteries))]
    chosen = ways[way]
    floor = _bounds(chosen.floor_a or 0.0, chosen.floor_a_range)
    days = days_at(floor, _bounds(energy.average_a, energy.average_a_range), share, cell)
    return {
        "ways": [each.name for each in ways],
        "way": way,
        "share": share,
        "batteries": {name: each.title for name, each in batteries.items()},
        "battery": battery or fed,
        "days": days,
        "seconds_a_day": 86_400 * share,
    }


def _bounds(typical: float, ends: tuple[float, float] | None) -> Bounds:
    low, high = ends or (typical, typical)
    return Bounds(low, typical, high)


@board_router.post("/run")
def run_project(request: Request) -> Response:
    """Bring the run up to date, behind the page."""
    session = session_of(request)
    directory = session.project.directory
    job = session.jobs.start(
        "run", "Running the project", lambda progress: run_in_process(directory, progress)
    )
    return job_part(request, job)


@runs_router.get("")
def runs(request: Request, before: str = "", after: str = "") -> Response:
    """All runs, the newest first, and two of them side by side where two are named."""
    project = session_of(request).project
    known, unreadable = noted_runs(project)
    if not known:
        return page(request, "run_due.html.j2", title="Runs", due=_due(request))
    rows = []
    for place, run in enumerate(known):
        changed = changed_settings(known[place - 1], run) if place else {}
        rows.append({"run": run, "changed": {name: new for name, (_, new) in changed.items()}})
    quality = next((name for name in _QUALITY if any(name in r.figures for r in known)), "")
    picture, picture_told = _picture(known, quality)
    compared = _compared(request, before, after) if before and after else None
    return page(
        request,
        "runs.html.j2",
        rows=rows[::-1][:_MOST_RUNS],
        unreadable=unreadable,
        quality=quality,
        picture=picture,
        picture_told=picture_told,
        compared=compared,
        chosen=(before or str(known[0].number), after or str(known[-1].number)),
    )


@report_router.get("")
def report(request: Request) -> Response:
    """The last run in a few words, and what can be taken along."""
    run = _last(request)
    if run is None:
        return page(request, "run_due.html.j2", title="Report", due=_due(request))
    folder = session_of(request).project.build_directory
    files = [
        {"name": name, "title": title, "bytes": path.stat().st_size}
        for name, title in _FILES.items()
        if (path := folder / name).is_file() and _is_within(path, folder)
    ]
    return page(request, "report.html.j2", run=run, files=files)


@report_router.get("/file/{name}")
def file(request: Request, name: str) -> Response:
    """One of `_FILES`, to be kept: never shown in the studio's own name."""
    folder = session_of(request).project.build_directory
    path = folder / name
    if name not in _FILES or not path.is_file() or not _is_within(path, folder):
        raise UserError(f"There is no file {name[:100]!r} to take along.", "Run the project.")
    return FileResponse(path, media_type="application/octet-stream", filename=name)


def _is_within(path: Path, folder: Path) -> bool:
    """Whether no link leads out of the folder."""
    return path.resolve().is_relative_to(folder.resolve())


def _last(request: Request) -> LedgerRun | None:
    return last_run(session_of(request).project)


def _due(request: Request) -> Any:
    return session_of(request).jobs.latest("run")


def _picture(known: list[LedgerRun], quality: str) -> tuple[str, str]:
    """Runs by latency and the figure they are judged by, as an address that holds the picture (its
    styles would not be let into the page), and in words; two empty texts of fewer than two runs."""
    placed = [
        (run, run.figures["latency_ms"].value, run.figures[quality].value)
        for run in known
        if quality in run.figures and "latency_ms" in run.figures
    ]
    told = [(run, x, y) for run, x, y in placed if x is not None and y is not None]
    if len(told) < 2:
        return "", ""
    sign = -1.0 if quality == "mae" else 1.0
    points = [
        FrontPoint(
            x, y, str(run.number), f"run {run.number}: {quality} {y:.4g}, {x:.4g} ms",
            not any(a <= x and sign * b >= sign * y and (a, b) != (x, y) for _, a, b in told),
        )
        for run, x, y in told
    ]  # fmt: skip
    picture = front_svg(points, "latency, ms", quality.replace("_", " "), "Runs")
    drawn = base64.b64encode(picture.encode()).decode()
    told_all = "; ".join(point.told for point in points[-_MOST_RUNS:])
    return f"data:image/svg+xml;base64,{drawn}", told_all


def _compared(request: Request, before: str, after: str) -> dict[str, Any]:
    project = session_of(request).project
    first, second = find_run(project, before), find_run(project, after)
    figures = []
    for name in {**first.figures, **second.figures}:
        pair = first.figures.get(name), second.figures.get(name)
        figures.append({"name": name, "before": pair[0], "after": pair[1], "apart": _apart(*pair)})
    changed, why_not = paired_fairness(project, (first, second))
    return {
        "runs": (first, second),
        "settings": changed_settings(first, second),
        "figures": figures,
        "fairness": [fairness_of(run) for run in (first, second)],
        "changed": changed,
        "why_not": why_not,
    }


def _apart(before: Metric | None, after: Metric | None) -> bool:
    return bool(before and after and apart(before, after))
