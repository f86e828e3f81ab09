"""`coincell data import`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.data_counts import print_counts
from coincell.cli.data_export import key_option, read_key
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
)


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--layout", default="auto", show_default=True,
    type=click.Choice(["auto", "folders", "csv", "speech-commands", "names", "coco"]),
    help="How the recordings are laid out.",
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
@click.option(
    "--repair",
    is_flag=True,
    help="Of motion: mend readings that are no numbers, cut at long gaps; both are counted.",
)
@key_option
@directory_option
@json_option
def import_command(
    source: Path,
    layout: str,
    label_column: str,
    speaker_pattern: str,
    own_split: str,
    repair: bool,
    key_file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Bring recordings from SOURCE (a folder a class, a CSV, Speech Commands) into the project.

    COCO's instances file gives pictures with a person and without; a ZIP or TAR file, also one from
    `coincell data invite`, is unpacked out of sight. WAV and FLAC of any common rate and width are
    taken; your files are only read.
    """
    from coincell.data import ReadOptions, counted, import_recordings

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
            reading=ReadOptions(repair, read_key(key_file)),
        )
    sense = project.configuration.data.sense
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
                "mended": {
                    what: {"places": places, "recordings": recordings}
                    for what, (places, recordings) in summary.mended.items()
                },
                "shorter_than_a_window": summary.padded,
                "notes": list(summary.notes),
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"Imported {counted(summary.added, sense)} ({summary.layout}); "
        f"{summary.already_there} there already, {summary.duplicates} left out as duplicates."
    )
    if summary.updated:
        click.echo(f"  {summary.updated:6d} of those there have other groups or another split now")
    for what, count in summary.converted.items():
        click.echo(f"  {count:6d} {what}")
    for what, (places, recordings) in summary.mended.items():
        click.echo(f"  {places:6d} {what}, in {counted(recordings, sense)}")
    if summary.padded:
        click.echo(f"  {summary.padded:6d} shorter than a window: filled up where they are used")
    print_counts(summary.dataset)
    for note in summary.notes:
        click.echo(click.style(f"note: {note}", fg="yellow"))
    click.echo("\nNext: coincell data check, then coincell run")
