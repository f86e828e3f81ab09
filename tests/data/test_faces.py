"""Pictures to start with: faces and patches, masks drawn on faces."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from coincell.data import check_dataset, load_windows, make_default_data
from coincell.data.faces import with_mask
from coincell.errors import DataError, MissingExtraError
from data.fixtures import MakeProject

PICTURES = 'sense = "picture"\nsilence_label = ""\nunknown_label = ""\n'
PICTURES += 'split = {{by = "picture"}}\ncamera = {{width = 32, height = 32}}\n'
TASK = '[features]\nblock = "picture"\n'


@pytest.fixture(autouse=True)
def _needs_the_package() -> None:
    if importlib.util.find_spec("skimage") is None:
        pytest.skip("needs scikit-image (coincell[faces])")


def _project(make_project: MakeProject, task: str, *labels: str) -> object:
    project = make_project(*labels, data=PICTURES.replace("{{", "{").replace("}}", "}"), extra=TASK)
    settings = project.configuration.project.model_copy(update={"task": task})
    configuration = project.configuration.model_copy(update={"project": settings})
    return type(project)(project.directory, configuration)


def test_a_hundred_of_each(make_project: MakeProject) -> None:
    project = _project(make_project, "visual-wake-word", "no_person", "person")
    summary = make_default_data(project)
    assert summary.made == 200
    counts = summary.dataset.counts()
    assert {label: sum(row.values()) for label, row in counts.items()} == {
        "no_person": 100, "person": 100,
    }  # fmt: skip
    windows = load_windows(
        summary.dataset, summary.dataset.samples, project.configuration.data
    ).values
    assert windows.shape == (200, 32 * 32)
    faces = windows[[sample.label == "person" for sample in summary.dataset.samples]]
    alike = np.corrcoef(faces.astype(float))  # faces are aligned: they look alike on the whole
    assert np.median(alike[np.triu_indices(100, 1)]) > 0.2
    assert check_dataset(project).ok
    again = make_default_data(project)
    assert (again.made, again.kept, again.removed) == (0, 200, 0)


def test_a_face_stays_on_one_side_with_its_mask(make_project: MakeProject) -> None:
    project = _project(make_project, "mask-detection", "no_mask", "mask")
    summary = make_default_data(project)
    sides: dict[str, set[str]] = {}
    labels: dict[str, set[str]] = {}
    for sample in summary.dataset.samples:
        sides.setdefault(sample.groups["picture"], set()).add(sample.split)
        labels.setdefault(sample.groups["picture"], set()).add(sample.label)
    assert len(sides) == 100
    assert all(len(side) == 1 for side in sides.values())
    assert all(pair == {"mask", "no_mask"} for pair in labels.values())
    assert all(s.source.format.startswith("synthetic masks") for s in summary.dataset.samples)


def test_a_mask_covers_mouth_and_chin_and_leaves_the_eyes() -> None:
    for seed in range(20):
        face = np.random.default_rng(seed).uniform(0, 1, (25, 25))
        masked = with_mask(face, np.random.default_rng(seed))
        changed = np.abs(masked - face) > 0.05
        assert changed[:10].mean() < 0.02
        assert changed[16:21, 8:17].mean() > 0.6
        assert changed[16:21, :3].mean() < 0.3
        assert masked.min() >= 0
        assert masked.max() <= 1


def test_other_than_two_labels_are_refused(make_project: MakeProject) -> None:
    project = _project(make_project, "mask-detection", "a", "b", "c")
    with pytest.raises(DataError, match="two classes"):
        make_default_data(project)


def test_without_the_package_it_says_which(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coincell.data import faces

    faces._content.cache_clear()
    faces._digest.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="scikit-image"):
        make_default_data(_project(make_project, "visual-wake-word", "no_person", "person"))
