"""ZIP and TAR files of others, unpacked without harm.

Nothing lands outside of the folder, nothing but plain files is made, and what comes out is counted
as it comes: an archive's own figures are not trusted.
"""

from __future__ import annotations

import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from coincell.data.progress import Progress, silent
from coincell.errors import DataError
from coincell.files import disk_error

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much may come out of an archive.

    Attributes:
        files: at most so many.
        total_bytes: of all files together.
        ratio: bytes out for each byte of the archive, once `free_bytes` came out. Deflate reaches
            1032 at most; recordings stay below 20, silence aside.
    """

    files: int = 500_000
    total_bytes: int = 1 << 36
    ratio: float = 200.0
    free_bytes: int = 1 << 26


def is_archive(path: Path) -> bool:
    """Whether a file's name says that it is one that can be unpacked."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(
    path: Path, folder: Path, limits: Limits | None = None, progress: Progress = silent
) -> int:
    """Unpack a ZIP or TAR file into `folder`, and count the files.

    Raises:
        DataError: it is damaged, or holds what must not be: paths that leave the folder, links,
            devices, encrypted or repeated files, more than the limits. What came out stays.
    """
    limits = limits or Limits()
    try:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return _unpack(path, _zip_members(archive, path), folder, limits, progress)
        with tarfile.open(path, "r:*") as archive_tar:
            return _unpack(path, _tar_members(archive_tar, path), folder, limits, progress)
    except (
        zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, ValueError,
        NotImplementedError, RuntimeError, IndexError, OverflowError, struct.error,
    ) as error:  # fmt: skip
        raise DataError(
            f"{path}: not a readable archive: {error}", "Copy or download it again."
        ) from error
    except OSError as error:
        if error.filename is None and error.errno is None:  # gzip says so of damaged data
            raise DataError(f"{path}: not a readable archive: {error}") from error
        raise disk_error(folder, error) from error


_Member = tuple[str, IO[bytes]]


def _zip_members(archive: zipfile.ZipFile, path: Path) -> Iterator[_Member]:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _refused(path, entry.filename, "is a link or a device")
        if entry.flag_bits & 1:
            raise _refused(path, entry.filename, "is encrypted")
        with archive.open(entry) as stream:
            yield entry.filename, stream


def _tar_members(archive: tarfile.TarFile, path: Path) -> Iterator[_Member]:
    for entry in archive:
        if entry.isdir():
            continue
        stream = archive.extractfile(entry) if entry.isreg() else None
        if stream is None:
            raise _refused(path, entry.name, "is a link or a device")
        with stream:
            yield entry.name, stream


def _refused(path: Path, name: str, why: str) -> DataError:
    return DataError(
        f"{path}: {name!r} {why}; such an archive is not unpacked.",
        "Take it from its own source, or unpack it by hand and import the folder.",
    )


def _unpack(
    path: Path, members: Iterator[_Member], folder: Path, limits: Limits, progress: Progress
) -> int:
    allowed = max(limits.free_bytes, int(path.stat().st_size * limits.ratio))
    allowed = min(allowed, limits.total_bytes)
    written, seen = 0, set[str]()
    for name, stream in members:
        place = _place(path, name, folder)
        if str(place).casefold() in seen:
            raise _refused(path, name, "is there twice")
        seen.add(str(place).casefold())
        if len(seen) > limits.files:
            raise _refused(path, name, f"is one of more than {limits.files} files")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as target:
            while chunk := stream.read(_CHUNK):
                written += len(chunk)
                if written > allowed:
                    raise _refused(path, name, f"brings it over {allowed} bytes unpacked")
                target.write(chunk)
        progress(len(seen), 0, PurePosixPath(name).name)
    return len(seen)


def _place(path: Path, name: str, folder: Path) -> Path:
    """Where a member goes; refuses names that are not plain relative paths."""
    plain = PurePosixPath(name)
    parts = [part for part in plain.parts if part != "."]
    bad = not parts or plain.is_absolute() or ".." in parts or "\\" in name or ":" in parts[0]
    if bad or not all(c.isprintable() for c in name) or len(name) > 1024:
        raise _refused(path, name, "does not stay inside the folder")
    return folder.joinpath(*parts)


@contextmanager
def unpacked(path: Path, near: Path) -> Iterator[Path]:
    """The archive's content in a folder beside `near`, for the block's length.

    If all of it is one folder, that is given.
    """
    import tempfile

    try:
        near.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=near, prefix=".unpacked-"))
    except OSError as error:
        raise disk_error(near, error) from error
    try:
        unpack(path, folder)
        yield inner_folder(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inner_folder(folder: Path) -> Path:
    """`folder`, or the only folder in it, if that is all it holds (of a Mac's own, nothing)."""
    entries = [e for e in folder.iterdir() if e.name != "__MACOSX" and not e.name.startswith(".")]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder
