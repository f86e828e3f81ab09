"""`coincell predict FILES`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import StageLines, directory_option, json_option, open_project, print_json


@click.command("predict")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--on",
    "where",
    type=click.Choice(["float", "int8", "host", "board"]),
    default="int8",
    show_default=True,
    help="Which model: Keras float, the oracle's int8, the compiled C, or the virtual board.",
)
@click.option("--picture/--no-picture", default=True, help="Draw the features.")
@directory_option
@json_option
def predict_command(
    files: tuple[Path, ...], where: str, picture: bool, directory: Path, as_json: bool
) -> None:
    """Label, scores and features of recordings, on the project's model.

    It is the one that `coincell run` made; what is stale of it is brought up to date first.
    """
    from coincell.pipeline import predict_files

    lines = StageLines(quiet=as_json, unchanged=False)
    try:
        predictions = predict_files(open_project(directory), files, where, lines)
    finally:
        lines.close()
    if as_json:
        print_json([prediction.to_json() for prediction in predictions])
        return
    from coincell.report import print_prediction

    for prediction in predictions:
        features = prediction.features.tolist() if picture else None
        print_prediction(prediction.to_json(), features)
