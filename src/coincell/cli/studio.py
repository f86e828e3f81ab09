"""`coincell studio`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.audit_file import TableOptions, column_options, needs_table, read_judged
from coincell.cli.output import json_option, open_project

if TYPE_CHECKING:
    from coincell.studio import Opened


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
@click.option(
    "--store", default="", envvar="COINCELL_MONITOR_STORE", show_default="monitor.db in DIRECTORY",
    help="What devices in the field told: a SQLite file, or postgresql://user:password@host/name.",
)  # fmt: skip
@column_options
@json_option
def studio_command(
    directory: Path,
    host: str,
    port: int | None,
    browser: bool,
    store: str,
    as_json: bool,
    **table: Any,
) -> None:
    """Look at the project in DIRECTORY in a browser, until Ctrl-C.

    Listen to its recordings and correct their labels; change a recording and see what its model
    would say; compare groups of people, and choose thresholds; see what devices in the field tell.
    Nothing leaves this computer, and no
    other can reach it unless --host says so.

    --table shows any CSV file of true labels beside scores or decisions instead, without a project
    or a model: figures by group, curves, thresholds, and every row as a point.
    """
    opened = _opened(TableOptions(**table), directory, host, port, store, as_json)
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
    _close_on_signals(opened)
    opened.serve()


def _close_on_signals(opened: Opened) -> None:
    """Ctrl-C, an end asked for and a closed terminal all close the studio, which ends its jobs:
    a run behind a page would go on alone. While it serves, uvicorn sees to the first two."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: opened.stop())


def _opened(
    options: TableOptions,
    directory: Path,
    host: str,
    port: int | None,
    store: str,
    as_json: bool,
) -> Opened:
    from coincell.studio import open_studio, open_table

    options.refuse_unheard()
    if not needs_table(options):
        return open_studio(open_project(directory), host, port, store)
    table, settings, configuration = read_judged(options, directory, quiet=as_json)
    assert options.table is not None
    return open_table(table, options.table.name, settings, configuration, host, port)
