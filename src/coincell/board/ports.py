"""Serial ports: which boards hang on them, and which one is meant."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from coincell.errors import BoardError, MissingExtraError
from coincell.firmware import Board, board_names, load_board

State = Literal["running", "bootloader", "unknown"]


@dataclass(frozen=True)
class Port:
    """A serial port of this computer.

    Attributes:
        device: its path, such as "/dev/ttyACM0".
        usb: vendor and product, "2341:805a"; "" for a port that is not on USB.
        title: what the system calls it.
        boards: names of the described boards that have this id.
        state: what such a board is doing, by its id.
        place: the USB socket, which stays the same when the board comes back as another device.
    """

    device: str
    usb: str = ""
    title: str = ""
    boards: tuple[str, ...] = ()
    state: State = "unknown"
    place: str = ""

    def __str__(self) -> str:
        what = " or ".join(self.boards) or self.title or "unknown"
        waits = ", in its bootloader" if self.state == "bootloader" else ""
        usb = f", USB {self.usb}" if self.usb else ""
        return f"{self.device} ({what}{waits}{usb})"


def serial_package() -> Any:
    """The package pyserial.

    Raises:
        MissingExtraError: the extra "hardware" is not installed.
    """
    try:
        return importlib.import_module("serial")
    except ImportError as error:
        raise MissingExtraError("hardware", "pyserial", "Talking to a real board") from error


def list_ports(own: Board | None = None) -> list[Port]:
    """Every serial port, with the boards that its USB id stands for; those of USB first.

    Args:
        own: a board that is looked for beside those of Coincell, described by the user.

    Raises:
        MissingExtraError: the extra "hardware" is not installed.
    """
    serial_package()
    tools = importlib.import_module("serial.tools.list_ports")
    names = board_names()
    known = [load_board(name) for name in names]
    known += [own] if own and own.name not in names else []
    ports = [_describe(entry, known) for entry in tools.comports()]
    return sorted(ports, key=lambda port: (not port.boards, not port.usb, port.device))


def _describe(entry: Any, known: Sequence[Board]) -> Port:
    usb = "" if entry.vid is None else f"{entry.vid:04x}:{entry.pid:04x}"
    running = tuple(board.name for board in known if usb in board.usb.running)
    waiting = tuple(board.name for board in known if usb in board.usb.bootloader)
    state: State = "running" if running else "bootloader" if waiting else "unknown"
    title = entry.product or entry.description or ""
    title = "" if title == "n/a" else title
    place = (entry.location or "").partition(":")[0]  # without the interface's number
    return Port(entry.device, usb, title, running or waiting, state, place)


def choose_port(wanted: str, board: Board | None = None, bootloader: bool = False) -> Port:
    """The port that is meant: the one named, or that of the only board there is.

    Args:
        wanted: what the user named; "" for none.
        board: only a port of this board will do; any described one unless given.
        bootloader: one that waits in its bootloader will do too.

    Raises:
        BoardError: there is no board, there are several, or the port named does not exist.
        MissingExtraError: the extra "hardware" is not installed.
    """
    ports = list_ports(board)
    if wanted:
        return _named(wanted, ports, board)
    found = [port for port in ports if port.boards and (not board or board.name in port.boards)]
    if len(found) > 1:
        raise BoardError(
            f"{len(found)} boards are attached: {', '.join(map(str, found))}.",
            hint=f"Say which is meant: --port {found[0].device}",
        )
    if not found:
        raise _no_board(ports, board)
    if found[0].state == "bootloader" and not bootloader:
        raise BoardError(
            f"The board at {found[0]} waits for an image and runs none.",
            hint="Flash one with `coincell flash`, or press its reset button once.",
        )
    return found[0]


def _named(wanted: str, ports: Sequence[Port], board: Board | None) -> Port:
    """The port with that name; a name that no port has may be a pseudo-terminal's."""
    path = wanted if "/" in wanted else f"/dev/{wanted}"
    port = next((port for port in ports if port.device == path), None)
    if port is None:
        if not os.path.exists(path):
            others = f" There are: {', '.join(map(str, ports))}." if ports else ""
            raise BoardError(
                f"There is no port {path}.{others}",
                hint="Is the board plugged in, with a cable that carries data? A board that was "
                "reset may have come back under another number.",
            )
        return Port(path)
    if board and port.boards and board.name not in port.boards:
        raise BoardError(
            f"The port {port} is another board's: {board.board.title} was meant.",
            hint="Name the port of that board, or take an image for this one.",
        )
    return port


def _no_board(ports: Sequence[Port], board: Board | None) -> BoardError:
    what = board.board.title if board else "board that Coincell knows"
    others = f" Other ports: {', '.join(map(str, ports))}." if ports else ""
    enter = board.usb.enter if board else ""
    back = f" If it was attached and vanished, {enter}." if enter else ""
    return BoardError(
        f"No {what} is attached.{others}",
        hint="Plug it in with a cable that carries data, not power alone; `lsusb` should list it. "
        f"A board behind a serial adapter is named with --port.{back} Without a board: "
        "`coincell board bridge IMAGE` puts the virtual one on a port.",
    )


def holders_of(device: str) -> list[str]:
    """Which other programs have `device` open, "name (process 123)"; those that we may see."""
    real = os.path.realpath(device)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            files = list((process / "fd").iterdir())
            if any(os.path.realpath(file) == real for file in files):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                found.append(f"{name} (process {process.name})")
        except OSError:
            continue  # another user's, or it has just ended
    return sorted(found)


def access_help(device: str, usb: str = "") -> str:
    """What gives the right to use `device`: the commands, by how its group stands."""
    try:
        group = Path(device).group()
    except (OSError, KeyError):
        group = "dialout"
    rule = 'SUBSYSTEM=="tty", ATTRS{idVendor}=="' + (usb.partition(":")[0] or "2341")
    rule += '", MODE="0660", TAG+="uaccess"'
    if group == "root":
        return (
            "No udev rule gives it to users. As root: "
            f"echo '{rule}' > /etc/udev/rules.d/60-coincell.rules "
            "&& udevadm control --reload && udevadm trigger"
        )
    return f'sudo usermod -a -G {group} "$USER", and log in anew; until then: newgrp {group}'
