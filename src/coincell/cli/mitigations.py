"""`coincell audit --mitigations`: ways of training for groups, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import StageLines, print_json, printable, tables

if TYPE_CHECKING:
    from coincell.pipeline import StageEvent
    from coincell.project import Project

_WIDTH = 110
_MOST_GROUPS = 4


def tell_mitigations(project: Project, columns: Sequence[str], as_json: bool) -> None:
    """Train each way, and print what came of it.

    Raises:
        UserError: there are no columns, or the project does not tell classes.
        DataError: a column compares nothing.
    """
    from coincell.pipeline import compare_mitigations

    lines = StageLines(quiet=as_json, unchanged=False)
    begun: list[str] = []

    def hear(name: str, event: StageEvent) -> None:
        if not as_json and name not in begun:
            begun.append(name)
            lines.close()
            click.echo(f"{name}:", err=True)
        lines(event)

    try:
        facts = compare_mitigations(project, columns, hear)
    finally:
        lines.close()
    if as_json:
        print_json(facts)
        return
    _print(facts)


def _print(facts: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    worst = facts["ways"][0]["worst"]
    click.echo(
        f"{facts['clips']:,} validation windows of {facts['people']:,} people, int8, by "
        f"{printable(', '.join(facts['columns']))}; the test split was not judged by."
    )
    groups = [group["value"] for group in facts["ways"][0]["groups"]][:_MOST_GROUPS]
    grid = Table(box=None, pad_edge=False)
    grid.add_column("", no_wrap=True)
    for title in ("right", "gap", f"gain of {worst}", *groups):
        grid.add_column(Text(printable(title)), justify="right", overflow="fold")
    for way in facts["ways"]:
        told = {group["value"]: _share(group["accuracy"]) for group in way["groups"]}
        cells = [_share(way["accuracy"]), _points(way["gap"]), _points(way["worst_gain"], "+")]
        grid.add_row(way["name"], *cells, *(told[group] for group in groups))
    tables(_WIDTH).print(grid)
    for note in facts["notes"]:
        click.echo(click.style(f"note: {printable(note)}", dim=True))
    sure = [way for way in facts["ways"] if way["clear"]]
    for way in sure:
        click.echo(f"{way['name']} helps {printable(worst)} beyond chance. [mitigation] takes it:")
        click.echo(f"  columns = {_toml(facts['columns'])}")
        for name, value in way["settings"].items():
            if value not in ("none", 0):
                click.echo(f"  {name} = {json.dumps(value)}")
    if sure:
        click.echo(
            "The group was chosen by these same windows, which flatters; what it is worth, "
            "coincell audit tells once, on the test split."
        )
    else:
        click.echo(
            f"No way helps {printable(worst)} beyond chance. More of their people would: "
            "docs/mitigation.md."
        )


def _toml(columns: Sequence[str]) -> str:
    return printable(json.dumps(list(columns), ensure_ascii=False))


def _share(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "not known"
    ends = figure["ci95"]
    told = f" ({100 * ends[0]:.0f} to {100 * ends[1]:.0f})" if ends else ""
    return f"{100 * figure['value']:.1f} %{told}"


def _points(figure: Mapping[str, Any] | None, sign: str = "") -> str:
    if figure is None or figure["value"] is None:
        return "\N{EN DASH}"
    ends = figure["ci95"]
    told = f" ({100 * ends[0]:{sign}.0f} to {100 * ends[1]:{sign}.0f})" if ends else ""
    return f"{100 * figure['value']:{sign}.1f}{told}"
