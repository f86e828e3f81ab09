"""Results of `coincell bench` for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coincell.cli.output import printable, tables

if TYPE_CHECKING:
    from rich.table import Table

    from coincell.board import Bench

_NARROWEST = 100
_NONE = "-"
_VERDICTS = {None: _NONE, True: "[green]yes[/green]", False: "[red bold]NO[/red bold]"}
_FIGURES = (
    ("multiply-accumulates", "macs"),
    ("instructions", "instructions"),
    ("cycles, zero wait states", "cycles"),
    ("data loads from flash", "flash_loads"),
    ("cycles with their waits", "cycles_flash"),
    ("flash, bytes", "flash_bytes"),
    ("RAM, bytes", "ram_bytes"),
    ("stack, bytes", "stack_bytes"),
    ("image flash, bytes", "image_flash_bytes"),
    ("image RAM, bytes", "image_ram_bytes"),
)


def print_benches(results: Sequence[Bench]) -> None:
    """One result with its layers; several side by side."""
    console = tables(_NARROWEST)
    if len(results) == 1:
        console.print(_figures(results[0]))
        console.print(_layers(results[0]))
    else:
        console.print(_comparison(results))
    for note in dict.fromkeys(line for result in results for line in _notes(result)):
        console.print(printable(note), markup=False, soft_wrap=True)


def _figures(result: Bench) -> Table:
    """All figures of one result."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(_name(result.model)))
    table.add_column(f"{result.target}, {result.optimize}", justify="right")
    for label, field in _FIGURES:
        table.add_row(label, _count(getattr(result, field)))
    table.add_row("milliseconds", _latency(result))
    table.add_row("microjoule, zero wait states", _energy(result.energy_uj))
    table.add_row("microjoule with waits", _energy(result.energy_flash_uj))
    table.add_row("exact", _exact(result))
    return table


def _comparison(results: Sequence[Bench]) -> Table:
    """A row a result."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "target", "optimize"):
        table.add_column(column)
    for column in ("cycles", "ms", "uJ", "flash", "RAM", "stack", "exact"):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(
            Text(_name(result.model).removesuffix(".tflite")), result.target, result.optimize,
            _count(result.cycles),
            _NONE if result.latency_ms is None else f"{result.latency_ms:,.2f}",
            _energy(result.energy_flash_uj),
            _count(result.flash_bytes), _count(result.ram_bytes), _count(result.stack_bytes),
            _VERDICTS[result.exact],
        )  # fmt: skip
    return table


def _name(text: str) -> str:
    """A file's name on one line."""
    return printable(text).replace("\n", "\\n")


def _count(value: int | None) -> str:
    return _NONE if value is None else f"{value:,}"


def _latency(result: Bench) -> str:
    if result.latency_ms is None or result.latency_range_ms is None:
        return _NONE
    low, high = result.latency_range_ms
    return f"{result.latency_ms:,.2f} ({low:,.2f} to {high:,.2f})"


def _energy(microjoule: float | None) -> str:
    return _NONE if microjoule is None else f"{microjoule:,.1f}"


def _exact(result: Bench) -> str:
    if result.exact is None:
        return "no oracle ran"
    if result.exact:
        return f"[green]yes, {result.samples} samples[/green]"
    return f"[red bold]NO, of {result.samples} samples[/red bold]"


def _layers(result: Bench) -> Table:
    """What each layer costs."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("\nlayer")
    for column in ("MACs", "instructions", "cycles", "cycles/MAC", "share"):
        table.add_column(f"\n{column}", justify="right")
    for layer in result.layers:
        ratio = f"{layer.cycles / layer.macs:.2f}" if layer.cycles and layer.macs else _NONE
        share = f"{layer.cycles / result.cycles:.1%}" if layer.cycles and result.cycles else _NONE
        table.add_row(
            layer.name, _count(layer.macs), _count(layer.instructions), _count(layer.cycles),
            ratio, share,
        )  # fmt: skip
    return table


def _notes(result: Bench) -> list[str]:
    """What the figures were taken with."""
    against = "compared with nothing"
    if result.oracle:
        against = f"{'not ' if result.exact is None else ''}compared with {result.oracle}"
    notes = [f"Outputs of the {result.ran_on}, {against}."]
    if result.difference:
        where = f"{result.model} on {result.target}, {result.optimize}"
        notes.append(f"The first byte that differs, {where}: {result.difference}.")
    if result.compiler:
        notes.append(f"Compiler: {result.compiler}.")
    if result.latency_ms is not None:
        notes.append(
            "Milliseconds come from a model of the core; docs/bench.md says how far to trust them."
        )
    if result.energy_uj is not None:
        notes.append(
            "Microjoules are the core's alone, at the published current with the DC/DC converter; "
            "docs/energy.md works them by hand."
        )
    return notes
