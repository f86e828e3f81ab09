"""`coincell tune`: the search, what it found, and taking one candidate over."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    printable,
    progress_bar,
    tables,
)

if TYPE_CHECKING:
    from pathlib import Path

    from coincell.pipeline import StageEvent
    from coincell.project import Project
    from coincell.tuning import Study, Tried

_WIDTH = 120
_SHOWN = ("latency_ms", "ram_bytes", "flash_bytes", "energy_uj")
PICTURE = "tune.svg"


@click.group("tune", invoke_without_command=True)
@click.option(
    "--trials",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How many the study shall have, of all processes and sittings together.",
)
@click.option("--seconds", type=click.FloatRange(0), help="Begin no further trial after so long.")
@click.option("--join", is_flag=True, help="Help a study that another process began.")
@directory_option
@json_option
@click.pass_context
def tune_command(
    context: click.Context,
    trials: int,
    seconds: float | None,
    join: bool,
    directory: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Search settings that are accurate and cheap on the board.

    Each candidate is built untrained, compiled, linked and measured first; what breaks a limit is
    not trained. The test split is never looked at. What was stopped or killed goes on with the same
    command; further processes help with --join. What is searched stands in [tune] of coincell.toml.
    """
    if context.invoked_subcommand is not None:
        return
    from coincell.pipeline import Judge, about_limits, open_study

    project = open_project(directory)
    study = open_study(project, join=join)
    with progress_bar("searching", quiet=as_json) as progress:

        def staged(event: StageEvent) -> None:
            progress(_ended(study), trials, f"{event.stage.title} {event.message}".strip())

        def heard(trial: Tried) -> None:
            if not as_json:
                click.echo(printable(_line(trial)), err=True)
            _draw(project, study)

        judge = Judge.of(project, staged)
        study.work(judge, trials, math.inf if seconds is None else seconds, heard)
    picture = _draw(project, study)
    bound = about_limits(study)
    if as_json:
        print_json(_facts(study) | {"picture": str(picture), "binding": bound})
    else:
        _print_trials(study, study.front())
        click.echo(f"\n{bound or picture}")
        if not bound:
            click.echo("Take one over: coincell tune promote N")
    context.exit(1 if bound else 0)


@tune_command.command("list")
@click.option("--all", "whole", is_flag=True, help="Every trial, not the front alone.")
@directory_option
@json_option
def list_command(whole: bool, directory: Path, as_json: bool) -> None:
    """The front that the study has so far, or all its trials."""
    from coincell.pipeline import open_study

    study = open_study(open_project(directory), join=True)
    if as_json:
        print_json(_facts(study))
        return
    _print_trials(study, study.trials() if whole else study.front())


@tune_command.command("promote")
@click.argument("number", type=int)
@directory_option
@json_option
def promote_command(number: int, directory: Path, as_json: bool) -> None:
    """Write the settings of trial NUMBER into coincell.toml, whose comments stay."""
    from coincell.errors import UserError
    from coincell.pipeline import open_study
    from coincell.project import change_settings

    project = open_project(directory)
    study = open_study(project, join=True)
    found = next((trial for trial in study.trials() if trial.number == number), None)
    if found is None or found.state != "complete":
        state = "there is none" if found is None else f"it is {found.state}: {found.reason}"
        raise UserError(f"Trial {number} cannot be taken over; {state}.", "coincell tune list")
    table = project.configuration.model_dump(mode="python")
    before = {name: _value(table, name) for name in found.settings}
    changes = {n: value for n, value in found.settings.items() if before[n] != value}
    change_settings(project.directory, changes)
    if as_json:
        print_json({"trial": number, "changed": {n: [before[n], v] for n, v in changes.items()}})
        return
    for name, value in changes.items():
        click.echo(f"{name}: {json.dumps(before[name])} -> {json.dumps(value)}")
    click.echo("coincell.toml is changed; coincell run trains and measures it." if changes
               else "coincell.toml says so already.")  # fmt: skip


def _value(table: Any, name: str) -> Any:
    for part in name.split("."):
        table = table[part]
    return table


def _ended(study: Study) -> int:
    return sum(trial.state in ("complete", "pruned", "failed") for trial in study.trials())


def _facts(study: Study) -> dict[str, Any]:
    return {
        "objectives": list(study.plan.objectives),
        "trials": [trial.to_json() for trial in study.trials()],
        "front": [trial.number for trial in study.front()],
    }


def _line(trial: Tried) -> str:
    figures = ", ".join(f"{name} {value:,.6g}" for name, value in trial.figures.items())
    return f"{trial.number:4d} {trial.state:<8} {trial.reason or figures}"


def _short(settings: Any) -> str:
    return ", ".join(f"{name.split('.')[-1]} {_brief(value)}" for name, value in settings.items())


def _brief(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_trials(study: Study, trials: list[Tried]) -> None:
    from rich.table import Table

    names = list(dict.fromkeys((*study.plan.objectives, *_SHOWN)))
    best = {trial.number for trial in study.front()}
    grid = Table(box=None, pad_edge=False)
    for title in ("Trial", "", *names, "Settings, or why it was given up"):
        grid.add_column(title.replace("_", " "), overflow="fold")
    for trial in trials:
        figures = [_brief(trial.figures[n]) if n in trial.figures else "" for n in names]
        mark = "front" if trial.number in best else trial.state
        told = printable(trial.reason or _short(trial.settings))
        grid.add_row(str(trial.number), mark, *figures, told)
    tables(_WIDTH).print(grid)


def _draw(project: Project, study: Study) -> Path:
    """build/tune.svg: the first objective by the second (or by latency)."""
    from coincell.files import write_atomic
    from coincell.report import FrontPoint, front_svg

    first, second = (*study.plan.objectives, "latency_ms")[:2]
    best = {trial.number for trial in study.front()}
    points = [
        FrontPoint(trial.figures[second], trial.figures[first], _line(trial), trial.number in best)
        for trial in study.trials()
        if trial.state == "complete"
    ]
    path = project.build_directory / PICTURE
    write_atomic(path, front_svg(points, second, first))
    return path
