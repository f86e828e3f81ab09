"""The C files of the runtime, as text, wherever the package is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from coincell.errors import InternalError

GROUPS = ("anomaly", "decision", "digest", "features", "flash_log", "kernels", "sketch", "trees")
_LINE = 100


def c_values(words: Iterable[str]) -> str:
    """The body of an array in C: each word followed by a comma, in lines of the house's limit."""
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > _LINE:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return "\n".join([*lines, line])


def c_sources(*groups: str) -> dict[str, str]:
    """The C sources and headers of some groups of the runtime.

    Args:
        groups: any of "kernels", "features", "anomaly", "decision", "digest", "flash_log",
            "sketch", "trees".

    Returns:
        Path relative to the runtime's root, as it stands in an #include ("features/fft.h")
        -> text, in a fixed order.

    Raises:
        InternalError: there is no such group.
    """
    root = resources.files("coincell.runtime")
    found: dict[str, str] = {}
    for group in groups:
        if group not in GROUPS:
            raise InternalError(f"No group {group!r} in the runtime; there are {list(GROUPS)}.")
        folder = root / group
        if folder.is_dir():
            found.update(_walk(folder, group))
    return found


def host_sources(group: str) -> dict[str, str]:
    """The loops over many windows that only Python's library of `group` has, as above."""
    root = resources.files("coincell.runtime")
    return {
        path: text for path, text in _walk(root / "host", "host") if path == f"host/{group}_batch.c"
    }


def _walk(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    """(path, text) of every .c and .h file under `folder`, sorted."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        place = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, place)
        elif entry.name.endswith((".c", ".h")):
            yield place, entry.read_text(encoding="utf-8")
