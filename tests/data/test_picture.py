"""Pictures brought in: whatever a folder of photographs may hold."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from coincell.data import import_recordings
from coincell.data.picture import LONGEST_SIDE, PictureFiles
from coincell.errors import DataError
from coincell.project import DataSettings
from data.fixtures import MakeProject

SETTINGS = DataSettings.model_validate(
    {"sense": "picture", "labels": ["a", "b"], "silence_label": "", "unknown_label": ""}
)
PICTURE_DATA = (
    'sense = "picture"\nsilence_label = ""\nunknown_label = ""\n[features]\nblock = "picture"'
)


def _ramp(width: int = 32, height: int = 24) -> Image.Image:
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([columns * 7, rows * 9, columns + rows], axis=-1) % 256
    return Image.fromarray(pixels.astype(np.uint8))


def _saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _decode(content: bytes) -> tuple[np.ndarray, str]:
    recording = PictureFiles().decode(content, "x", SETTINGS)
    return recording.samples, recording.format


def test_a_png_comes_in_as_it_is() -> None:
    samples, kind = _decode(_saved(_ramp()))
    assert kind == "PNG"
    np.testing.assert_array_equal(samples, np.asarray(_ramp()))


def test_cmyk_is_converted_and_counted() -> None:
    samples, kind = _decode(_saved(_ramp().convert("CMYK"), "JPEG", quality=95))
    assert kind == "JPEG CMYK"
    assert np.abs(samples.astype(int) - np.asarray(_ramp())).mean() < 12


def test_sixteen_bits_lose_their_lower_byte_not_their_upper() -> None:
    wide = (np.arange(24 * 32, dtype=np.uint16) * 80).reshape(24, 32)
    samples, kind = _decode(_saved(Image.fromarray(wide)))
    assert kind == "PNG of 16 bits"
    np.testing.assert_array_equal(samples[:, :, 0], wide >> 8)


def test_of_an_animation_the_first_picture_is_taken() -> None:
    others = [Image.new("RGB", (32, 24), color) for color in ("red", "blue")]
    content = _saved(_ramp(), save_all=True, append_images=others, duration=50)
    samples, kind = _decode(content)
    assert kind == "PNG animated, its first picture"
    np.testing.assert_array_equal(samples, np.asarray(_ramp()))


def test_what_is_transparent_becomes_white() -> None:
    image = _ramp().convert("RGBA")
    image.putalpha(0)
    samples, kind = _decode(_saved(image))
    assert kind == "PNG with transparency, on white"
    assert (samples == 255).all()


def test_exif_turns_a_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter, clockwise
    samples, kind = _decode(_saved(_ramp(), "JPEG", exif=exif))
    assert samples.shape == (32, 24, 3)
    assert kind == "JPEG, turned by its EXIF"
    exif[0x0112] = 1  # upright
    assert _decode(_saved(_ramp(), "JPEG", exif=exif))[1] == "JPEG"


def test_large_ones_are_kept_small() -> None:
    samples, _ = _decode(_saved(Image.new("RGB", (3000, 2000), "teal"), "JPEG"))
    assert max(samples.shape) == LONGEST_SIDE


@pytest.mark.parametrize(
    ("width", "height", "rule"),
    [(10_000, 10_000, "at most 50,000,000"), (1, 1, "at least 8"), (4000, 20, "at least 8")],
)
def test_sizes_without_sense_are_refused(width: int, height: int, rule: str) -> None:
    """100 megapixels are refused by the header: nothing is unpacked, nothing warned of."""
    content = _png(width, height)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=rule):
            _decode(content)


def _png(width: int, height: int) -> bytes:
    """A PNG whose header tells this size and whose pixels are missing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_kinds_under_another_name_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match="neither a PNG nor a JPEG"):
        _decode(_saved(_ramp(), kind))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG"]), st.integers(0, 3000), st.binary(min_size=1, max_size=40))
def test_broken_files_are_told_or_read(kind: str, place: int, noise: bytes) -> None:
    """Never anything but a picture or a DataError."""
    content = bytearray(_saved(_ramp(), kind))
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        samples, _ = _decode(bytes(content))
    except DataError:
        return
    assert samples.ndim == 3
    assert samples.shape[2] == 3


def test_a_cut_off_file_is_refused() -> None:
    content = _saved(_ramp(200, 200), "JPEG")
    with pytest.raises(DataError, match="not a readable"):
        _decode(content[: len(content) // 2])


def test_folders_of_photographs(make_project: MakeProject, recordings: Path) -> None:
    project = make_project("cat", "dog", data=PICTURE_DATA)
    for number in range(4):
        for label in ("cat", "dog"):
            folder = recordings / label
            folder.mkdir(exist_ok=True)
            image = Image.new("RGB", (40, 30), (40 * number, 10, 200 if label == "cat" else 20))
            image.save(folder / f"{number}.jpg")
    (recordings / "cat" / "old.gif").write_bytes(_saved(_ramp(), "GIF"))
    Image.new("CMYK", (40, 30)).save(recordings / "cat" / "print.jpg")
    before = {path: path.read_bytes() for path in recordings.rglob("*") if path.is_file()}
    summary = import_recordings(recordings, project)
    assert summary.layout == "folders"
    assert summary.added == 9
    assert summary.converted["converted from JPEG CMYK"] == 1
    assert any("1 .gif left out" in note for note in summary.notes)
    assert before == {path: path.read_bytes() for path in recordings.rglob("*") if path.is_file()}


def test_a_csv_of_photographs_and_a_broken_one(make_project: MakeProject, recordings: Path) -> None:
    project = make_project("cat", "dog", data=PICTURE_DATA)
    for name in ("one.png", "two.png", "three.png"):
        (recordings / name).write_bytes(_saved(_ramp(30 + len(name), 30)))
    lines = ["file,label,place", "one.png,cat,garden", "two.png,dog,house", "three.png,dog,"]
    (recordings / "labels.csv").write_text("\n".join(lines) + "\n")
    summary = import_recordings(recordings, project)
    assert (summary.layout, summary.added) == ("csv", 3)
    assert {sample.groups.get("place") for sample in summary.dataset.samples} == {
        "garden", "house", None,
    }  # fmt: skip
    (recordings / "three.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(DataError, match=r"three\.png"):
        import_recordings(recordings, make_project("cat", "dog", data=PICTURE_DATA))
