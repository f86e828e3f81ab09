"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from the caller's own thread after each step of long work."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` steps are finished; `message` says what is being done."""


def silent(done: int, total: int, message: str = "") -> None:
    """Tell nobody."""
