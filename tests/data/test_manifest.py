"""The manifest is written whole, in a stable order, and read with suspicion."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.data import NOISE_LABEL, Dataset, Sample, Source, read_manifest, write_manifest
from coincell.errors import DataError

HASH = "0123456789abcdef" * 4
HEADER = "file,label,split,sha256,duration_s\n"

text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20
)
samples = st.lists(
    st.builds(
        Sample,
        file=st.from_regex(r"[a-z]{1,6}/[A-Za-z0-9 ._+-]{0,8}x\.wav", fullmatch=True),
        label=st.one_of(st.sampled_from(["yes", "no", NOISE_LABEL]), text),
        split=st.sampled_from(["train", "validation", "test"]),
        sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        duration_s=st.floats(0, 1e4, allow_nan=False),
        groups=st.dictionaries(st.sampled_from(["speaker", "accent", "device_2"]), text),
        source=st.builds(
            Source,
            format=st.sampled_from(["", "WAV PCM_24", "synthetic speech"]),
            rate_hz=st.integers(0, 192000),
            channels=st.integers(0, 2),
            sha256=st.sampled_from(["", HASH]),
        ),
    ),
    unique_by=lambda sample: sample.file,
    max_size=8,
)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(samples=samples)
def test_what_is_written_is_read(
    samples: list[Sample], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("manifest")
    ordered = sorted(samples, key=lambda sample: sample.file)
    expected = Dataset(
        folder,
        tuple(sample for sample in ordered if sample.label != NOISE_LABEL),
        tuple(sample for sample in ordered if sample.label == NOISE_LABEL),
    )
    write_manifest(Dataset(folder, tuple(samples)))
    assert read_manifest(folder) == expected
    first = (folder / "manifest.csv").read_bytes()
    write_manifest(Dataset(folder, tuple(reversed(samples))))
    assert (folder / "manifest.csv").read_bytes() == first


def test_targets(tmp_path: Path) -> None:
    sample = Sample("a.wav", "", "train", HASH, 1.0, target=-0.1, unit="mm/s")
    write_manifest(Dataset(tmp_path, (sample,)))
    assert read_manifest(tmp_path).samples == (sample,)


def test_the_text_form_is_as_documented(tmp_path: Path, golden: Path) -> None:
    source = Source("FLAC PCM_24", 44100, 2, HASH[::-1])
    write_manifest(
        Dataset(
            tmp_path,
            (
                Sample("yes/b.wav", "yes", "test", HASH, 0.9375, {"speaker": "Ann, the elder"}),
                Sample("no/a.wav", "no", "train", HASH, 1.0, {"accent": "scots"}, source=source),
            ),
            (Sample("_background_noise_/fan.wav", NOISE_LABEL, "train", HASH, 12.5),),
        )
    )
    expected = (golden / "manifest.csv").read_text(encoding="utf-8")
    assert (tmp_path / "manifest.csv").read_text(encoding="utf-8") == expected


def line(file: str = "yes/a.wav", label: str = "yes", split: str = "train", **more: str) -> str:
    return f"{file},{label},{split},{more.get('sha256', HASH)},{more.get('seconds', '1.0')}\n"


BROKEN = {
    "absolute": (HEADER + line("/etc/passwd"), "relative path inside"),
    "upwards": (HEADER + line("yes/../../a.wav"), "relative path inside"),
    "backslash": (HEADER + line("yes\\a.wav"), "relative path inside"),
    "not plain": (HEADER + line("yes//a.wav"), "relative path inside"),
    "no file": (HEADER + line(""), "relative path inside"),
    "twice": (HEADER + line() + line(), "line 3: the file 'yes/a.wav' is listed twice"),
    "split": (HEADER + line(split="Train"), "split must be train, validation or test"),
    "hash": (HEADER + line(sha256="ABC"), "sha256 must be 64 hexadecimal digits"),
    "nan": (HEADER + line(seconds="nan"), "duration_s must be a number; received 'nan'"),
    "negative": (HEADER + line(seconds="-1"), "duration_s must be a number"),
    "no label": (HEADER + line(label=""), "exactly one of label and target"),
    "short line": (HEADER + "yes/a.wav,yes\n", "line 2: 5 columns expected, 2 found"),
    "control": (HEADER + line(label="y\x00s"), "control characters|line contains NUL"),
    "long field": (HEADER + line(label="y" * 2000), "longer than 1024"),
    "huge field": (HEADER + line(label="y" * 200_000), "field larger than field limit"),
    "open quote": (HEADER + '"yes/a.wav,yes', "not a CSV file"),
    "no column": ("file,label,split,sha256\n", "column 'duration_s' is missing"),
    "column twice": ("file,file," + HEADER, "column names must be filled and unlike"),
    "column name": ("=cmd()," + HEADER, "letters, digits and _; received '=cmd()'"),
    "many columns": (",".join(f"c{i}" for i in range(99)) + "\n", "at most 59"),
    "many groups": (
        HEADER.strip() + "," + ",".join(f"c{i}" for i in range(50)) + "\n",
        "at most 48 group columns; received 50",
    ),
    "empty": ("", "header line of column names"),
    "source": (
        HEADER.strip() + ",source_rate_hz\n" + line().strip() + ",1e3\n",
        "source_rate_hz must be a whole number",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_manifest_is_refused(name: str, tmp_path: Path) -> None:
    content, message = BROKEN[name]
    (tmp_path / "manifest.csv").write_text(content, encoding="utf-8")
    pattern = message if name == "control" else re.escape(message)
    with pytest.raises(DataError, match=pattern):
        read_manifest(tmp_path)


def test_not_text_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no") as caught:
        read_manifest(tmp_path)
    assert "coincell data import" in caught.value.hint
    (tmp_path / "manifest.csv").write_bytes(HEADER.encode() + b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        read_manifest(tmp_path)


def test_an_enormous_manifest_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "manifest.csv").open("wb") as stream:
        stream.truncate(1 << 29)  # sparse: takes no disk
    with pytest.raises(DataError, match="larger than"):
        read_manifest(tmp_path)
