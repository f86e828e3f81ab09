"""The programs that write an image to a board: how each is called, and what its failures mean."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coincell.errors import BoardError
from coincell.firmware import Board

Progress = Callable[[int, int, str], None]

_PATIENCE_S = 180.0
_MOST_OUTPUT = 1 << 20
_SHOWN_LINES = 6
_PERCENT = re.compile(rb"(?<![\d.])(\d{1,3})(?:\.\d+)?\s?%")


@dataclass(frozen=True)
class Files:
    """The image in the forms that tools take."""

    elf: Path
    bin: Path


@dataclass(frozen=True)
class Tool:
    """A program that flashes.

    Attributes:
        name: of the executable.
        probe: whether it works through a debug probe; otherwise through the USB bootloader.
        touches: whether it starts the bootloader by itself.
        takes: whether it knows a board.
        arguments: (board, files, device of the port) -> the words after the executable's name.
        install: where it comes from.
        program: whether it is one on PATH; Coincell copies files to a drive itself.
    """

    name: str
    probe: bool
    touches: bool
    takes: Callable[[Board], bool]
    arguments: Callable[[Board, Files, str], list[str]]
    install: str
    program: bool = True


def _bossac(board: Board, files: Files, device: str) -> list[str]:
    """Erase, write, reset, as Arduino's mbed core calls its bossac 1.9.1-arduino2."""
    del board
    return [
        "-d",
        f"--port={device.removeprefix('/dev/')}",
        "-U",
        "-i",
        "-e",
        "-w",
        str(files.bin),
        "-R",
    ]


def _arduino_cli(board: Board, files: Files, device: str) -> list[str]:
    words = ["upload", "--fqbn", board.flashing.arduino_fqbn, "--port", device]
    return [*words, "--input-file", str(files.bin)]


def _pyocd(board: Board, files: Files, device: str) -> list[str]:
    del device
    return ["load", "--no-wait", "--target", board.flashing.pyocd_target, str(files.elf)]


def _openocd(board: Board, files: Files, device: str) -> list[str]:
    del device
    words = [word for name in board.flashing.openocd for word in ("-f", name)]
    return [*words, "-c", f"program {{{files.elf}}} verify reset exit"]


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "uf2", False, False, lambda board: board.flashing.uf2 is not None,
            lambda *_: [], "Nothing: Coincell copies the file itself.", program=False,
        ),
        Tool(
            "bossac", False, False, lambda board: board.flashing.bossac, _bossac,
            "It comes with Arduino's boards package (arduino-cli core install arduino:mbed_nano), "
            "below ~/.arduino15/packages/arduino/tools/bossac; put that folder on PATH.",
        ),
        Tool(
            "arduino-cli", False, True, lambda board: bool(board.flashing.arduino_fqbn),
            _arduino_cli, "See arduino.github.io/arduino-cli; then install the board's core.",
        ),
        Tool(
            "pyocd", True, False, lambda board: bool(board.flashing.pyocd_target), _pyocd,
            "pip install pyocd",
        ),
        Tool(
            "openocd", True, False, lambda board: bool(board.flashing.openocd), _openocd,
            "sudo apt install openocd",
        ),
    )
}  # fmt: skip
"""By name, in the order in which one is chosen."""


def choose_tool(wanted: str, board: Board) -> Tool:
    """The tool named, or the first on PATH that knows the board.

    Raises:
        UserError: it is not installed, or does not know the board.
    """
    able = [tool for tool in TOOLS.values() if tool.takes(board)]
    if wanted:
        tool = TOOLS[wanted]
        if tool not in able:
            others = ", ".join(each.name for each in able) or "none"
            raise BoardError(
                f"{wanted} cannot flash {board.board.title}.", f"Those that can: {others}."
            )
        if not _is_there(tool):
            raise BoardError(f"The program {wanted} is not on PATH.", tool.install)
        return tool
    found = next((tool for tool in able if _is_there(tool)), None)
    if found is None:
        names = ", ".join(tool.name for tool in able) or "none is known"
        raise BoardError(
            f"No program that flashes {board.board.title} is on PATH. Looked for: {names}.",
            hint=able[0].install if able else "Flash it with the maker's own tool.",
        )
    return found


def _is_there(tool: Tool) -> bool:
    return not tool.program or shutil.which(tool.name) is not None


def run_tool(tool: Tool, board: Board, files: Files, device: str, progress: Progress) -> list[str]:
    """Run the tool; its percentages move `progress`. Returns the command line.

    Raises:
        BoardError: it failed; the message says why, and how to get the board back.
    """
    command = [shutil.which(tool.name) or tool.name, *tool.arguments(board, files, device)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise BoardError(f"Cannot start {tool.name}: {error.strerror}.", tool.install) from error
    try:
        output = _follow(process, progress)
    finally:
        _end(process)
    code = process.wait()
    text = output.decode(errors="replace")
    if code or _FAILED.search(text):
        raise _explain(tool, board, device, code, text)
    return command


def _follow(process: subprocess.Popen[bytes], progress: Progress) -> bytes:
    """All that the tool says, or as much as is kept of it."""
    assert process.stdout is not None
    output, end = bytearray(), time.monotonic() + _PATIENCE_S
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([process.stdout], [], [], left)
        if not ready:
            break
        data = os.read(process.stdout.fileno(), 4096)
        if not data:
            return bytes(output)
        output = (output + data)[-_MOST_OUTPUT:]
        found = _PERCENT.findall(output[-200:])
        if found and int(found[-1]) <= 100:
            progress(int(found[-1]), 100, "writing")
    raise BoardError(
        f"The tool did not end within {_PATIENCE_S:g} s and was stopped.",
        hint="Unplug the board, plug it in again, and try once more.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop it if it still runs, with all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout:
        process.stdout.close()


_FAILED = re.compile(r"No device found on|SAM-BA operation failed|\*\* Programming Failed \*\*")
"""Failures that a tool may tell and still end with 0."""


def _explain(tool: Tool, board: Board, device: str, code: int, text: str) -> BoardError:
    enter = board.usb.enter or "start its bootloader by hand"
    for pattern, message, hint in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            places = {"device": device, "enter": enter, "tool": tool.name}
            places["title"] = board.board.title
            return BoardError(message.format(**places), hint.format(**places))
    return BoardError(
        f"{tool.name} failed with code {code}. It said: {_last(text)}",
        hint=f"If the board does not come back, {enter}, and flash again."
        if not tool.probe
        else "Check the probe's cable and the board's power, and flash again.",
    )


def _last(text: str) -> str:
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    return " / ".join(lines[-_SHOWN_LINES:]) or "nothing."


_CAUSES: Sequence[tuple[str, str, str]] = (
    (
        r"No device found on|no device found",
        "{tool} found no bootloader at {device}.",
        "The board did not enter it: {enter}. Then run the same command again.",
    ),
    (
        r"SAM-BA operation failed|device disconnected|Input/output error|No such device",
        "The board went away while it was being flashed: it holds half an image now.",
        (
            "It is not lost, since its bootloader is untouched: {enter}. Then run the same command "
            "again."
        ),
    ),
    (
        r"Permission denied|Access denied|insufficient permissions",
        "{tool} may not use the board or the probe.",
        "Give yourself the right: coincell's documentation, boards-real.md, has the udev rule.",
    ),
    (
        (
            r"No (available|connected) debug probes|unable to find (a matching )?CMSIS-DAP"
            r"|No CMSIS-DAP|open failed|no (ST-Link|J-Link)"
        ),
        "{tool} found no debug probe.",
        (
            "Plug the probe in. A board without one is flashed through its USB bootloader: "
            "--tool bossac."
        ),
    ),
    (
        r"platform .*not (found|installed)|Unknown FQBN|Error resolving FQBN",
        "arduino-cli does not know {title} yet.",
        "Install its core: arduino-cli core install arduino:mbed_nano",
    ),
    (
        (
            r"No target connected|Unable to connect to the target|target .*not (recognized|found)"
            r"|Error connecting DP|SWD.*fail"
        ),
        "{tool} reached the probe, but no {title} behind it.",
        "Check the wires SWDIO, SWCLK and GND, and that the board has power.",
    ),
)
"""(what the tool says, what that means, what to do), first match first."""
