"""`coincell data check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    page_path,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.pipeline import DeepReport
    from coincell.project import Project


@click.command("check")
@click.option(
    "--deep", is_flag=True,
    help="Also compute features: doubted labels or targets, near copies, outliers. Takes longer.",
)  # fmt: skip
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), callback=page_path,
    help="With --deep: write what was found to this .html, to hear and see.",
)  # fmt: skip
@directory_option
@json_option
@click.pass_context
def check_command(
    context: click.Context, deep: bool, page: Path | None, directory: Path, as_json: bool
) -> None:
    """Look for what is wrong, or odd, with the data set; nothing is changed.

    Of all: missing and changed files, duplicates, imbalance, leaks between splits, lengths. Of
    sound: clipping, silence. Of motion: channels that stand still or saturate, lost readings,
    other offsets and scales. Of pictures: one colour, too small, almost alike. Of numbers: units,
    outliers. Exit code 1 when something would make the figures wrong.
    """
    from coincell.data import check_dataset

    if page and not deep:
        raise click.UsageError("--page shows what --deep finds; give both.")
    project = open_project(directory)
    with progress_bar("reading", quiet=as_json) as progress:
        report = check_dataset(project, progress)
    found = _look_deep(project, page, as_json=as_json) if deep and report.ok else None
    if as_json:
        told = report.to_json()
        if found is not None:
            told["deep"] = found.to_json()
        print_json(told)
    else:
        click.echo(report.to_text())
        if found is not None:
            click.echo("\n" + found.to_text())
            if page:
                click.echo(f"\nTo look at: {page}")
        elif deep:
            click.echo("\nMend the errors first: --deep was not done.")
    context.exit(0 if report.ok else 1)


def _look_deep(project: Project, page: Path | None, *, as_json: bool) -> DeepReport:
    from coincell.pipeline import deep_check, suspects_page

    with progress_bar("features", quiet=as_json) as progress:
        found = deep_check(project, progress)
    if page:
        from coincell.files import write_atomic

        write_atomic(page, suspects_page(project, found))
    return found
