"""`coincell explain MODEL.tflite`: the graph, what each pass did, and the memory map."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.model_options import (
    c_identifier,
    keep_input_option,
    optimize_option,
    resolve_target,
    target_option,
)
from coincell.cli.output import json_option, page_path, print_json, printable, tables

if TYPE_CHECKING:
    from coincell.compiler import Explanation

_MAP_ROWS = 16
_WIDTH_OF_FILES = 120  # where there is no terminal to ask: no table of ours needs more
_PER_CHANNEL = re.compile(r"q\(\[([^]]*)\], \[[^]]*\], (\d+)\)")


@click.command("explain")
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False), required=False)
@target_option
@optimize_option
@keep_input_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), callback=page_path,
    help="Also write the explanation as a page, .html, with the memory map drawn.",
)  # fmt: skip
@click.option("--graph", "show_graph", is_flag=True, help="Print the graph after all passes too.")
@click.option("--operators", is_flag=True, help="Print the table of supported operators instead.")
@json_option
def explain_command(
    model: Path | None,
    target: str,
    optimize: Any,
    keep_input: bool,
    output: Path | None,
    show_graph: bool,
    operators: bool,
    as_json: bool,
) -> None:
    """Explain how MODEL, a .tflite, is compiled: passes, layers, kernels, memory."""
    from coincell.compiler import CompileOptions, explain, print_graph, read_model
    from coincell.files import write_atomic
    from coincell.report import explanation_html

    if operators:
        if model or output:
            raise click.UsageError("--operators prints its table alone: no MODEL, no --output.")
        _print_operators(as_json)
        return
    if model is None:
        raise click.UsageError("Missing argument 'MODEL' (or give --operators).")
    processor, _ = resolve_target(target)
    options = CompileOptions(processor, optimize, keep_input=keep_input)
    explanation = explain(read_model(model), c_identifier(model, ""), options)
    if output:
        write_atomic(output, explanation_html(explanation, f"{printable(model.name)} for {target}"))
    if as_json:
        print_json(_facts(explanation, target))
        return
    _print(explanation)
    if show_graph:
        click.echo()
        click.echo(_PER_CHANNEL.sub(_scales_in_short, print_graph(explanation.compiled.graph)))
    if output:
        click.echo(f"\nThe page: {output}")


def _facts(explanation: Explanation, target: str) -> dict[str, Any]:
    compiled = explanation.compiled
    return {
        "name": compiled.name,
        "target": target,
        "optimize": compiled.options.optimize,
        "arena_bytes": compiled.arena_bytes,
        "lower_bound_bytes": compiled.plan.lower_bound,
        "read": asdict(explanation.read),
        "passes": [asdict(step) for step in explanation.passes],
        "layers": [asdict(layer) for layer in explanation.layers],
        "steps": list(explanation.steps),
        "memory": [asdict(note) for note in explanation.memory],
    }


def _scales_in_short(found: re.Match[str]) -> str:
    """Hundreds of scales, one a channel, as what they range over."""
    scales = [float(scale) for scale in found[1].split(",")]
    return f"q({len(scales)} scales, {min(scales):.3g} to {max(scales):.3g}, along {found[2]})"


def _print(explanation: Explanation) -> None:
    from rich.text import Text

    from coincell.report import letter_of, memory_map_text

    compiled = explanation.compiled
    console = tables(_WIDTH_OF_FILES)
    console.print(_passes_table(explanation))
    console.print(_layers_table(explanation))
    console.print(
        f"\nMemory: {compiled.arena_bytes:,} bytes; no placement needs less than "
        f"{compiled.plan.lower_bound:,}. A column a step, the caller before and after; "
        "a row a share of the arena."
    )
    picture = memory_map_text(
        explanation.memory, len(explanation.steps), compiled.arena_bytes, _MAP_ROWS
    )
    console.print(Text(picture))
    for index, note in enumerate(explanation.memory):
        line = (
            f"  {letter_of(index)} {note.what}: {note.kind}, {note.bytes:,} bytes at "
            f"{note.start:,}, steps {note.first} to {note.last}"
        )
        console.print(Text(line))


def _passes_table(explanation: Explanation) -> Any:
    from rich.table import Table

    table = Table(title="What each pass did", title_justify="left", box=None, pad_edge=False)
    table.add_column("pass")
    for heading in ("operators", "MACs", "parameters"):
        table.add_column(heading, justify="right")
    rows = [("as read", True, explanation.read)]
    rows += [(step.name, step.changed, step.after) for step in explanation.passes]
    for name, changed, size in rows:
        figures = (f"{size.ops:,}", f"{size.macs:,}", f"{size.parameters:,}")
        table.add_row(name, *figures, style=None if changed else "dim")
    return table


def _layers_table(explanation: Explanation) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="\nLayers", title_justify="left", box=None, pad_edge=False)
    table.add_column("layer", no_wrap=True)
    for heading in ("shapes", "kernels", "rescaling"):
        table.add_column(heading, overflow="fold")
    for heading in ("MACs", "constants", "scratch"):
        table.add_column(heading, justify="right")
    for layer in explanation.layers:
        kernels = ", ".join(layer.kernels) + (", by rows" if layer.streamed else "")
        table.add_row(
            Text(layer.name), Text(layer.shapes), kernels, layer.rescaling or "-",
            f"{layer.macs:,}", f"{layer.constant_bytes:,}", f"{layer.scratch_bytes:,}",
        )  # fmt: skip
    return table


def _print_operators(as_json: bool) -> None:
    from coincell.compiler import OPERATOR_TABLE

    rows = OPERATOR_TABLE.values()
    if as_json:
        print_json([{**asdict(row), "tested_against": row.tested_against} for row in rows])
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("operator", no_wrap=True)
    for heading in ("types", "tested against", "limits"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        types = ", ".join(dict.fromkeys((*row.types, *row.reference_types)))
        table.add_row(row.name, types, row.tested_against, row.limits)
    tables(_WIDTH_OF_FILES).print(table)
