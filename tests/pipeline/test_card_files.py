"""The cards of a run say what its artefacts say, and lie beside its report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from coincell.data import Sample, Split, Windows
from coincell.pipeline.card_files import card_facts, write_cards
from coincell.pipeline.clips import write_clips
from coincell.pipeline.store import Artefact
from coincell.project import Project, parse_configuration
from coincell.report import Report
from report.sample_report import dataset, sample_report
from tiny_project import TOML

PEOPLE: tuple[tuple[str, Split, dict[str, str]], ...] = (
    ("yes", "train", {"speaker": "anna", "accent": "en-gb", "recording": "one"}),
    ("yes", "test", {"speaker": "bert", "accent": "en-us", "recording": "two"}),
    ("no", "train", {"speaker": "anna", "accent": "en-gb", "recording": "three"}),
    ("no", "test", {"speaker": "carl", "accent": "en-gb", "recording": "four"}),
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "build").mkdir()
    (tmp_path / "data").mkdir()
    return Project(tmp_path, parse_configuration(TOML))


@pytest.fixture
def artefacts(tmp_path: Path, project: Project) -> dict[str, Artefact]:
    """A data set of four clips."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    samples = [
        Sample(f"{label}-{split}.wav", label, split, "", 1.0, groups)
        for label, split, groups in PEOPLE
    ]
    windows = Windows(np.zeros((4, 4), np.int16), np.arange(4), 0, 0)
    names = project.configuration.data.labels
    write_clips(folder, windows, samples, names, np.zeros((0, 4), np.int16))
    return {"dataset": Artefact("dataset", "0", folder)}


def report_with(**notes: int) -> Report:
    told = {name.replace("_", " "): count for name, count in notes.items()}
    return sample_report(dataset=dataset() | {"notes": told})


def test_groups_are_columns_that_tell_no_single_person(
    project: Project, artefacts: dict[str, Artefact]
) -> None:
    facts = card_facts(project, artefacts, report_with())
    assert facts.groups == {"accent": {"en-gb": (3, 1), "en-us": (1, 1)}}
    assert facts.recordings == 4
    assert facts.privacy == ()
    assert facts.audit is None


@pytest.mark.parametrize(
    ("sense", "notes", "made"),
    [
        ("sound", {"synthetic_speech": 3, "synthetic_silence": 1}, True),
        ("sound", {"synthetic_speech": 2, "synthetic_silence": 1}, False),
        ("sound", {"converted_from_FLAC_PCM_16": 4}, False),
        ("picture", {"synthetic_masks_on_the_faces_of_lfw_subset": 4}, False),
    ],
)
def test_what_is_drawn_on_photographs_of_people_is_not_made_from_nothing(
    project: Project, artefacts: dict[str, Artefact], sense: str, notes: dict[str, int], made: bool
) -> None:
    report = report_with(**notes)
    seen = report.dataset.model_copy(update={"sense": sense})
    facts = card_facts(project, artefacts, report.model_copy(update={"dataset": seen}))
    assert facts.all_made is made


def test_what_a_stage_found_of_groups_is_taken(
    project: Project, artefacts: dict[str, Artefact], tmp_path: Path
) -> None:
    folder = tmp_path / "audit"
    folder.mkdir()
    (folder / "audit.json").write_text('{"columns": [], "notes": ["nothing told"]}')
    both = artefacts | {"audit": Artefact("audit", "0", folder)}
    assert card_facts(project, both, report_with()).audit == {
        "columns": [],
        "notes": ["nothing told"],
    }


def test_four_files_are_written_and_what_is_missing_is_told_once(
    project: Project, artefacts: dict[str, Artefact]
) -> None:
    (project.data_directory / "sources.json").write_text(
        json.dumps([{"name": "words", "licence": "CC0"}])
    )
    missing = write_cards(project, artefacts, report_with())
    names = {path.name for path in project.build_directory.iterdir()}
    assert names == {"model_card.md", "model_card.html", "data_card.md", "data_card.html"}
    assert len(set(missing)) == len(missing)
    assert {"intended.use", "card.consent", "coincell audit"} <= set(missing)
    assert "card.data_licence" not in missing
    assert "CC0" in (project.build_directory / "data_card.md").read_text()
    assert "## Intended use" in (project.build_directory / "model_card.md").read_text()
