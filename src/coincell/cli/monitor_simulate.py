"""`coincell monitor simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coincell.cli.numbers import FiniteRange
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
    tables,
)
from coincell.errors import UserError

_KINDS = ("ageing", "accent", "noise", "offset", "broken-axis")


@click.command("simulate")
@directory_option
@click.option(
    "--devices", type=click.IntRange(1, 10_000), default=200, show_default=True,
    help="Virtual devices.",
)  # fmt: skip
@click.option(
    "--days", type=click.IntRange(28, 730), default=30, show_default=True,
    help="Days that each lives; it is watched from the twelfth on, and drift sets in at an hour of "
    "the third fifth.",
)  # fmt: skip
@click.option(
    "--drift", "kinds", multiple=True, type=click.Choice(_KINDS),
    help="What changes; several times for several. All unless given.",
)  # fmt: skip
@click.option(
    "--cost", type=FiniteRange(0.5, 50), default=5.0, show_default=True,
    help="Points of accuracy that a drift takes: the least severity that does is taken.",
)  # fmt: skip
@click.option(
    "--onset", type=FiniteRange(min=0, max=365), default=0.0, show_default=True,
    help="Days over which a drift grows; delays count from its begin.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True,
    help="Of people, days and windows drawn.",
)  # fmt: skip
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="Write it as an SVG too."
)
@json_option
def simulate_command(
    directory: Path,
    devices: int,
    days: int,
    kinds: tuple[str, ...],
    cost: float,
    onset: float,
    seed: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Watch virtual devices with the project's model, and see how soon drift is found.

    Test windows go through the device's own chain, clean and under each drift; each device
    has people, days and habits of its own. Detection delay, false alarms and the accuracy
    estimated without labels are measured.
    """
    from coincell.monitor import FleetSettings, false_alarms, try_condition
    from coincell.pipeline import make_bank

    if picture is not None and picture.suffix.lower() != ".svg":
        raise UserError(f"A picture is written to a file that ends in .svg; received {picture}.")
    project = open_project(directory)
    settings = FleetSettings(devices=devices, days=days, onset_days=onset, seed=seed)
    chosen = kinds or _KINDS
    with progress_bar("Windows", as_json) as move:
        bank = make_bank(project, cost / 100, kinds=chosen, progress=move)
    trials = []
    with progress_bar("Fleets", as_json) as move:
        for number, drift in enumerate((None, *bank.drifts)):
            move(number, len(bank.drifts) + 1, drift.kind if drift else "clean")
            trials.append(try_condition(bank, settings, drift))
    told = {
        "devices": devices,
        "days": days,
        "onset_days": onset,
        "seed": seed,
        "accuracy": bank.clean.accuracy,
        "false_alarms": false_alarms(trials[0], settings),
        "clean": trials[0].to_json(),
        "drifts": [trial.to_json() for trial in trials[1:]],
    }
    if picture is not None:
        from coincell.files import write_atomic
        from coincell.report import fleet_svg

        write_atomic(picture, fleet_svg(told))
    if as_json:
        print_json(told)
    else:
        _show(told)


def _show(told: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("drift", "costs points", "found in 48 h", "median h", "estimated", "true")
    for lane in (told["clean"], *told["drifts"]):
        clean = lane["kind"] == "none"
        median = lane["median_delay_hours"]
        table.add_row(
            lane["kind"],
            "" if clean else f"{100 * lane['cost']:.1f}",
            "" if clean else f"{100 * lane['found_in_48_hours']:.1f} %",
            "" if median is None else f"{median:.0f}",
            f"{100 * lane['estimated_accuracy']:.1f} %",
            f"{100 * lane['true_accuracy']:.1f} %",
        )
    tables(100).print(table)
    alarms = told["false_alarms"]
    click.echo(
        f"{alarms['alarms']} false alarms in {alarms['device_years']:.1f} watched device years:"
        f" {alarms['a_device_and_year']:.2f} a device and year, at most {alarms['at_most']:.2f}."
    )
