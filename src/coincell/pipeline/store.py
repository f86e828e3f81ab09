"""Artefacts by the content that made them: whole or absent, and found again.

A stage's artefact is a folder `build/cache/STAGE-KEY/` whose `manifest.json` was written last; a
folder without one does not exist for us. KEY is the hash of all that the stage depends on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincell.errors import FileError
from coincell.files import disk_error, is_disk_full, locked, sha256_file, write_atomic

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artefact:
    """What a stage left: a folder, and the manifest that vouches for it."""

    stage: str
    key: str
    folder: Path

    def read_json(self, name: str) -> Any:
        """The JSON file `name` of this artefact."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    @property
    def content(self) -> str:
        """32 hexadecimal digits that stand for the bytes of all its files."""
        return key_of(self.manifest["files"])

    @property
    def manifest(self) -> dict[str, Any]:
        """Key, inputs and the hash of every file."""
        manifest: dict[str, Any] = self.read_json(MANIFEST)
        return manifest


def key_of(inputs: Mapping[str, Any]) -> str:
    """32 hexadecimal digits that stand for `inputs` (JSON values)."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class ArtefactStore:
    """The artefacts under one `build/cache` folder.

    Args:
        folder: where they are found and made.
        behind: another such folder, in which they are only found.
    """

    def __init__(self, folder: Path, behind: Path | None = None) -> None:
        self.folder = folder
        self._folders = (folder,) if behind is None else (folder, behind)

    def find(self, stage: str, key: str) -> Artefact | None:
        """The finished artefact of `stage` for `key`, or None."""
        for folder in self._folders:
            place = folder / f"{stage}-{key}"
            if (place / MANIFEST).is_file():
                return Artefact(stage, key, place)
        return None

    def make(self, stage: str, inputs: Mapping[str, Any], fill: Callable[[Path], None]) -> Artefact:
        """Make the artefact for `inputs`, or return the one that another process just made.

        Args:
            stage: the stage's name.
            inputs: all that the artefact depends on; JSON values; kept in the manifest.
            fill: writes the artefact's files into the empty folder that it is given.
        """
        key = key_of(inputs)
        place = self.folder / f"{stage}-{key}"
        with locked(self.folder / f".{stage}-{key}.lock"):
            if found := self.find(stage, key):
                return found
            for left_over in (place, *self.folder.glob(f".{stage}-{key}-*")):
                shutil.rmtree(left_over, ignore_errors=True)
            work = self._work_folder(f".{stage}-{key}-")
            began = time.monotonic()
            try:
                fill(work)
                _seal(work, stage, key, inputs, time.monotonic() - began)
                work.replace(place)
            except OSError as error:
                if is_disk_full(error):
                    raise disk_error(place, error) from error
                raise
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return Artefact(stage, key, place)

    def _work_folder(self, prefix: str) -> Path:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(dir=self.folder, prefix=prefix))
        except OSError as error:
            raise disk_error(self.folder, error) from error

    def discard(self, stage: str, key: str) -> None:
        """Forget the artefact, so that the next run makes it anew."""
        place = self.folder / f"{stage}-{key}"
        (place / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)

    def sweep(self, keep: Mapping[str, str]) -> None:
        """Drop all but the newest few artefacts of each stage.

        Args:
            keep: stage -> key of this run's artefacts, which always stay.
        """
        for stage, key in keep.items():
            finished = sorted(
                (path for path in self.folder.glob(f"{stage}-*") if (path / MANIFEST).is_file()),
                key=lambda path: (path / MANIFEST).stat().st_mtime_ns,
                reverse=True,
            )
            for path in finished[_KEPT_PER_STAGE:]:
                if path.name != f"{stage}-{key}":
                    self.discard(stage, path.name.removeprefix(f"{stage}-"))


_KEPT_PER_STAGE = 4


def _seal(folder: Path, stage: str, key: str, inputs: Mapping[str, Any], seconds: float) -> None:
    """Flush every file and write the manifest with their hashes and the time it took, last."""
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files[path.relative_to(folder).as_posix()] = sha256_file(path)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    manifest = {
        "stage": stage,
        "key": key,
        "seconds": round(seconds, 3),
        "inputs": dict(inputs),
        "files": files,
    }
    write_atomic(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def verify_artefact(artefact: Artefact) -> None:
    """Re-hash every file of `artefact`.

    Raises:
        FileError: a file or the manifest is missing or changed since it was made.
    """
    try:
        manifest = artefact.manifest
        files: dict[str, str] = manifest["files"]
        whole = key_of(manifest["inputs"]) == artefact.key
    except (ValueError, KeyError, TypeError) as error:
        raise _changed(artefact, MANIFEST) from error
    if not whole:
        raise _changed(artefact, MANIFEST)
    for name, digest in files.items():
        path = artefact.folder / name
        if not path.is_file() or sha256_file(path) != digest:
            raise _changed(artefact, name)


def _changed(artefact: Artefact, name: str) -> FileError:
    return FileError(
        f"{artefact.folder / name} is not what the {artefact.stage} stage wrote.",
        hint=f"Make it again: coincell run --from {artefact.stage}",
    )
