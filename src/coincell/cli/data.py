"""`coincell data`: its subcommands, each imported when it is called."""

from __future__ import annotations

import click

from coincell.cli.lazy_commands import LazyCommands

COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("data_import", "Bring recordings in: a folder a class, a table, an archive."),
    "fetch": ("data_fetch", "Download a public data set, verified, and import it."),
    "synthesize": ("data_synthesize", "Make a data set to start with: voices, motion, pictures."),
    "collect": ("data_collect", "Record from a board: countdown, plot, review, labels."),
    "firmware": ("data_firmware", "Build the firmware that sends what a board's sensor sees."),
    "invite": ("data_invite", "Write a page with which others record words or take pictures."),
    "segment": ("data_segment", "Cut long recordings into the events in them."),
    "check": ("data_check", "Look for what is wrong, or odd; nothing is changed."),
    "enough": ("data_enough", "Is there enough data: what would more of it bring?"),
    "version": ("data_version", "Keep what the data set holds now, under its hash."),
    "diff": ("data_version", "What differs between two versions of the data set."),
    "export": ("data_export", "Write the recordings into a folder for other tools."),
}
"""Subcommand -> (module in this package, one line of help)."""


@click.group("data", cls=LazyCommands, table=COMMANDS)
def data_command() -> None:
    """Import, synthesize and check recordings."""
