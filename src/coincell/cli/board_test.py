"""`coincell board test`: an attached board beside the virtual one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.line_options import (
    board_of,
    board_option,
    image_argument,
    open_line,
    port_option,
)
from coincell.cli.output import json_option, print_json, printable, progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coincell.board import SelfTest
    from coincell.firmware import Board

_SOURCES = {
    "recordings": "they are recordings of the project's test split",
    "synthetic": "they are synthetic",
}


@click.command("test")
@image_argument()
@port_option
@board_option
@json_option
@click.pass_context
def test_command(
    context: click.Context, image: Path, port: str, board_name: str, as_json: bool
) -> None:
    """Run windows on the attached board and on the virtual one: every byte, every cycle.

    In a project with recordings they are of its test split; else synthetic, noise and tones.

    IMAGE, an ELF file or a project's folder (here unless given), is what the board runs. Its core
    counts cycles itself (DWT); beside them stand those of the virtual board's model. Exit code 1
    when a byte differs.
    """
    from coincell.board import open_image, self_test

    file = open_image(image)
    board = board_of(file, board_name)
    recordings = _recordings(image)
    with open_line(port, board) as line, progress_bar("testing", quiet=as_json) as move:
        result = self_test(line, file, board, move, recordings)
    if as_json:
        print_json(result.to_json())
    else:
        _print(result, board)
    context.exit(0 if result.passed else 1)


def _recordings(path: Path) -> dict[str, NDArray[np.int16]]:
    """Of the project in the folder `path`; none where that is no project with recordings."""
    from coincell.data import held_out_windows
    from coincell.project import CONFIGURATION_FILE, load_project

    if not path.is_dir() or not (path / CONFIGURATION_FILE).is_file():
        return {}
    project = load_project(path)
    return held_out_windows(project.data_directory, project.configuration.data)


def _print(result: SelfTest, board: Board) -> None:
    from rich.table import Table

    from coincell.cli.output import tables

    table = Table(box=None, pad_edge=False)
    table.add_column("window")
    for name in ("cycles", "modelled", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("bytes")
    for window in result.windows:
        ratio = f"{window.cycles / window.modelled_cycles:.3f}" if window.cycles else "-"
        equal = f"differ: {', '.join(window.different)}" if window.different else "equal"
        cycles = f"{window.cycles:,}" if window.cycles else "not counted"
        table.add_row(printable(window.window), cycles, f"{window.modelled_cycles:,}", ratio, equal)
    tables(72).print(table)
    good = sum(not window.different for window in result.windows)
    verdict = "PASS" if result.passed else "FAIL"
    colour = "green" if result.passed else "red"
    click.echo(
        f"{click.style(verdict, fg=colour, bold=True)}: {good} of {len(result.windows)} windows "
        f"equal, byte for byte; {_SOURCES[result.source]}."
    )
    if result.ratio is not None:
        low, high = result.range_factor
        place = "within" if result.in_range else "outside"
        click.echo(
            f"{result.latency_ms:,.2f} ms a window at {board.clock_hz / 1e6:g} MHz; measured over "
            f"modelled {result.ratio:.3f}, {place} the model's range of {low:g} to {high:g}."
        )
