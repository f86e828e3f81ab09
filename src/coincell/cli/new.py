"""`coincell new TEMPLATE DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coincell.cli.intended_options import ask, given, intended_options, may_ask
from coincell.cli.output import json_option, print_json


@click.command("new")
@click.argument("template")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--weights", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Of pictures: begin with these weights of a MobileNet, a .npz, .keras or .h5. They are "
    "checked and copied into the project.",
)  # fmt: skip
@intended_options
@json_option
def new_command(
    template: str,
    directory: Path,
    weights: Path | None,
    no_questions: bool,
    as_json: bool,
    **intended: Any,
) -> None:
    """Make a complete, commented project in DIRECTORY from TEMPLATE.

    Templates: anomaly-detection, gesture, keyword-spotting, mask-detection, regression,
    visual-wake-word.

    At a terminal it asks what the model is for, for [intended] and the model card, unless options
    have told it; Enter leaves a question open.
    """
    from coincell.project import check_absent, new_project, template_intended

    example = template_intended(template)
    check_absent(directory)
    if weights is not None:
        _check(template, weights)
    answers = given(intended)
    if may_ask() and not no_questions and not as_json:
        answers = ask(example, answers)
    written = new_project(template, directory, weights, answers)
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
