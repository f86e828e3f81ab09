"""`coincell export [DIR] --format FORMAT -o OUT`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import (
    StageLines,
    json_option,
    open_project,
    print_json,
    progress_bar,
)


@click.command("export")
@click.argument(
    "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False
)
@click.option(
    "--format", "form", required=True, metavar="FORMAT",
    help="arduino, platformio, zephyr, c, cmake or python.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=None,
    help="A new folder; NAME-FORMAT here unless given.",
)  # fmt: skip
@click.option("--name", default="", help="Of the library; else the project's name.")
@click.option(
    "--library-version", default="1.0.0", show_default=True, help="Of the library: three numbers."
)
@click.option("--force", is_flag=True, help="Also what failed a gate or does not fit the board.")
@json_option
def export_command(
    directory: Path,
    form: str,
    output: Path | None,
    name: str,
    library_version: str,
    force: bool,
    as_json: bool,
) -> None:
    """The application of the project in DIR as a library for other tools.

    It has been run: nothing is computed anew. Each export has a manifest and a self-test that
    prints PASS or FAIL on the device.
    """
    from coincell.pipeline import export_project

    project = open_project(directory)
    lines = StageLines(quiet=as_json)
    try:
        with progress_bar("Export", quiet=as_json) as progress:
            result = export_project(
                project, form, output, name, library_version, force, lines, progress
            )
    finally:
        lines.close()
    if as_json:
        facts = {"folder": str(result.folder), "files": list(result.files)}
        print_json(facts | {"manifest": dict(result.manifest), "memory": dict(result.memory)})
        return
    manifest = result.manifest
    click.echo(f"{manifest['name']} {manifest['version']} for {form}: {result.folder}")
    for program, size in result.memory.items():
        flash, ram = size["flash_bytes"], size["ram_bytes"]
        click.echo(f"  {program}: at most {flash:,} bytes of flash, {ram:,} of RAM")
    click.echo(f"Start with {result.folder / 'README.md'}")
