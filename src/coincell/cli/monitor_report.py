"""`coincell monitor report` and `collect`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.monitor import kept, store_option
from coincell.cli.output import (
    json_option,
    page_path,
    print_json,
    printable,
    progress_bar,
    tables,
)
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.monitor import ChangeSettings, FleetView, Hysteresis

_SHOWN = 12

reference_option = click.option(
    "--reference", "identity", default="",
    help="Its 16 hexadecimal digits; needed where several are registered.",
)  # fmt: skip


@click.command("report")
@reference_option
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), callback=page_path,
    help="Write a page to this .html file too.",
)  # fmt: skip
@store_option
@json_option
def report_command(identity: str, output: Path | None, place: str, as_json: bool) -> None:
    """Drift, probable accuracy, sensors and outliers of the fleet, from what devices told."""
    view = watched(identity, place, as_json)
    if output is not None:
        from coincell.files import write_atomic
        from coincell.report import fleet_html

        write_atomic(output, fleet_html(view.to_json()))
    if as_json:
        print_json(view.to_json())
        return
    _show(view)
    if output is not None:
        click.echo(printable(f"Written: {output}"))


@click.command("collect")
@reference_option
@click.option(
    "--most", type=click.IntRange(1, 1000), default=10, show_default=True,
    help="Devices that are named.",
)  # fmt: skip
@store_option
@json_option
def collect_command(identity: str, most: int, place: str, as_json: bool) -> None:
    """Which recordings to collect and label next: at which devices, how many, and why."""
    from rich.table import Table

    from coincell.monitor import collecting_wishes

    view = watched(identity, place, as_json)
    wishes = collecting_wishes(view, most)
    if as_json:
        print_json({"wishes": [asdict(wish) for wish in wishes]})
        return
    if not wishes:
        click.echo("No device with a working sensor has told of any windows yet.")
        return
    table = Table("device", "recordings", "listen for", "why")
    for wish in wishes:
        words = printable(", ".join(wish.labels)) or "anything"
        table.add_row(wish.device, str(wish.recordings), words, printable(wish.reason))
    tables(120).print(table)


def watched(
    identity: str,
    place: str,
    quiet: bool,
    change: ChangeSettings | None = None,
    hysteresis: Hysteresis | None = None,
) -> FleetView:
    """The fleet of the reference that is named, or of the only one.

    Raises:
        UserError: the store knows it not, or several.
    """
    from coincell.monitor import Store, watch_fleet

    with Store(kept(place)) as store:
        known = {one.identity: one for one in store.references().values()}
        if identity and identity not in known:
            raise UserError(
                f"The store knows no reference {identity[:40]!r}.",
                hint=f"It knows {', '.join(sorted(known)) or 'none'}.",
            )
        if not identity and len(known) != 1:
            raise UserError(
                f"The store has {len(known)} references; a report is of one.",
                hint=f"Name it with --reference: {', '.join(sorted(known))}."
                if known
                else "Call `coincell monitor register build/reference.json` first.",
            )
        with progress_bar("Devices", quiet) as move:
            return watch_fleet(
                store, known[identity or next(iter(known))], change, hysteresis, move
            )


def _show(view: FleetView) -> None:
    from rich.table import Table

    if not view.devices:
        click.echo("No device has reported yet.")
        return
    if view.estimate is not None:
        accuracy, error = 100 * view.estimate.accuracy, 196 * view.estimate.error
        low, high = max(0.0, accuracy - error), min(100.0, accuracy + error)
        click.echo(
            f"Probably right: {accuracy:.1f} % ({low:.1f} to {high:.1f}), unless it drifts;"
            f" of {view.estimate.windows:,} windows."
        )
    table = Table("of all devices", "PSI", "KS", "JS bits", "p")
    for drift in sorted(view.drift, key=lambda one: -one.psi)[:_SHOWN]:
        numbers = (f"{drift.psi:.3f}", f"{drift.ks:.3f}", f"{drift.js:.3f}", f"{drift.p:.2g}")
        table.add_row(printable(drift.name), *numbers)
    tables(100).print(table)
    if len(view.drift) > _SHOWN:
        click.echo(
            f"The {_SHOWN} of {len(view.drift)} histograms that are furthest off; all: --json."
        )
    click.echo(
        "PSI over 0.25 is a large shift. p: that people as unlike as those of training and\n"
        "validation would shift it so far; of few devices and people it tells little."
    )
    troubled = [one for one in view.devices if one.troubles]
    for device in troubled[:_SHOWN]:
        click.echo(printable(f"{device.device}: {'; '.join(device.troubles)}"))
    for name, score, named in view.outliers[:_SHOWN]:
        click.echo(printable(f"{name}: unlike the others, {score:.0f} deviations ({named})"))
    count = len(view.devices)
    click.echo(f"{count} device{'s' * (count != 1)}, {len(troubled)} with troubles.")
