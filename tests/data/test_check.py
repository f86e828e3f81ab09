"""`data check` finds what was put there, and nothing in a clean data set."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.data import (
    NOISE_LABEL,
    CheckReport,
    Dataset,
    Sample,
    Split,
    check_dataset,
    write_manifest,
)
from coincell.data.audio import encode_wav
from coincell.files import sha256_bytes
from coincell.project import Project
from data.fixtures import MakeProject, tone

RATE = 16000


class Folder:
    """A data folder that is filled clip by clip."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.samples: list[Sample] = []

    def add(
        self,
        file: str,
        label: str,
        split: Split,
        speaker: str = "",
        samples: NDArray[np.integer] | None = None,
        rate_hz: int = RATE,
    ) -> Path:
        if samples is None:
            hertz = 300 + 10 * len(self.samples)
            samples = (tone(hertz, 1.0, RATE) * 32767).astype(np.int16)
        content = encode_wav(samples.astype(np.int16), rate_hz)
        path = self.project.data_directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        groups = {"speaker": speaker} if speaker else {}
        duration_s = len(samples) / rate_hz
        self.samples.append(Sample(file, label, split, sha256_bytes(content), duration_s, groups))
        return path

    def check(self) -> CheckReport:
        noise = tuple(s for s in self.samples if s.label == NOISE_LABEL)
        clips = tuple(s for s in self.samples if s.label != NOISE_LABEL)
        write_manifest(Dataset(self.project.data_directory, clips, noise))
        return check_dataset(self.project)


@pytest.fixture
def folder(make_project: MakeProject) -> Folder:
    """Two classes and silence, three people each on one side, nothing wrong."""
    folder = Folder(make_project("yes", "no", "silence"))
    for split, speaker in (("train", "ann"), ("validation", "bob"), ("test", "eve")):
        for label in ("yes", "no"):
            folder.add(f"{label}/{speaker}.wav", label, split, speaker)
        quiet = np.full(RATE, len(folder.samples), np.int16)
        folder.add(f"silence/{split}.wav", "silence", split, samples=quiet)
    folder.add(f"{NOISE_LABEL}/fan.wav", NOISE_LABEL, "train")
    return folder


def rules(report: CheckReport) -> dict[str, tuple[str, int, tuple[str, ...]]]:
    return {f.rule: (f.severity, f.count, f.files) for f in report.findings}


def test_a_clean_data_set_has_no_findings(folder: Folder) -> None:
    report = folder.check()
    assert report.findings == ()
    assert report.ok
    assert report.clips == 10
    assert report.counts["yes"] == {"train": 1, "validation": 1, "test": 1}
    assert "Nothing found in 10 clips." in report.to_text()


def loud() -> NDArray[np.int16]:
    return (np.clip(2 * tone(440, 1.0, RATE, 1.0), -1, 1) * 32767).astype(np.int16)


def copy_of_first(folder: Folder) -> NDArray[np.int16]:
    return (tone(300, 1.0, RATE) * 32767).astype(np.int16)


def ramp(count: int) -> NDArray[np.int16]:
    return (np.arange(count) % 4000 - 2000).astype(np.int16)


Damage = Callable[[Folder], object]
DAMAGES: dict[str, tuple[str, int, str, Damage]] = {
    "missing": ("error", 1, "yes/ann.wav",
                lambda f: (f.project.data_directory / "yes/ann.wav").unlink()),
    "unreadable": ("error", 1, "yes/ann.wav",
                   lambda f: (f.project.data_directory / "yes/ann.wav").write_bytes(b"RIFF")),
    "changed": ("error", 1, "yes/ann.wav",
                lambda f: (f.project.data_directory / "yes/ann.wav").write_bytes(
                    encode_wav(ramp(RATE), RATE))),
    "rate": ("error", 1, "yes/x.wav",
             lambda f: f.add("yes/x.wav", "yes", "train", "ann", rate_hz=8000,
                             samples=ramp(8000))),
    "stray": ("note", 1, "yes/stray.wav",
              lambda f: (f.project.data_directory / "yes/stray.wav").write_bytes(b"")),
    "label": ("error", 1, "maybe/x.wav",
              lambda f: f.add("maybe/x.wav", "maybe", "train", "ann")),
    "two-labels": ("error", 2, "no/x.wav",
                   lambda f: f.add("no/x.wav", "no", "train", "ann", copy_of_first(f))),
    "leakage": ("error", 2, "yes/x.wav",
                lambda f: f.add("yes/x.wav", "yes", "test", "eve", copy_of_first(f))),
    "duplicate": ("warning", 1, "yes/x.wav",
                  lambda f: f.add("yes/x.wav", "yes", "train", "ann", copy_of_first(f))),
    "clipping": ("warning", 1, "yes/x.wav",
                 lambda f: f.add("yes/x.wav", "yes", "train", "ann", loud())),
    "silent": ("warning", 1, "yes/x.wav",
               lambda f: f.add("yes/x.wav", "yes", "train", "ann",
                               np.full(RATE, 50, np.int16))),
    "offset": ("warning", 1, "yes/x.wav",
               lambda f: f.add("yes/x.wav", "yes", "train", "ann", ramp(RATE) + 700)),
    "much-longer": ("warning", 1, "yes/x.wav",
                    lambda f: f.add("yes/x.wav", "yes", "train", "ann",
                                    ramp(33000))),
    "longer": ("note", 1, "yes/x.wav",
               lambda f: f.add("yes/x.wav", "yes", "train", "ann",
                               ramp(20000))),
    "shorter": ("note", 1, "yes/x.wav",
                lambda f: f.add("yes/x.wav", "yes", "train", "ann",
                                ramp(15999))),
}  # fmt: skip


@pytest.mark.parametrize("rule", DAMAGES)
def test_each_damage_is_found_and_nothing_else(rule: str, folder: Folder) -> None:
    severity, count, file, damage = DAMAGES[rule]
    folder.check()
    damage(folder)
    report = folder.check()
    found = rules(report)
    assert found.keys() == {rule}
    assert found[rule][:2] == (severity, count)
    assert file in found[rule][2]
    assert report.ok == (severity != "error")
    assert file in report.to_text()
    assert json.loads(json.dumps(report.to_json()))["findings"][0]["rule"] == rule


def test_digital_silence_is_silent_but_no_leak(folder: Folder) -> None:
    zeros = np.zeros(RATE, np.int16)
    folder.add("silence/a.wav", "silence", "train", samples=zeros)
    folder.add("silence/b.wav", "silence", "test", samples=zeros)
    assert folder.check().findings == ()
    folder.add("yes/c.wav", "yes", "train", "ann", samples=zeros)
    assert rules(folder.check()).keys() == {"silent"}


def test_people_on_two_sides_and_people_unknown(folder: Folder) -> None:
    folder.add("yes/x.wav", "yes", "test", "ann")
    report = folder.check()
    assert [f.rule for f in report.findings] == ["group-on-two-sides"]
    assert "1 of 3 values of 'speaker'" in report.findings[0].message
    assert "(ann)" in report.findings[0].message
    folder.samples = [replace(sample, groups={}) for sample in folder.samples]
    report = folder.check()
    assert [(f.rule, f.count) for f in report.findings] == [("no-group", 7)]


def test_classes_without_clips(folder: Folder) -> None:
    folder.samples = [s for s in folder.samples if s.file not in ("no/bob.wav", "yes/ann.wav")]
    found = {f.message: f.severity for f in folder.check().findings if f.rule == "empty-split"}
    assert found == {
        "No clips for train of: yes.": "error",
        "No clips for validation of: no.": "warning",
    }
    folder.samples = [s for s in folder.samples if s.label != "no"]
    report = folder.check()
    assert ("empty-class", "The class 'no' has no clips.") in [
        (f.rule, f.message) for f in report.findings
    ]


def test_imbalance(folder: Folder) -> None:
    for number in range(3):
        folder.add(f"yes/{number}.wav", "yes", "train", "ann")
    report = folder.check()
    assert [f.rule for f in report.findings] == ["balance"]
    assert "4 clips of 'yes' and 1 of 'no'" in report.findings[0].message


def test_many_files_are_counted_and_ten_shown(folder: Folder) -> None:
    for number in range(14):
        folder.add(f"yes/{number:02}.wav", "yes", "train", "ann", np.full(RATE, 50, np.int16))
    report = folder.check()
    silent = next(f for f in report.findings if f.rule == "silent")
    assert (silent.count, len(silent.files)) == (14, 10)
    assert "... and 4 more" in report.to_text()


def test_progress_is_told(folder: Folder) -> None:
    folder.check()
    seen: list[tuple[int, int]] = []
    check_dataset(folder.project, lambda done, total, message: seen.append((done, total)))
    assert seen == [(number, 10) for number in range(1, 11)]
