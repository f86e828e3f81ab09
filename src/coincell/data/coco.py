"""COCO's instances -> pictures with a person, and without: the rule of Visual Wake Words.

A picture shows a person if one box of the category "person" covers over 0.5 % of it (A. Chowdhery
et al., "Visual Wake Words Dataset", 2019, section 3). Format: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from coincell.data.layouts import Candidate, Listing
from coincell.data.manifest import checked_file
from coincell.errors import DataError
from coincell.project import DataSettings

LEAST_SHARE = 0.005
MAX_BYTES = 1 << 30
_PERSON = "person"
_LONGEST_NAME = 255
"""Bytes of a file's or a folder's name that file systems take."""


def coco_file(source: Path) -> Path | None:
    """The instances file that `source` is or holds, if there is exactly one."""
    if source.is_file():
        return source if source.suffix.lower() == ".json" else None
    found = sorted({*source.glob("instances*.json"), *source.glob("annotations/instances*.json")})
    return found[0] if len(found) == 1 else None


def list_coco(path: Path, settings: DataSettings) -> Listing:
    """The pictures that a COCO file lists and that are there, person or not.

    Raises:
        DataError: it is not such a file, lists no pictures, or none of them is there; the
            project's labels are not two, one of them "person".
    """
    person, other = _labels(settings)
    content = _read(path)
    images = _records(content, "images", path)
    if not images:
        raise DataError(
            f"{path}: a COCO file lists its pictures under 'images'; it has none.",
            "Take the instances file, such as instances_val2017.json, not captions or keypoints "
            "without pictures.",
        )
    ids = {
        record.get("id")
        for record in _records(content, "categories", path)
        if record.get("name") == _PERSON and isinstance(record.get("id"), int)
    }
    if not ids:
        raise DataError(f"{path}: there is no category 'person'.", "Take COCO's instances file.")
    sizes = _by_number(images, path)
    annotations = _records(content, "annotations", path)
    shown = _shown(annotations, sizes, ids, path)
    unknown = sum(record["image_id"] not in sizes for record in annotations)
    folder = _folder(path, images)
    candidates: list[Candidate] = []
    missing = 0
    for number, record in sorted(sizes.items()):
        name = str(record["file_name"])
        if not (folder / name).is_file():
            missing += 1
            continue
        label = person if number in shown else other
        candidates.append(Candidate(folder / name, name, label))
    if not candidates:
        raise DataError(
            f"{path}: it lists {len(images)} pictures, and none of them is there; looked in "
            f"{folder}.",
            "Unpack COCO's pictures beside it, as images/ or as the folder of its name (val2017/).",
        )
    notes = [f"{missing} of {len(images)} pictures that it lists are not there."] if missing else []
    if unknown:
        notes.append(f"Annotations of pictures that it does not list, left out: {unknown}.")
    return Listing("coco", tuple(candidates), tuple(notes))


def _by_number(images: list[dict[str, Any]], path: Path) -> dict[int, dict[str, Any]]:
    """The pictures by their id; each has one of its own, and a file of its own."""
    sizes = {record["id"]: record for record in images if isinstance(record.get("id"), int)}
    files = {record["file_name"] for record in images}
    if len(sizes) != len(images) or len(files) != len(images):
        raise DataError(
            f"{path}: each picture has a number ('id') and a file of its own; of {len(images)} "
            f"pictures there are {len(sizes)} numbers and {len(files)} files.",
            "Take the file as its publisher gives it.",
        )
    return sizes


def _labels(settings: DataSettings) -> tuple[str, str]:
    others = [label for label in settings.labels if label != _PERSON]
    if settings.sense != "picture" or len(others) != 1 or len(settings.labels) != 2:
        raise DataError(
            "COCO is brought into a project of pictures with two labels, one of them 'person'; "
            f"received {list(settings.labels)} of {settings.sense}.",
            'Set data.labels = ["person", "no_person"].',
        )
    return _PERSON, others[0]


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES} bytes; it is not read.")
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a readable JSON file: {error}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: not a COCO file: its top is no object.")
    return content


def _records(content: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    records = content.get(key, [])
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise DataError(f"{path}: not a COCO file: {key!r} is no list of objects.")
    if key == "images":
        for record in records:
            _check_image(record, path)
    return records


def _check_image(record: dict[str, Any], path: Path) -> None:
    size = (record.get("width"), record.get("height"))
    try:
        name = checked_file(str(record.get("file_name", "")))
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from error
    if not name.isprintable() or max(map(len, name.encode().split(b"/"))) > _LONGEST_NAME:
        raise DataError(f"{path}: the name of a picture's file is no name: {name!r:.80}.")
    if not all(isinstance(side, int) and 0 < side <= 1 << 20 for side in size):
        raise DataError(
            f"{path}: {name}: width and height are whole numbers; received {size!r:.60}."
        )


def _shown(
    annotations: list[dict[str, Any]], sizes: dict[Any, Any], ids: set[Any], path: Path
) -> set[int]:
    """Numbers of the pictures in which a person is large enough."""
    shown: set[int] = set()
    for record in annotations:
        number, category = record.get("image_id"), record.get("category_id")
        if not isinstance(number, int) or not isinstance(category, int):
            raise DataError(f"{path}: an annotation names its picture and category by numbers.")
        image = sizes.get(number)
        if category not in ids or image is None:
            continue
        box = record.get("bbox")
        if not (isinstance(box, list) and len(box) == 4) or not all(
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
            for value in box
        ):
            raise DataError(f"{path}: a box is four numbers; received {box!r:.80}.")
        if box[2] < 0 or box[3] < 0:
            raise DataError(f"{path}: a box has a width and a height; received {box!r:.80}.")
        if box[2] * box[3] > LEAST_SHARE * image["width"] * image["height"]:
            shown.add(number)
    return shown


def _folder(path: Path, images: list[dict[str, Any]]) -> Path:
    """Where the pictures lie: the first of the usual places that holds one of the first ten."""
    base = path.parent
    named = path.stem.removeprefix("instances_")
    places = [
        root / below for root in (base, base.parent) for below in ("", "images", named,
                                                                   f"images/{named}")
    ]  # fmt: skip
    names = [PurePosixPath(str(record["file_name"])) for record in images[:10]]
    for place in places:
        if any((place / name).is_file() for name in names):
            return place
    return base
