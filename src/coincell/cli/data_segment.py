"""`coincell data segment`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.numbers import FiniteRange
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    printable,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.data import SegmentSummary

_SHOWN = 40


@click.command("segment")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("segments"),
    show_default=True, help="Where events are written, in a folder a label.",
)  # fmt: skip
@click.option("--label", default="", help="Of all events; else the name of a recording's folder.")
@click.option("--dry-run", is_flag=True, help="Only list the events, and write nothing.")
@click.option(
    "--above", "above_db", type=FiniteRange(0, 100, min_open=True), default=12.0,
    show_default=True, metavar="DB", help="How far an event rises above the quiet.",
)  # fmt: skip
@click.option(
    "--hold", "hold_ms", default=150, show_default=True, metavar="MS",
    help="So long it must be quiet for an event to end.",
)  # fmt: skip
@click.option(
    "--least", "least_ms", default=80, show_default=True, metavar="MS",
    help="Shorter events are left out.",
)  # fmt: skip
@click.option(
    "--margin", "margin_ms", default=100, show_default=True, metavar="MS",
    help="Kept before and behind an event.",
)  # fmt: skip
@click.option("--exact", is_flag=True, help="Do not widen short events to a window of the project.")
@directory_option
@json_option
def segment_command(
    sources: tuple[Path, ...],
    folder: Path,
    label: str,
    dry_run: bool,
    above_db: float,
    hold_ms: int,
    least_ms: int,
    margin_ms: int,
    exact: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Cut long recordings of sound or motion into the events in them, by energy.

    Events are written as new files, for coincell data import; yours are only read.
    """
    from coincell.data import SegmentOptions, segment_recordings

    project = open_project(directory)

    options = SegmentOptions(above_db, hold_ms, least_ms, margin_ms, whole_window=not exact)
    with progress_bar("listening", quiet=as_json) as progress:
        summary = segment_recordings(
            sources, project, options, None if dry_run else folder, label, progress
        )
    if as_json:
        print_json(
            {
                "recordings": summary.recordings,
                "segments": [asdict(one) for one in summary.segments],
                "without": list(summary.without),
                "notes": list(summary.notes),
            }
        )
        return
    _print(summary)
    if summary.segments and not dry_run:
        verb = "listen to" if project.configuration.data.sense == "sound" else "look at"
        click.echo(f"\nNext: {verb} them, then coincell data import {shlex.quote(str(folder))}")


def _print(summary: SegmentSummary) -> None:
    events = len(summary.segments)
    from coincell.data import counted

    told = f"{events} event{'' if events == 1 else 's'}"
    click.echo(f"{told} in {counted(summary.recordings, 'motion')}")
    if events:
        click.echo(f"{'begins':>10} {'lasts':>9} {'peak':>9}  recording -> file")
    for one in summary.segments[:_SHOWN]:
        place = f"{one.source} -> {one.file}" if one.file else one.source
        line = f"{one.begin_s:>8.2f} s {one.seconds:>7.2f} s {one.peak_db:>6.1f} dB  {place}"
        click.echo(printable(line))
    if events > _SHOWN:
        click.echo(f"    ... and {events - _SHOWN} more")
    for source in summary.without:
        click.echo(printable(f"note: nothing rises above the quiet in {source}; try --above 6"))
    for note in summary.notes:
        click.echo(click.style(printable(f"note: {note}"), fg="yellow"))
