"""A folder a class: what comes in, what is refused, and that nothing is lost or half-written."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coincell.data import NOISE_LABEL, import_recordings, load_windows, read_manifest
from coincell.errors import DataError
from data.fixtures import MakeProject, WriteTone


def fill(folder: Path, write_tone: WriteTone, count: int = 12, start: float = 300.0) -> None:
    for label, step in (("yes", 0.0), ("no", 7.0)):
        for number in range(count):
            write_tone(folder / label / f"{number}.wav", start + step + 20 * number)


def test_import_keeps_sixteen_bit_mono_to_the_bit(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")
    before = {p: p.read_bytes() for p in recordings.rglob("*.wav")}

    summary = import_recordings(recordings, project)

    assert (summary.layout, summary.found, summary.added) == ("folders", 24, 24)
    assert {p: p.read_bytes() for p in recordings.rglob("*.wav")} == before
    dataset = read_manifest(project.data_directory)
    assert dataset == summary.dataset
    originals = {
        hashlib.sha256(content).hexdigest(): soundfile.read(path, dtype="int16")[0]
        for path, content in before.items()
    }
    for sample in dataset.samples:
        stored, rate_hz = soundfile.read(project.data_directory / sample.file, dtype="int16")
        assert rate_hz == 16000
        assert sample.duration_s == len(stored) / rate_hz == 0.5
        np.testing.assert_array_equal(stored, originals[sample.source.sha256])
        content = (project.data_directory / sample.file).read_bytes()
        assert sample.sha256 == hashlib.sha256(content).hexdigest()


def test_import_again_changes_nothing(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")
    import_recordings(recordings, project)
    first = (project.data_directory / "manifest.csv").read_bytes()
    again = import_recordings(recordings, project)
    assert (again.added, again.already_there) == (0, 24)
    assert (project.data_directory / "manifest.csv").read_bytes() == first


def test_a_copy_under_another_label_is_told_as_a_contradiction(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    """Silence under two labels is none: it says nothing of them."""
    fill(recordings, write_tone)
    first, second = sorted(path for path in recordings.iterdir() if path.is_dir())[:2]
    (second / "copy.wav").write_bytes(next(iter(sorted(first.glob("*.wav")))).read_bytes())
    for folder in (first, second):
        soundfile.write(folder / "nothing.wav", np.zeros(16000, np.int16), 16000)
    project = make_project()
    told = [note for note in import_recordings(recordings, project).notes if "another" in note]
    assert len(told) == 1
    assert "1 clip is there under another label" in told[0]
    assert "copy-" in told[0]
    again = import_recordings(recordings, project).notes
    assert not [note for note in again if "another label" in note]


def test_growth_keeps_old_splits(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")
    before = {s.file: s.split for s in import_recordings(recordings, project).dataset.samples}
    fill(recordings, write_tone, count=40)
    after = {s.file: s.split for s in import_recordings(recordings, project).dataset.samples}
    assert len(after) == 80
    assert before.items() <= after.items()


def test_a_clip_that_was_lost_comes_back_on_its_old_side(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")
    dataset = import_recordings(recordings, project).dataset
    (project.data_directory / dataset.samples[3].file).unlink()
    again = import_recordings(recordings, project)
    assert again.added == 1
    assert again.dataset == dataset


def test_speaker_pattern_keeps_people_together(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for person in range(12):
        for take in range(3):
            for label, start in (("yes", 300), ("no", 2000)):
                path = recordings / label / f"person{person}_{take}.wav"
                write_tone(path, start + 30 * person + 7 * take)
    project = make_project("yes", "no")
    summary = import_recordings(recordings, project, speaker_pattern=r"/([a-z]+\d+)_")
    sides: dict[str, set[str]] = {}
    for sample in summary.dataset.samples:
        sides.setdefault(sample.groups["speaker"], set()).add(sample.split)
    assert len(sides) == 12
    assert all(len(side) == 1 for side in sides.values())
    assert set.union(*sides.values()) == {"train", "validation", "test"}
    assert summary.notes == ()


def test_without_speakers_the_summary_says_so(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    notes = import_recordings(recordings, make_project("yes", "no")).notes
    assert "24 of 24 clips have no 'speaker'" in notes[0]


def broken_files(folder: Path) -> dict[str, str]:
    """Writes broken recordings into `folder`; name -> what the message must say of it."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "whole.wav"
    soundfile.write(whole, np.linspace(-0.5, 0.5, 4000), 16000, "PCM_16")
    content = whole.read_bytes()
    whole.unlink()
    files = {
        "empty.wav": (b"", "empty (0 bytes)"),
        "text.wav": (b"this is no sound\n" * 40, "not a readable WAV or FLAC file"),
        "truncated.wav": (content[:3000], "truncated"),
        "header-only.wav": (content[:20], "truncated"),
        "no-samples.wav": (content[:40] + struct.pack("<I", 0), "no samples"),
        "cut.flac": (b"fLaC" + bytes(30), "not a readable WAV or FLAC file"),
    }
    for name, (bytes_, _) in files.items():
        (folder / name).write_bytes(bytes_)
    soundfile.write(folder / "nan.wav", np.array([0.0, np.nan, 0.5]), 16000, "FLOAT")
    soundfile.write(folder / "five.wav", np.zeros((100, 5)), 16000, "PCM_16")
    soundfile.write(folder / "slow.wav", np.zeros(100), 4000, "PCM_16")
    soundfile.write(folder / "law.wav", np.zeros(100), 16000, "ULAW")
    expected = {name: message for name, (_, message) in files.items()}
    return expected | {
        "nan.wav": "NaN or infinite",
        "five.wav": "received 5 channels",
        "slow.wav": "received 4000",
        "law.wav": "ULAW is not supported",
    }


def test_each_broken_file_is_named_with_its_fault(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone, count=2)
    expected = broken_files(recordings / "yes")
    project = make_project("yes", "no")
    with pytest.raises(DataError) as caught:
        import_recordings(recordings, project)
    assert f"{len(expected)} faults" in caught.value.message
    lines = caught.value.message.splitlines()
    for name, message in expected.items():
        assert [line for line in lines if f"yes/{name}:" in line and message in line], name
    assert caught.value.hint
    assert sorted(p.name for p in project.data_directory.iterdir()) == [".lock"]


def test_many_faults_are_counted_and_ten_shown(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone, count=1)
    for number in range(25):
        (recordings / "yes" / f"bad{number:02}.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"25 faults") as caught:
        import_recordings(recordings, make_project("yes", "no"))
    assert caught.value.message.count("empty (0 bytes)") == 10
    assert caught.value.message.endswith("... and 15 more")


def test_faults_leave_the_old_data_set_as_it_was(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")
    import_recordings(recordings, project)
    before = {p: p.read_bytes() for p in project.data_directory.rglob("*") if p.is_file()}
    fill(recordings, write_tone, count=20)
    (recordings / "no" / "bad.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"no/bad\.wav"):
        import_recordings(recordings, project)
    after = {p: p.read_bytes() for p in project.data_directory.rglob("*") if p.is_file()}
    assert after == before


def test_ctrl_c_leaves_nothing_half_written_and_the_next_import_goes_on(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    project = make_project("yes", "no")

    def interrupt(done: int, total: int, message: str) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_recordings(recordings, project, progress=interrupt)
    assert sorted(p.name for p in project.data_directory.iterdir()) == [".lock"]
    assert import_recordings(recordings, project).added == 24


def test_an_empty_class_is_refused(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    write_tone(recordings / "yes" / "a.wav")
    (recordings / "no").mkdir()
    (recordings / "no" / "b.mp3").write_bytes(b"ID3")
    with pytest.raises(DataError, match=r"no/: the class is empty.*1 \.mp3"):
        import_recordings(recordings, make_project("yes", "no"))


def test_a_label_that_is_not_configured_is_refused_with_the_nearest(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    write_tone(recordings / "yes" / "a.wav")
    write_tone(recordings / "Nno" / "b.wav")
    with pytest.raises(DataError, match="'Nno' is not in the configuration") as caught:
        import_recordings(recordings, make_project("yes", "no"))
    assert "did you mean 'no'?" in caught.value.message


def test_nothing_there(make_project: MakeProject, recordings: Path) -> None:
    with pytest.raises(DataError, match="There is nothing at"):
        import_recordings(recordings / "absent", make_project())
    with pytest.raises(DataError, match="no folders in it"):
        import_recordings(recordings, make_project())


def test_silence_is_made_where_none_was_recorded(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone, count=20)
    write_tone(recordings / NOISE_LABEL / "fan.wav", 120.0, seconds=30.0)
    project = make_project("yes", "no", "silence")
    dataset = import_recordings(recordings, project).dataset
    assert [s.split for s in dataset.noise] == ["test", "train", "validation"]
    assert sum(s.duration_s for s in dataset.noise) == pytest.approx(30.0)
    counts = dataset.counts()
    for split in ("train", "validation", "test"):
        others = (counts["yes"][split] + counts["no"][split]) / 2
        assert counts["silence"][split] == round(others)
    silence = [s for s in dataset.samples if s.label == "silence"]
    windows = load_windows(dataset, silence, project.configuration.data)
    assert (windows.padded, windows.cropped) == (0, 0)
    levels = np.sqrt(np.mean(windows.values.astype(float) ** 2, axis=1))
    assert levels.max() < 32768 * 10 ** (-19 / 20)
    assert import_recordings(recordings, project).added == 0


def test_another_sample_rate_converts_again_and_moves_nothing(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    write_tone(recordings / NOISE_LABEL / "fan.wav", 120.0, seconds=30.0)
    project = make_project("yes", "no")
    before = import_recordings(recordings, project).dataset
    slower = make_project("yes", "no", data="sample_rate_hz = 8000", name=project.directory.name)
    with pytest.raises(DataError, match="stored at 16000 Hz"):
        load_windows(before, before.samples, slower.configuration.data)
    summary = import_recordings(recordings, slower)
    assert (summary.added, summary.already_there) == (27, 0)
    assert [(s.file, s.split) for s in (*before.samples, *before.noise)] == [
        (s.file, s.split) for s in (*summary.dataset.samples, *summary.dataset.noise)
    ]
    windows = load_windows(summary.dataset, summary.dataset.samples, slower.configuration.data)
    assert windows.padded == 24


def test_what_is_no_file_is_not_waited_for(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone, count=1)
    os.mkfifo(recordings / "yes" / "pipe.wav")
    (recordings / "no" / "dangling.wav").symlink_to("nowhere.wav")
    with pytest.raises(DataError, match="2 faults") as caught:
        import_recordings(recordings, make_project("yes", "no"))
    assert "yes/pipe.wav: not a file" in caught.value.message
    assert "no/dangling.wav: cannot be read: No such file" in caught.value.message
