"""An image onto a real board: bootloader, tool, and asking the board what it runs now."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from coincell.board.client import BoardClient, BoardInfo
from coincell.board.flash_tools import Files, Progress, Tool, run_tool
from coincell.board.image_file import ImageFile
from coincell.board.ports import Port, choose_port, list_ports
from coincell.board.serial_port import SerialPort, touch
from coincell.board.uf2 import check_drive, copy_to_drive, find_drive, uf2_file
from coincell.errors import BoardError, CoincellError, GateError, MissingExtraError
from coincell.files import write_atomic
from coincell.firmware import Board, board_names

_Found = TypeVar("_Found")
_WAIT_S = 10.0
_BETWEEN_LOOKS_S = 0.1
_SETTLE_S = 0.3
_ASK_S = 1.0


@dataclass(frozen=True)
class Flashed:
    """What became of flashing.

    Attributes:
        tool: that did it.
        port: at which the board is found now; "" when it shows none.
        verified: whether the board told that it runs this image; None when it could not be asked.
        note: why it could not be asked.
    """

    tool: str
    port: str
    verified: bool | None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def flash(
    image: ImageFile,
    board: Board,
    tool: Tool,
    port: str,
    progress: Progress,
    drive: Path | None = None,
) -> Flashed:
    """Write `image` to the attached `board` and ask it what it runs.

    Args:
        image: what to write; it has passed its gates, or the user insists.
        board: what it was linked for.
        tool: as `choose_tool` gives it.
        port: the one that the user named; "" to find the only board.
        progress: is called with (done, total, what is going on).
        drive: of a bootloader that takes UF2 files; found unless given.

    Raises:
        BoardError: no board, several, or another; it went away; the tool failed.
        GateError: the board runs something else afterwards.
    """
    if not tool.program:
        return _flash_drive(image, board, tool, port, progress, drive)
    began = None if tool.probe else choose_port(port, board, bootloader=True)
    if began:
        _refuse_virtual_board(began)
        _refuse_other_board(began, board)
    with tempfile.TemporaryDirectory(prefix="coincell-flash-") as folder:
        files = Files(elf=Path(folder) / "firmware.elf", bin=Path(folder) / "firmware.bin")
        files.bin.write_bytes(image.content(board))
        files.elf.write_bytes(image.data)
        at = began
        if began and not tool.touches and began.state != "bootloader":
            progress(0, 100, "starting the bootloader")
            at = start_bootloader(began, board)
        progress(0, 100, "writing")
        run_tool(tool, board, files, at.device if at else "", progress)
    progress(100, 100, "asking the board")
    return _ask(image, board, tool, port, began)


def _flash_drive(
    image: ImageFile, board: Board, tool: Tool, port: str, progress: Progress, drive: Path | None
) -> Flashed:
    """As a UF2 file, which stays beside the image, onto the drive of the board's bootloader."""
    assert board.flashing.uf2 is not None, "the tool takes this board"
    file = image.path.with_suffix(".uf2")
    write_atomic(
        file, uf2_file(image.content(board), board.flash.origin, board.flashing.uf2.family)
    )
    at = drive or find_drive(board)
    if drive:
        check_drive(drive, board)
    began = None if at else _attached(board, port)
    if began:
        _refuse_virtual_board(began)
    if began and began.boards:
        _refuse_other_board(began, board)
        progress(0, 100, "starting the bootloader")
        if began.state != "bootloader":
            touch(began)
        at = _wait(lambda: find_drive(board))
    if at is None:
        raise BoardError(
            f"No drive of {board.board.title}'s bootloader is mounted. The image is ready as "
            f"{file}.",
            hint=f"Start the bootloader: {board.usb.enter or 'see its manual'}. Mount it if "
            "nothing does, and run the same command again; or copy the file there by hand.",
        )
    copy_to_drive(file.read_bytes(), at / file.name, progress)
    progress(100, 100, "asking the board")
    try:
        return _ask(image, board, tool, port, began)
    except MissingExtraError as error:
        return Flashed(tool.name, "", None, error.message)


def _attached(board: Board, port: str) -> Port | None:
    """The port of the board, if one can be told: a hand can start the bootloader as well."""
    try:
        return choose_port(port, board, bootloader=True)
    except CoincellError:
        if port:
            raise
        return None


def _refuse_virtual_board(port: Port) -> None:
    """A pseudo-terminal is no USB socket: behind it is `coincell board bridge`."""
    if not port.usb and os.path.realpath(port.device).startswith("/dev/pts/"):
        raise BoardError(
            f"{port.device} is a pseudo-terminal: behind it is a virtual board, which has no "
            "bootloader and cannot be flashed.",
            hint="It runs the image that it was started with: `coincell board bridge IMAGE` "
            "starts one with this image.",
        )


def _refuse_other_board(port: Port, board: Board) -> None:
    """Several boards tell the same id on USB while Coincell's firmware runs: ask which it is.

    A board of the user's own may be one of ours under another name: its bootloader's id tells.
    """
    ours = board_names()
    shared = [name for name in port.boards if name in ours]
    if port.state != "running" or board.name not in ours or len(shared) < 2:
        return
    try:
        with SerialPort(port, _ASK_S) as line:
            client = BoardClient(line)
            client.synchronize()
            told = client.info().description.get("board")
    except BoardError:
        return  # it does not say: the id of its bootloader will tell
    if told != board.name:
        raise BoardError(
            f"The board at {port.device} runs an image for {told!r}: it is not "
            f"{board.board.title}, for which this image is.",
            hint="Attach the other board, or name its port with --port.",
        )


def start_bootloader(port: Port, board: Board) -> Port:
    """Touch the port at 1200 baud, and wait for the bootloader's.

    Raises:
        BoardError: the port cannot be opened, or no bootloader appears.
    """
    touch(port)
    found = _wait(lambda: _same(port, board, "bootloader"))
    if found is None:
        raise BoardError(
            f"The board at {port.device} did not start its bootloader within {_WAIT_S:g} s.",
            hint=f"Start it by hand: {board.usb.enter or 'see its manual'}. "
            "Then run the same command again.",
        )
    time.sleep(_SETTLE_S)  # the system still sets the new port's rights
    return found


def _same(before: Port, board: Board, state: str) -> Port | None:
    """The port of the board that was at `before`, in `state`: at the same socket if we know it."""
    found = [
        port for port in list_ports(board) if board.name in port.boards and port.state == state
    ]
    here = [port for port in found if port.place and port.place == before.place]
    if here or not before.place:
        found = here or found
    return found[0] if len(found) == 1 else None


def _wait(look: Callable[[], _Found | None]) -> _Found | None:
    end = time.monotonic() + _WAIT_S
    while (found := look()) is None and time.monotonic() < end:
        time.sleep(_BETWEEN_LOOKS_S)
    return found


def _running(board: Board) -> Port | None:
    """A port at which such a board runs an application."""
    found = (port for port in list_ports(board) if board.name in port.boards)
    return next((port for port in found if port.state == "running"), None)


def _ask(image: ImageFile, board: Board, tool: Tool, named: str, began: Port | None) -> Flashed:
    """What the board says that it runs, if it can be asked."""
    if began and began.boards:
        now = _wait(lambda: _same(began, board, "running"))
    elif named:
        now = began or choose_port(named, board)
    elif not tool.program and image.description.get("link") == "usb":
        now = _wait(lambda: _running(board))
    else:
        now = next((port for port in list_ports(board) if board.name in port.boards), None)
    if now is None:
        note = (
            "No port of the board came up: its line may be a UART's, behind an adapter. "
            "`coincell board info --port PORT` asks it there."
        )
        return Flashed(tool.name, "", None, note)
    if image.description.get("kind") == "collector":
        note = "It collects, and answers nothing: `coincell data collect` hears what it sends."
        return Flashed(tool.name, now.device, None, note)
    with SerialPort(now) as line:
        client = BoardClient(line)
        client.synchronize()
        check_identity(client.info(), image)
    return Flashed(tool.name, now.device, True)


def check_identity(info: BoardInfo, image: ImageFile) -> None:
    """Whether a board runs `image`.

    Raises:
        GateError: it runs another; the message says in what they differ.
    """
    wanted, told = image.description, info.description
    names = sorted(
        name for name in wanted.keys() | told.keys() if wanted.get(name) != told.get(name)
    )
    if names:
        parts = [
            f"{name}: {_short(told.get(name))}, not {_short(wanted.get(name))}" for name in names
        ]
        raise GateError(
            f"The board runs another image than {image.path.name}: {'; '.join(parts)}.",
            hint="Flash this one: `coincell flash`; or name the one that it runs.",
        )


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]} ..."
