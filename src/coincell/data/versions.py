"""Versions of a data set: what it held, by content; and what differs between two of them.

A version is data/versions/ID.json: the manifest's text, its SHA-256, when it was noted, and a note.
The manifest names every recording's own SHA-256, so equal numbers mean equal data sets, bit for
bit. Recordings are not copied: a version tells what there was, and does not bring it back.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coincell.data.manifest import (
    MAX_MANIFEST_BYTES,
    Dataset,
    Sample,
    manifest_path,
    manifest_text,
    parse_manifest,
    read_manifest,
)
from coincell.data.progress import Progress, silent
from coincell.errors import DataError
from coincell.files import sha256_bytes, sha256_file, write_atomic
from coincell.project import Project

VERSIONS_FOLDER = "versions"
MOST_NOTE = 500
_FORMAT = 1
_DIGITS = 12
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True)
class Version:
    """A data set as it was.

    Attributes:
        sha256: of the manifest's text; the first twelve digits are its `name`.
        noted: when, as ISO 8601 in UTC; "" of what was not noted.
        note: the user's.
        dataset: what it held.
    """

    sha256: str
    noted: str
    note: str
    dataset: Dataset

    @property
    def name(self) -> str:
        """Twelve digits, by which it is called."""
        return self.sha256[:_DIGITS]

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the manifest."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "noted": self.noted,
            "note": self.note,
            "recordings": len(self.dataset.samples),
            "noise": len(self.dataset.noise),
            "counts": self.dataset.counts(),
        }


@dataclass(frozen=True)
class Changed:
    """A recording that is in both, otherwise: its file then and now, and what it was and is."""

    file: str
    file_now: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """From version `before` to `after`; a recording is known by its content.

    Attributes:
        added: recordings that are only in `after`.
        removed: only in `before`.
        relabelled: the label, or the target, is another one.
        moved: on another side of the split.
        regrouped: group columns differ.
        altered: the file is there under the same name, and holds something else.
        counts: label -> (recordings before, recordings after).
    """

    before: Version
    after: Version
    added: tuple[Sample, ...]
    removed: tuple[Sample, ...]
    relabelled: tuple[Changed, ...]
    moved: tuple[Changed, ...]
    regrouped: tuple[Changed, ...]
    altered: tuple[str, ...]
    counts: Mapping[str, tuple[int, int]]

    @property
    def same(self) -> bool:
        """Whether nothing differs that a run would see."""
        return not (
            self.added or self.removed or self.relabelled or self.moved or self.regrouped
            or self.altered
        )  # fmt: skip


def present_version(project: Project) -> Version:
    """The data set as the manifest tells it now; recordings are not opened.

    Raises:
        DataError: there is no manifest, or it cannot be read.
    """
    dataset = read_manifest(project.data_directory)
    return Version(sha256_bytes(manifest_text(dataset).encode()), "", "", dataset)


def note_version(project: Project, note: str = "", progress: Progress = silent) -> Version:
    """Keep what the data set holds now; one that is kept already gets the new note, if any.

    Raises:
        DataError: a recording is missing or not what the manifest says; the note is no note.
        UserError: the disk is full or not writable.
    """
    if len(note) > MOST_NOTE or not all(c.isprintable() for c in note):
        raise DataError(f"A note is one line of at most {MOST_NOTE} characters.")
    present = present_version(project)
    _check_contents(present.dataset, progress)
    kept = {version.sha256: version for version in noted_versions(project)}
    before = kept.get(present.sha256)
    if before is not None and note in ("", before.note):
        return before
    noted = before.noted if before else datetime.now(UTC).isoformat(timespec="seconds")
    version = Version(present.sha256, noted, note, present.dataset)
    text = manifest_text(version.dataset)
    content = {
        "format": _FORMAT, "sha256": version.sha256, "noted": noted, "note": note, "manifest": text,
    }  # fmt: skip
    write_atomic(_folder(project) / f"{version.name}.json", json.dumps(content, indent=1))
    return version


def _check_contents(dataset: Dataset, progress: Progress) -> None:
    samples = (*dataset.samples, *dataset.noise)
    for done, sample in enumerate(samples, start=1):
        path = dataset.directory / sample.file
        if not path.is_file() or sha256_file(path) != sample.sha256:
            raise DataError(
                f"{path}: missing, or not what the manifest says (SHA-256): a version must tell "
                "what is there.",
                "`coincell data check` lists all such files; import them again.",
            )
        progress(done, len(samples), sample.file)


def noted_versions(project: Project) -> tuple[Version, ...]:
    """All that were kept, the oldest first.

    Raises:
        DataError: one of the files is damaged.
    """
    paths = sorted(_folder(project).glob("*.json"))
    versions = [_read(path, project) for path in paths]
    return tuple(sorted(versions, key=lambda version: (version.noted, version.name)))


def find_version(project: Project, name: str) -> Version:
    """The one whose name begins so.

    Raises:
        DataError: none does, or several do.
    """
    versions = noted_versions(project)
    found = [version for version in versions if version.sha256.startswith(name)]
    if not _NAME.fullmatch(name) or len(found) != 1:
        names = ", ".join(version.name for version in versions) or "none yet"
        raise DataError(
            f"A version is named by its first digits, four or more; {name!r} fits {len(found)}.",
            f"Kept are: {names}. `coincell data version --list` tells more.",
        )
    return found[0]


def _folder(project: Project) -> Path:
    return project.data_directory / VERSIONS_FOLDER


def _read(path: Path, project: Project) -> Version:
    """A version's file, which may have been changed by anyone."""
    try:
        if path.stat().st_size > 2 * MAX_MANIFEST_BYTES:
            raise ValueError("it is too large")
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ValueError(f"format {_FORMAT} expected")
        parts = [content.get(key) for key in ("sha256", "noted", "note", "manifest")]
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("sha256, noted, note and manifest must be texts")
        digest, noted, note, text = (str(part) for part in parts)
        if not _SHA256.fullmatch(digest) or sha256_bytes(text.encode()) != digest:
            raise ValueError("the manifest in it has another SHA-256 than it says")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a version of a data set: {error}.", "Delete it.") from error
    dataset = parse_manifest(path, text, manifest_path(project.data_directory).parent)
    return Version(digest, noted, note, dataset)


def difference(before: Version, after: Version) -> Difference:
    """What happened from one to the other.

    A recording of `after` is one of `before` if it has the same file and content; else if it has
    the same content (a new label gives a new file). Of several with one content, in their order.
    """
    pairs, removed, added = _paired(before.dataset, after.dataset)
    gone = {sample.file for sample in removed}
    altered = {sample.file for sample in added} & gone
    return Difference(
        before,
        after,
        tuple(sample for sample in added if sample.file not in altered),
        tuple(sample for sample in removed if sample.file not in altered),
        _changes(pairs, _class),
        _changes(pairs, lambda sample: sample.split),
        _changes(pairs, _groups),
        tuple(sorted(altered)),
        _counts(before.dataset, after.dataset),
    )


def _paired(
    before: Dataset, after: Dataset
) -> tuple[list[tuple[Sample, Sample]], list[Sample], list[Sample]]:
    """Those that are in both, those only in `before`, those only in `after`."""
    old = {(s.file, s.sha256): s for s in (*before.samples, *before.noise)}
    new = {(s.file, s.sha256): s for s in (*after.samples, *after.noise)}
    pairs = [(old[key], new[key]) for key in old if key in new]
    left: defaultdict[str, list[Sample]] = defaultdict(list)
    for key, sample in old.items():
        if key not in new:
            left[sample.sha256].append(sample)
    added: list[Sample] = []
    for key, sample in new.items():
        if key in old:
            continue
        if same := left.get(sample.sha256):
            pairs.append((same.pop(0), sample))
        else:
            added.append(sample)
    return pairs, [sample for samples in left.values() for sample in samples], added


def _class(sample: Sample) -> str:
    return sample.label if sample.target is None else f"{sample.target:g} {sample.unit}"


def _groups(sample: Sample) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(sample.groups.items()))


def _changes(pairs: Sequence[tuple[Sample, Sample]], what: Any) -> tuple[Changed, ...]:
    return tuple(
        Changed(old.file, new.file, what(old), what(new))
        for old, new in pairs
        if what(old) != what(new)
    )


def _counts(before: Dataset, after: Dataset) -> dict[str, tuple[int, int]]:
    old = Counter(sample.label for sample in (*before.samples, *before.noise))
    new = Counter(sample.label for sample in (*after.samples, *after.noise))
    return {label: (old[label], new[label]) for label in sorted({*old, *new})}
