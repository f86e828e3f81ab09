"""`coincell flash`: an image that passed its gates onto a real board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.line_options import board_of, board_option, image_argument, port_option
from coincell.cli.output import json_option, print_json, progress_bar

if TYPE_CHECKING:
    from coincell.board import ImageFile
    from coincell.firmware import Board

_TOOLS = ("uf2", "bossac", "arduino-cli", "pyocd", "openocd")


@click.command("flash")
@image_argument()
@port_option
@board_option
@click.option(
    "--tool", type=click.Choice(_TOOLS),
    help="What writes it: Coincell itself, as a UF2 file onto the bootloader's drive; a program "
    "through the USB bootloader (bossac, arduino-cli), or through a debug probe. Unless given, the "
    "first that knows the board and is on PATH.",
)  # fmt: skip
@click.option(
    "--drive", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR",
    help="Where the bootloader's drive is mounted, for --tool uf2; found unless given.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Flash it though its gates do not vouch for it.")
@json_option
def flash_command(
    image: Path,
    port: str,
    board_name: str,
    tool: str | None,
    drive: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write IMAGE, an ELF file or a project's folder (here unless given), to the attached board.

    Only the very image that passed its project's gates is flashed (exit code 1 otherwise). Then the
    board is asked what it runs.
    """
    from coincell.board import choose_tool, flash, open_image

    file = open_image(image)
    board = board_of(file, board_name)
    _ask_gates(file, board, force)
    chosen = choose_tool(tool or ("uf2" if drive else ""), board)
    with progress_bar("flashing", quiet=as_json) as move:
        flashed = flash(file, board, chosen, port, move, drive)
    if as_json:
        facts = {"image": str(file.path), "board": board.name, "forced": force}
        print_json(facts | {"sha256": file.sha256(board)} | flashed.to_json())
        return
    where = f" at {flashed.port}" if flashed.port else ""
    click.echo(f"{file.path.name} is on {board.board.title}{where}, written by {flashed.tool}.")
    if flashed.verified:
        click.echo("The board says that it runs this image.")
    else:
        click.echo(f"warning: not asked. {flashed.note}", err=True)


def _ask_gates(file: ImageFile, board: Board, force: bool) -> None:
    """Refuse what did not pass; with `force` only say so."""
    from coincell.errors import GateError, UserError
    from coincell.pipeline import permit_flash

    try:
        permit_flash(file, board)
    except (GateError, UserError) as refusal:
        if not force:
            raise
        click.echo(f"warning: forced. {refusal.message}", err=True)
