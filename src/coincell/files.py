"""Files that are whole or absent: atomic writes, content hashes, locks by key."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coincell.errors import FileError

_CHUNK = 1 << 20


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write `data` so that `path` holds either its old content or all of the new one.

    Raises:
        FileError: the disk is full, the folder is not writable, or `path` is a device, a pipe or a
            socket, whose place a file would take; `path` is unchanged.
    """
    payload = data.encode() if isinstance(data, str) else data
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise FileError(
                f"What is written takes the place of a file; {path} is none, but a device, a pipe "
                "or a socket.",
                hint="Name a file, new or old.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise disk_error(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise disk_error(path, error) from error
        raise


def is_disk_full(error: OSError) -> bool:
    """Whether `error` says that there is no room left."""
    # numpy writes arrays by itself, and tells a short write in words alone.
    cut_short = error.errno is None and " requested and " in str(error)
    return cut_short or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_error(path: Path, error: OSError) -> FileError:
    """The user's view of an OSError on writing `path`."""
    if is_disk_full(error):
        return FileError(
            f"The disk is full: cannot write {path}.",
            hint="Free some space and run the same command again; finished stages are kept.",
        )
    return FileError(
        f"Cannot write {path}: {error.strerror or error}.",
        hint="Check that the folder exists and that you may write to it.",
    )


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` (made if absent) for the block's length.

    Args:
        path: the lock's file.
        on_wait: called once when another process holds the lock, before waiting for it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a")
    except OSError as error:
        raise disk_error(path, error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def cache_directory() -> Path:
    """Where builds shared by all projects are kept: $COINCELL_CACHE, or the XDG cache folder."""
    if configured := os.environ.get("COINCELL_CACHE"):
        return Path(configured).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "coincell"
