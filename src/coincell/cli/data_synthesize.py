"""`coincell data synthesize`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.data_counts import print_counts
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.project import Project


@click.command("synthesize")
@directory_option
@json_option
def synthesize_command(directory: Path, as_json: bool) -> None:
    """Make a data set to start with: words by espeak-ng voices, machines that vibrate.

    [synthesis] tells how much. It lets a project run at once; figures on it do not tell how people
    and real machines fare.
    """
    project = open_project(directory)
    if project.configuration.project.task != "keyword-spotting":
        _make_default_data(project, as_json=as_json)
        return
    from coincell.data import synthesize

    with progress_bar("synthesizing", quiet=as_json) as progress:
        summary = synthesize(project, progress)
    if as_json:
        print_json(
            {
                "made": summary.made,
                "kept": summary.kept,
                "removed": summary.removed,
                "voices": [dataclasses.asdict(voice) for voice in summary.voices],
                "longer_than_window": summary.longer_than_window,
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"Synthesized {summary.made} spoken clips by {len(summary.voices)} espeak-ng voices "
        f"({summary.kept} more were there already); {len(summary.dataset.samples)} clips in all:"
    )
    print_counts(summary.dataset)
    if summary.longer_than_window:
        click.echo(f"note: {summary.longer_than_window} clips are longer than a window.")
    click.echo("\nNext: coincell run")


def _make_default_data(project: Project, *, as_json: bool) -> None:
    from coincell.data import make_default_data

    with progress_bar("making", quiet=as_json) as progress:
        summary = make_default_data(project, progress)
    if as_json:
        print_json(
            {
                "source": summary.source,
                "made": summary.made,
                "kept": summary.kept,
                "removed": summary.removed,
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"{summary.made} recordings made ({summary.kept} more were there already): "
        f"{summary.source}; {len(summary.dataset.samples)} recordings in all:"
    )
    print_counts(summary.dataset)
    click.echo("\nNext: coincell run")
