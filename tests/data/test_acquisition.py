"""Acquisitions in JSON and CBOR: in, out, signed, labelled by names and sidecars."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import (
    ReadOptions,
    check_dataset,
    export_recordings,
    import_recordings,
    read_manifest,
)
from coincell.data.acquisition import Acquisition, read_acquisition, write_acquisition
from coincell.errors import DataError
from coincell.project import Project, parse_configuration

cbor2 = pytest.importorskip("cbor2", reason="the extra `acquisition` is not installed")

KEY = b"fb3jvfHgkFYOtDQaq4LzK2IoQ9zXpNEy"
VALUES = np.array([[-9.81, 0.03, 1.21], [-9.83, 0.04, 1.28], [-9.12, 0.03, 1.23]])
WALK = Acquisition(("accX", "accY", "accZ"), ("m/s2",) * 3, VALUES, 16.0, "ac:87:a3", "BOARD")
MOTION = """
[project]
name = "walks"
task = "gesture"
[data]
sense = "motion"
labels = ["walk", "run"]
sample_rate_hz = 62
window_ms = 1000
channels = ["aX", "aY", "aZ"]
units = ["g", "g", "g"]
full_scale = [4.0, 4.0, 4.0]
silence_label = ""
unknown_label = ""
[features]
block = "raw"
"""


def project(folder: Path, text: str = MOTION) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "coincell.toml").write_text(text, encoding="utf-8")
    return Project(folder, parse_configuration(text))


def walk(count: int, place: int = 0) -> Acquisition:
    values = np.random.default_rng(place).normal(0, 9.8, (count, 3)).round(4)
    return Acquisition(WALK.names, WALK.units, values, 1000 / 62)


def plain(recording: Acquisition = WALK, **payload: Any) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(write_acquisition(recording, "json"))
    whole["payload"].update(payload)
    return whole


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_written_is_read_back(form: Any, key: bytes | None) -> None:
    content = write_acquisition(WALK, form, key)
    found = read_acquisition(content, "walk", key)
    assert (found.names, found.units, found.interval_ms) == (WALK.names, WALK.units, 16.0)
    assert (found.device_name, found.device_type) == ("ac:87:a3", "BOARD")
    assert np.array_equal(found.values, VALUES)
    assert found.verified == (key is not None)
    assert content == write_acquisition(WALK, form, key)


def test_the_signature_is_hmac_sha256_over_the_file_with_zeros() -> None:
    content = write_acquisition(WALK, "json", KEY)
    told = json.loads(content)["signature"]
    blank = content.replace(told.encode(), b"0" * 64)
    assert told == hmac.new(KEY, blank, hashlib.sha256).hexdigest()
    assert json.loads(blank)["protected"] == {"ver": "v1", "alg": "HS256", "iat": 0}


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_changed_file_another_key_or_no_signature_is_refused(form: Any) -> None:
    content = write_acquisition(WALK, form, KEY)
    changed = content.replace(b"ac:87:a3", b"ac:87:a4")
    assert read_acquisition(changed, "walk").verified is False
    for bad, key in ((changed, KEY), (content, b"another")):
        with pytest.raises(DataError, match="signature is wrong"):
            read_acquisition(bad, "walk", key)
    with pytest.raises(DataError, match="must be signed with HS256"):
        read_acquisition(write_acquisition(WALK, form), "walk", KEY)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"interval_ms": 0}, "interval_ms"), ({"interval_ms": "16"}, "interval_ms"),
     ({"interval_ms": True}, "interval_ms"), ({"sensors": []}, "sensors"),
     ({"sensors": [{"units": "g"}]}, "sensors"), ({"values": []}, "values"),
     ({"values": [[1, 2, 3], [1, 2]]}, "reading 1 has 2 numbers"),
     ({"values": [[1, 2, "x"]]}, "reading 0 is no number: 'x'"),
     ({"values": [[1, 2, None]]}, "reading 0 is no number"),
     ({"values": ["Ref-BINARY-i16 (16044 bytes) x"]}, "refer to a file")],
)  # fmt: skip
def test_broken_acquisitions_are_refused(change: dict[str, Any], message: str) -> None:
    whole = plain(**change)
    for content in (json.dumps(whole).encode(), cbor2.dumps(whole)):
        with pytest.raises(DataError, match=message):
            read_acquisition(content, "walk")


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"payload": [NaN]}', b'{"payload": 1}', b"[" * 100_000, b'{"a":' * 50_000,
     b"\xa1\x61a", b"\x81" * 5000, b"\xbf" * 5000, b"\xa1\xd8\x1d\x00\x01", b"\xa1\x61\xff\x01"],
)  # fmt: skip
def test_what_is_no_acquisition_is_refused(content: bytes) -> None:
    with pytest.raises(DataError):
        read_acquisition(content, "walk")


def test_names_tell_labels_and_units_are_brought_to_the_projects(tmp_path: Path) -> None:
    source = tmp_path / "walks"
    source.mkdir()
    (source / "walk.1.json").write_bytes(write_acquisition(walk(70), "json"))
    (source / "run.2.cbor").write_bytes(write_acquisition(walk(80, 1), "cbor"))
    place = project(tmp_path / "p")
    dataset = import_recordings(source, place).dataset
    assert sorted(sample.label for sample in dataset.samples) == ["run", "walk"]
    stored = next(sample for sample in dataset.samples if sample.label == "walk")
    values = np.load(dataset.directory / stored.file)
    np.testing.assert_allclose(values, walk(70).values / 9.80665, rtol=1e-5)


def test_sidecars_tell_labels_splits_groups_and_stretches(tmp_path: Path) -> None:
    source = tmp_path / "walks"
    (source / "testing").mkdir(parents=True)
    (source / "testing" / "a.json").write_bytes(write_acquisition(walk(70), "json"))
    (source / "b.json").write_bytes(write_acquisition(walk(200, 1), "json"))
    listed = {
        "version": 1,
        "files": [
            {"path": "testing/a.json", "category": "testing", "metadata": {"speaker": "anna"},
             "label": {"type": "label", "label": "run"}},
        ],
    }  # fmt: skip
    stretches = [
        {"startIndex": 0, "endIndex": 99, "label": "walk"},
        {"startIndex": 120, "endIndex": 199, "label": "run"},
    ]
    (source / "info.labels").write_text(json.dumps(listed))
    (source / "structured_labels.labels").write_text(
        json.dumps({"version": 1, "structuredLabels": {"b.json": stretches}})
    )
    dataset = import_recordings(source, project(tmp_path / "p")).dataset
    found = [(s.label, s.split == "test", dict(s.groups)) for s in dataset.samples]
    assert ("run", True, {"speaker": "anna"}) in found
    parts = [s for s in dataset.samples if not s.groups]
    assert [(s.label, round(s.duration_s * 62)) for s in parts] == [("walk", 100), ("run", 80)]
    assert len({s.split for s in parts}) == 1  # pieces of one recording stay together
    again = import_recordings(source, project(tmp_path / "p"))
    assert (again.added, again.already_there) == (0, 2)


def test_a_stretch_beyond_the_recording_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "walks"
    source.mkdir()
    (source / "b.json").write_bytes(write_acquisition(walk(50), "json"))
    stretch = {"startIndex": 0, "endIndex": 50, "label": "walk"}
    (source / "structured_labels.labels").write_text(
        json.dumps({"structuredLabels": {"b.json": [stretch]}})
    )
    with pytest.raises(DataError, match="a label ends at 50; the recording has 50 readings"):
        import_recordings(source, project(tmp_path / "p"))


@pytest.mark.parametrize("form", ["acquisition-json", "acquisition-cbor", "csv", "npy"])
def test_an_export_comes_back_with_the_same_content(tmp_path: Path, form: Any) -> None:
    source = tmp_path / "walks"
    source.mkdir()
    for place in range(8):
        label = "walk" if place % 2 else "run"
        content = write_acquisition(walk(65 + place, place), "json")
        (source / f"{label}.{place}.json").write_bytes(content)
    first = project(tmp_path / "first")
    before = import_recordings(source, first).dataset
    key = KEY if form.startswith("acquisition") else None
    export_recordings(first, tmp_path / "out", form, key)
    second = project(tmp_path / "second")
    reading = ReadOptions(key=key)
    after = import_recordings(tmp_path / "out", second, reading=reading).dataset
    told = [sorted((s.sha256, s.label, s.split) for s in d.samples) for d in (before, after)]
    assert told[0] == told[1]
    assert {split for _, _, split in told[0]} == {"train", "validation", "test"}
    again = import_recordings(tmp_path / "out", first, reading=reading)
    assert (again.added, again.duplicates) == (0, 8)
    assert again.dataset.samples == before.samples
    with pytest.raises(DataError, match="not empty"):
        export_recordings(first, tmp_path / "out", form)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('units = ["g", "g", "g"]', 'units = ["m/s2", "m/s2", "m/s2"]', "kept in g, g, g"),
        ('["aX", "aY", "aZ"]', '["aX", "aZ", "aY"]', "have the channels aX, aY, aZ"),
    ],
)
def test_kept_readings_are_not_taken_for_others(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    """Settings changed after an import would make other readings of the same numbers."""
    source = tmp_path / "walks"
    source.mkdir()
    for place in range(6):
        content = write_acquisition(walk(65, place), "json")
        (source / f"walk.{place}.json").write_bytes(content)
    import_recordings(source, project(tmp_path / "p"))
    changed = project(tmp_path / "p", MOTION.replace(before, after))
    with pytest.raises(DataError, match=message):
        import_recordings(source, changed)
    found = [one for one in check_dataset(changed).findings if one.rule == "other-readings"]
    assert message in found[0].message
    assert found[0].severity == "error"
    (tmp_path / "p" / "data" / "readings.json").write_text("[]")
    with pytest.raises(DataError, match="is damaged"):
        check_dataset(changed)


def test_the_command_exports_sound_and_takes_it_back_to_the_bit(
    tmp_path: Path, write_tone: Any
) -> None:
    text = '[project]\nname = "s"\n[data]\nlabels = ["yes", "no"]\nsilence_label = ""\n'
    place, other = project(tmp_path / "a", text), project(tmp_path / "b", text)
    for number, label in enumerate(("yes", "no")):
        write_tone(tmp_path / "in" / label / "1.wav", hertz=300 + 100 * number)
    import_recordings(tmp_path / "in", place)
    (tmp_path / "key").write_bytes(KEY + b"\n")
    out = tmp_path / "out"
    for arguments in (
        ["export", str(out), "--format", "acquisition-cbor", "--project", str(place.directory)],
        ["import", str(out), "--project", str(other.directory)],
    ):
        command = ["data", *arguments, "--key-file", str(tmp_path / "key"), "--json"]
        result = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    hashes = [{s.sha256 for s in read_manifest(p.data_directory).samples} for p in (place, other)]
    assert hashes[0] == hashes[1]
