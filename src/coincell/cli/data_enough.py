"""`coincell data enough`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.numbers import FiniteRange
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
    from coincell.pipeline import LearningCurve

_WIDTH = 110
_BAR = 24


@click.command("enough")
@click.option(
    "--interval", type=FiniteRange(0, min_open=True), metavar="REACH",
    help="Tell how many must judge for an interval of +- REACH, such as 0.05.",
)  # fmt: skip
@click.option(
    "--reach", "wanted", type=FiniteRange(0), metavar="FIGURE",
    help="Tell how many to train on for this accuracy (AUC, mean absolute error).",
)  # fmt: skip
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the curve into this .svg.",
)
@directory_option
@json_option
def enough_command(
    interval: float | None,
    wanted: float | None,
    output: Path | None,
    directory: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Is there enough data: train on 10 to 100 % of it, and tell what more would bring.

    Eleven models, whole speakers (or values of data.split.by) together, are judged by the
    validation split, which they were not watched by; the test split is not read.
    """
    from coincell.pipeline import learning_curve

    if output is not None and output.suffix.lower() != ".svg":
        raise click.BadParameter(f"The curve is drawn as .svg; received {output}.")
    if output is not None and not os.access(output.parent, os.W_OK):
        raise click.BadParameter(f"Nothing can be written to {output.parent}.")
    with progress_bar("learning curve", quiet=as_json) as progress:
        found = learning_curve(open_project(directory), progress)
    if output is not None:
        _draw(found, output)
    judges = None if interval is None else found.judges_for(interval)
    needed = None if wanted is None else found.units_for(wanted)
    if as_json:
        told = {"judges_needed": judges, "units_needed": needed and needed.to_json()}
        print_json(found.to_json() | told)
        return
    _print(found)
    if interval is not None and judges is not None:
        click.echo(f"For +- {interval:g}: {judges:,} {found.by!r} must judge; {found.judges} do.")
    if wanted is not None and needed is not None:
        click.echo(_needed(found, wanted, needed))


def _draw(found: LearningCurve, path: Path) -> None:
    """Both models' points, and their laws up to twice the data."""
    from coincell.files import write_atomic
    from coincell.report import CurvePoint, learning_curve_svg

    measured = {
        model: [
            CurvePoint(point.units, told.value or 0.0, told.low, told.high)
            for point in found.points
            if (told := point.figures[model]).value is not None
        ]
        for model in found.laws
    }
    first, last = found.points[0].units, 2 * found.points[-1].units
    steps = [first * (last / first) ** (n / 40) for n in range(41)]
    fitted = {
        model: [
            CurvePoint(units, found.error_of(law.error(units).value or 0.0), None, None)
            for units in steps
        ]
        for model, law in found.laws.items()
    }
    write_atomic(path, learning_curve_svg(found.figure, found.by, measured, fitted))


def _print(found: LearningCurve) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("Share", "Units", "Windows", *found.laws, ""):
        table.add_column(title, justify="left" if title in ("", *found.laws) else "right")
    top = max(each.figures["int8"].value or 0 for each in found.points) or 1
    for point in found.points:
        bar = "#" * round(_BAR * (point.figures["int8"].value or 0) / top)
        figures = [_told(point.figures[model]) for model in found.laws]
        table.add_row(f"{point.share:.0%}", str(point.units), f"{point.windows:.0f}", *figures, bar)
    click.echo(f"{found.figure} on validation, mean over draws (95 %)\n")
    tables(_WIDTH).print(table)
    last = found.points[-1]
    then = found.laws["int8"].error(2 * last.units)
    now = found.error_of(last.figures["int8"].value or 0)
    if then.value is not None and then.value >= now:
        click.echo(
            "\nWhat twice the data would bring cannot be told: the inverse power law through these "
            "points is not better there than what was measured.\nThe test split was not read."
        )
        return
    ends = sorted(found.error_of(end) for end in (then.low or 0, then.high or 0))
    click.echo(
        f"\nWith {2 * last.units} {found.by!r} instead of {last.units}, int8 might reach "
        f"{found.error_of(then.value or 0):.3g} ({ends[0]:.3g} to {ends[1]:.3g}): an extrapolation "
        "by an inverse power law.\nThe test split was not read."
    )


def _needed(found: LearningCurve, wanted: float, needed: Estimate) -> str:
    if needed.value is None:
        return f"{found.figure} {wanted:g}: by the fitted curve, no amount of such data reaches it."
    last = found.points[-1]
    windows = needed.value * found.windows / last.units
    high = "no end" if needed.high is None else f"{needed.high:,.0f}"
    low = "no end" if needed.low is None else f"{needed.low:,.0f}"
    return (
        f"{found.figure} {wanted:g}: about {needed.value:,.0f} {found.by!r} ({low} to {high}), "
        f"{windows:,.0f} windows, to train on; there are {last.units}. An extrapolation."
    )


def _told(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} ({estimate.low:.3g} to {estimate.high:.3g})"
