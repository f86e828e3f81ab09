"""The Speech Commands layout: its official split, its noise, its other words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from coincell.data import NOISE_LABEL, import_recordings
from coincell.data.layouts import official_split
from data.fixtures import MakeProject, WriteTone

# From the lists that Speech Commands v0.01 publishes: the speakers of a few of their files.
VALIDATION = [
    "439c84f4", "471a0925", "a6d586b7", "56eb74ae", "3a929277", "9db2bfe9", "d197e3ae", "8b775397",
    "2643992f", "060cd039", "f5e5e8b0", "dbb40d24", "22aa3665", "1bc45db9", "b1426003", "67c7fecb",
]  # fmt: skip
TESTING = [
    "2aa787cf", "94de6a6a", "24ad3ebe", "af405b69", "1093c8e7", "5828dfa2", "95ba4996", "b97c9f77",
    "4845bb10", "47d01978", "964e8cfd", "8625475c", "caf9fceb", "82b99576", "5e3dde6b", "b83c1acf",
]  # fmt: skip


def test_the_official_split_is_the_published_one() -> None:
    assert {official_split(f"{speaker}_nohash_0.wav") for speaker in VALIDATION} == {"validation"}
    assert {official_split(f"{speaker}_nohash_3.wav") for speaker in TESTING} == {"test"}
    many = Counter(official_split(f"{number:08x}_nohash_1.wav") for number in range(20_000))
    assert many["train"] == pytest.approx(16_000, rel=0.02)
    assert many["validation"] == pytest.approx(2_000, rel=0.08)


def fill(folder: Path, write_tone: WriteTone) -> None:
    hertz = 300.0
    train = [f"{n:08x}" for n in range(40) if official_split(f"{n:08x}_nohash_0.wav") == "train"]
    for word in ("yes", "no", "cat", "dog", "tree"):
        for speaker in (*VALIDATION[:4], *TESTING[:4], *train[:8]):
            hertz += 3
            write_tone(folder / word / f"{speaker}_nohash_0.wav", hertz, seconds=0.1)
    write_tone(folder / NOISE_LABEL / "running_tap.wav", 5000, seconds=20)
    write_tone(folder / NOISE_LABEL / "short.wav", 6000, seconds=3)


def test_words_noise_and_other_words(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    summary = import_recordings(recordings, make_project("yes", "no", "unknown", "silence"))
    assert summary.layout == "speech-commands"
    counts = summary.dataset.counts()
    assert counts["yes"] == counts["no"] == {"train": 8, "validation": 4, "test": 4}
    # As many other words as a word has, of several kinds.
    assert counts["unknown"] == counts["silence"] == counts["yes"]
    unknown = [s for s in summary.dataset.samples if s.label == "unknown"]
    assert {s.groups["word"] for s in unknown} == {"cat", "dog", "tree"}
    assert any("16 of 48 clips of other words kept" in note for note in summary.notes)
    for sample in summary.dataset.samples:
        if sample.label != "silence":
            name = sample.file.split("/")[1].replace("-", "_nohash_0.wav", 1)
            assert sample.split == official_split(name)
            assert sample.groups["speaker"] == name[:8]
    noise = Counter(s.split for s in summary.dataset.noise)
    assert noise.total() == 4  # the long one in three pieces of time, the short one whole
    assert all(noise[split] >= 1 for split in ("train", "validation", "test"))


def test_without_an_unknown_class_other_words_stay_out(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    fill(recordings, write_tone)
    summary = import_recordings(recordings, make_project("yes", "no"))
    assert set(summary.dataset.counts()) == {"yes", "no"}
    assert "48 clips of other words left out." in summary.notes


def test_the_lists_decide_where_they_are(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number in range(6):
        write_tone(recordings / "yes" / f"{number}.wav", 300 + 10 * number)
        write_tone(recordings / "no" / f"{number}.wav", 700 + 10 * number)
    (recordings / "validation_list.txt").write_text("yes/0.wav\nno/1.wav\n")
    (recordings / "testing_list.txt").write_text("yes/2.wav\nyes/3.wav\nno/4.wav\n")
    summary = import_recordings(recordings, make_project("yes", "no"))
    assert summary.layout == "speech-commands"
    assert summary.dataset.counts() == {
        "no": {"train": 4, "validation": 1, "test": 1},
        "yes": {"train": 3, "validation": 1, "test": 2},
    }
