"""`coincell board`: its subcommands, each imported when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("board_run", "Run an image on the virtual board: decisions, lights, energy, days."),
    "info": ("board_info", "What an image, or the board that runs it, says of itself."),
    "test": ("board_test", "Self-test and benchmark of the attached board, beside the virtual."),
    "ports": ("board_ports", "Serial ports, and the boards on them."),
    "bridge": ("board_bridge", "The virtual board on a port, for programs that want a real one."),
}
"""Subcommand -> (module in this package, one line of help); the help needs no import."""


class _LazyCommands(click.Group):
    """Imports a subcommand's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"coincell.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group("board", cls=_LazyCommands)
def board_command() -> None:
    """A board, virtual or attached: run an image, and see what it does and takes."""
