"""Files of strangers, damaged at random and by design: what is wrong with them is told, always."""

from __future__ import annotations

import io
import json
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from coincell.data import import_recordings, read_manifest
from coincell.data.acquisition import Acquisition, write_acquisition
from coincell.data.archives import unpack
from coincell.data.coco import list_coco
from coincell.data.senses import ReadOptions, sense_files
from coincell.data.single import read_window
from coincell.data.streams import read_stream
from coincell.errors import CoincellError, DataError
from coincell.project import DataSettings, Project, parse_configuration

cbor2 = pytest.importorskip("cbor2", reason="the extra `acquisition` is not installed")

SOUND = DataSettings(labels=("person", "no"))
PICTURE = DataSettings(sense="picture", labels=("person", "no"))
MOTION = DataSettings(
    sense="motion", labels=("a", "b"), sample_rate_hz=50, window_ms=1000,
    channels=("ax", "ay"), units=("g", "g"), full_scale=(4.0, 4.0),
)  # fmt: skip
READINGS: NDArray[np.float64] = np.round(np.sin(np.arange(24.0)).reshape(12, 2), 3)
WORDS = (
    b"NaN", b"Infinity", b"1e999", b"1e300", b"-1", b"null", b"true", b"[]", b"{}", b"[[", b"\x00",
    b"\xff" * 4, b"\x1b[31m", b"9" * 5000, b"\xc2\x5a\x00\x00\x20\x00" + b"\x01" * 40, b"\x9f",
    b",",
)  # fmt: skip
COCO = {
    "images": [{"id": 1, "file_name": "1.jpg", "width": 10, "height": 10}],
    "categories": [{"id": 1, "name": "person"}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]}],
}


def _bytes_of(save: Any, *values: Any, **named: Any) -> bytes:
    stream = io.BytesIO()
    save(stream, *values, **named)
    return stream.getvalue()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/a.csv", "1,2\n3,4\n" * 20)
        archive.writestr("x/b.csv", "1")
    return stream.getvalue()


def _tar(kind: Literal["", "gz"]) -> bytes:
    stream = io.BytesIO()
    mode: Literal["w:", "w:gz"] = "w:gz" if kind else "w:"
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        entry = tarfile.TarInfo("a/b")
        entry.size = 100
        archive.addfile(entry, io.BytesIO(b"x" * 100))
    return stream.getvalue()


def _sound(kind: str) -> bytes:
    wave = READINGS[:, 0].repeat(50)
    return _bytes_of(lambda stream: soundfile.write(stream, wave, 16000, format=kind))


def _picture(kind: str) -> bytes:
    pixels = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    return _bytes_of(Image.fromarray(pixels).save, kind)


def _valid_files() -> dict[str, bytes]:
    one = Acquisition(("ax", "ay"), ("g", "g"), READINGS, 20.0)
    names = np.array(["ax [g]", "ay [g]"])
    lines = [f"{n / 50:.2f},{x},{y}\n" for n, (x, y) in enumerate(READINGS)]
    return {
        "motion.json": write_acquisition(one, "json"),
        "motion.cbor": write_acquisition(one, "cbor"),
        "motion.npy": _bytes_of(np.save, READINGS),
        "motion.npz": _bytes_of(np.savez_compressed, values=READINGS, names=names),
        "motion.csv": "".join(["time,ax [m/s2],ay\n", *lines]).encode(),
        "picture.png": _picture("PNG"),
        "picture.jpg": _picture("JPEG"),
        "sound.wav": _sound("WAV"),
        "sound.flac": _sound("FLAC"),
        "coco.json": json.dumps(COCO).encode(),
        "archive.zip": _zip(),
        "archive.tar": _tar(""),
        "archive.tar.gz": _tar("gz"),
    }


def _read(name: str, content: bytes, folder: Path, repair: bool = False) -> None:
    kind = name.partition(".")[0]
    if kind in ("archive", "coco"):
        path = folder / name
        path.write_bytes(content)
        if kind == "coco":
            list_coco(path, PICTURE)
            return
        shutil.rmtree(folder / "out", ignore_errors=True)
        unpack(path, folder / "out")
        return
    settings = {"motion": MOTION, "picture": PICTURE, "sound": SOUND}[kind]
    sense_files(settings, ReadOptions(repair=repair)).decode(content, name, settings)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """One to four places changed, taken out, doubled or written over; sometimes cut short."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, word = chance.randrange(len(damaged) + 1), chance.choice(WORDS)
        other = chance.randrange(len(damaged) + 1)
        piece = damaged[other : other + chance.randint(1, 30)]
        damaged[at : at + chance.choice((0, 1, len(word), 20))] = chance.choice(
            (b"", word, piece, bytes([chance.randrange(256)]))
        )
    end = chance.randrange(len(damaged) + 1) if chance.random() < 0.1 else len(damaged)
    return bytes(damaged[:end])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", _valid_files())
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    """Nothing but a CoincellError comes out; unharmed, each is read."""
    (tmp_path / "1.jpg").write_bytes(b"")
    whole = _valid_files()[name]
    _read(name, whole, tmp_path)
    chance = random.Random(name)
    refused = 0
    for _ in range(150):
        try:
            _read(name, _damaged(whole, chance), tmp_path, chance.random() < 0.5)
        except CoincellError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("reading", ["1e300", "9" * 400, "-1e31"])
def test_a_reading_beyond_any_sensor(reading: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"larger than|no number"):
        _read("motion.csv", f"ax,ay\n1,2\n{reading},4\n".encode(), tmp_path)


def test_integers_of_thousands_of_digits(tmp_path: Path) -> None:
    whole = cbor2.loads(_valid_files()["motion.cbor"])
    whole["payload"]["interval_ms"] = 10**9000
    with pytest.raises(DataError, match="very large number"):
        _read("motion.cbor", cbor2.dumps(whole), tmp_path)
    whole["payload"].update(interval_ms=20, values=[[1, 10**9000]])
    with pytest.raises(DataError, match="very large number"):
        _read("motion.cbor", cbor2.dumps(whole), tmp_path)


@pytest.mark.parametrize("nest", [b"\x81", b"\x9f", b"\xd8\x1c\x81"])
def test_lists_in_lists_without_end(nest: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        _read("motion.cbor", b"\xa1\x67payload" + nest * 200_000, tmp_path)
    with pytest.raises(DataError):
        _read("motion.json", b'{"payload":' + b"[" * 200_000, tmp_path)


def _coco(tmp_path: Path, **changes: Any) -> Any:
    (tmp_path / "1.jpg").write_bytes(b"")
    (tmp_path / "coco.json").write_text(json.dumps(COCO | changes), encoding="utf-8")
    return list_coco(tmp_path / "coco.json", PICTURE)


@pytest.mark.parametrize(
    "change",
    [
        {"bbox": [0, 0, -5, -5]}, {"bbox": [0, 0, float("nan"), 5]}, {"bbox": [0, 0, 5]},
        {"image_id": [1]}, {"category_id": {}}, {"image_id": None},
    ],
)  # fmt: skip
def test_boxes_that_are_none(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a box|annotation"):
        _coco(tmp_path, annotations=[{**COCO["annotations"][0], **change}])


@pytest.mark.parametrize(
    "change",
    [{"file_name": "x" * 300}, {"file_name": "a\x1b[2J.jpg"}, {"file_name": "../1.jpg"},
     {"file_name": "/1.jpg"}, {"file_name": "1\x00.jpg"}, {"id": 2}, {"file_name": "2.jpg"}],
)  # fmt: skip
def test_pictures_without_a_name_or_a_number_of_their_own(
    change: dict[str, Any], tmp_path: Path
) -> None:
    first = COCO["images"][0]
    with pytest.raises(DataError):
        _coco(tmp_path, images=[first, {**first, **change}])


def test_annotations_of_unknown_pictures_are_counted(tmp_path: Path) -> None:
    strange = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9]}
    found = _coco(tmp_path, annotations=[*COCO["annotations"], strange, strange])
    assert found.notes == ("Annotations of pictures that it does not list, left out: 2.",)


@pytest.mark.parametrize("read", [read_window, read_stream])
@pytest.mark.parametrize(("settings", "kinds"), [(MOTION, "CSV, TSV"), (SOUND, "WAV, FLAC")])
def test_a_folder_or_nothing_is_told_in_the_kinds_of_the_sense(
    settings: DataSettings, kinds: str, read: Callable[..., Any], tmp_path: Path
) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError) as caught:
            read(path, settings)
        assert kinds in caught.value.hint


def _told(folder: Path, entry: dict[str, Any]) -> Project:
    """A folder of three clips with a sidecar, the last entry changed; and a project for them."""
    source = folder / "source"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.wav").write_bytes(_sound("WAV") + bytes(2 * number))
    files = [{"path": f"{number}.wav", "label": "no"} for number in range(3)]
    text = json.dumps({"files": [*files[:2], {**files[2], **entry}]})
    (source / "info.labels").write_text(text, encoding="utf-8")
    toml = '[project]\nname = "x"\n[data]\nlabels = ["person", "no"]\nsilence_label = ""\n'
    return Project(folder / "own", parse_configuration(toml + 'unknown_label = ""\n'))


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\x00", "\ud800"])
@pytest.mark.parametrize("place", ["label", "speaker", "path"])
def test_a_sidecar_brings_nothing_that_a_manifest_cannot_hold(
    place: str, text: str, tmp_path: Path
) -> None:
    entry = {"metadata": {"speaker": text}} if place == "speaker" else {place: text}
    project = _told(tmp_path, entry)
    with pytest.raises(DataError, match="hold control characters"):
        import_recordings(tmp_path / "source", project)
    assert not project.data_directory.exists() or not list(project.data_directory.rglob("*.wav"))


def test_metadata_named_as_the_manifests_columns_is_left_out(tmp_path: Path) -> None:
    metadata = {"label": "person", "split": "test", "file": "x", "sha256": "1", "room": "attic"}
    project = _told(tmp_path, {"category": "testing", "metadata": metadata})
    summary = import_recordings(tmp_path / "source", project)
    assert read_manifest(project.data_directory) == summary.dataset
    assert {"room": "attic"} in [sample.groups for sample in summary.dataset.samples]


def test_more_groups_than_a_manifest_holds_are_refused(tmp_path: Path) -> None:
    project = _told(tmp_path, {"metadata": {f"g{number}": "x" for number in range(49)}})
    with pytest.raises(DataError, match="at most 48 group columns; received 49"):
        import_recordings(tmp_path / "source", project)


def test_a_speaker_in_a_name_with_a_line_break_is_refused(tmp_path: Path) -> None:
    project = _told(tmp_path, {})
    (tmp_path / "source" / "info.labels").unlink()
    (tmp_path / "source" / "no").mkdir()
    (tmp_path / "source" / "0.wav").rename(tmp_path / "source" / "no" / "a\nb_1.wav")
    with pytest.raises(DataError, match="its 'speaker' is longer than"):
        import_recordings(tmp_path / "source", project, "folders", speaker_pattern=r"(?s)no/(.+)_1")
