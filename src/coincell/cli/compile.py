"""`coincell compile MODEL.tflite`: any int8 .tflite to a C library, without a project."""

from __future__ import annotations

import tempfile
from dataclasses import replace
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
from coincell.cli.output import json_option, print_json

if TYPE_CHECKING:
    from coincell.compiler import CompiledModel
    from coincell.firmware import Board


@click.command("compile")
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("out"),
    show_default=True, help="Folder for the C library.",
)  # fmt: skip
@target_option
@optimize_option
@click.option("--prefix", default="", help="Name of the C functions; else the file's name.")
@click.option(
    "--arena", type=click.Choice(["static", "caller"]), default="static", show_default=True,
    help="Who owns the memory of the activations.",
)  # fmt: skip
@keep_input_option
@json_option
def compile_command(
    model: Path,
    output: Path,
    target: str,
    optimize: Any,
    prefix: str,
    arena: Any,
    keep_input: bool,
    as_json: bool,
) -> None:
    """Compile MODEL, an int8 .tflite, to a C library in the folder --output.

    Beside the C: a README with sizes, a CMakeLists.txt, and a test of known inputs and outputs.
    """
    from coincell.compiler import CompileOptions, bundle_files, compile_graph, read_model
    from coincell.files import write_atomic

    name = c_identifier(model, prefix)
    processor, board = resolve_target(target)
    options = CompileOptions(processor, optimize, arena=arena, keep_input=keep_input)
    graph = read_model(model)
    compiled = compile_graph(graph, name, options)
    sizes = _library_sizes(compiled, board)
    shown = {
        f"{what} on {board.name if board else target}": f"{size:,} bytes"
        for what, size in zip(("Flash", "RAM"), sizes.values(), strict=False)
    }
    files = {**compiled.sources, **bundle_files(compiled, shown)}
    for path, text in files.items():
        write_atomic(output / path, text)
    facts = {
        "name": compiled.name,
        "target": target,
        "optimize": optimize,
        "files": sorted(files),
        "macs": compiled.macs,
        "arena_bytes": compiled.arena_bytes,
        "keep_input_bytes": compiled.keep_input_bytes,
        "constant_bytes": compiled.constant_bytes,
        **{key: sizes.get(key) for key in ("flash_bytes", "ram_bytes")},
        "layers": len(compiled.layers),
    }
    if as_json:
        print_json(facts)
        return
    rows = sum(len(step.kernels) for step in compiled.steps if step.region)
    click.echo(f"{compiled.name}: {len(compiled.layers)} layers, {compiled.macs:,} MACs, "
               f"{compiled.arena_bytes:,} bytes of arena")  # fmt: skip
    for label, size in shown.items():
        click.echo(f"{label}: {size}")
    if rows:
        whole = compile_graph(graph, name, replace(options, optimize="balanced"))
        click.echo(f"{rows} layers are computed row by row; whole layers would need "
                   f"{whole.arena_bytes:,} bytes of arena.")  # fmt: skip
        click.echo("What that costs in time: coincell bench --optimize balanced,ram")
    kept = "costs" if keep_input else "would cost"
    click.echo(f"Keeping the input {kept} {compiled.keep_input_bytes:,} bytes of arena.")
    click.echo(f"{len(files)} files in {output}; start with {output / 'README.md'}")


def _library_sizes(compiled: CompiledModel, board: Board | None) -> dict[str, int]:
    """What the library adds to an image for its board or processor.

    Empty for any processor, without a compiler, and where it does not fit.
    """
    from coincell.errors import ToolchainError
    from coincell.firmware import DoesNotFit, build_model_image, library_sizes

    try:
        if board is None:
            sizes = library_sizes(compiled)
        else:
            with tempfile.TemporaryDirectory(prefix="coincell-compile-") as folder:
                built = build_model_image(compiled, board, Path(folder))
            sizes = built.sizes
    except (ToolchainError, DoesNotFit) as error:
        click.echo(f"Sizes are not known: {error.message}", err=True)
        return {}
    return {"flash_bytes": sizes.flash_bytes, "ram_bytes": sizes.ram_bytes} if sizes else {}
