"""`coincell run`: every stage, only what is stale, then the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coincell.cli.output import StageLines, json_option, open_project, print_json

_NAMED = 4
"""Of what the cards lack, as many are named in the terminal; the cards name all."""


@click.command("run")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--from", "from_stage", default="", metavar="STAGE", help="Redo from this stage on.")
@click.option("--force", is_flag=True, help="Redo even what has not changed.")
@click.option("--verify", is_flag=True, help="Hash every input and artefact anew.")
@json_option
@click.pass_context
def run_command(
    context: click.Context,
    directory: Path,
    from_stage: str,
    force: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """From recordings to a measured firmware image and a report, in DIRECTORY (here).

    Stages: dataset, features, train, yardstick, prune, quantize, evaluate, audit, reference,
    compile, firmware, measure, prove, gallery.
    What has not changed is not redone; a stopped run goes on where it was.
    Exit code 1 when a gate fails: the report is written all the same.

    --json prints report.json, and under "cards_lack" what the cards still lack: keys of
    coincell.toml that only a person can fill in.
    """
    from coincell.pipeline import Demand, run_project

    project = open_project(directory)
    lines = StageLines(quiet=as_json)
    try:
        result = run_project(
            project, Demand(from_stage=from_stage, force=force, verify=verify), lines
        )
    finally:
        lines.close()
    if as_json:
        print_json(json.loads(result.report.to_json()) | {"cards_lack": list(result.missing)})
    else:
        from coincell.report import print_summary

        print_summary(result.report, gallery=result.gallery)
        click.echo(f"\nReport: {result.report_path}")
        _tell_of_cards(result.report_path.parent, result.missing)
    context.exit(0 if result.passed else 1)


def _tell_of_cards(build: Path, missing: tuple[str, ...]) -> None:
    """Where the cards are, and what a person must add to them."""
    click.echo(f"Cards:  {build / 'model_card.md'}, data_card.md, and .html")
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        told = f"The cards lack what only a person can tell: {', '.join(missing[:_NAMED])}{more}."
        click.echo(click.style(f"warning: {told} See docs/cards.md.", fg="yellow"))
