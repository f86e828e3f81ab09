"""`coincell monitor`: its subcommands, each imported when it is called."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.lazy_commands import LazyCommands
from coincell.errors import UserError

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("monitor_serve", "Receive reports over HTTP until Ctrl-C; counters at /metrics."),
    "ingest": ("monitor_ingest", "Add the reports in files and folders."),
    "subscribe": ("monitor_sources", "Take reports from an MQTT broker until Ctrl-C."),
    "listen": ("monitor_sources", "Take the reports of an attached board until Ctrl-C."),
    "bluetooth": ("monitor_sources", "Take what devices nearby offer by Bluetooth until Ctrl-C."),
    "register": ("monitor_fleet", "Let devices report against a reference.json."),
    "enroll": ("monitor_fleet", "Give a device a key, with which it must sign from then on."),
    "devices": ("monitor_fleet", "Every device: last seen, missing reports, clock."),
    "forget": ("monitor_fleet", "Delete all that a device told."),
    "prune": ("monitor_fleet", "Delete raw reports and hours that are old; days stay."),
    "report": ("monitor_report", "Drift, accuracy, sensors and outliers of the fleet; alerts."),
    "alert": ("monitor_alert", "Tell a command, a file or a webhook of devices that changed."),
    "collect": ("monitor_report", "Which recordings to collect and label next."),
    "simulate": ("monitor_simulate", "A virtual fleet: how soon is drift found?"),
}
"""Subcommand -> (module in this package, one line of help)."""


@click.group("monitor", cls=LazyCommands, table=COMMANDS)
def monitor_command() -> None:
    """Devices in the field: receive and keep what they report.

    docs/monitoring.md tells how; docs/telemetry.md describes a report.
    """


store_option = click.option(
    "--store",
    "place",
    default="monitor.db",
    show_default=True,
    envvar="COINCELL_MONITOR_STORE",
    help="A SQLite file, or postgresql://user:password@host/name; the "
    "environment variable COINCELL_MONITOR_STORE says it too.",
)


def kept(place: str) -> str:
    """`place`, of a store that is there: who only looks makes none.

    Raises:
        UserError: a SQLite file is not there.
    """
    if "://" not in place and not Path(place).exists():
        raise UserError(
            f"There is no store at {place}.",
            hint="Name yours with --store, or begin one: "
            "coincell monitor register build/reference.json",
        )
    return place
