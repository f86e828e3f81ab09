"""What the commands on a .tflite share: targets, what to optimize for, names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coincell.compiler import Target
    from coincell.firmware import Board

OPTIMIZE = ("balanced", "speed", "size", "ram")
"""As CompileOptions takes it, written here so that `--help` need not import the compiler."""

_C_HEADERS = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads
    time uchar wchar wctype"""
_CMAKE_TARGETS = "all clean depend edit_cache help install package rebuild_cache test"
_TAKEN_NAMES = frozenset((*_C_HEADERS.split(), *_CMAKE_TARGETS.split()))
"""Names whose header would hide another on the include path, or that CMake refuses."""

target_option = click.option(
    "--target", default="nano33ble", show_default=True,
    help="A board, a file BOARD.toml, or cortex-m4, cortex-m33, cortex-m7, cortex-m0plus, riscv32, "
    "generic, host.",
)  # fmt: skip
optimize_option = click.option(
    "--optimize", type=click.Choice(OPTIMIZE), default="balanced", show_default=True,
    help="What matters most.",
)  # fmt: skip
keep_input_option = click.option(
    "--keep-input", is_flag=True, help="Leave the input intact across a call."
)


def resolve_target(name: str) -> tuple[Target, Board | None]:
    """The target called `name`, and the board if it is one.

    Raises:
        UserError: there is neither a target nor a board of that name.
        BoardError: the file that describes the board is wrong.
    """
    from coincell.compiler import TARGETS, target_of_core
    from coincell.errors import UserError
    from coincell.firmware import board_names, load_board

    if name in TARGETS:
        return TARGETS[name], None
    boards = board_names()
    if name not in boards and not name.endswith(".toml"):
        raise UserError(
            f"There is no target {name!r}.",
            hint=f"Boards: {', '.join(boards)}; processors: {', '.join(TARGETS)}; or a file "
            "NAME.toml of your own.",
        )
    board = load_board(name)
    return target_of_core(board.core), board


def c_identifier(path: Path, prefix: str) -> str:
    """`prefix`, or a C name made of the model's file name.

    Raises:
        UserError: the prefix is a name that C libraries or CMake keep for themselves.
    """
    from coincell.errors import UserError

    if prefix.lower() in _TAKEN_NAMES:
        raise UserError(
            f"{prefix!r} cannot be the name of a compiled model: C or CMake has something else of "
            "that name.",
            hint=f"For instance --prefix model_{prefix}",
        )
    if prefix:
        return prefix
    name = re.sub(r"\W", "_", path.stem, flags=re.ASCII)[:48] or "model"
    plain = name[0].isalpha() and name.lower() not in _TAKEN_NAMES
    return name if plain else f"model_{name}"[:48]
