"""A CSV of recordings, and the real data beside the clone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coincell.data import OwnSplit, import_recordings, load_windows, read_manifest
from coincell.errors import DataError
from data.fixtures import MakeProject, WriteTone


def test_columns_become_groups_and_splits_are_honoured(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    lines = ["file,label,split,speaker,device"]
    for number in range(30):
        write_tone(recordings / "clips" / f"{number}.wav", 300 + 10 * number)
        split = ("train", "validation", "test", "")[number % 4]
        label = ("yes", "no")[number % 2]
        lines.append(f"clips/{number}.wav,{label},{split},person{number % 5},phone {number % 3}")
    (recordings / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    summary = import_recordings(recordings, make_project())
    assert (summary.layout, summary.added) == ("csv", 30)
    by_number = {int(s.file.split("/")[1].split("-")[0]): s for s in summary.dataset.samples}
    for number, sample in by_number.items():
        assert sample.label == ("yes", "no")[number % 2]
        expected = {"speaker": f"person{number % 5}", "device": f"phone {number % 3}"}
        assert sample.groups == expected
        if number % 4 < 3:
            assert sample.split == ("train", "validation", "test")[number % 4]
        else:  # everybody is in training by the CSV's own word
            assert sample.split == "train"


def test_a_new_clip_goes_where_its_speaker_is(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    def write(count: int) -> None:
        lines = ["file,label,speaker"]
        for number in range(count):
            write_tone(recordings / f"{number}.wav", 300 + 10 * number)
            lines.append(f"{number}.wav,{('yes', 'no')[number // 10 % 2]},person{number % 10}")
        (recordings / "labels.csv").write_text("\n".join(lines), encoding="utf-8")

    project = make_project()
    write(20)
    first = import_recordings(recordings, project).dataset
    write(60)
    second = import_recordings(recordings, project).dataset
    sides = {s.groups["speaker"]: s.split for s in first.samples}
    assert set(sides.values()) == {"train", "validation", "test"}
    assert all(s.split == sides[s.groups["speaker"]] for s in second.samples)
    assert len(second.samples) == 60


def test_speakers_that_are_told_later_are_kept_together_from_then_on(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    plain, told = ["file,label"], ["file,label,speaker"]
    for number in range(60):
        write_tone(recordings / f"{number}.wav", 300 + 10 * number)
        plain.append(f"{number}.wav,{('yes', 'no')[number % 2]}")
        told.append(f"{number}.wav,{('yes', 'no')[number % 2]},person{number // 2 % 10}")
    csv_file = recordings / "labels.csv"
    csv_file.write_text("\n".join(plain), encoding="utf-8")
    project = make_project()
    first = import_recordings(recordings, project)
    assert "60 of 60 clips have no 'speaker'" in first.notes[0]
    csv_file.write_text("\n".join(told), encoding="utf-8")
    second = import_recordings(recordings, project)
    assert (second.added, second.already_there, second.updated) == (0, 60, 60)
    assert second.notes == ()
    sides: dict[str, set[str]] = {}
    for sample in second.dataset.samples:
        sides.setdefault(sample.groups["speaker"], set()).add(sample.split)
    assert len(sides) == 10
    assert all(len(side) == 1 for side in sides.values())
    assert [s.sha256 for s in second.dataset.samples] == [s.sha256 for s in first.dataset.samples]
    third = import_recordings(recordings, project)
    assert (third.updated, third.dataset) == (0, second.dataset)


def test_a_split_that_the_csv_gives_later_is_honoured(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number in range(10):
        write_tone(recordings / f"{number}.wav", 300 + 10 * number)
    csv_file = recordings / "labels.csv"
    project = make_project()
    for split in ("", "test"):
        lines = [f"{n}.wav,{('yes', 'no')[n % 2]},{split},room {n}" for n in range(10)]
        csv_file.write_text("\n".join(["file,label,split,room", *lines]), encoding="utf-8")
        summary = import_recordings(recordings, project)
    assert {sample.split for sample in summary.dataset.samples} == {"test"}
    assert summary.already_there == 10


FAULTY = {
    "outside": ("../a.wav,yes", "relative path inside the folder; received '../a.wav'"),
    "absolute": ("/a.wav,yes", "relative path inside"),
    "absent": ("b.wav,yes", "there is no file 'b.wav'"),
    "link": ("link.wav,yes", "file must stay inside recordings/; received 'link.wav'"),
    "label": ("a.wav,yess", "the label 'yess' is not in the configuration"),
    "no label": ("a.wav,", "the label '' is not in the configuration"),
    "twice": ("a.wav,yes\na.wav,no", "line 3: the file 'a.wav' is listed twice"),
    "nothing": ("", "no lines after the header"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_line_is_named(
    name: str, make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    line, message = FAULTY[name]
    write_tone(recordings / "a.wav")
    outside = write_tone(recordings.parent / "outside.wav")
    (recordings / "link.wav").symlink_to(outside)
    (recordings / "labels.csv").write_text(f"file,label\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(message)):
        import_recordings(recordings, make_project())


def test_the_same_fault_of_many_lines_is_told_once(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    lines = [f"{number}.wav,{label}" for number, label in enumerate(["stop"] * 30 + ["go"])]
    for number in range(len(lines)):
        write_tone(recordings / f"{number}.wav")
    (recordings / "labels.csv").write_text("\n".join(["file,label", *lines]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        import_recordings(recordings, make_project())
    message = caught.value.message
    assert "31 faults" in message
    assert message.count("'stop'") == 1
    assert "(and 29 more like it)" in message
    assert "line 32: the label 'go'" in message
    assert caught.value.hint.count("data.labels") == 1


def test_a_source_that_puts_a_speaker_on_two_sides_is_told(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    lines = ["file,label,speaker,split"]
    for number, (speaker, split) in enumerate(
        [("anna", "train"), ("anna", "test"), ("bert", "train"), ("cleo", "validation")]
    ):
        write_tone(recordings / f"{number}.wav", 300 + 10 * number)
        lines.append(f"{number}.wav,yes,{speaker},{split}")
    (recordings / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    notes = import_recordings(recordings, make_project()).notes
    assert any("1 of 3 values of 'speaker'" in note for note in notes)


def test_split_values_are_checked(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    write_tone(recordings / "a.wav")
    csv_file = recordings / "labels.csv"
    csv_file.write_text("file,label,split\na.wav,yes,dev\n", encoding="utf-8")
    with pytest.raises(DataError, match="split must be train, validation, test or empty"):
        import_recordings(recordings, make_project())


def test_a_missing_column_is_named(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    write_tone(recordings / "a.wav")
    (recordings / "labels.csv").write_text("file,digit\na.wav,yes\n", encoding="utf-8")
    with pytest.raises(DataError, match="the column 'label' is missing") as caught:
        import_recordings(recordings, make_project())
    assert "--label-column" in caught.value.hint
    assert import_recordings(recordings, make_project(), label_column="digit").added == 1


def test_another_projects_data_folder_can_be_imported(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number in range(10):
        write_tone(recordings / ("yes", "no")[number % 2] / f"{number}.wav", 300 + 10 * number)
    first = make_project()
    import_recordings(recordings, first)
    second = make_project()
    summary = import_recordings(first.data_directory, second)
    assert (summary.layout, summary.added) == ("csv", 10)
    here = {s.sha256: (s.label, s.split) for s in read_manifest(first.data_directory).samples}
    there = {s.sha256: (s.label, s.split) for s in summary.dataset.samples}
    assert here == there
    with pytest.raises(DataError, match="the project's own data folder"):
        import_recordings(first.data_directory, first)


def test_spoken_digits(make_project: MakeProject, shared: Path) -> None:
    """720 real clips at 8 kHz with speakers, resampled; against soundfile and the CSV itself."""
    project = make_project(*"0123456789")
    source = shared / "data" / "spoken_digits"
    summary = import_recordings(source, project, label_column="digit")
    assert summary.found == summary.added == 720
    assert summary.converted == {"resampled from 8000 Hz": 720}
    samples = summary.dataset.samples
    # the source has no part for validation: what two of the six say for training becomes that
    assert Counter(s.split for s in samples) == {"train": 320, "validation": 160, "test": 240}
    assert [note for note in summary.notes if "160 of the 480" in note]
    assert Counter(s.groups["speaker"] for s in samples) == dict.fromkeys(
        ("george", "jackson", "lucas", "nicolas", "theo", "yweweler"), 120
    )
    assert {s.groups["accent"] for s in samples} >= {"GRC/Greek", "USA/neutral"}
    for sample in samples[::60]:
        name = sample.file.split("/")[1].rsplit("-", 1)[0]
        original, rate_hz = soundfile.read(source / f"{name}.wav")
        assert rate_hz == 8000
        stored, rate_hz = soundfile.read(project.data_directory / sample.file)
        assert rate_hz == 16000
        assert abs(len(stored) - 2 * len(original)) <= 1
        power = np.mean(original**2)
        assert np.mean(stored**2) == pytest.approx(power, rel=0.05)
    windows = load_windows(summary.dataset, samples, project.configuration.data)
    assert windows.values.shape == (720, 16000)
    assert windows.padded == sum(s.duration_s < 1 for s in samples)
    assert windows.cropped == sum(s.duration_s > 1 for s in samples)


def test_speech_commands_as_shared(make_project: MakeProject, shared: Path) -> None:
    """594 real clips in 12 classes: nothing is lost, not a bit changes."""
    labels = [
        "down",
        "go",
        "left",
        "no",
        "off",
        "on",
        "right",
        "stop",
        "up",
        "yes",
        "silence",
        "unknown",
    ]
    project = make_project(*labels)
    summary = import_recordings(shared / "data" / "speech_commands", project)
    assert (summary.layout, summary.found, summary.added) == ("csv", 594, 594)
    assert summary.converted == {}
    assert "550 of 550 clips have no 'speaker'" in summary.notes[0]
    for label, row in summary.dataset.counts().items():
        assert min(row.values()) > 0, label
    for sample in summary.dataset.samples[::97]:
        name = sample.file.split("/")[1].rsplit("-", 1)[0]
        found = list((shared / "data" / "speech_commands").rglob(f"{name}.wav"))
        original, _ = soundfile.read(found[0], dtype="int16")
        stored, _ = soundfile.read(project.data_directory / sample.file, dtype="int16")
        np.testing.assert_array_equal(stored, original)


@pytest.mark.parametrize(("own_split", "sides_a_person"), [("keep", 2), ("ignore", 1)])
def test_a_split_that_crosses_people_can_be_ignored(
    own_split: OwnSplit,
    sides_a_person: int,
    make_project: MakeProject,
    recordings: Path,
    write_tone: WriteTone,
) -> None:
    lines = ["file,label,split,speaker"]
    for number in range(24):
        write_tone(recordings / f"{number}.wav", 300 + 10 * number)
        label, split = ("yes", "no")[number % 2], ("train", "test")[number // 12]
        lines.append(f"{number}.wav,{label},{split},person{number // 2 % 6}")
    (recordings / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    dataset = import_recordings(recordings, make_project(), own_split=own_split).dataset
    sides: dict[str, set[str]] = {}
    for sample in dataset.samples:
        sides.setdefault(sample.groups["speaker"], set()).add(sample.split)
    assert len(sides) == 6
    assert all(len(split) == sides_a_person for split in sides.values())
    if own_split == "ignore":
        assert set.union(*sides.values()) == {"train", "validation", "test"}
