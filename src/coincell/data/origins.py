"""Which recording a file was cut from: pieces of one recording must stay on one side of a split."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from coincell.data.layouts_named import json_object
from coincell.errors import DataError
from coincell.files import write_atomic

ORIGINS_FILE = "segments.json"
_MAX_LETTERS = 200


def read_origins(folder: Path) -> dict[str, str]:
    """Relative path -> the recording that it was cut from; nothing where no such list lies.

    Files that the list names and that are gone are no fault: events are looked through and thrown
    away before they are imported.

    Raises:
        DataError: the list is damaged.
    """
    path = folder / ORIGINS_FILE
    found = json_object(path)
    if not all(_plain(value) for value in found.values()):
        raise DataError(
            f"{path}: names files and the recordings that they were cut from, each plain and of at "
            f"most {_MAX_LETTERS} letters.",
            "Segment anew.",
        )
    return found


def _plain(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_LETTERS and value.isprintable()


def add_origins(folder: Path, origins: Mapping[str, str]) -> None:
    """Add files to a folder's list, which is made where there is none."""
    whole = read_origins(folder) | dict(origins)
    write_atomic(folder / ORIGINS_FILE, json.dumps(whole, indent=1, sort_keys=True) + "\n")
