"""`coincell runs compare` by groups of people, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from coincell.cli.output import printable, tables

_WIDTH = 110
_MOST = 12


def print_fairness(
    found: Sequence[Mapping[str, Any] | None], names: Sequence[str], changes: Any, why_not: str
) -> None:
    """Worst groups and gaps of two runs side by side, and what changed for whom.

    Args:
        found: of each run, of `pipeline.fairness_of`.
        names: of the runs.
        changes: of `pipeline.paired_fairness`.
        why_not: why there are none.
    """
    if not any(found):
        return
    click.echo("\nBy groups of people, int8 (95 %)")
    _print_sides(found, names)
    if changes is None:
        click.echo(f"Not compared person by person: {printable(why_not)}.")
        return
    click.echo("\nThe same test windows, the same people: what changed, in points")
    _print_changes(changes)


def _print_sides(found: Sequence[Mapping[str, Any] | None], names: Sequence[str]) -> None:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    for title in ("", *names):
        grid.add_column(title, overflow="fold")
    grid.add_row("worst group", *(_worst(each) for each in found))
    cells: dict[tuple[str, str], list[str]] = {}
    for at, each in enumerate(found):
        for gap in each["gaps"] if each else ():
            key = (gap["column"], gap["criterion"])
            cells.setdefault(key, ["", ""])[at] = _figure(gap["difference"])
    for column, criterion in list(cells)[:_MOST]:
        title = printable(f"gap by {column}, {criterion.replace('_', ' ')}")
        grid.add_row(title, *cells[column, criterion])
    tables(_WIDTH).print(grid)


def _worst(found: Mapping[str, Any] | None) -> str:
    worst = found["worst"] if found else None
    if worst is None:
        return ""
    metric = worst["metric"].removesuffix("_macro").replace("_", " ")
    return printable(f"{worst['column']} '{worst['value']}': {metric} {_figure(worst['figure'])}")


def _print_changes(changes: Mapping[str, Any]) -> None:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    for title in ("", "Change", ""):
        grid.add_column(title, overflow="fold")
    rows = [("right answers, all", changes["accuracy"])]
    for column in changes["columns"]:
        of = column["name"]
        rows += [(f"right answers, {of} '{g['value']}'", g["accuracy"]) for g in column["groups"]]
        rows += [
            (f"recall of the worst group by {of}", column["worst_recall"]),
            (f"gap by {of}, accuracy parity", column["accuracy_parity"]),
            (f"gap by {of}, equalized odds", column["equalized_odds"]),
        ]
    for title, change in rows[: 3 * _MOST]:
        if change is not None:
            grid.add_row(printable(title), _points(change), _mark(change))
    tables(_WIDTH).print(grid)
    if len(rows) > 3 * _MOST:
        click.echo(f"... and {len(rows) - 3 * _MOST} more: --json has all.")


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return ""
    ends = figure["ci95"]
    told = f"{figure['value']:.3g}"
    return told if ends is None else f"{told} ({ends[0]:.3g} to {ends[1]:.3g})"


def _points(change: Mapping[str, Any]) -> str:
    if change["value"] is None:
        return ""
    ends = change["ci95"]
    told = f"{100 * change['value']:+.1f}"
    return told if ends is None else f"{told} ({100 * ends[0]:+.1f} to {100 * ends[1]:+.1f})"


def _mark(change: Mapping[str, Any]) -> str:
    ends = change["ci95"]
    return "differ" if ends is not None and (ends[0] > 0 or ends[1] < 0) else ""
