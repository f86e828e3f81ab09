"""A search as it is seen: lines and a live front in the terminal, a page, a picture, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import bar_of, printable, tables

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

    from coincell.pipeline import StageEvent
    from coincell.project import Project
    from coincell.report import CandidateRow
    from coincell.tuning import Study, Tried

PICTURE, PAGE, FACTS = "tune.svg", "tune.html", "tune.json"
_WIDTH = 120
_SHOWN = ("latency_ms", "ram_bytes", "flash_bytes", "energy_uj")
_LIVE_ROWS = 8
_IN_FULL = 1000.0
_ENDED = ("complete", "pruned", "failed")


class SearchView:
    """Shows a search while it goes on, and keeps its files new.

    Args:
        project: whose build folder takes the picture, the page and the facts.
        study: what is searched.
        trials: how many it shall have.
        quiet: print nothing.
    """

    def __init__(self, project: Project, study: Study, trials: int, *, quiet: bool) -> None:
        self._project, self._study, self._trials = project, study, trials
        self._quiet = quiet
        self._told = {trial.number for trial in study.trials() if trial.state in _ENDED}
        self._live: Any = None
        self._bar: Any = None
        self._task: Any = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Live in a terminal, while the block runs; else lines alone."""
        if self._quiet or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.live import Live

        self._bar = bar_of(Console(stderr=True))
        self._task = self._bar.add_task("searching", total=self._trials)
        with Live(console=Console(stderr=True), transient=True, refresh_per_second=4) as self._live:
            self._renew()
            yield
        self._live = None

    def staged(self, event: StageEvent) -> None:
        """A stage of a candidate moved."""
        if self._live:
            told = f"{event.stage.title} {event.message}".strip()
            self._bar.update(self._task, description=told)

    def heard(self, _: Tried | None = None) -> None:
        """A trial ended; tell of all that did since the last time, of other processes too."""
        every = self._study.trials()
        new = [t for t in every if t.state in _ENDED and t.number not in self._told]
        self._told |= {trial.number for trial in new}
        if not self._quiet:
            for trial in new:
                click.echo(printable(line_of(trial)), err=True)
        self._renew()
        self.write(running=True)

    def write(self, *, running: bool) -> Path:
        """The picture, the page and the facts; gives the page."""
        from coincell.files import write_atomic
        from coincell.report import FrontPage, FrontPoint, front_html, front_svg

        study, folder = self._study, self._project.build_directory
        names, every, best = study.plan.objectives, study.trials(), study.front()
        first, second = (*names, "latency_ms")[:2]
        numbers = {trial.number for trial in best}
        points = [
            FrontPoint(
                t.figures[second], t.figures[first], f"trial {t.number}", line_of(t),
                t.number in numbers,
            )
            for t in every
            if t.state == "complete" and second in t.figures
        ]  # fmt: skip
        chart = front_svg(points, second, first)
        columns = columns_of(study)
        page = FrontPage(
            f"{self._project.configuration.project.name}: the search",
            _counted(every),
            columns,
            [row_of(trial, "front", columns) for trial in best],
            [row_of(t, "front" if t.number in numbers else t.state, columns) for t in every],
            running,
        )
        write_atomic(folder / PICTURE, chart)
        write_atomic(folder / FACTS, json.dumps(facts_of(study), indent=2) + "\n")
        write_atomic(folder / PAGE, front_html(page, chart))
        return folder / PAGE

    def _renew(self) -> None:
        """The live front, above the bar."""
        if not self._live:
            return
        from rich.console import Group

        best = self._study.front()
        self._bar.update(self._task, completed=len(self._told))
        table = table_of(self._study, best[:_LIVE_ROWS])
        self._live.update(Group(table, self._bar) if best else self._bar)


def facts_of(study: Study) -> dict[str, Any]:
    """The study as plain values."""
    return {
        "objectives": list(study.plan.objectives),
        "trials": [trial.to_json() for trial in study.trials()],
        "front": [trial.number for trial in study.front()],
    }


def print_trials(study: Study, trials: list[Tried]) -> None:
    """A table on standard output."""
    tables(_WIDTH).print(table_of(study, trials))


def columns_of(study: Study) -> tuple[str, ...]:
    """The figures that a table shows: the objectives, and what a board costs."""
    return tuple(dict.fromkeys((*study.plan.objectives, *_SHOWN)))


def table_of(study: Study, trials: list[Tried]) -> Table:
    """Trials and their figures."""
    from rich.table import Table

    columns = columns_of(study)
    best = {trial.number for trial in study.front()}
    grid = Table(box=None, pad_edge=False)
    for title in ("Trial", "", *columns, "Settings, or why it was given up"):
        grid.add_column(title.replace("_", " "), overflow="fold")
    for trial in trials:
        row = row_of(trial, "front" if trial.number in best else trial.state, columns)
        grid.add_row(str(row.number), row.state, *row.figures, printable(row.told))
    return grid


def line_of(trial: Tried) -> str:
    """A trial in a line."""
    figures = ", ".join(f"{name} {value:,.6g}" for name, value in trial.figures.items())
    return f"{trial.number:4d} {trial.state:<8} {trial.reason or figures}"


def row_of(trial: Tried, state: str, columns: tuple[str, ...]) -> CandidateRow:
    """A trial and those figures that `columns` name, as a table shows them."""
    from coincell.report import CandidateRow

    figures = tuple(_figure(trial.figures[n]) if n in trial.figures else "" for n in columns)
    return CandidateRow(trial.number, state, figures, trial.reason or _short(trial.settings))


def _counted(every: list[Tried]) -> str:
    counts = {state: sum(trial.state == state for trial in every) for state in _ENDED}
    refused = sum(bool(trial.limit) for trial in every)
    return (
        f"{len(every)} candidates: {counts['complete']} trained whole, {refused} refused for what "
        f"they cost, {counts['pruned'] - refused} given up early, {counts['failed']} failed."
    )


def _short(settings: Any) -> str:
    return ", ".join(f"{name.split('.')[-1]} {_brief(value)}" for name, value in settings.items())


def _brief(value: Any) -> str:
    if isinstance(value, float) and abs(value) < _IN_FULL:
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def _figure(value: float) -> str:
    """Bytes and cycles in full: nobody compares 5.245e+04 with 52,448 at a glance."""
    return _brief(float(value)) if abs(value) < _IN_FULL else f"{value:,.0f}"
