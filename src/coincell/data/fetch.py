"""Public data sets: downloaded once, whole, verified, unpacked, imported."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincell.data.archives import is_archive, unpack
from coincell.data.catalogue import Download, PublicSet
from coincell.data.har import har_to_csv
from coincell.data.importing import ImportSummary, import_recordings
from coincell.data.progress import Progress, silent
from coincell.data.sources import note_source
from coincell.errors import DataError
from coincell.files import cache_directory, disk_error, locked, sha256_file, write_atomic
from coincell.project import Project

_CHUNK = 1 << 18
_TIMEOUT_S = 30.0
_MOST_BYTES = 1 << 36
_SEEN_FILE = "hashes.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Fetched:
    """One file that is here.

    Attributes:
        path: where.
        sha256: of it.
        known: "published" if the hash is the catalogue's, "seen before" if an earlier download
            had it, "first seen" if it was only recorded now.
    """

    path: Path
    sha256: str
    known: str


def fetch_files(
    chosen: PublicSet, origin: Path | None = None, progress: Progress = silent
) -> tuple[Fetched, ...]:
    """All files of a data set in the user's cache, each verified.

    Args:
        chosen: which.
        origin: a folder that has the files already, to copy from instead of downloading.
        progress: told in kilobytes.

    Raises:
        DataError: no network, a refusal, a file of another size or hash.
        UserError: the disk is full or not writable.
    """
    folder = cache_directory() / "sets" / chosen.name
    with locked(folder / ".lock"):
        return tuple(_fetch(one, folder, origin, progress) for one in chosen.downloads)


def _fetch(one: Download, folder: Path, origin: Path | None, progress: Progress) -> Fetched:
    path = folder / one.file
    if not path.is_file():
        address = one.address if origin is None else _there(origin, one.file).as_uri()
        _download(address, one, path, progress)
    digest = sha256_file(path)
    seen = _seen(folder)
    wanted = one.sha256 or seen.get(one.file, "")
    if wanted and digest != wanted:
        path.unlink()
        whose = "published for" if one.sha256 else "seen at the first download of"
        raise DataError(
            f"{one.file}: its SHA-256 is {digest}, not {wanted}, the one {whose} it. It was "
            "deleted.",
            "Fetch it again. If it stays so, its source has changed or is not what it was.",
        )
    if not one.sha256 and not wanted:
        write_atomic(folder / _SEEN_FILE, json.dumps({**seen, one.file: digest}, indent=1))
        return Fetched(path, digest, "first seen")
    return Fetched(path, digest, "published" if one.sha256 else "seen before")


def _there(origin: Path, name: str) -> Path:
    path = (origin / name).resolve()
    if not path.is_file():
        raise DataError(f"There is no {path}.", f"Download {name} to that folder first.")
    return path


def _seen(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of what was downloaded before."""
    path = folder / _SEEN_FILE
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict) or not all(
            isinstance(value, str) and _SHA256.fullmatch(value) for value in content.values()
        ):
            raise ValueError("file names and SHA-256 expected")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: damaged: {error}.", "Delete it.") from error
    return content


def _download(address: str, one: Download, path: Path, progress: Progress) -> None:
    """Bring `address` to `path`, going on where an earlier attempt stopped."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        with _open(address, have) as answer:
            resumed = have > 0 and getattr(answer, "status", 200) == 206
            total = _total(answer, have if resumed else 0) or one.size
            _refuse_size(one, total, path.parent)
            _copy(answer, part, have if resumed else 0, total, one, progress)
        size = part.stat().st_size
        if total and size != total:
            raise DataError(
                f"{one.file}: the connection ended after {size} of {total} bytes.",
                "Run the same command again: it goes on from there.",
            )
        os.replace(part, path)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # what is here is as long as the file, or longer: begin again
            part.unlink(missing_ok=True)
        raise DataError(
            f"{address} was refused: {error.code} {error.reason}.",
            "Try again later; or download it yourself and give its folder with --from.",
        ) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as e:
        raise DataError(
            f"{address} cannot be reached: {getattr(e, 'reason', e)}.",
            "This needs the network; what has come is kept, and the same command goes on from "
            "there. Offline: --from FOLDER takes files that you bring.",
        ) from e
    except OSError as error:
        raise disk_error(path, error) from error


def _open(address: str, have: int) -> Any:
    if not address.startswith(("https://", "http://", "file://")):
        raise DataError(f"An address begins with http, https or file; received {address!r}.")
    headers = {"User-Agent": "coincell"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(address, headers=headers)  # noqa: S310
    return urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310


def _total(answer: Any, before: int) -> int:
    """Bytes of the whole file, by the answer; 0 if it does not say."""
    length = answer.headers.get("Content-Length", "")
    return before + int(length) if length.isascii() and length.isdigit() else 0


def _refuse_size(one: Download, total: int, folder: Path) -> None:
    if total > _MOST_BYTES or (one.size and total and total != one.size):
        raise DataError(
            f"{one.file}: {total} bytes are offered; {one.size or f'at most {_MOST_BYTES}'} "
            "expected.",
            "Its source has changed, or is not what it was.",
        )
    free = shutil.disk_usage(folder).free
    if total > free:
        raise DataError(
            f"{one.file} takes {total} bytes; {free} are free in {folder}.",
            "Free some space, or set COINCELL_CACHE to a folder on another disk.",
        )


def _copy(
    answer: Any, part: Path, before: int, total: int, one: Download, progress: Progress
) -> None:
    done = before
    with part.open("ab" if before else "wb") as stream:
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > (total or _MOST_BYTES):
                raise DataError(f"{one.file}: more came than was announced ({total} bytes).")
            stream.write(chunk)
            progress(done >> 10, total >> 10, f"{one.file}, kB")


def import_fetched(
    project: Project,
    chosen: PublicSet,
    files: tuple[Fetched, ...],
    progress: Progress = silent,
) -> ImportSummary:
    """Unpack what was fetched, out of sight, and import it.

    Raises:
        DataError: the project is of another sense or has none of its labels; an archive is no
            good; see `import_recordings`.
    """
    check_fits(project, chosen)
    folder = cache_directory() / "unpacked"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=folder, prefix=f".{chosen.name}-"))
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        for one in files:
            unpack(one.path, place, progress=progress)
            _unpack_inner(place)
        source = place / chosen.source
        if not source.exists():
            raise DataError(f"{chosen.name}: the archive has no {chosen.source!r} in it.")
        if chosen.layout == "uci-har":
            source = har_to_csv(source, place / "recordings", project.configuration.data, progress)
        layout = "csv" if chosen.layout == "uci-har" else chosen.layout
        summary = import_recordings(source, project, layout, progress)
        hashes = {one.path.name: one.sha256 for one in files}
        note_source(project.data_directory, chosen, hashes)
        return summary
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unpack_inner(place: Path) -> None:
    """Archives that lay in the archive, once."""
    for inner in [path for path in place.iterdir() if path.is_file() and is_archive(path)]:
        unpack(inner, place)
        inner.unlink()


def check_fits(project: Project, chosen: PublicSet) -> None:
    """Refuse a project that cannot take the data set, before anything is downloaded."""
    settings = project.configuration.data
    if settings.sense != chosen.sense:
        raise DataError(
            f"{chosen.name} is {chosen.sense}; this project's data.sense is {settings.sense!r}.",
            "`coincell new` makes a project of that sense.",
        )
    if not set(settings.labels) & set(chosen.labels):
        raise DataError(
            f"{chosen.name} has none of the project's labels ({', '.join(settings.labels)}).",
            f"Its labels are: {', '.join(chosen.labels)}.",
        )


def known_hashes(chosen: PublicSet) -> Mapping[str, str]:
    """File -> SHA-256 that it must have, where one is known."""
    seen = _seen(cache_directory() / "sets" / chosen.name)
    return {
        one.file: one.sha256 or seen.get(one.file, "")
        for one in chosen.downloads
        if one.sha256 or one.file in seen
    }
