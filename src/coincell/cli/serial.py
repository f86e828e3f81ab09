"""`coincell serial`: what a board says, until Ctrl-C."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.output import printable

if TYPE_CHECKING:
    from coincell.board import Heard, SerialPort
    from coincell.runtime import QuantityUnit, ScoreUnit, StrangenessUnit

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
            board = _introduce(line, every, as_json)
            end = None if seconds is None else time.monotonic() + seconds
            _follow(line, board, end, as_json)
        except KeyboardInterrupt:
            click.echo("", err=True)


@dataclass(frozen=True)
class Talker:
    """What a board says of itself; what it does not say is empty.

    Attributes:
        labels: their names, by index.
        rate_hz: samples a second.
        unit: what its scores stand for.
        strangeness: the same of one that tells what is strange.
        quantity: the same of one that tells a number.
    """

    labels: tuple[str, ...] = ()
    rate_hz: int = 0
    unit: ScoreUnit | None = None
    strangeness: StrangenessUnit | None = None
    quantity: QuantityUnit | None = None

    def score(self, raw: int) -> str:
        """A decision's score for people."""
        if self.strangeness:
            return self.strangeness.told(raw)
        if self.quantity:
            return self.quantity.told(raw)
        return f"{self.unit.share(raw):.3f}" if self.unit else f"raw {raw}"

    def plain(self, raw: int) -> dict[str, Any]:
        """The same for programs."""
        strange, number = self.strangeness, self.quantity
        return {
            "score": self.unit.share(raw) if self.unit else None,
            "score_raw": raw,
            **({"strangeness": strange.value(raw)} if strange else {}),
            **({"value": number.value(raw), "unit": number.unit} if number else {}),
        }

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Talker:
        """From a description that came over the line, and so is not to be trusted."""
        from coincell.runtime import quantity_unit, score_unit, strangeness_unit

        labels, rate = description.get("labels"), description.get("sample_rate_hz")
        return cls(
            tuple(map(str, labels)) if isinstance(labels, list) else (),
            rate if isinstance(rate, int) and rate > 0 else 0,
            score_unit(description),
            strangeness_unit(description),
            quantity_unit(description),
        )


def _introduce(line: SerialPort, every: bool, as_json: bool) -> Talker:
    """Ask what is there, and let it listen."""
    from coincell.board import BoardClient, Listening
    from coincell.errors import BoardError
    from coincell.runtime import quantity_unit

    client = BoardClient(line)
    line.patience_s, patience = _FIRST_ANSWER_S, line.patience_s
    try:
        client.synchronize()
        description = client.info().description
        every = every or quantity_unit(description) is not None  # a number has no label to change
        client.listen(Listening.ALL if every else Listening.CHANGES)
    except BoardError as error:
        click.echo(f"note: {printable(error.message)} What comes is shown.", err=True)
        return Talker()
    finally:
        line.patience_s = patience
    board = Talker.of(description)
    facts = {"port": line.port.device, "name": description.get("name")}
    if as_json:
        click.echo(json.dumps({"kind": "board", **facts, "labels": board.labels}))
    else:
        named = f"{facts['name']} at {facts['port']}: {', '.join(board.labels)}"
        click.echo(printable(named), err=True)
    return board


def _follow(line: SerialPort, board: Talker, end: float | None, as_json: bool) -> None:
    from coincell.board import LineReader

    reader = LineReader()
    while end is None or time.monotonic() < end:
        data = line.listen(_LOOK_S)
        for heard in reader.feed(data) if data else reader.flush():
            if as_json:
                click.echo(json.dumps(_plain(heard, board)))
            else:
                click.echo(_told(heard, board))


def _plain(heard: Heard, board: Talker) -> dict[str, Any]:
    if heard.event is None:
        return {"kind": heard.kind, "text": heard.text, "bytes": heard.bytes}
    event = heard.event
    return {
        "kind": "event",
        "samples": event.samples,
        "label": label_name(event.label, board.labels),
        **board.plain(event.score),
        "lost": event.lost,
        "status": event.status,
    }


def _told(heard: Heard, board: Talker) -> str:
    if heard.event is None:
        return heard.text if heard.kind == "text" else f"[{heard.kind}] {heard.text}"
    event = heard.event
    if event.status:
        return f"The board listens no more: {event.failure}"
    lost = f"  ({event.lost:,} samples lost)" if event.lost else ""
    place = f"{event.samples / board.rate_hz:9.2f} s" if board.rate_hz else f"{event.samples:>11,}"
    name = label_name(event.label, board.labels) or "-"
    return printable(f"{place}  {name:<16}{board.score(event.score):>8}{lost}")


def label_name(label: int, labels: Sequence[str]) -> str | None:
    """The name of a label by its index; None for no decision."""
    if label < 0:
        return None
    return labels[label] if label < len(labels) else f"class {label}"
