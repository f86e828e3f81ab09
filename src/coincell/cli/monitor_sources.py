"""`coincell monitor subscribe`, `listen`, `bluetooth`: reports by MQTT, a board's line, radio."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.monitor import store_option
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import printable

if TYPE_CHECKING:
    from coincell.monitor import Store, StoreError

_LOOK_S = 0.2
_AWAY_S = 2.0

seconds_option = click.option("--seconds", type=FiniteRange(min=0), help="End after so long.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.command("subscribe")
@click.argument("broker", envvar="COINCELL_MONITOR_BROKER")
@click.option(
    "--topic", default="coincell/reports/#", show_default=True,
    help="Where devices or their gateways publish.",
)  # fmt: skip
@click.option(
    "--client", default="coincell-monitor", show_default=True,
    help="The name by which the broker keeps what comes while the monitor is away; two monitors "
    "need two.",
)  # fmt: skip
@seconds_option
@store_option
@json_option
def subscribe_command(
    broker: str, topic: str, client: str, seconds: float | None, place: str, as_json: bool
) -> None:
    """Take reports from an MQTT broker until Ctrl-C.

    BROKER is mqtt://user:password@host:port, mqtts:// with TLS; the variable
    COINCELL_MONITOR_BROKER says it without showing the password to whoever lists processes. A
    message holds reports behind each other, and is acknowledged when they are on the disk.
    """
    from coincell.monitor import Broker, MqttSource, Store, collect_seldom

    at = Broker.from_url(broker)
    with Store(place) as store, MqttSource(at, topic, client, _note) as source:
        collect_seldom()
        click.echo(printable(f"Reports are taken from {topic}. Ctrl-C ends it."), err=True)
        source.receive(_keeper(store, as_json), _until(seconds))


@click.command("listen")
@port_option
@seconds_option
@store_option
@json_option
def listen_command(port: str, seconds: float | None, place: str, as_json: bool) -> None:
    """Take the reports that an attached board sends unasked, until Ctrl-C.

    Whatever else comes over the line is passed over. A board that was unplugged is waited for.
    """
    from coincell.monitor import Store

    again = _until(seconds)
    with Store(place) as store:
        keep = _keeper(store, as_json)
        for reports in _heard(port, again):
            keep(reports)


@click.command("bluetooth")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option(
    "--scan", type=FiniteRange(min=0.1, max=600), default=8.0, show_default=True,
    help="Seconds that each round looks for devices.",
)  # fmt: skip
@click.option(
    "--pause", type=FiniteRange(min=0, max=86400), default=60.0, show_default=True,
    help="Seconds between rounds.",
)  # fmt: skip
@seconds_option
@store_option
@json_option
def bluetooth_command(
    addresses: tuple[str, ...],
    scan: float,
    pause: float,
    seconds: float | None,
    place: str,
    as_json: bool,
) -> None:
    """Take the reports that devices nearby offer by Bluetooth Low Energy, until Ctrl-C.

    Round by round all that advertise the reports' service are asked, or those at ADDRESS alone. A
    device keeps its report until it is on the disk here.
    """
    from coincell.monitor import BluetoothSource, Store

    with Store(place) as store:
        source = BluetoothSource(addresses, scan, pause)
        # Nobody waits for a store that is away: the devices keep their reports.
        source.receive(_adder(store, as_json), _until(seconds), _note)


def _heard(port: str, again: Callable[[], bool]) -> Iterator[list[bytes]]:
    """Reports as they come, from a board that may go away and come back."""
    from coincell.board import LineReader
    from coincell.errors import BoardError

    open_once = False
    while again():
        try:
            with open_line(port) as line:
                open_once = True
                port = line.port.device
                reader = LineReader()
                while again():
                    data = line.listen(_LOOK_S)
                    heard = reader.feed(data) if data else reader.flush()
                    reports = [
                        one.frame.payload for one in heard if one.kind == "report" and one.frame
                    ]
                    if reports:
                        yield reports
        except BoardError as error:
            if not open_once:
                raise
            _note(error.message)
            time.sleep(_AWAY_S)


def _adder(store: Store, as_json: bool) -> Callable[[list[bytes]], None]:
    """Adds reports, and says what became of them."""

    def add(reports: list[bytes]) -> None:
        outcome = store.add(reports)
        counts = {
            "added": outcome.added, "repeated": outcome.repeated, "refused": outcome.refused,
        }  # fmt: skip
        if as_json:
            click.echo(json.dumps(counts))
        else:
            click.echo("{added} added, {repeated} known, {refused} refused".format(**counts))
        for one in outcome.refusals[:1]:
            click.echo(printable(f"  {one.reason}: {one.message}"), err=True)

    return add


def _keeper(store: Store, as_json: bool) -> Callable[[list[bytes]], None]:
    """Adds them as `_adder` does, and waits while the store is away."""
    from coincell.monitor import longer_and_longer, patiently

    def away(error: StoreError) -> None:
        _note(f"{error.message} Reports wait.")

    add = _adder(store, as_json)
    return lambda reports: patiently(partial(add, reports), longer_and_longer(), told=away)


def _note(text: str) -> None:
    click.echo(printable(f"note: {text}"), err=True)


def _until(seconds: float | None) -> Callable[[], bool]:
    end = None if seconds is None else time.monotonic() + seconds
    return lambda: end is None or time.monotonic() < end
