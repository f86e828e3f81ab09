"""Data set -> files for other tools: acquisitions in JSON or CBOR, CSV, NPY.

Files lie in training/ and testing/, each called after its class; `info.labels` beside them tells
labels or targets, and groups, so that `data import` takes them back.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coincell.data.acquisition import Acquisition, write_acquisition
from coincell.data.layouts_named import INFO_FILE, MADE_KEY, SPLIT_KEY, TARGET_KEY, UNIT_KEY
from coincell.data.manifest import MADE, Sample, read_manifest
from coincell.data.progress import Progress, silent
from coincell.data.senses import sense_files
from coincell.errors import DataError
from coincell.files import write_atomic
from coincell.project import DataSettings, Project

ExportFormat = Literal["acquisition-json", "acquisition-cbor", "csv", "npy"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
_SUFFIXES = {"acquisition-json": "json", "acquisition-cbor": "cbor", "csv": "csv", "npy": "npy"}
_DEVICE_TYPE = "COINCELL"


@dataclass(frozen=True)
class ExportSummary:
    """What an export wrote: into which folder, how many files, whether they are signed."""

    folder: Path
    files: int
    signed: bool


def export_recordings(
    project: Project,
    folder: Path,
    form: ExportFormat,
    key: bytes | None = None,
    progress: Progress = silent,
) -> ExportSummary:
    """Write every recording of a project into `folder`, which must be empty or not there.

    Args:
        project: of sound or motion.
        folder: receives training/, testing/ and info.labels.
        form: of the files; CSV has a line of names and units and times in milliseconds.
        key: acquisitions are signed with it.
        progress: told after each recording.

    Raises:
        DataError: the folder holds files, the data set is of pictures, or a recording is broken.
        MissingExtraError: CBOR is wanted, and the extra "acquisition" is not installed.
    """
    settings = project.configuration.data
    if settings.sense == "picture":
        raise DataError(
            "Pictures are not exported: they are PNG files already.",
            f"They lie in {project.data_directory}, a folder a class.",
        )
    if key is not None and not form.startswith("acquisition"):
        raise DataError(f"Acquisitions alone are signed; {form} is not.", "Take the key away.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not empty; nothing is overwritten.", "Name a new folder.")
    dataset = read_manifest(project.data_directory)
    files = sense_files(settings)
    listed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for done, sample in enumerate(dataset.samples, 1):
        content = (dataset.directory / sample.file).read_bytes()
        values = files.decode_stored(content, sample.file, settings)
        name = _name(sample, form, taken)
        write_atomic(folder / name, _encoded(values, settings, form, key, project))
        listed.append(_listed(name, sample))
        progress(done, len(dataset.samples), sample.file)
    text = json.dumps({"version": 1, "files": listed}, indent=1, ensure_ascii=False)
    write_atomic(folder / INFO_FILE, text + "\n")  # last: with it the folder is whole
    return ExportSummary(folder, len(listed), key is not None)


def _name(sample: Sample, form: ExportFormat, taken: set[str]) -> str:
    part = "testing" if sample.split == "test" else "training"
    label = (sample.label or "recording").replace("/", "-").replace(".", "-")
    stem = f"{part}/{label}.{PurePosixPath(sample.file).stem}"
    name, count = f"{stem}.{_SUFFIXES[form]}", 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}.{_SUFFIXES[form]}"
    taken.add(name)
    return name


def _listed(name: str, sample: Sample) -> dict[str, Any]:
    """One of info.labels. Validation is part of training there; its metadata tell it apart."""
    told = {SPLIT_KEY: "validation"} if sample.split == "validation" else {}
    if sample.target is not None:
        told |= {TARGET_KEY: repr(sample.target), UNIT_KEY: sample.unit}
    if sample.source.format.startswith(MADE):
        told |= {MADE_KEY: sample.source.format}
    return {
        "path": name,
        "category": "testing" if sample.split == "test" else "training",
        "label": {"type": "label", "label": sample.label},
        "metadata": dict(sample.groups) | told,
    }


def _encoded(
    values: NDArray[Any],
    settings: DataSettings,
    form: ExportFormat,
    key: bytes | None,
    project: Project,
) -> bytes:
    sound = settings.sense == "sound"
    names = ("audio",) if sound else settings.channels
    units = ("wav",) if sound else settings.units
    table = values.reshape(len(values), -1)
    interval = 1000.0 / settings.sample_rate_hz
    if form == "npy":
        stream = io.BytesIO()
        np.save(stream, table, allow_pickle=False)
        return stream.getvalue()
    if form == "csv":
        return _csv(table, names, units, interval)
    device = project.configuration.project.name
    numbers = table.astype(np.float64)
    if not sound:  # float32 -> the shortest decimal that is the same float32
        numbers = np.array([float(str(number)) for number in table.ravel()]).reshape(table.shape)
    acquisition = Acquisition(names, units, numbers, interval, device, _DEVICE_TYPE)
    return write_acquisition(acquisition, "json" if form == "acquisition-json" else "cbor", key)


def _csv(
    table: NDArray[Any], names: tuple[str, ...], units: tuple[str, ...], interval: float
) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["time [ms]", *(f"{name} [{unit}]" for name, unit in zip(names, units, strict=True))]
    )
    for step, row in enumerate(table):
        writer.writerow([f"{step * interval:.6f}".rstrip("0").rstrip("."), *map(str, row)])
    return stream.getvalue().encode()
