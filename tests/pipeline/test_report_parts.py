"""What the report says of the data set, where it would be easy to say too much."""

import json

import numpy as np
import pytest

from coincell.data import Sample, Windows
from coincell.pipeline.clips import write_clips
from coincell.pipeline.report_parts import dataset_part
from coincell.pipeline.reporting import _tool
from coincell.pipeline.store import Artefact
from coincell.project import parse_configuration
from tiny_project import TOML

LABELS = (0, 1, 2, 3)  # yes, no, silence, unknown
SPLITS = ("train", "test")


def _dataset(folder, speakers, notes):
    """Two clips a class, one for training and one for the test; `speakers` of each split."""
    configuration = parse_configuration(TOML)
    names = configuration.data.labels
    samples = [
        Sample(f"{label}{split}.wav", names[label], split, "", 1.0, {} if label == 2 else who)
        for label in LABELS
        for split, who in zip(SPLITS, speakers, strict=True)
    ]
    count = len(samples)
    windows = Windows(np.zeros((count, 4), np.int16), np.arange(count), 0, 0)
    write_clips(folder, windows, samples, names, np.zeros((0, 4), np.int16))
    facts = {"notes": notes, "durations_s": [1.0] * count, "check": {"findings": []}}
    (folder / "dataset.json").write_text(json.dumps(facts))
    return dataset_part(Artefact("dataset", "0", folder), configuration)


APART = ({"speaker": "anna"}, {"speaker": "bert"})


@pytest.mark.parametrize(
    ("notes", "source", "synthetic"),
    [
        ({}, "imported recordings", False),
        ({"synthetic silence": 2}, "imported recordings", False),
        (
            {"synthetic silence": 2, "synthetic speech": 4},
            "imported recordings, and 4 clips synthesized with espeak-ng voices",
            True,
        ),
        (
            {"synthetic silence": 2, "synthetic speech": 6},
            "synthesized with espeak-ng voices",
            True,
        ),
    ],
)
def test_made_silence_is_no_synthetic_speech(tmp_path, notes, source, synthetic):
    part = _dataset(tmp_path, APART, notes)
    assert (part.source, part.synthetic) == (source, synthetic)


@pytest.mark.parametrize(
    ("speakers", "split_by"),
    [
        (APART, "speaker"),
        (({"speaker": "anna"}, {"speaker": "anna"}), None),
        (({"speaker": "anna"}, {}), None),
    ],
)
def test_split_by_speaker_is_said_only_where_no_speaker_is_on_two_sides(
    tmp_path, speakers, split_by
):
    assert _dataset(tmp_path, speakers, {}).split_by == split_by


@pytest.mark.parametrize(
    ("identity", "version", "detail"),
    [
        ("gcc cc (Debian 12) 12.2.0 ", "cc (Debian 12) 12.2.0", "for the board"),
        ("zig 0.17.1 -m ziglang cc", "0.17.1", "for the board: -m ziglang cc"),
    ],
)
def test_a_compilers_version_and_flags_are_told_apart(identity, version, detail):
    tool = _tool(identity, "for the board")
    assert (tool.name, tool.version, tool.detail) == (identity.split()[0], version, detail)


def test_windows_of_unnamed_recordings_are_split_by_nobody(tmp_path):
    """Two windows of each recording, nobody told: they are not said to be split by speaker."""
    configuration = parse_configuration(TOML)
    names = configuration.data.labels
    samples = [
        Sample(f"{label}{split}.wav", names[label], split, "", 1.0, {})
        for label in LABELS
        for split in SPLITS
    ]
    owners = np.repeat(np.arange(len(samples)), 2)
    windows = Windows(np.zeros((len(owners), 4), np.int16), owners, 0, 0)
    write_clips(tmp_path, windows, samples, names, np.zeros((0, 4), np.int16))
    facts = {"notes": {}, "durations_s": [1.0] * len(owners), "check": {"findings": []}}
    (tmp_path / "dataset.json").write_text(json.dumps(facts))
    assert dataset_part(Artefact("dataset", "0", tmp_path), configuration).split_by is None
