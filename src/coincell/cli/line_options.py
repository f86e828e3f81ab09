"""What the verbs that talk to a real board share: its port, its image, the open line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from coincell.board import ImageFile, SerialPort
    from coincell.firmware import Board

port_option = click.option(
    "--port", default="", metavar="DEVICE",
    help="The board's serial port, such as /dev/ttyACM0; needed when there are several boards.",
)  # fmt: skip
board_option = click.option(
    "--board", "board_name", default="", metavar="NAME",
    help="The board, for an image that does not say for which it is.",
)  # fmt: skip


def image_argument(required: bool = False) -> Callable[..., Any]:
    """IMAGE: an ELF file, or a project's folder."""
    return click.argument(
        "image", required=required, type=click.Path(path_type=Path), default=None if required
        else Path(), metavar="IMAGE" if required else "[IMAGE]",
    )  # fmt: skip


def board_of(image: ImageFile, wanted: str) -> Board:
    """What an image is for: the board named, the one it tells, or its project's own description.

    Args:
        image: in its project's build folder, or anywhere.
        wanted: what --board says; "" for nothing.

    Raises:
        BoardError: nothing says it, or the image is for another board.
        ConfigurationError: the project's settings cannot be used.
    """
    from coincell.project import CONFIGURATION_FILE, load_project

    folder = image.path.resolve().parent.parent
    if not wanted and image.board is None and (folder / CONFIGURATION_FILE).is_file():
        source = load_project(folder).configuration.board.source
        wanted = source if source.endswith(".toml") else ""
    return image.for_board(wanted)


def open_line(port: str, board: Board | None = None) -> SerialPort:
    """The line to the attached board.

    Raises:
        BoardError: none, several, or not ours to use.
        MissingExtraError: the extra "hardware" is not installed.
    """
    from coincell.board import SerialPort, choose_port

    return SerialPort(choose_port(port, board))
