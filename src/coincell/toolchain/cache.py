"""Results that are kept by the content of what they were made from."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from coincell.files import cache_directory, disk_error, locked


def build_cached(
    kind: str, parts: Mapping[str, str | bytes], build: Callable[[Path], None]
) -> Path:
    """A folder that `build` filled, made once for equal `parts`.

    Args:
        kind: a word for the folder's name.
        parts: everything that the result depends on, by name: sources, flags, compiler identity.
        build: called with an empty folder to fill; an exception leaves no trace in the cache.

    Returns:
        The folder; treat it as read-only.
    """
    digest = hashlib.sha256()
    for name in sorted(parts):
        value = parts[name]
        data = value.encode() if isinstance(value, str) else value
        digest.update(f"{len(name)}:{name}:{len(data)}:".encode())
        digest.update(data)
    place = cache_directory() / "builds" / f"{kind}-{digest.hexdigest()[:32]}"
    if place.is_dir():
        return place
    with locked(place.with_suffix(".lock")):
        if place.is_dir():
            return place
        for left_over in place.parent.glob(f".{place.name}-*"):  # of a killed process
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
        except OSError as error:
            raise disk_error(place, error) from error
        try:
            build(work)
            work.replace(place)
        except OSError as error:
            raise disk_error(place, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return place
