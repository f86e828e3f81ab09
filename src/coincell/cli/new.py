"""`coincell new TEMPLATE DIR`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import json_option, print_json


@click.command("new")
@click.argument("template")
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def new_command(template: str, directory: Path, as_json: bool) -> None:
    """Make a complete, commented project in DIRECTORY from TEMPLATE.

    Templates: anomaly-detection, gesture, keyword-spotting, mask-detection, regression,
    visual-wake-word.
    """
    from coincell.project import new_project

    written = new_project(template, directory)
    if as_json:
        print_json({"directory": str(directory), "files": [str(path) for path in written]})
        return
    click.echo(f"Made {directory} from the template {template}.\n\nNext:")
    click.echo(f"  cd {directory}")
    click.echo("  coincell data import FOLDER     # or: coincell data synthesize")
    click.echo("  coincell run")
