"""`coincell runs list | show | compare | export`: the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    printable,
    tables,
)
from coincell.cli.runs_fairness import print_fairness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coincell.pipeline import Run
    from coincell.report import Metric

_WIDTH = 110
_SHOWN = ("accuracy", "auc", "mae", "latency_ms", "image_flash_bytes", "image_ram_bytes")


@click.group("runs")
def runs_command() -> None:
    """What every run of the project found: list them, show one, compare two."""


@runs_command.command("list")
@directory_option
@json_option
def list_command(directory: Path, as_json: bool) -> None:
    """A line a run: when, what was changed, and what came of it."""
    from rich.table import Table

    from coincell.pipeline import changed_settings, noted_runs

    runs, unreadable = noted_runs(open_project(directory))
    _warn(unreadable)
    if as_json:
        print_json([run.to_json() for run in runs])
        return
    if not runs:
        click.echo("No run was kept yet: coincell run")
        return
    shown = [name for name in _SHOWN if any(name in run.figures for run in runs)]
    grid = Table(box=None, pad_edge=False)
    for title in ("Run", "When", "", *(_title(name) for name in shown), "Changed"):
        grid.add_column(title, overflow="fold")
    before: Run | None = None
    for run in runs:
        changes = changed_settings(before, run) if before else {}
        told = ", ".join(f"{name} {_short(new)}" for name, (_, new) in changes.items())
        grid.add_row(
            str(run.number),
            (run.report.created or "")[:16].replace("T", " "),
            "✓" if run.passed else "✗",
            *(_figure(name, run.figures.get(name)) for name in shown),
            printable(told),
        )
        before = run
    tables(_WIDTH).print(grid)


@runs_command.command("show")
@click.argument("run", default="last")
@directory_option
@json_option
def show_command(run: str, directory: Path, as_json: bool) -> None:
    """All figures of RUN (a number, or "last")."""
    from coincell.pipeline import find_run
    from coincell.report import print_summary

    found = find_run(open_project(directory), run)
    if as_json:
        print_json(found.to_json())
        return
    click.echo(f"Run {found.number}, {found.report.created}")
    print_summary(found.report)


@runs_command.command("compare")
@click.argument("before")
@click.argument("after", default="last")
@directory_option
@json_option
def compare_command(before: str, after: str, directory: Path, as_json: bool) -> None:
    """Settings and figures of run BEFORE and run AFTER (the last one, unless told) side by side.

    A figure is marked where the intervals of both do not overlap: nothing less is a difference.
    Behind them the worst group of people and the gaps of each run, and where both judged the same
    test windows what changed for each group, person by person.
    """
    from coincell.pipeline import changed_settings, fairness_of, find_run, paired_fairness

    project = open_project(directory)
    first, second = find_run(project, before), find_run(project, after)
    changes = changed_settings(first, second)
    figures = {
        name: (first.figures.get(name), second.figures.get(name))
        for name in {**first.figures, **second.figures}
    }
    fairness = [fairness_of(run) for run in (first, second)]
    changed, why_not = paired_fairness(project, (first, second))
    if as_json:
        print_json({
            "before": first.number,
            "after": second.number,
            "settings": {name: list(pair) for name, pair in changes.items()},
            "figures": {name: [_plain(one) for one in pair] for name, pair in figures.items()},
            "fairness": {"runs": fairness, "changes": changed, "not_paired": why_not},
        })  # fmt: skip
        return
    names = ("Setting", f"Run {first.number}", f"Run {second.number}")
    for name, (old, new) in changes.items():
        click.echo(printable(f"{name}: {_short(old)} -> {_short(new)}"))
    if not changes:
        click.echo("The same settings.")
    _print_figures(figures, names)
    print_fairness(fairness, names[1:], changed, why_not)


def _print_figures(
    figures: Mapping[str, tuple[Metric | None, Metric | None]], names: Sequence[str]
) -> None:
    from rich.table import Table

    from coincell.pipeline import apart

    grid = Table(box=None, pad_edge=False)
    for title in ("Figure", *names[1:], ""):
        grid.add_column(title, overflow="fold")
    for name, (one, other) in figures.items():
        mark = "differ" if one and other and apart(one, other) else ""
        grid.add_row(_title(name), _figure(name, one), _figure(name, other), mark)
    tables(_WIDTH).print(grid)


@runs_command.command("export")
@click.option(
    "--mlflow",
    "address",
    required=True,
    metavar="ADDRESS",
    help="Where MLflow keeps runs: a folder, sqlite:///FILE, or the URL of a server.",
)
@directory_option
@json_option
def export_command(address: str, directory: Path, as_json: bool) -> None:
    """Write the runs into MLflow: settings, figures with their intervals, the report as JSON.

    What was exported before is not written twice. The experiment bears the project's name.
    """
    from coincell.pipeline import export_runs, noted_runs

    project = open_project(directory)
    runs, unreadable = noted_runs(project)
    _warn(unreadable)
    new = export_runs(project, runs, address)
    if as_json:
        print_json({"exported": new, "address": address})
        return
    told = ", ".join(map(str, new)) if new else "none that was not there"
    click.echo(printable(f"Written to {address}: {told}."))


def _warn(unreadable: Sequence[int]) -> None:
    """Of entries that are left out, on standard error."""
    for number in unreadable:
        click.echo(
            f"warning: run {number} is left out: runs/{number:04d}.json is no report of this "
            "version of Coincell.",
            err=True,
        )


def _plain(metric: Metric | None) -> Any:
    return None if metric is None else metric.model_dump(mode="json")


def _title(name: str) -> str:
    return name.removeprefix("image_").replace("_", " ")


def _short(value: Any) -> str:
    text = "(usual)" if value is None else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _figure(name: str, metric: Metric | None) -> str:
    """A figure with its interval; counts of bytes and cycles whole, shares in per cent."""
    if metric is None or metric.value is None:
        return ""
    if name.endswith(("_bytes", "cycles_flash", "parameters")):
        return f"{metric.value:,.0f}"
    if metric.ci95 is None:
        return f"{metric.value:.4g}"
    low, high = metric.ci95
    return f"{metric.value:.4g} ({low:.3g} to {high:.3g})"
