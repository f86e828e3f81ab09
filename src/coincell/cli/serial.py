"""`coincell serial`: what a board says, until Ctrl-C."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import printable

if TYPE_CHECKING:
    from coincell.board import Heard, SerialPort
    from coincell.runtime import Teller

_LOOK_S = 0.2
_FIRST_ANSWER_S = 1.5


@click.command("serial")
@port_option
@click.option("--all", "every", is_flag=True, help="Every decision, not only the changes.")
@click.option("--seconds", type=FiniteRange(min=0), help="End after so long.")
@click.option(
    "--reports", type=click.Path(path_type=Path, dir_okay=False),
    help="Add what an image with [telemetry] reports to this file, for `coincell monitor ingest`.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def serial_command(
    port: str, every: bool, seconds: float | None, reports: Path | None, as_json: bool
) -> None:
    """Print what the attached board decides, as it decides; of other programs, the text they print.

    Ctrl-C ends it.
    """
    follow_board(port, every, seconds, as_json, reports)


def follow_board(
    port: str, every: bool, seconds: float | None, as_json: bool, reports: Path | None = None
) -> None:
    """Print what the board at `port` says, for `seconds` or until Ctrl-C; add what it reports to
    the file `reports`."""
    with open_line(port) as line:
        try:
            board = _introduce(line, every, as_json)
            end = None if seconds is None else time.monotonic() + seconds
            _follow(line, board, end, as_json, reports)
        except KeyboardInterrupt:
            click.echo("", err=True)


def _introduce(line: SerialPort, every: bool, as_json: bool) -> Teller:
    """Ask what is there, and let it listen."""
    from coincell.board import BoardClient, Listening
    from coincell.errors import BoardError
    from coincell.runtime import Teller

    client = BoardClient(line)
    line.patience_s, patience = _FIRST_ANSWER_S, line.patience_s
    try:
        client.synchronize()
        description = client.info().description
        board = Teller.of(description)
        every = every or board.quantity is not None  # a number has no label to change
        client.listen(Listening.ALL if every else Listening.CHANGES)
    except BoardError as error:
        click.echo(f"note: {printable(error.message)} What comes is shown.", err=True)
        return Teller()
    finally:
        line.patience_s = patience
    facts = {"port": line.port.device, "name": description.get("name")}
    if as_json:
        click.echo(json.dumps({"kind": "board", **facts, "labels": board.labels}))
    else:
        named = f"{facts['name']} at {facts['port']}: {', '.join(board.labels)}"
        click.echo(printable(named), err=True)
    return board


def _follow(
    line: SerialPort, board: Teller, end: float | None, as_json: bool, reports: Path | None
) -> None:
    from coincell.board import LineReader

    reader = LineReader()
    while end is None or time.monotonic() < end:
        data = line.listen(_LOOK_S)
        for heard in reader.feed(data) if data else reader.flush():
            if heard.kind == "report" and heard.frame is not None and reports is not None:
                with reports.open("ab") as file:
                    file.write(heard.frame.payload)
            if as_json:
                click.echo(json.dumps(_plain(heard, board)))
            else:
                click.echo(_told(heard, board))


def _summary(data: bytes) -> str:
    """A report in words."""
    from coincell.errors import CoincellError
    from coincell.monitor import parse_report

    try:
        report = parse_report(data).report
    except CoincellError as error:  # damaged, or the extra "monitor" is not installed
        return printable(f"[report] {len(data)} bytes. {error.message}")
    return (
        f"[report] {report.sequence} of device {report.device.hex()}: {report.windows:,} windows "
        f"in {report.seconds:,} s, {len(report.sections)} sections, {len(data)} bytes"
    )


def _plain(heard: Heard, board: Teller) -> dict[str, Any]:
    if heard.kind == "report" and heard.frame is not None:
        return {"kind": "report", "bytes": heard.bytes, "report": heard.frame.payload.hex()}
    if heard.event is None:
        return {"kind": heard.kind, "text": heard.text, "bytes": heard.bytes}
    event = heard.event
    return {
        "kind": "event",
        "samples": event.samples,
        "label": board.label(event.label),
        **board.plain(event.score),
        "lost": event.lost,
        "status": event.status,
    }


def _told(heard: Heard, board: Teller) -> str:
    if heard.kind == "report" and heard.frame is not None:
        return _summary(heard.frame.payload)
    if heard.event is None:
        return heard.text if heard.kind == "text" else f"[{heard.kind}] {heard.text}"
    event = heard.event
    if event.status:
        return f"The board listens no more: {event.failure}"
    lost = f"  ({event.lost:,} samples lost)" if event.lost else ""
    place = f"{event.samples / board.rate_hz:9.2f} s" if board.rate_hz else f"{event.samples:>11,}"
    return printable(f"{place}  {board.words(event.label, event.score)}{lost}")
