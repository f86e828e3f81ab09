"""`coincell compile MODEL.tflite`: any int8 .tflite to C, without a project."""

from __future__ import annotations

import re
from pathlib import Path

import click

from coincell.cli.output import json_option, print_json


@click.command("compile")
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("out"),
    show_default=True, help="Folder for the C files.",
)  # fmt: skip
@click.option("--prefix", "name", default="", help="Name of the C functions; else the file's name.")
@click.option(
    "--arena", type=click.Choice(["static", "caller"]), default="static", show_default=True,
    help="Who owns the memory of the activations.",
)  # fmt: skip
@click.option("--keep-input", is_flag=True, help="Leave the input intact across a call.")
@json_option
def compile_command(
    model: Path, output: Path, name: str, arena: str, keep_input: bool, as_json: bool
) -> None:
    """Compile MODEL, an int8 .tflite, to a C library in the folder --output."""
    from coincell.compiler import CompileOptions, compile_graph, read_model
    from coincell.files import write_atomic

    identifier = name or re.sub(r"\W", "_", model.stem) or "model"
    if not identifier.isidentifier():
        identifier = f"model_{identifier}"
    options = CompileOptions(
        arena="caller" if arena == "caller" else "static", keep_input=keep_input
    )
    compiled = compile_graph(read_model(model), identifier, options)
    for path, text in compiled.sources.items():
        write_atomic(output / path, text)
    facts = {
        "name": compiled.name,
        "files": sorted(compiled.sources),
        "macs": compiled.macs,
        "arena_bytes": compiled.arena_bytes,
        "keep_input_bytes": compiled.keep_input_bytes,
        "layers": len(compiled.layers),
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"{compiled.name}: {len(compiled.layers)} layers, {compiled.macs:,} MACs, "
               f"{compiled.arena_bytes:,} bytes of arena")  # fmt: skip
    kept = "costs" if keep_input else "would cost"
    click.echo(f"Keeping the input {kept} {compiled.keep_input_bytes:,} bytes of it.")
    for path in sorted(compiled.sources):
        click.echo(f"  {output / path}")
