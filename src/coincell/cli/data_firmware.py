"""`coincell data firmware`: what a board runs while recordings are taken from it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.output import directory_option, json_option, open_project, print_json

if TYPE_CHECKING:
    from coincell.firmware import Link
    from coincell.project import Project


@click.command("firmware")
@click.option("--board", "board_name", default="", metavar="NAME", help="Another board's.")
@click.option(
    "--link", type=click.Choice(["auto", "usb", "uart"]), show_default="the project's",
    help="The line to the computer; auto is USB where the board has it.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    show_default="build/collect of the project",
    help="Receives firmware.elf, .hex and .bin, or the sketch's folder.",
)  # fmt: skip
@click.option("--arduino", is_flag=True, help="Write a sketch for Arduino instead.")
@directory_option
@json_option
def firmware_command(
    board_name: str,
    link: Link | None,
    output: Path | None,
    arduino: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Build the firmware that sends what the project's sensor gives: sound, motion or pictures.

    Flash it, then `coincell data collect`. Readings are those that the project's device will feel.
    """
    from coincell.errors import UserError

    project = open_project(directory)
    folder = output or project.directory / "build" / "collect"
    if arduino and (board_name or link):
        raise UserError(
            "--board and --link are of the firmware; --arduino writes a sketch for any board.",
            "Choose the board in the Arduino IDE, or with arduino-cli.",
        )
    if arduino:
        facts, told = _sketch(project, folder)
    else:
        facts, told = _image(project, folder, board_name, link)
    if as_json:
        print_json(facts)
    else:
        click.echo(told)


def _sketch(project: Project, folder: Path) -> tuple[dict[str, str | int], str]:
    """Write the sketch of the project's sense below `folder`: facts, and what to say."""
    from coincell.files import write_atomic
    from coincell.firmware import collector_sketch

    configuration = project.configuration
    files = collector_sketch(configuration.data, configuration.board.microphone_gain_db)
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(place, text)
    sketch = folder / next(iter(files))
    told = f"Wrote {sketch}.\nNext: compile and flash it, then coincell data collect --label ..."
    return {"sketch": str(sketch)}, told


def _image(
    project: Project, folder: Path, board_name: str, link: Link | None
) -> tuple[dict[str, str | int], str]:
    """Build the firmware into `folder`: facts, and what to say."""
    from coincell.firmware import build_collector, find_bmi270_configuration, load_board

    settings = project.configuration.board
    board = load_board(board_name or settings.source)
    folder.mkdir(parents=True, exist_ok=True)
    image = build_collector(
        project.configuration.data,
        board,
        folder,
        link=link or settings.link,
        imu_configuration=find_bmi270_configuration(),
        microphone_gain_db=settings.microphone_gain_db,
    )
    facts: dict[str, str | int] = {
        "image": str(image.elf),
        "board": board.name,
        "flash_bytes": image.image_flash_bytes,
        "ram_bytes": image.image_ram_bytes,
    }
    told = (
        f"Built {image.elf} for {board.name}: {image.image_flash_bytes:,} bytes of flash, "
        f"{image.image_ram_bytes:,} of RAM.\n"
        f"Next: coincell flash {shlex.quote(str(image.elf))}, then coincell "
        "data collect --label ... (over a UART with --baud 1000000)"
    )
    return facts, told
