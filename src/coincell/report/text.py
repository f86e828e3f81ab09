"""The report in the terminal: the promises' table and the key figures that end `coincell run`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coincell.report import figures
from coincell.report.energy_schema import EnergyPart
from coincell.report.gallery_schema import Gallery
from coincell.report.picture import Features, features_text, picture_text
from coincell.report.schema import Gate, QuantizationPart, Report
from coincell.report.server_words import server_basis
from coincell.report.tiles import tiles_of
from coincell.report.verdict import gate_limit, gate_title, is_limited, verdict

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_MISTAKES = 6
_SCORES = 5
_BAR = 24
_DECIBELS_A_BLOCK = 4
_MOST_BLOCKS = 15
"""60 dB, a thousandth: int8 comes near it only where a layer is trivial."""
_STATE_STYLES = {"passed": "bold green", "failed": "bold red", "stopped": "bold yellow",
                 "open": "bold yellow"}  # fmt: skip


def render_text(report: Report, width: int = 100, gallery: Gallery | None = None) -> str:
    """Plain text without colour, for files, pipes and tests."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    print_summary(report, console, gallery)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def print_summary(
    report: Report, console: Console | None = None, gallery: Gallery | None = None
) -> None:
    """Write promises, key figures, the worst mistakes where `gallery` shows any, gates and verdict
    to a rich console (standard output)."""
    console = console or _standard_output()
    for part in _parts(report, gallery):
        console.print(part)


def print_gates(gates: Sequence[Gate], console: Console | None = None) -> None:
    """Write a table of gates to a rich console (standard output)."""
    (console or _standard_output()).print(_gates(gates))


def print_quantization(part: QuantizationPart, console: Console | None = None) -> None:
    """Write what each layer loses to int8, as bars, with advice on the worst."""
    console = console or _standard_output()
    if not part.layer_losses:
        console.print(_plain(f"Nothing is told of layers. {part.reason}", ""))
        return
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    for title in ("Layer", "Range", "Cut off", "Own", "Kernel", "So far, dB", "Advice"):
        # a bar that wraps is two bars: names and advice give way
        grid.add_column(title, overflow="fold", no_wrap=title not in ("Layer", "Range", "Advice"))
    for layer in part.layer_losses:
        kernel = figures.NOTHING if layer.kernel_db is None else f"{layer.kernel_db:.0f}"
        bar = "█" * min(_MOST_BLOCKS, max(0, round(layer.total_db / _DECIBELS_A_BLOCK)))
        grid.add_row(
            layer.name,
            f"{layer.range_low:.3g} to {layer.range_high:.3g}",
            figures.percent(layer.clipped) if layer.clipped else "",
            f"{layer.rounding_db:.0f}",
            kernel,
            f"{layer.total_db:4.0f} {bar}",
            layer.advice,
        )
    console.print(grid)
    how = "aware of int8 (qat)" if part.mode == "qat" else "after training (ptq)"
    console.print(_plain(f"Quantized {how}. {part.reason}", ""))
    console.print(_plain("Signal to noise against float, in decibels: 20 dB are a tenth.", "dim"))


def print_prediction(
    prediction: Mapping[str, Any],
    features: Features | Sequence[Features] | None = None,
    console: Console | None = None,
) -> None:
    """Write what a model said of a recording, with its features as a picture.

    Args:
        prediction: "file", "label" (null: no decision), "scores" (label -> 0 to 1), and "unit",
            where scores are numbers in one.
        features: int8 [frames, bands], or [height, width, channels] of a picture; None for none.
        console: where to; standard output if None.
    """
    console = console or _standard_output()
    label = prediction["label"]
    console.print(
        _plain(f"{prediction['file']}: ", ""),
        _plain(
            label or ("" if prediction.get("unit") else "no decision"),
            "bold green" if label else "bold yellow",
        ),
        sep="",
    )
    if prediction.get("padded"):
        console.print(_plain("  shorter than a window: what is missing was filled up", "yellow"))
    if prediction.get("cropped"):
        console.print(_plain("  larger than a window: a part of it was taken", "yellow"))
    scores: Mapping[str, float] = prediction["scores"]
    width = max((len(name) for name in scores), default=0)
    if unit := prediction.get("unit"):
        for name, score in scores.items():
            console.print(_plain(f"  {name:<{width}} {score:.4g} {unit}", ""))
        scores = {}
    for name, score in sorted(scores.items(), key=lambda entry: -entry[1])[:_SCORES]:
        bar = "█" * round(score * _BAR) or "▏"
        console.print(_plain(f"  {name:<{width}} {figures.percent(score):>7}  {bar}", ""))
    if features is not None:
        console.print(_drawn(features, colour=console.color_system is not None))


def _drawn(features: Any, *, colour: bool) -> Text:
    """Features [frames, bands], or a picture's pixels [height, width, channels]."""
    if isinstance(features[0][0], Sequence):
        return picture_text(features, colour=colour)
    return features_text(features, colour=colour)


def _standard_output() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _parts(report: Report, gallery: Gallery | None) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if report.promises:
        parts += [_promises(report), ""]
    if tiles_of(report):
        parts += [_key_figures(report), ""]
    if gallery is not None and gallery.mistakes:
        parts += [_mistakes(gallery, "error" if report.dataset.quantity else "mistake"), ""]
    if report.board is not None and report.board.energy is not None:
        energy = report.board.energy
        parts += [_plain(energy.senses_nothing, "yellow")] if energy.senses_nothing else []
        parts += [_plain(energy.dominant, "dim")]
        parts += [_plain(f"{way.name}: {way.told}", "dim") for way in energy.ways]
        basis = server_basis(report.board.average_mw or 0.0, energy.as_shipped)
        parts += [_server(energy), _plain(basis, "dim"), ""] if energy.server else []
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


def _mistakes(gallery: Gallery, word: str) -> Table:
    """The worst first, as on the page."""
    table = _table(gallery.mistakes_title(word), "It is", "The int8 model says", "")
    for each in gallery.mistakes[:_MISTAKES]:
        table.add_row(
            _plain(each.file, ""), _plain(each.truth, ""), _plain(each.said, "bold"),
            _plain(each.told, "dim"),
        )  # fmt: skip
    return table


def _server(energy: EnergyPart) -> Table:
    """The same decisions from a server, beside those on the device."""
    table = _table("A decision, a model", "Power", "Bytes a day", "Answer after", "Lasts")
    for column in table.columns[1:]:
        column.justify = "right"
    for way in energy.server:
        table.add_row(
            _plain(way.title, ""),
            _plain(f"{figures.short_count(way.average_mw)} mW", ""),
            _plain(figures.data_size(way.bytes_a_day), ""),
            _plain(figures.milliseconds(way.delay_ms), ""),
            _plain(figures.days(way.battery_days), ""),
        )
    return table


def _gates(gates: Sequence[Gate]) -> Table:
    table = _table("Gate", "Value", "Limit", "", "Reason")
    table.columns[1].justify = "right"
    for gate in gates:
        table.add_row(
            _plain(gate_title(gate), ""),
            _plain(figures.with_unit(gate.value, gate.unit), ""),
            _plain(gate_limit(gate), ""),
            _mark(gate.passed if is_limited(gate) else None, "holds", "FAILS"),
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
