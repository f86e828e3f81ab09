"""`coincell audit --collect`: whom to record next, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import print_json, printable, tables

if TYPE_CHECKING:
    from coincell.pipeline import Outcome
    from coincell.project import Project

_WIDTH = 110
_MOST = 30


def tell_collecting(project: Project, outcome: Outcome, width: float | None, as_json: bool) -> None:
    """Print what groups lack, as tables or as one JSON object.

    Raises:
        UserError: a gate ended the run before the audit.
    """
    from coincell.audit import WIDTH
    from coincell.pipeline import collecting_advice

    advice = collecting_advice(outcome, project.configuration, width or WIDTH)
    if as_json:
        print_json(advice)
        return
    by = printable(advice["person"])
    click.echo(
        f"Test split: people (by {by}) lacking until an interval is {advice['width']:g} wide, "
        f"{advice['smallest_group']} at least"
    )
    _print_test(advice["test"])
    click.echo("\nTraining split: what groups lack against the largest of their column")
    _print_training(advice["training"])
    click.echo(
        "\nAn estimate from the people there are: the fewer they are, the rougher. How many it "
        "takes to train on: coincell data enough"
    )


def _print_test(groups: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    for title in ("Column", "Group", "People", "Interval now", "Lacking", "Recordings"):
        side = "left" if title in ("Column", "Group") else "right"
        grid.add_column(title, justify=side, overflow="fold")  # type: ignore[arg-type]
    grid.add_column("Most for", overflow="fold")
    for group in groups[:_MOST]:
        whole = next((each for each in group["figures"] if not each["label"]), None)
        width = whole["width"] if whole else None
        labels = [each for each in group["figures"] if each["label"]]
        most = max(labels, key=lambda each: each["people_lacking"], default=None)
        grid.add_row(
            printable(group["column"]),
            printable(group["value"]),
            f"{group['people']:,}",
            "none" if width is None else f"{width:.3g}",
            f"{group['people_lacking']:,}",
            f"{group['clips_lacking']:,}",
            printable(f"{most['metric']} of '{most['label']}': {most['people_lacking']:,}")
            if most and most["people_lacking"]
            else "",
        )
    tables(_WIDTH).print(grid)
    if len(groups) > _MOST:
        click.echo(f"... and {len(groups) - _MOST} more: --json has all.")


def _print_training(groups: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    if not groups:
        click.echo("Nothing: all groups have as many.")
        return
    grid = Table(box=None, pad_edge=False)
    for title in ("Column", "Group", "People", "Windows", "People lacking", "Windows lacking"):
        side = "left" if title in ("Column", "Group") else "right"
        grid.add_column(title, justify=side, overflow="fold")  # type: ignore[arg-type]
    grid.add_column("Against", overflow="fold")
    for group in groups[:_MOST]:
        numbers = ("people", "clips", "people_lacking", "clips_lacking")
        grid.add_row(
            printable(group["column"]),
            printable(group["value"]),
            *(f"{group[name]:,}" for name in numbers),
            printable(group["against"]),
        )
    tables(_WIDTH).print(grid)
    if len(groups) > _MOST:
        click.echo(f"... and {len(groups) - _MOST} more: --json has all.")
