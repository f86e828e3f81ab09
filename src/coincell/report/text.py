"""The report in the terminal: the promises' table and the key figures that end `coincell run`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from coincell.report import figures
from coincell.report.schema import Gate, Report
from coincell.report.tiles import tiles_of
from coincell.report.verdict import verdict

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_STATE_STYLES = {"passed": "bold green", "failed": "bold red", "stopped": "bold yellow",
                 "open": "bold yellow"}  # fmt: skip


def render_text(report: Report, width: int = 100) -> str:
    """Plain text without colour, for files, pipes and tests."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    print_report(report, console)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def print_report(report: Report, console: Console) -> None:
    """Write the promises, the key figures, the gates and the verdict to a rich console."""
    for part in _parts(report):
        console.print(part)


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if report.promises:
        parts += [_promises(report), ""]
    if tiles_of(report):
        parts += [_key_figures(report), ""]
    if report.gates:
        parts += [_gates(report.gates), ""]
    parts += [_plain(f"! {warning}", "yellow") for warning in report.warnings]
    told = verdict(report)
    parts.append(_plain(told.title, _STATE_STYLES[told.state]))
    parts.append(_plain(told.sentence, ""))
    return parts


def _promises(report: Report) -> Table:
    table = _table("Promise", "", "What this run found")
    for promise in report.promises:
        table.add_row(
            _plain(promise.title, ""),
            _mark(promise.kept, "kept", "BROKEN"),
            _plain(promise.evidence, "dim"),
        )
    return table


def _key_figures(report: Report) -> Table:
    table = _table("Figure", "Value", "")
    table.columns[1].justify = "right"
    for tile in tiles_of(report):
        name = f"{tile.term} (modelled)" if tile.modelled else tile.term
        style = {True: "bold green", False: "bold red", None: "bold"}[tile.good]
        table.add_row(_plain(name, ""), _plain(tile.value, style), _plain(tile.detail, "dim"))
    return table


def _gates(gates: tuple[Gate, ...]) -> Table:
    table = _table("Gate", "Value", "Limit", "", "Reason")
    table.columns[1].justify = "right"
    for gate in gates:
        limit = figures.with_unit(gate.limit, gate.unit)
        table.add_row(
            _plain(gate.name, ""),
            _plain(figures.with_unit(gate.value, gate.unit), ""),
            _plain(limit if gate.limit is None else f"{gate.bound} {limit}", ""),
            _mark(gate.passed, "holds", "FAILS"),
            _plain(gate.reason, "dim"),
        )
    return table


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _mark(state: bool | None, good: str, bad: str) -> Text:
    if state is None:
        return _plain(figures.NOTHING, "yellow")
    return _plain(f"✓ {good}", "green") if state else _plain(f"✗ {bad}", "bold red")


def _plain(text: str, style: str) -> Text:
    """Text as it is: nothing in it is read as markup, control characters are shown as blanks."""
    from rich.text import Text

    clean = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    return Text(clean, style=style)
