"""`coincell tune`: the search, what it found, and taking one candidate over."""

from __future__ import annotations

import json
import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.numbers import FiniteRange
from coincell.cli.output import (
    StageLines,
    directory_option,
    json_option,
    open_project,
    print_json,
    printable,
)
from coincell.cli.tune_view import SearchView, facts_of, print_trials

if TYPE_CHECKING:
    from pathlib import Path

    from coincell.project import Project


@click.group("tune", invoke_without_command=True)
@click.option(
    "--trials",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How many the study shall have, of all processes and sittings together.",
)
@click.option("--seconds", type=FiniteRange(0), help="Begin no further trial after so long.")
@click.option("--auto", is_flag=True, help="Search feature blocks and families, by the data.")
@click.option("--join", is_flag=True, help="Help a study that another process began.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="That work on it on this machine, each on one thread.",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help='Spread trials over a Ray cluster ("auto", ray://HOST:PORT; "local" starts one here) '
    "that shares the project's folder; --processes says how many at a time.",
)
@directory_option
@json_option
@click.pass_context
def tune_command(
    context: click.Context,
    trials: int,
    seconds: float | None,
    auto: bool,
    join: bool,
    processes: int,
    ray: str | None,
    directory: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Search settings that are accurate and cheap on the board.

    Each candidate is built untrained, compiled, linked and measured first; what breaks a limit is
    not trained. The test split is never looked at. What was stopped or killed goes on with the same
    command; further processes help with --join. What is searched stands in [tune] of coincell.toml;
    --auto needs nothing there. build/tune.html shows the front while the search goes on.
    """
    if context.invoked_subcommand is not None:
        return
    from coincell.pipeline import Judge, about_limits, open_study

    project = open_project(directory)
    lines = StageLines(quiet=as_json, unchanged=False)
    judge = Judge.of(project, lines)
    study = open_study(project, join=join, auto=auto, listener=lines)
    lines.close()
    view = SearchView(project, study, trials, quiet=as_json)
    ends = math.inf if seconds is None else seconds
    with view.shown():
        if ray:
            from coincell.pipeline import work_on_ray

            work_on_ray(project, ray, trials, ends, processes if processes > 1 else 0)
            view.heard()
        else:
            beside = _beside(project, processes - 1, trials, ends)
            with beside:
                study.work(replace(judge, listener=view.staged), trials, ends, view.heard)
            view.heard()
    page = view.write(running=False)
    bound = about_limits(study)
    if as_json:
        print_json(facts_of(study) | {"page": str(page), "binding": bound})
    else:
        print_trials(study, study.front())
        click.echo(f"\n{bound or page}")
        if not bound:
            click.echo("Take one over: coincell tune promote N")
    context.exit(1 if bound else 0)


def _beside(
    project: Project, count: int, trials: int, seconds: float
) -> AbstractContextManager[None]:
    """Further processes on the study, where any are wanted."""
    from coincell.pipeline import helping_processes

    def lost(told: str) -> None:
        click.echo(printable(f"warning: {told}; the search went on without it"), err=True)

    return helping_processes(project, count, trials, seconds, lost) if count else nullcontext()


@tune_command.command("list")
@click.option("--all", "whole", is_flag=True, help="Every trial, not the front alone.")
@directory_option
@json_option
def list_command(whole: bool, directory: Path, as_json: bool) -> None:
    """The front that the study has so far, or all its trials."""
    from coincell.pipeline import read_study

    study = read_study(open_project(directory))
    if as_json:
        print_json(facts_of(study))
        return
    print_trials(study, study.trials() if whole else study.front())


@tune_command.command("promote")
@click.argument("number", type=int)
@directory_option
@json_option
def promote_command(number: int, directory: Path, as_json: bool) -> None:
    """Write the settings of trial NUMBER into coincell.toml, whose comments stay.

    Settings of another feature block, or of another family of models, are taken out.
    """
    from coincell.errors import UserError
    from coincell.pipeline import changed_since, read_study
    from coincell.project import change_settings, obsolete

    project = open_project(directory)
    study = read_study(project)
    found = next((trial for trial in study.trials() if trial.number == number), None)
    if found is None or found.state != "complete":
        reason = (found.reason or "").rstrip(".") if found else ""
        state = "there is none" if found is None else f"it is {found.state}: {reason}"
        raise UserError(f"Trial {number} cannot be taken over; {state}.", "coincell tune list")
    if changed_since(project, study):
        click.echo(
            "warning: coincell.toml changed since the study began, in what is not searched: the "
            "trial's figures are of what stood then.",
            err=True,
        )
    table = project.configuration.model_dump(mode="python")
    before = {name: _value(table, name) for name in found.settings}
    changes = {n: value for n, value in found.settings.items() if before[n] != value}
    gone = obsolete(project.configuration, changes)
    change_settings(project.directory, changes)
    if as_json:
        told = {n: [before[n], v] for n, v in changes.items()}
        print_json({"trial": number, "changed": told, "taken_out": list(gone)})
        return
    for name in gone:
        click.echo(f"{name}: taken out")
    for name, value in changes.items():
        click.echo(f"{name}: {json.dumps(before[name])} -> {json.dumps(value)}")
    click.echo("coincell.toml is changed; coincell run trains and measures it." if changes
               else "coincell.toml says so already.")  # fmt: skip


def _value(table: Any, name: str) -> Any:
    """What a setting is; None of one that the project's block or family does not have."""
    for part in name.split("."):
        table = table.get(part) if isinstance(table, dict) else None
    return table
