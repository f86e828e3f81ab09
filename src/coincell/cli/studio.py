"""`coincell studio`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coincell.cli.output import json_option, open_project


@click.command("studio")
@click.argument("directory", default=Path(), type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Address to listen at. Others than this computer's own want a token, which is printed.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=None, show_default="8421 or the next",
    help="Port to listen at; 0: any that is free.",
)  # fmt: skip
@click.option("--browser/--no-browser", default=True, help="Open the first page in a browser.")
@json_option
def studio_command(
    directory: Path, host: str, port: int | None, browser: bool, as_json: bool
) -> None:
    """Look at the project in DIRECTORY in a browser, until Ctrl-C.

    Listen to its recordings and correct their labels; change a recording and see what its model
    would say. Nothing leaves this computer, and no other can reach it unless --host says so.
    """
    from coincell.studio import open_studio

    opened = open_studio(open_project(directory), host, port)
    door = opened.door
    if as_json:
        told = {"address": door.address, "host": door.host, "port": door.port, "token": door.token}
        click.echo(json.dumps(told))
    else:
        click.echo(f"The studio is open: {door.address}\nCtrl-C closes it.")
        if door.token:
            click.echo("Whoever has this address can read the project and change its labels.")
    if browser:
        import threading
        import webbrowser

        threading.Timer(0.5, webbrowser.open, [door.address]).start()
    opened.serve()
