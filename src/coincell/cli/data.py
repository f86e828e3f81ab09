"""`coincell data import | synthesize | check`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.data_version import diff_command, version_command
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.data import Dataset
    from coincell.project import Project


@click.group("data")
def data_command() -> None:
    """Import, synthesize and check recordings."""


@data_command.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--layout", type=click.Choice(["auto", "folders", "csv", "speech-commands"]), default="auto",
    show_default=True, help="How the recordings are laid out.",
)  # fmt: skip
@click.option(
    "--label-column", default="label", show_default=True, help="Of a CSV: the class's column."
)
@click.option(
    "--speaker-pattern", default="", metavar="REGEX",
    help="Finds the speaker in a file's path, by its group.",
)  # fmt: skip
@click.option(
    "--own-split", type=click.Choice(["keep", "ignore"]), default="keep", show_default=True,
    help="A split that the recordings bring: take it, or split by [data.split].",
)  # fmt: skip
@directory_option
@json_option
def import_command(
    source: Path,
    layout: str,
    label_column: str,
    speaker_pattern: str,
    own_split: str,
    directory: Path,
    as_json: bool,
) -> None:
    """Bring recordings from SOURCE (a folder a class, a CSV, Speech Commands) into the project.

    WAV and FLAC of any common rate and width are taken; your files are only read.
    """
    from coincell.data import import_recordings

    project = open_project(directory)
    with progress_bar("importing", quiet=as_json) as progress:
        summary = import_recordings(
            source,
            project,
            layout,  # type: ignore[arg-type]  # click.Choice has checked it
            progress,
            label_column=label_column,
            speaker_pattern=speaker_pattern,
            own_split="ignore" if own_split == "ignore" else "keep",
        )
    if as_json:
        print_json(
            {
                "layout": summary.layout,
                "found": summary.found,
                "added": summary.added,
                "already_there": summary.already_there,
                "updated": summary.updated,
                "duplicates": summary.duplicates,
                "converted": dict(summary.converted),
                "notes": list(summary.notes),
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"Imported {summary.added} clips ({summary.layout}); "
        f"{summary.already_there} were there already, {summary.duplicates} duplicates left out."
    )
    if summary.updated:
        click.echo(f"  {summary.updated:6d} of those there have other groups or another split now")
    for what, count in summary.converted.items():
        click.echo(f"  {count:6d} {what}")
    _print_counts(summary.dataset)
    for note in summary.notes:
        click.echo(click.style(f"note: {note}", fg="yellow"))
    click.echo("\nNext: coincell data check, then coincell run")


@data_command.command("synthesize")
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
    _print_counts(summary.dataset)
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
    _print_counts(summary.dataset)
    click.echo("\nNext: coincell run")


@data_command.command("check")
@directory_option
@json_option
@click.pass_context
def check_command(context: click.Context, directory: Path, as_json: bool) -> None:
    """Look for clipping, silence, wrong lengths, duplicates, imbalance, leaks between splits.

    Exit code 1 when something would make the figures wrong.
    """
    from coincell.data import check_dataset

    report = check_dataset(open_project(directory))
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.to_text())
    context.exit(0 if report.ok else 1)


def _print_counts(dataset: Dataset) -> None:
    """Clips a class and split."""
    click.echo(f"{'class':<16} {'train':>7} {'valid.':>7} {'test':>7}")
    for label, row in dataset.counts().items():
        cells = " ".join(f"{row[split]:>7}" for split in ("train", "validation", "test"))
        click.echo(f"{label or '(a number)':<16} {cells}")


data_command.add_command(version_command)
data_command.add_command(diff_command)
