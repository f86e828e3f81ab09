"""Labels that are corrected: all or nothing, in order, and never over another's change."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from coincell.data import (
    Corrected,
    OvertakenError,
    correct_labels,
    corrections,
    present_version,
    read_manifest,
    undo_correction,
    undone,
)
from coincell.errors import DataError
from coincell.project import Project
from studio_project import tones

FIRST, SECOND = "low/00000.wav", "middle/00001.wav"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return tones(tmp_path / "p", clips=6)


def _label(project: Project, file: str) -> str:
    return {s.file: s.label for s in read_manifest(project.data_directory).samples}[file]


def test_a_label_is_corrected_and_taken_back(project: Project) -> None:
    before = present_version(project)
    made = correct_labels(project, [Corrected(FIRST, "low", "high")])
    assert _label(project, FIRST) == "high"
    assert (made.number, made.version_before) == (1, before.name)
    assert made.version_after == present_version(project).name != before.name
    back = undo_correction(project, 1)
    assert _label(project, FIRST) == "low"
    assert back.version_after == before.name
    assert undone(corrections(project)) == {1}
    undo_correction(project, 2)  # taking back what took back
    assert _label(project, FIRST) == "high"
    assert undone(corrections(project)) == {2}
    assert [one.number for one in corrections(project)] == [1, 2, 3]


def test_recordings_are_not_touched(project: Project) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in project.data_directory.rglob("*.wav")}

    before = contents()
    correct_labels(project, [Corrected(FIRST, "low", "high")])
    assert contents() == before


def test_all_or_nothing(project: Project) -> None:
    with pytest.raises(DataError, match=r"data\.labels"):
        correct_labels(
            project, [Corrected(FIRST, "low", "high"), Corrected(SECOND, "middle", "shrill")]
        )
    assert _label(project, FIRST) == "low"
    assert corrections(project) == ()


def test_the_later_of_two_is_told(project: Project) -> None:
    correct_labels(project, [Corrected(FIRST, "low", "high")])
    with pytest.raises(OvertakenError) as told:
        correct_labels(project, [Corrected(FIRST, "low", "middle")])
    assert told.value.now == "high"
    assert _label(project, FIRST) == "high"
    with pytest.raises(OvertakenError):
        correct_labels(project, [Corrected(SECOND, "low", "high")])


def test_an_undo_does_not_go_over_what_came_later(project: Project) -> None:
    correct_labels(project, [Corrected(FIRST, "low", "high")])
    correct_labels(project, [Corrected(FIRST, "high", "middle")])
    with pytest.raises(OvertakenError):
        undo_correction(project, 1)
    assert _label(project, FIRST) == "middle"


def test_many_at_once_lose_nothing(project: Project) -> None:
    files = [sample.file for sample in read_manifest(project.data_directory).samples]
    told: list[str] = []

    def correct(file: str, label: str) -> None:
        now = _label(project, file)
        try:
            correct_labels(project, [Corrected(file, now, label)])
        except OvertakenError as error:
            told.append(error.file)

    threads = [
        threading.Thread(target=correct, args=(file, label))
        for file in files
        for label in ("high", "low")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    known = corrections(project)
    assert len(known) + len(told) == len(threads), "each was written, or told that it was not"
    assert [one.number for one in known] == list(range(1, len(known) + 1))
    at_last = {change.file: change.after for one in known for change in one.changes}
    assert all(_label(project, file) == label for file, label in at_last.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Corrected("gone.wav", "low", "high"), "no such recording"),
        (Corrected(FIRST, "low", ""), r"data\.labels"),
        (Corrected(FIRST, "low", "_background_noise_"), r"data\.labels"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, change: Corrected, said: str) -> None:
    with pytest.raises(DataError, match=said):
        correct_labels(project, [change])


def test_nothing_to_undo(project: Project) -> None:
    with pytest.raises(DataError, match="no correction 1"):
        undo_correction(project, 1)
    correct_labels(project, [Corrected(FIRST, "low", "high")])
    undo_correction(project, 1)
    with pytest.raises(DataError, match="taken back already"):
        undo_correction(project, 1)


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", '{"changes": [1]}', '{"changes": [], "number": "1"}',
     '{"changes": [{"file": "a", "before": 1, "after": "b"}], "number": 1}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_history_is_told(project: Project, line: str) -> None:
    (project.data_directory / "corrections.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match="not a history"):
        corrections(project)
