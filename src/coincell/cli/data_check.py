"""`coincell data check`."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
)


@click.command("check")
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
