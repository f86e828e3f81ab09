"""`coincell monitor alert`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from coincell.cli.monitor import store_option
from coincell.cli.monitor_report import reference_option, watched
from coincell.cli.output import json_option, print_json, printable
from coincell.errors import GateError


@click.command("alert")
@click.argument("settings", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@reference_option
@store_option
@json_option
def alert_command(settings: Path, identity: str, place: str, as_json: bool) -> None:
    """Tell of devices that changed, or are well again, as SETTINGS (a TOML file) says.

    To be called now and then, as by cron: what was told is kept in a file, and told once.
    """
    from coincell.monitor import (
        ChangeSettings,
        Hysteresis,
        new_alerts,
        read_state,
        tell,
        write_state,
    )
    from coincell.project import read_alert_settings

    wanted = read_alert_settings(settings)
    folder = settings.resolve().parent
    view = watched(
        identity, place, as_json,
        ChangeSettings(level=wanted.level, least_psi=wanted.least_psi),
        Hysteresis(wanted.raise_after, wanted.clear_after),
    )  # fmt: skip
    state = folder / wanted.state
    before = read_state(state)
    alerts, stands = new_alerts(view.devices, before, wanted.sensors)
    # First of all: what could not be noted would be told again at each call.
    write_state(state, before)
    failed = tell(alerts, wanted, folder)
    if as_json:
        print_json({"alerts": [asdict(one) for one in alerts], "failed": failed})
    else:
        for one in alerts:
            click.echo(printable(f"{one.device}: {one.kind} {one.state} {one.told}".rstrip()))
        click.echo(f"{len(alerts)} told now; {len(stands)} alarms stand.")
        waiting = sum(bool(one.troubles) for one in view.devices) - len(
            {name.split()[0] for name in stands}
        )
        if waiting > 0:
            click.echo(f"{waiting} more with troubles, not yet for {wanted.raise_after} moments.")
    if failed:
        # What could not be told is not noted, so that the next call tells all of it again.
        raise GateError(printable(f"An alert was not told: {failed[0]}."))
    write_state(state, stands)
