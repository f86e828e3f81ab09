"""`coincell board ports`."""

from __future__ import annotations

from dataclasses import asdict

import click

from coincell.cli.output import json_option, print_json, printable


@click.command("ports")
@json_option
def ports_command(as_json: bool) -> None:
    """List serial ports, and the boards that their USB ids stand for."""
    from coincell.board import list_ports

    ports = list_ports()
    if as_json:
        print_json([asdict(port) for port in ports])
        return
    for port in ports:
        click.echo(printable(str(port)))
    if not any(port.boards for port in ports):
        click.echo("No board that Coincell knows is attached.", err=True)
