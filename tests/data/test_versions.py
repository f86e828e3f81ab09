"""Versions by content: equal data sets have one name; what happened between two is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import (
    Dataset,
    Sample,
    difference,
    find_version,
    import_recordings,
    note_version,
    noted_versions,
    present_version,
    read_manifest,
    write_manifest,
)
from coincell.errors import DataError
from coincell.project import Project
from data.fixtures import MakeProject, WriteTone


@pytest.fixture
def project(make_project: MakeProject, recordings: Path, write_tone: WriteTone) -> Project:
    project = make_project("yes", "no", data='silence_label = ""')
    for label, start in (("yes", 300), ("no", 900)):
        for number in range(8):
            write_tone(recordings / label / f"{number}.wav", start + 20 * number)
    import_recordings(recordings, project)
    return project


def rewrite(project: Project, samples: list[Sample]) -> None:
    write_manifest(Dataset(project.data_directory, tuple(samples)))


def test_a_version_is_named_by_content_alone(
    project: Project, make_project: MakeProject, recordings: Path
) -> None:
    version = note_version(project, "first")
    other = make_project("yes", "no", data='silence_label = ""')
    import_recordings(recordings, other)
    assert present_version(other).sha256 == version.sha256
    assert find_version(project, version.name[:4]) == version
    assert version.to_json()["counts"]["yes"].keys() == {"train", "validation", "test"}
    again = note_version(project)
    assert again == version
    renamed = note_version(project, "better word")
    assert (renamed.noted, renamed.note) == (version.noted, "better word")
    assert noted_versions(project) == (renamed,)


def test_everything_that_happened_is_told(project: Project) -> None:
    before = note_version(project)
    samples = list(read_manifest(project.data_directory).samples)
    (taken, relabelled, moved, regrouped, altered), rest = samples[:5], samples[5:]
    other = next(split for split in ("train", "test") if split != moved.split)
    changed = [
        replace(relabelled, label="yes", file="yes/new-name.wav"),
        replace(moved, split=other),
        replace(regrouped, groups={"speaker": "ann"}),
        replace(altered, sha256="0" * 64),
        replace(taken, file="yes/added.wav", sha256="1" * 64, label="yes"),
    ]
    rewrite(project, [*changed, *rest])
    found = difference(before, present_version(project))
    assert [s.file for s in found.added] == ["yes/added.wav"]
    assert [s.file for s in found.removed] == [taken.file]
    assert [(c.file, c.file_now, c.before, c.after) for c in found.relabelled] == [
        (relabelled.file, "yes/new-name.wav", "no", "yes")
    ]
    assert [(c.file, c.before, c.after) for c in found.moved] == [(moved.file, moved.split, other)]
    assert [(c.file, c.before, c.after) for c in found.regrouped] == [
        (regrouped.file, "", "speaker=ann")
    ]
    assert found.altered == (altered.file,)
    assert found.counts == {"no": (8, 6), "yes": (8, 10)}
    back = difference(present_version(project), before)
    assert [s.file for s in back.added] == [taken.file]
    assert difference(before, before).same
    assert not found.same


def test_recordings_that_are_listed_and_gone_are_told(project: Project) -> None:
    text = '[project]\nname = "x"\n[data]\nlabels = ["yes", "no"]\nsilence_label = ""\n'
    (project.directory / "coincell.toml").write_text(text)
    name = note_version(project).name
    gone = read_manifest(project.data_directory).samples[0].file
    command = ["data", "diff", name, "--project", str(project.directory)]
    assert "not there" not in CliRunner().invoke(cli, command, catch_exceptions=False).stdout
    (project.data_directory / gone).unlink()
    assert (
        f"not there any more (coincell data check):\n    {gone}"
        in CliRunner().invoke(cli, command, catch_exceptions=False).stdout
    )
    told = CliRunner().invoke(cli, [*command, "--json"], catch_exceptions=False).stdout
    assert json.loads(told)["not_there"] == [gone]


def test_copies_of_one_content_are_paired_once_each(project: Project) -> None:
    before = present_version(project)
    first = before.dataset.samples[0]
    rewrite(project, [*before.dataset.samples, replace(first, file="no/copy.wav")])
    after = present_version(project)
    assert [s.file for s in difference(before, after).added] == ["no/copy.wav"]
    assert [s.file for s in difference(after, before).removed] == ["no/copy.wav"]


def test_a_version_of_what_is_not_there_is_refused(project: Project) -> None:
    sample = read_manifest(project.data_directory).samples[3]
    path = project.data_directory / sample.file
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match="not what the manifest says"):
        note_version(project)
    assert noted_versions(project) == ()


@pytest.mark.parametrize("name", ["", "abc", "zzzz", "0000", "../x", "*"])
def test_names_that_fit_no_version(name: str, project: Project) -> None:
    note_version(project)
    with pytest.raises(DataError, match="named by its first digits"):
        find_version(project, name)


@pytest.mark.parametrize(
    "damage",
    ["", "[]", "{}", "[" * 100000, '{"format": 1, "sha256": 3}', "manifest", "format"],
)
def test_damaged_files_are_told(damage: str, project: Project) -> None:
    version = note_version(project)
    path = project.data_directory / "versions" / f"{version.name}.json"
    content = json.loads(path.read_text())
    if damage == "manifest":
        damage = json.dumps(content | {"manifest": content["manifest"] + "\n"})
    elif damage == "format":
        damage = json.dumps(content | {"format": 2})
    path.write_text(damage)
    with pytest.raises(DataError, match="not a version of a data set"):
        noted_versions(project)


@pytest.mark.parametrize("note", ["a\nb", "x" * 501])
def test_notes_that_are_no_line(note: str, project: Project) -> None:
    with pytest.raises(DataError, match="one line"):
        note_version(project, note)
