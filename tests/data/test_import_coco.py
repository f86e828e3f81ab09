"""COCO's boxes -> person or not, by the rule of Visual Wake Words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from coincell.data import import_recordings, read_manifest
from coincell.errors import DataError
from coincell.project import Project, parse_configuration

TOML = """
[project]
name = "x"
task = "visual-wake-word"
[data]
sense = "picture"
labels = ["person", "no_person"]
[features]
block = "picture"
"""
# Of 40 x 40 = 1600 pixels, 0.5 % are 8.
BOXES = {
    "large": [(1, [0, 0, 20, 20])],
    "just": [(1, [0, 0, 9, 1])],
    "exactly": [(1, [0, 0, 8, 1])],
    "small": [(1, [0, 0, 2, 2]), (1, [9, 9, 2, 2])],
    "dog": [(18, [0, 0, 40, 40])],
    "both": [(18, [0, 0, 40, 40]), (1, [0, 0, 10, 10])],
    "none": [],
}
PERSONS = {"large", "just", "both"}


def content() -> dict[str, Any]:
    names = list(BOXES)
    return {
        "images": [
            {"id": n, "file_name": f"{name}.png", "width": 40, "height": 40}
            for n, name in enumerate(names)
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
        "annotations": [
            {"image_id": n, "category_id": category, "bbox": box}
            for n, name in enumerate(names)
            for category, box in BOXES[name]
        ],
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """annotations/instances_val2017.json and val2017/ beside it."""
    (tmp_path / "coco" / "annotations").mkdir(parents=True)
    (tmp_path / "coco" / "val2017").mkdir()
    for number, name in enumerate(BOXES):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "coco" / "val2017" / f"{name}.png")
    path = tmp_path / "coco" / "annotations" / "instances_val2017.json"
    path.write_text(json.dumps(content()))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", parse_configuration(TOML))


def test_persons_are_boxes_over_half_a_percent(source: Path, project: Project) -> None:
    summary = import_recordings(source.parents[1], project)
    assert (summary.layout, summary.added, summary.notes[:0]) == ("coco", 7, ())
    labels = {
        sample.file.split("/")[1].split("-")[0]: sample.label
        for sample in read_manifest(project.data_directory).samples
    }
    assert {name for name, label in labels.items() if label == "person"} == PERSONS
    assert labels.keys() == BOXES.keys()


def test_pictures_that_are_not_there_are_told(source: Path, project: Project) -> None:
    (source.parents[1] / "val2017" / "dog.png").unlink()
    summary = import_recordings(source, project)
    assert summary.added == 6
    assert "1 of 7 pictures that it lists are not there." in summary.notes


def damaged(change: Any) -> dict[str, Any]:
    value = content()
    change(value)
    return value


BAD = {
    "without pictures listed": (damaged(lambda c: c.pop("images")), "has none"),
    "no person": (damaged(lambda c: c.update(categories=[])), "no category 'person'"),
    "top": ([], "no object"),
    "list": (damaged(lambda c: c.update(annotations={"a": 1})), "no list of objects"),
    "box": (damaged(lambda c: c["annotations"][0].update(bbox=[1, 2, "a", 4])), "four numbers"),
    "size": (damaged(lambda c: c["images"][0].update(width=0)), "whole numbers"),
    "name": (damaged(lambda c: c["images"][0].update(file_name="../x.png")), "inside the folder"),
}


@pytest.mark.parametrize("what", BAD)
def test_damaged_files_are_refused(what: str, source: Path, project: Project) -> None:
    value, said = BAD[what]
    source.write_text(json.dumps(value))
    with pytest.raises(DataError, match=said):
        import_recordings(source, project)


@pytest.mark.parametrize("text", ["", "[" * 100000, "{"])
def test_no_json(text: str, source: Path, project: Project) -> None:
    source.write_text(text)
    with pytest.raises(DataError, match="not a readable JSON"):
        import_recordings(source, project)


def test_a_coco_file_without_its_pictures(source: Path, project: Project, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / source.name
    alone.parent.mkdir()
    alone.write_bytes(source.read_bytes())
    with pytest.raises(DataError, match="lists 7 pictures, and none of them is there"):
        import_recordings(alone, project)


def test_a_project_of_other_labels(source: Path, tmp_path: Path) -> None:
    project = Project(
        tmp_path, parse_configuration(TOML.replace('"person", "no_person"', '"cat", "dog"'))
    )
    with pytest.raises(DataError, match="one of them 'person'"):
        import_recordings(source, project)
