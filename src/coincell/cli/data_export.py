"""`coincell data export`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
)

key_option = click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Holds the key of acquisitions' signatures (HMAC-SHA256): text, on one line.",
)  # fmt: skip


def read_key(path: Path | None) -> bytes | None:
    """The key in a file, without the end of its line.

    Raises:
        FileError: there is none in it.
    """
    from coincell.errors import FileError

    if path is None:
        return None
    try:
        with path.open("rb") as file:
            key = file.read(4096).strip()
    except OSError as error:
        raise FileError(f"Cannot read {path}: {error.strerror}.", "Name a file.") from error
    if not key:
        raise FileError(f"{path} holds no key.", "Write the key into it, on one line.")
    return key


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format", "form", type=click.Choice(["acquisition-json", "acquisition-cbor", "csv", "npy"]),
    default="acquisition-json", show_default=True, help="What each recording becomes.",
)  # fmt: skip
@key_option
@directory_option
@json_option
def export_command(
    folder: Path, form: str, key_file: Path | None, directory: Path, as_json: bool
) -> None:
    """Write the recordings into FOLDER for other tools: one file each, and info.labels.

    `coincell data import FOLDER` takes them back, with labels, groups and the part held out.
    """
    from coincell.data import export_recordings

    project = open_project(directory)
    key = read_key(key_file)
    with progress_bar("exporting", quiet=as_json) as progress:
        summary = export_recordings(
            project,
            folder,
            form,  # type: ignore[arg-type]  # click.Choice has checked it
            key,
            progress,
        )
    if as_json:
        print_json(
            {
                "folder": str(summary.folder),
                "format": form,
                "files": summary.files,
                "signed": summary.signed,
            }
        )
        return
    signed = ", signed" if summary.signed else ""
    click.echo(f"Wrote {summary.files} recordings ({form}{signed}) into {summary.folder}.")
