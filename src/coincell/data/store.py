"""The data folder: clips go through a staging folder, the manifest is written last."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from coincell.data.manifest import (
    NOISE_LABEL,
    Dataset,
    Sample,
    manifest_path,
    read_manifest,
    refuse_unreadable,
    write_manifest,
)
from coincell.data.readings import note_readings, other_readings
from coincell.data.senses import sense_files
from coincell.errors import DataError
from coincell.files import disk_error, locked, sha256_bytes
from coincell.project import DataSettings, Project

_LOCK_FILE = ".lock"
_STAGING = ".staging-"
_SYNC_THREADS = 16
_HEADER_BYTES = 128


@dataclass(frozen=True)
class StoredClip:
    """A clip in the staging folder: its final name, content hash and length."""

    file: str
    sha256: str
    duration_s: float


@dataclass(frozen=True)
class Store:
    """An open data folder: stage clips (from any thread), then publish once.

    Attributes:
        before: the data set as it was when the store was opened.
        staging: where clips wait; gone when the store is closed.
        settings: what every recording must fit.
    """

    before: Dataset
    staging: Path
    settings: DataSettings

    @property
    def rate_hz(self) -> int:
        """Of every recording; 0 of pictures."""
        return self.settings.form.rate_hz

    def stage(self, file: str, samples: NDArray[Any]) -> StoredClip:
        """Write a recording under its final relative name, still out of sight.

        Raises:
            UserError: the disk is full or not writable.
        """
        files = sense_files(self.settings)
        content = files.encode(samples, self.settings)
        path = self.staging / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise disk_error(path, error) from error
        return StoredClip(file, sha256_bytes(content), files.seconds(samples, self.settings))

    def unstage(self, file: str) -> None:
        """Forget a staged recording."""
        (self.staging / file).unlink(missing_ok=True)

    def holds(self, sample: Sample) -> bool:
        """Whether the recording of `sample` is there, and fits the project."""
        try:
            with (self.before.directory / sample.file).open("rb") as stream:
                header = stream.read(_HEADER_BYTES)
                size = os.fstat(stream.fileno()).st_size
            files = sense_files(self.settings)
            return files.holds(header, size, sample.duration_s, self.settings)
        except OSError:
            return False

    def merged(
        self, samples: Sequence[Sample], removed: Sequence[Sample] = ()
    ) -> tuple[Sample, ...]:
        """What was there before, less `removed`, and `samples`, which replace what has their file;
        noise included, sorted by file."""
        gone = {sample.file for sample in removed}
        before = (*self.before.samples, *self.before.noise)
        everything = {s.file: s for s in (*(s for s in before if s.file not in gone), *samples)}
        return tuple(everything[file] for file in sorted(everything))

    def publish(self, samples: Sequence[Sample], removed: Sequence[Sample] = ()) -> Dataset:
        """Move staged clips into place, write the manifest, then delete what was removed."""
        directory = self.before.directory
        everything = self.merged(samples, removed)
        dataset = Dataset(
            directory,
            tuple(sample for sample in everything if sample.label != NOISE_LABEL),
            tuple(sample for sample in everything if sample.label == NOISE_LABEL),
        )
        refuse_unreadable(everything, manifest_path(directory))
        staged = [s.file for s in samples if (self.staging / s.file).exists()]
        with ThreadPoolExecutor(_SYNC_THREADS) as pool:  # at once: one by one is 15 times slower
            list(pool.map(_to_disk, [self.staging / file for file in staged]))
        for file in staged:
            _move(self.staging / file, directory / file)
        note_readings(directory, self.settings)
        write_manifest(dataset)
        files = {sample.file for sample in everything}
        for sample in removed:
            if sample.file not in files:
                (directory / sample.file).unlink(missing_ok=True)
        return dataset


def _to_disk(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def _move(origin: Path, destination: Path) -> None:
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        os.replace(origin, destination)
    except OSError as error:
        raise disk_error(destination, error) from error


@contextmanager
def open_store(project: Project) -> Iterator[Store]:
    """Lock the project's data folder and make a staging folder in it.

    Whatever ends the block, a fault or Ctrl-C, nothing half-written stays.
    """
    directory = project.data_directory
    with locked(directory / _LOCK_FILE):
        staging = _staging_folder(directory)
        try:
            before = (
                read_manifest(directory)
                if manifest_path(directory).exists()
                else Dataset(directory, ())
            )
            if before.samples and (other := other_readings(directory, project.configuration.data)):
                raise DataError(
                    f"The readings in {directory} {other}",
                    "Change it back, or delete the data folder and import everything again.",
                )
            yield Store(before, staging, project.configuration.data)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _staging_folder(directory: Path) -> Path:
    try:
        for left_over in directory.glob(f"{_STAGING}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=directory, prefix=_STAGING))
    except OSError as error:
        raise disk_error(directory, error) from error
