"""An image on disk, read back: what it is, for which board, and what it says of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coincell.errors import BoardError, FileError
from coincell.firmware import Board, Elf, board_names, load_board, plain_binary, read_elf

MOST_DESCRIPTION = 1 << 16
"""Bytes of JSON that an image may carry."""

_MOST_BYTES = 64 << 20
_SYMBOL = "application_description"
_IMAGE_HINT = "Give the firmware.elf that `coincell run` writes into a project's build folder."
_ELSEWHERE = (".bin", ".hex", ".uf2", ".tflite")


@dataclass(frozen=True)
class ImageFile:
    """A firmware image.

    Attributes:
        path: the ELF file.
        data: its bytes.
        elf: what is in them.
        description: the JSON that it carries.
        board: the one it was linked for; None when it does not say, or says one unknown here.
    """

    path: Path
    data: bytes = field(repr=False)
    elf: Elf = field(repr=False)
    description: dict[str, Any]
    board: Board | None

    @property
    def units(self) -> dict[str, str]:
        """Name of a channel -> its unit, as far as the image tells it."""
        told = self.description.get("units")
        if isinstance(told, list):  # a collector's, which names its channels
            names = self.description.get("channels")
            told = dict(zip(names, told, strict=False)) if isinstance(names, list) else None
        given = told.items() if isinstance(told, dict) else ()
        return {name: unit for name, unit in given if isinstance(unit, str) and unit}

    def for_board(self, wanted: str = "") -> Board:
        """The board that the image is for.

        Args:
            wanted: its name or file, for an image that does not say, or whose board is not one of
                Coincell's; "" when the user named none.

        Raises:
            BoardError: the image does not say, or is for another board than `wanted`.
        """
        named = self.description.get("board")
        chosen = load_board(wanted) if wanted else None
        if chosen and isinstance(named, str) and chosen.name != named:
            raise BoardError(
                f"{self.path.name} is an image for {named!r}, not for {chosen.name!r}.",
                hint="Set board.name of the project and `coincell run` again.",
            )
        if chosen:
            return chosen
        if self.board is None:
            what = f"names the board {named!r}, unknown here" if named else "does not say its board"
            raise BoardError(
                f"{self.path.name} {what}.",
                hint=f"Name it with --board: {', '.join(board_names())}.",
            )
        return self.board

    def content(self, board: Board) -> bytes:
        """The bytes from the begin of the board's flash on, as a flashing tool writes them.

        Raises:
            BoardError: the image begins below the flash that an application may fill, or does not
                fit it.
        """
        data = plain_binary(self.elf.segments, board.flash.origin)
        if len(data) > board.flash.bytes:
            raise BoardError(
                f"{self.path.name} has {len(data):,} bytes; the flash of {board.board.title} "
                f"takes {board.flash.bytes:,}."
            )
        return data

    def sha256(self, board: Board) -> str:
        """Of `content`."""
        return hashlib.sha256(self.content(board)).hexdigest()


def open_image(path: Path) -> ImageFile:
    """Read an image: an ELF file, or the one that a project's last run made.

    Args:
        path: the file; a project's folder stands for its build/firmware.elf.

    Raises:
        FileError: there is none.
        BoardError: the file is no firmware image of Coincell's.
    """
    if path.is_dir():
        path = path / "build" / "firmware.elf"
        if not path.is_file():
            raise FileError(
                f"There is no image at {path}.",
                hint="`coincell run` makes one, once every gate before it holds.",
            )
    if path.suffix.lower() in _ELSEWHERE:
        raise FileError(
            f"{path.name} does not say what is in it.",
            hint=f"Name the ELF file beside it: {path.with_suffix('.elf')}",
        )
    data = _read(path)
    elf = read_elf(data)
    description = read_description(elf)
    name = description.get("board")
    board = load_board(name) if isinstance(name, str) and name in board_names() else None
    return ImageFile(path, data, elf, description, board)


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise FileError(f"The image {path} is not a file.", "Name the ELF file itself.")
        if path.stat().st_size > _MOST_BYTES:
            raise BoardError(
                f"{path} is larger than 64 MiB; it cannot be an image.", hint=_IMAGE_HINT
            )
        return path.read_bytes()
    except OSError as error:
        raise FileError(
            f"Cannot read the image {path}: {error.strerror}.", "Name an existing file."
        ) from error


def read_description(elf: Elf) -> dict[str, Any]:
    """The JSON that an image carries, checked.

    Raises:
        BoardError: it carries none.
    """
    if not any(symbol.name == _SYMBOL for symbol in elf.symbols):
        raise BoardError(
            f"The image does not say what it is (there is no symbol {_SYMBOL!r} in it): it is not "
            "one of Coincell's, or its symbols were stripped.",
            hint=f"{_IMAGE_HINT} `coincell board run IMAGE --board NAME` runs any other.",
        )
    symbol = elf.symbol(_SYMBOL)
    if symbol.size > MOST_DESCRIPTION:
        raise BoardError(
            f"The image's description has {symbol.size:,} bytes; 64 KiB are the most.",
            hint=_IMAGE_HINT,
        )
    return parse_description(elf.code(symbol.address, symbol.size))


def parse_description(text: bytes) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        BoardError: it is none.
    """
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BoardError("The image's description is not JSON.", hint=_IMAGE_HINT) from error
    if not isinstance(description, dict):
        raise BoardError("The image's description is no JSON object.", hint=_IMAGE_HINT)
    return description
