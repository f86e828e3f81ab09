"""`coincell board`: its subcommands, each imported when it is called."""

from __future__ import annotations

import click

from coincell.cli.lazy_commands import LazyCommands

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("board_run", "Run an image on the virtual board: decisions, lights, energy, days."),
    "info": ("board_info", "What an image, or the board that runs it, says of itself."),
    "test": ("board_test", "Self-test and benchmark of the attached board, beside the virtual."),
    "ports": ("board_ports", "Serial ports, and the boards on them."),
    "bridge": ("board_bridge", "The virtual board on a port, for programs that want a real one."),
}
"""Subcommand -> (module in this package, one line of help)."""


@click.group("board", cls=LazyCommands, table=COMMANDS)
def board_command() -> None:
    """A board, virtual or attached: run an image, and see what it does and takes."""
