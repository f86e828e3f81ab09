"""The C compilers that stages use: what each is for -> its identity, as part of a stage's key."""

from __future__ import annotations

from coincell.firmware import load_board
from coincell.project import Project
from coincell.toolchain import find_cross_compiler, find_host_compiler


def host_compiler(project: Project) -> dict[str, str]:
    """What features, decisions and the host library are compiled with."""
    del project
    return {"for this computer": find_host_compiler().identity}


def board_compiler(project: Project) -> dict[str, str]:
    """What the image is compiled with."""
    core = load_board(project.configuration.board.source).core
    return {"for the board": find_cross_compiler(core).identity}


def both_compilers(project: Project) -> dict[str, str]:
    """The image's, and the host's: for the host library, or the emulator's native hook."""
    return host_compiler(project) | board_compiler(project)
