"""`coincell serial`: what a board says, until Ctrl-C."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.output import printable

if TYPE_CHECKING:
    from coincell.board import Heard, SerialPort

_LOOK_S = 0.2
_FIRST_ANSWER_S = 1.5


@click.command("serial")
@port_option
@click.option("--all", "every", is_flag=True, help="Every decision, not only the changes.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End after so long.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def serial_command(port: str, every: bool, seconds: float | None, as_json: bool) -> None:
    """Print what the attached board decides, as it decides; of other programs, the text they print.

    Ctrl-C ends it.
    """
    follow_board(port, every, seconds, as_json)


def follow_board(port: str, every: bool, seconds: float | None, as_json: bool) -> None:
    """Print what the board at `port` says, for `seconds` or until Ctrl-C."""
    with open_line(port) as line:
        try:
            labels, rate = _introduce(line, every, as_json)
            end = None if seconds is None else time.monotonic() + seconds
            _follow(line, labels, rate, end, as_json)
        except KeyboardInterrupt:
            click.echo("", err=True)


def _introduce(line: SerialPort, every: bool, as_json: bool) -> tuple[list[str], int]:
    """Ask what is there, and let it listen; the names of its labels, and samples a second."""
    from coincell.board import BoardClient, Listening
    from coincell.errors import BoardError

    client = BoardClient(line)
    line.patience_s, patience = _FIRST_ANSWER_S, line.patience_s
    try:
        client.synchronize()
        description = client.info().description
        client.listen(Listening.ALL if every else Listening.CHANGES)
    except BoardError as error:
        click.echo(f"note: {printable(error.message)} What comes is shown.", err=True)
        return [], 0
    finally:
        line.patience_s = patience
    labels = [str(label) for label in description.get("labels", [])]
    facts = {"port": line.port.device, "name": description.get("name"), "labels": labels}
    if as_json:
        click.echo(json.dumps({"kind": "board", **facts}))
    else:
        click.echo(printable(f"{facts['name']} at {facts['port']}: {', '.join(labels)}"), err=True)
    return labels, int(description.get("sample_rate_hz") or 0)


def _follow(
    line: SerialPort, labels: Sequence[str], rate: int, end: float | None, as_json: bool
) -> None:
    from coincell.board import LineReader

    reader = LineReader()
    while end is None or time.monotonic() < end:
        data = line.listen(_LOOK_S)
        for heard in reader.feed(data) if data else reader.flush():
            if as_json:
                click.echo(json.dumps(_plain(heard, labels)))
            else:
                click.echo(_told(heard, labels, rate))


def _plain(heard: Heard, labels: Sequence[str]) -> dict[str, Any]:
    if heard.event is None:
        return {"kind": heard.kind, "text": heard.text, "bytes": heard.bytes}
    event = heard.event
    return {
        "kind": "event",
        "samples": event.samples,
        "label": label_name(event.label, labels),
        "score": event.score,
        "lost": event.lost,
        "status": event.status,
    }


def _told(heard: Heard, labels: Sequence[str], rate: int) -> str:
    if heard.event is None:
        return heard.text if heard.kind == "text" else f"[{heard.kind}] {heard.text}"
    event = heard.event
    if event.status:
        return f"The chain on the board failed with code {event.status}; it listens no more."
    lost = f"  ({event.lost:,} samples lost)" if event.lost else ""
    place = f"{event.samples / rate:9.2f} s" if rate else f"{event.samples:>11,}"
    name = label_name(event.label, labels) or "-"
    return printable(f"{place}  {name:<16}{event.score / 256:8.1f}{lost}")


def label_name(label: int, labels: Sequence[str]) -> str | None:
    """The name of a label by its index; None for no decision."""
    if label < 0:
        return None
    return labels[label] if label < len(labels) else f"class {label}"
