"""`coincell data`: its commands, one file each."""

from __future__ import annotations

import click

from coincell.cli.data_check import check_command
from coincell.cli.data_collect import collect_command
from coincell.cli.data_enough import enough_command
from coincell.cli.data_export import export_command
from coincell.cli.data_fetch import fetch_command
from coincell.cli.data_firmware import firmware_command
from coincell.cli.data_import import import_command
from coincell.cli.data_invite import invite_command
from coincell.cli.data_segment import segment_command
from coincell.cli.data_synthesize import synthesize_command
from coincell.cli.data_version import diff_command, version_command


@click.group("data")
def data_command() -> None:
    """Import, synthesize and check recordings."""


for _command in (
    import_command,
    fetch_command,
    invite_command,
    export_command,
    collect_command,
    firmware_command,
    segment_command,
    synthesize_command,
    check_command,
    enough_command,
    version_command,
    diff_command,
):
    data_command.add_command(_command)
