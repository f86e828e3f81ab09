"""`coincell new TEMPLATE DIR`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import json_option, print_json


@click.command("new")
@click.argument("template")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--weights", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Of pictures: begin with these weights of a MobileNet, a .npz, .keras or .h5. They are "
    "checked and copied into the project.",
)  # fmt: skip
@json_option
def new_command(template: str, directory: Path, weights: Path | None, as_json: bool) -> None:
    """Make a complete, commented project in DIRECTORY from TEMPLATE.

    Templates: anomaly-detection, gesture, keyword-spotting, mask-detection, regression,
    visual-wake-word.
    """
    from coincell.project import new_project

    if weights is not None:
        _check(template, weights)
    written = new_project(template, directory, weights)
    if as_json:
        print_json({"directory": str(directory), "files": [str(path) for path in written]})
        return
    click.echo(f"Made {directory} from the template {template}.\n\nNext:")
    click.echo(f"  cd {directory}")
    click.echo("  coincell data import FOLDER     # or: coincell data synthesize")
    click.echo("  coincell run")


def _check(template: str, weights: Path) -> None:
    """Refuse weights that the template's network cannot begin with, before anything is written."""
    from coincell.project import template_configuration

    settings = template_configuration(template).model
    if settings.architecture.startswith("mobilenet"):
        from coincell.models import check_weights

        check_weights(settings, weights)
