"""`coincell evaluate`: figures on the test split, or on streams of hours."""

from __future__ import annotations

from pathlib import Path
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
    progress_bar,
    tables,
)
from coincell.cli.stages import run_stage

if TYPE_CHECKING:
    from coincell.evaluation import Estimate, OperatingPoint, StreamMetrics
    from coincell.pipeline import StreamEvaluation
    from coincell.report import DetectionPoint

_STITCHED = ""
_ROWS = 12


@click.command("evaluate")
@directory_option
@click.option("--force", is_flag=True, help="Redo the evaluate stage even when up to date.")
@click.option(
    "--stream", is_flag=False, flag_value=_STITCHED, default=None, metavar="[FILE|DIR]",
    help="Evaluate what is told of a stream: a recording, or a folder of them, each with its "
    "intervals in NAME.labels.csv (start,end,label); without a name, the test split stitched.",
)  # fmt: skip
@click.option(
    "--hours", type=FiniteRange(0.001, 1000), help="Of a stitched stream, at least; else 1."
)
@click.option(
    "--false-alarms", type=FiniteRange(0, 100_000),
    help="The most an hour that is wished of a stream; else 1.",
)  # fmt: skip
@click.option(
    "--background", multiple=True, metavar="LABEL",
    help="A label that is no event of a stream, beside silence, unknown and normal.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the curve of a stream, .svg, here.",
)  # fmt: skip
@json_option
@click.pass_context
def evaluate_command(
    context: click.Context,
    directory: Path,
    force: bool,
    stream: str | None,
    hours: float | None,
    false_alarms: float | None,
    background: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Evaluate float and int8 on the held-out test split.

    With --stream, hours go through the C that runs on the device, and the events that it tells are
    compared with labelled intervals: false alarms an hour, missed events, delays, and the threshold
    that keeps a wished rate of false alarms.

    Exit code 1 when a gate fails, or no threshold keeps that rate.
    """
    from coincell.errors import UserError

    if stream is None:
        if hours or false_alarms is not None or background or output:
            raise UserError(
                "--hours, --false-alarms, --background and --output belong to --stream.",
                hint="Add --stream, or take them away.",
            )
        run_stage(context, "evaluate", directory, force, as_json)
        return
    if force:
        raise UserError("--force redoes the stage; --stream is computed each time.")
    if output is not None and output.suffix.lower() != ".svg":
        raise UserError(f"--output writes an .svg; received {output.name!r}.")
    if hours and stream:
        raise UserError("--hours is for a stitched stream; a recording has its length.")
    found = _evaluate(directory, stream, hours, false_alarms, background, as_json)
    if output is not None:
        _draw(found, output)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
        if output is not None:
            click.echo(f"Written: {output}")
    context.exit(0 if found.chosen is not None else 1)


def _evaluate(
    directory: Path,
    stream: str,
    hours: float | None,
    false_alarms: float | None,
    background: tuple[str, ...],
    quiet: bool,
) -> StreamEvaluation:
    from coincell.pipeline import StreamRequest, evaluate_stream

    wished = 1.0 if false_alarms is None else false_alarms
    path = Path(stream) if stream else None
    request = StreamRequest(path, hours or 1.0, wished, background)
    project = open_project(directory)
    lines = StageLines(quiet=quiet, unchanged=False)
    try:
        with progress_bar("the stream", quiet) as move:
            return evaluate_stream(project, request, lines, move)
    finally:
        lines.close()


def _print(found: StreamEvaluation) -> None:
    from rich.table import Table

    now = found.now
    console = tables(112)
    console.print(
        f"{now.seconds / 3600:.3g} h: {printable(', '.join(found.streams[:4]))}. Events are "
        f"{printable(', '.join(found.events))}; {now.intervals} of them were there.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("threshold")
    for column in ("false alarms an hour", "missed", "told again", "median delay", "95 % within"):
        table.add_column(column, justify="right")
    for point in _shown(found):
        mark = " now" if point.threshold == found.threshold else ""
        mark += " to take" if point == found.chosen else ""
        table.add_row(f"{found.told(point.threshold)}{mark}", *_columns(point.metrics))
    console.print(table)
    for label, (missed, count) in found.misses.items():
        click.echo(f"{printable(label)}: {missed} of {count} missed")
    click.echo(found.advice)
    for note in found.notes:
        click.echo(click.style(f"note: {printable(note)}", fg="yellow"), err=True)


def _shown(found: StreamEvaluation) -> list[OperatingPoint]:
    """A dozen points, the project's own and the one to take among them."""
    step = max(1, len(found.points) // _ROWS)
    return [
        point
        for place, point in enumerate(found.points)
        if place % step == 0 or point.threshold == found.threshold or point == found.chosen
    ]


def _columns(metrics: StreamMetrics) -> list[str]:
    delay, late = metrics.delay_s.value, metrics.late_s
    return [
        _interval(metrics.false_alarms_an_hour, 1, ""),
        _interval(metrics.miss_rate, 100, " %"),
        str(metrics.repeated),
        "-" if delay is None else f"{delay:.2f} s",
        "-" if late is None else f"{late:.2f} s",
    ]


def _interval(estimate: Estimate, scale: float, unit: str) -> str:
    if estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{scale * estimate.value:.3g}{unit}"
    low, high = scale * estimate.low, scale * estimate.high
    return f"{scale * estimate.value:.3g}{unit} ({low:.3g} to {high:.3g})"


def _draw(found: StreamEvaluation, path: Path) -> None:
    from coincell.files import write_atomic
    from coincell.report import detection_svg

    points = [_point(found.step * point.threshold, point.metrics) for point in found.points]
    chosen = found.chosen
    taken = _point(found.step * chosen.threshold, chosen.metrics) if chosen is not None else None
    now = _point(found.step * found.threshold, found.now)
    write_atomic(path, detection_svg(points, now, taken, found.wished))


def _point(threshold: float, metrics: StreamMetrics) -> DetectionPoint:
    from coincell.report import DetectionPoint

    alarms, missed = metrics.false_alarms_an_hour, metrics.miss_rate
    return DetectionPoint(
        threshold, alarms.value or 0.0, missed.value or 0.0, _ends(missed), _ends(alarms)
    )


def _ends(estimate: Estimate) -> Any:
    low, high = estimate.low, estimate.high
    return None if low is None or high is None else (low, high)
