"""`coincell run`: every stage, only what is stale, then the verdict."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import StageLines, json_option, open_project


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

    Stages: dataset, features, train, yardstick, quantize, evaluate, compile, firmware, measure,
    prove, gallery.
    What has not changed is not redone; a stopped run goes on where it was.
    Exit code 1 when a gate fails: the report is written all the same.
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
        click.echo(result.report.to_json(), nl=False)
    else:
        from coincell.report import print_summary

        print_summary(result.report)
        click.echo(f"\nReport: {result.report_path}")
    context.exit(0 if result.passed else 1)
