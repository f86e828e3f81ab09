"""`coincell baselines`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
    tables,
)

if TYPE_CHECKING:
    from coincell.evaluation import Estimate
    from coincell.pipeline import Baselines, Cost

_WIDTH = 120
_NAMES = {"recall_macro": "balanced accuracy", "f1_macro": "F1", "mae": "mean error", "r2": "R2"}


@click.command("baselines")
@click.option(
    "--method", "methods", multiple=True, metavar="NAME",
    help="A method to try, such as random-forest. Give it once a method; by default all.",
)  # fmt: skip
@click.option("--folds", type=int, default=5, show_default=True, metavar="K",
              help="Parts that the data are dealt into.")  # fmt: skip
@click.option(
    "--network", is_flag=True,
    help="Train the project's network on the same folds, unless that is known.",
)  # fmt: skip
@directory_option
@json_option
def baselines_command(
    methods: tuple[str, ...], folds: int, network: bool, directory: Path, as_json: bool
) -> None:
    """Do you need a network: simpler models on the same features and folds, and their cost.

    Whole speakers (or values of data.split.by) are in one fold together, as with train --folds; the
    test split is not read. Each is judged as scikit-learn fitted it and in the integers that the
    device would run, whose cost is measured on the virtual board.
    """
    from coincell.pipeline import compare_baselines, verdict

    project = open_project(directory)
    with progress_bar("baselines", quiet=as_json) as progress:
        found = compare_baselines(project, methods, folds, progress, network=network)
    if as_json:
        print_json(found.to_json() | {"verdict": verdict(found)})
        return
    _print(found)
    click.echo(f"\n{verdict(found)}")


def _print(found: Baselines) -> None:
    from rich.table import Table
    from rich.text import Text

    console = tables(_WIDTH)
    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    first, second = found.shown[:2]
    headings = (
        f"{_NAMES[first]}, float", "int8", f"{_NAMES[second]}, int8", "flash", "RAM", "cycles",
        "ms", "uJ",
    )  # fmt: skip
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in found.methods:
        inner = row.figures.get("int8", {})
        told = [_told(row.figures.get("float", {}).get(first)), _told(inner.get(first))]
        other = inner.get(second)
        told.append("-" if other is None else f"{other.value:.3g}")
        table.add_row(row.title, *told, *_cost(row.cost))
    console.print(table)
    for row in found.methods:
        if row.refused:
            console.print(Text(f"{row.title}: {row.refused}"), style="yellow")
    for note in found.notes:
        console.print(Text(f"note: {note}"), style="dim")
    kept = f"{found.units} values of {found.by!r}, none" if found.by else "single windows, none"
    click.echo(f"\n{found.folds} folds of {kept} on two sides; the test split was not read.")
    click.echo(f"Costs are the model's alone, on the virtual {found.board}.")


def _cost(cost: Cost | None) -> list[str]:
    if cost is None:
        return ["-"] * 5
    energy = "-" if cost.microjoules is None else f"{cost.microjoules:.3g}"
    memory = [f"{cost.flash_bytes:,}", f"{cost.ram_bytes:,}"]
    return [*memory, f"{cost.cycles:,}", f"{cost.milliseconds:.3g}", energy]


def _told(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})"
