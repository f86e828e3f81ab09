"""Recordings whose names tell their classes, "punch.3.csv", or a sidecar beside them.

Sidecars are `info.labels` (a label, a part of the data and metadata of each file) and
`structured_labels.labels` (several labels in one recording, from reading to reading), as exports in
the acquisition format bring them; a file's own label wins over what its name says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from coincell.data.faults import Faults
from coincell.data.manifest import CORE_COLUMNS, Split, checked_file, is_field, mark_of
from coincell.data.senses import Part
from coincell.errors import DataError

INFO_FILE = "info.labels"
SPLIT_KEY = "split"
"""Of the metadata: "validation" tells apart what the format calls training, too."""
TARGET_KEY, UNIT_KEY = "target", "unit"
"""Of the metadata: the number that is to be predicted, and what it is in."""
MADE_KEY = "source_format"
"""Of the metadata, and a column of the manifest: tells that a generator made a recording."""
STRUCTURED_FILE = "structured_labels.labels"
_MAX_BYTES = 1 << 26
_SPLITS: dict[str, Split | None] = {"training": "train", "testing": "test", "split": None}
_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Named:
    """What is known of one file before it is opened.

    Attributes:
        label: its class; "" where several stand in `parts`.
        split: that the source gives, else None.
        groups: metadata with plain names.
        parts: stretches with a label of their own; they stay on one side of a split.
        target: the number to be predicted, as it is written; "" where none is told.
        unit: of it.
        made: by which generator it was made, as `Source.format` has it; "" of a recording.
    """

    label: str
    split: Split | None = None
    groups: Mapping[str, str] | None = None
    parts: tuple[Part, ...] = ()
    target: str = ""
    unit: str = ""
    made: str = ""


def has_sidecars(source: Path) -> bool:
    """Whether a folder tells its files' labels in a sidecar."""
    return any((source / name).is_file() for name in (INFO_FILE, STRUCTURED_FILE))


def label_of_name(name: str) -> str:
    """ "training/punch.12.cbor" -> "punch"; also "punch.csv"."""
    return PurePosixPath(name).name.partition(".")[0]


def read_sidecars(source: Path, faults: Faults) -> dict[str, Named]:
    """Relative path -> what the sidecars of a folder say; what is wrong goes into `faults`."""
    found: dict[str, Named] = {}
    for entry in _list_of(source / INFO_FILE, "files", faults):
        try:
            name, named = _entry(entry)
            found[name] = named
        except ValueError as error:
            faults.add(str(error), "", INFO_FILE)
    structured = json_object(source / STRUCTURED_FILE).get("structuredLabels", {})
    if not isinstance(structured, dict):
        faults.add("structuredLabels is an object of lists", "", STRUCTURED_FILE)
        structured = {}
    for name, stretches in structured.items():
        try:
            before = found.get(checked_file(str(name)), Named(""))
            parts = _parts(stretches, str(name))
            found[str(name)] = Named("", before.split, before.groups, parts, made=before.made)
        except ValueError as error:
            faults.add(str(error), "", STRUCTURED_FILE)
    return found


def _entry(entry: Any) -> tuple[str, Named]:
    if not isinstance(entry, dict):
        raise ValueError("each of files is an object")
    name = checked_file(str(entry.get("path", "")))
    label = entry.get("label", {})
    if isinstance(label, str):
        label = {"type": "label", "label": label}
    metadata = entry.get("metadata", {})
    if not isinstance(label, dict) or not isinstance(metadata, dict):
        raise ValueError(f"{name}: label and metadata are objects")
    groups = {
        key: str(text)[:200]
        for key, text in metadata.items()
        if _GROUP.fullmatch(key) and (key == SPLIT_KEY or key not in CORE_COLUMNS)
    }
    target, unit = (str(metadata.get(key, "")) for key in (TARGET_KEY, UNIT_KEY))
    made = mark_of(str(metadata.get(MADE_KEY, "")))
    told = (name, str(label.get("label", "")), target, unit, made, *groups.values())
    if unfit := [text for text in told if not is_field(text)]:
        raise ValueError(f"path, label or metadata hold control characters: {unfit[0][:40]!r}")
    split = _SPLITS.get(str(entry.get("category", "split")))
    if groups.pop(SPLIT_KEY, "") == "validation" and split == "train":
        split = "validation"
    if label.get("type") == "multi-label":
        return name, Named("", split, groups, _parts(label.get("labels"), name), made=made)
    return name, Named(str(label.get("label", "")), split, groups, (), target, unit, made)


def _parts(stretches: Any, name: str) -> tuple[Part, ...]:
    """[{"startIndex", "endIndex" (the last one, included), "label"}, ...] -> parts, in order."""
    if not isinstance(stretches, list) or not stretches:
        raise ValueError(f"{name}: several labels are a list that is not empty")
    parts: list[Part] = []
    for stretch in stretches:
        given: dict[str, Any] = stretch if isinstance(stretch, dict) else {}
        begin, last, label = given.get("startIndex"), given.get("endIndex"), given.get("label")
        if not (isinstance(begin, int) and isinstance(last, int) and isinstance(label, str)):
            begin, last, label = 0, -1, ""
        if not 0 <= begin <= last:
            raise ValueError(f"{name}: a stretch has startIndex <= endIndex, and a label")
        if parts and begin < parts[-1].end:
            raise ValueError(f"{name}: stretches follow one another; {begin} overlaps")
        parts.append(Part(begin, last + 1, label, apart=False))
    return tuple(parts)


def _list_of(path: Path, key: str, faults: Faults) -> list[Any]:
    listed = json_object(path).get(key, [])
    if isinstance(listed, list):
        return listed
    faults.add(f"{key} is a list", "", path.name)
    return []


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object; {} where there is no file."""
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"larger than {_MAX_BYTES} bytes")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not readable JSON: {str(error)[:120]}.") from error
    if not isinstance(found, dict):
        raise DataError(f"{path}: a JSON object is expected.")
    return found
