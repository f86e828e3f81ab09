"""`coincell data import | synthesize | check`."""

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


@click.group("data")
def data_command() -> None:
    """Import, synthesize and check recordings."""
