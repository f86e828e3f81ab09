"""`coincell bench MODEL.tflite ...`: what models cost on a target, and whether they are exact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.model_options import OPTIMIZE, resolve_target, target_option
from coincell.cli.output import json_option, print_json, printable, progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coincell.board import Bench, BenchModel, BenchTarget, Expected
    from coincell.data import Progress

    Arrays = NDArray[np.generic]

_MOST_SAMPLES = 100_000


@click.command("bench")
@click.argument(
    "models", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False),
    metavar="MODEL...",
)  # fmt: skip
@click.option(
    "--inputs", type=click.Path(path_type=Path, dir_okay=False),
    help="A .npy, samples first, or for several inputs a .npz (arr_0, arr_1, ...).",
)  # fmt: skip
@click.option(
    "--outputs", type=click.Path(path_type=Path, dir_okay=False),
    help="What the outputs must be, likewise; without it, what TensorFlow Lite Micro says.",
)  # fmt: skip
@click.option(
    "--samples", type=click.IntRange(1, _MOST_SAMPLES), default=16, show_default=True,
    help="How many inputs to draw where none are given: half uniform, half smooth.",
)  # fmt: skip
@target_option
@click.option(
    "--optimize", default="balanced", show_default=True, metavar="LIST",
    help=f"One or several of {', '.join(OPTIMIZE)}; commas between them.",
)  # fmt: skip
@click.option(
    "--compiler", type=click.Choice(["gcc", "zig"]),
    help="Insist on one; else arm-none-eabi-gcc if it is there, or zig.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table",
    show_default=True, help="What to print.",
)  # fmt: skip
@json_option
@click.pass_context
def bench_command(
    context: click.Context,
    models: tuple[Path, ...],
    inputs: Path | None,
    outputs: Path | None,
    samples: int,
    target: str,
    optimize: str,
    compiler: str | None,
    form: str,
    as_json: bool,
) -> None:
    """Measure each MODEL, a .tflite, on the virtual board: cycles, time, memory, layer by layer.

    The first input is counted; every byte of every output is compared with TensorFlow Lite Micro.
    --target and --optimize take several, with commas between them; several models or settings give
    a list. Exit code 1 when a byte differs.
    """
    from coincell.errors import UserError

    if outputs and not inputs:
        raise UserError(
            "--outputs is of use with --inputs only.", "Give the inputs they belong to."
        )
    settings = list(_settings(target, optimize, compiler or ""))
    results: list[Bench] = []
    shown = "json" if as_json else form
    with progress_bar("measuring", quiet=False) as move:
        for path in models:
            results += _measure(path, inputs, outputs, samples, settings, move)
    _print(results, shown, several=len(models) * len(settings) > 1)
    _warn(results)
    context.exit(1 if any(result.exact is False for result in results) else 0)


def _settings(targets: str, optimize: str, compiler: str) -> Iterator[tuple[BenchTarget, Any]]:
    """(target, what to optimize for) of every combination.

    Raises:
        UserError: there is no such target, or nothing of that name to optimize for.
    """
    from coincell.board import BenchTarget
    from coincell.errors import UserError

    wanted = dict.fromkeys(word.strip() for word in optimize.split(","))
    for word in wanted:
        if word not in OPTIMIZE:
            raise UserError(
                f"--optimize takes {', '.join(OPTIMIZE)}. Received: {word!r}.",
                hint="Put commas between several: --optimize speed,ram",
            )
    for name in dict.fromkeys(word.strip() for word in targets.split(",")):
        processor, board = resolve_target(name)
        for word in wanted:
            yield BenchTarget(name, processor, board, compiler), word


def _measure(
    path: Path,
    inputs: Path | None,
    outputs: Path | None,
    count: int,
    settings: Sequence[tuple[BenchTarget, Any]],
    move: Progress,
) -> Iterator[Bench]:
    """One model with every setting; the oracle is asked once."""
    from coincell.board import BenchModel, Expected, bench_model, oracle_outputs, read_arrays
    from coincell.compiler import CompileOptions

    model = BenchModel.read(path)
    drawn = _inputs(model, inputs, count)
    given = None
    if outputs:
        given = Expected(read_arrays(outputs, len(model.graph.outputs)), outputs.name)

    @cache
    def ask() -> Expected | None:
        return given or oracle_outputs(model.tflite, drawn)

    for target, optimize in settings:
        title = f"{path.stem} on {target.name}, {optimize}"
        options = CompileOptions(target=target.processor, optimize=optimize)

        def tell(done: int, total: int, title: str = title) -> None:
            move(done, total, title)

        tell(0, len(drawn[0]) if drawn else 1)
        yield bench_model(model, target, options, drawn, ask, tell)


def _inputs(model: BenchModel, given: Path | None, count: int) -> list[Arrays]:
    """The samples of the file `given`, or `count` drawn ones."""
    from coincell.board import read_arrays, seeded_samples
    from coincell.compiler import samples_of
    from coincell.errors import UserError

    graph = model.graph
    if not given:
        return seeded_samples(graph, count)
    tensors = [graph.tensor(name) for name in graph.inputs]
    read: list[Arrays] = samples_of(tensors, read_arrays(given, len(tensors)))
    if read and not len(read[0]):
        raise UserError(f"{given} holds no sample.", "Give arrays with samples first.")
    return read


def _print(results: Sequence[Bench], form: str, several: bool) -> None:
    if form == "json":
        objects = [result.to_json() for result in results]
        print_json(objects if several else objects[0])
    elif form == "csv":
        click.echo(_csv(results), nl=False)
    else:
        from coincell.cli.bench_table import print_benches

        print_benches(results)


def _warn(results: Sequence[Bench]) -> None:
    """Tell on standard error what was not compared although there is an oracle."""
    untold = [f"{r.model}: {r.oracle}" for r in results if r.exact is None and r.oracle]
    for what in dict.fromkeys(untold):
        click.echo(f"warning: outputs were not compared. {printable(what)}", err=True)


def _csv(results: Sequence[Bench]) -> str:
    """A line a result, without layers; what could not be measured is empty."""
    stream = io.StringIO()
    rows = []
    for result in results:
        row = result.to_json()
        del row["layers"]
        row["difference"] = str(result.difference) if result.difference else None
        low, high = row.pop("latency_range_ms") or (None, None)
        rows.append(row | {"latency_low_ms": low, "latency_high_ms": high})
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
