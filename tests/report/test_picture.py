"""Features as a picture."""

from __future__ import annotations

import io
import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from coincell.report import features_png, features_text, print_prediction
from coincell.report.picture import colour_of, picture_text

_FEATURES = ((-128, 0), (127, 5), (0, -7))  # [3 frames, 2 bands]


def _decode(png: bytes) -> np.ndarray:
    """A plain reading of an 8-bit RGB PNG without filters: [height, width, 3]."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, offset = {}, 8
    while offset < len(png):
        length, kind = struct.unpack_from(">I4s", png, offset)
        body = png[offset + 8 : offset + 8 + length]
        (check,) = struct.unpack_from(">I", png, offset + 8 + length)
        assert check == zlib.crc32(kind + body)
        chunks[kind] = body
        offset += length + 12
    width, height, depth, colours, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colours, rest) == (8, 2, [0, 0, 0])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_low_bands_are_at_the_bottom_and_time_goes_right() -> None:
    pixels = _decode(features_png(_FEATURES))
    assert pixels.shape == (2, 3, 3)
    assert tuple(pixels[1, 0]) == colour_of(0.0)  # frame 0, band 0: the lowest value
    assert tuple(pixels[1, 1]) == colour_of(1.0)  # frame 1, band 0: the highest
    assert tuple(pixels[0, 2]) == colour_of((-7 + 128) / 255)


@settings(derandomize=True, max_examples=25)
@given(
    st.integers(1, 9).flatmap(
        lambda bands: st.lists(
            st.lists(st.integers(-128, 127), min_size=bands, max_size=bands),
            min_size=1,
            max_size=9,
        )
    ),
    st.integers(1, 3),
)
def test_any_features_make_a_valid_picture(features: list[list[int]], scale: int) -> None:
    pixels = _decode(features_png(features, scale))
    assert pixels.shape == (len(features[0]) * scale, len(features) * scale, 3)
    assert (pixels[::scale, ::scale].repeat(scale, 0).repeat(scale, 1) == pixels).all()


def test_brighter_means_more() -> None:
    def luminance(share: float) -> float:
        return float(np.dot(colour_of(share), (0.2126, 0.7152, 0.0722)))

    steps = [luminance(share) for share in np.linspace(0, 1, 50)]
    assert all(low < high for low, high in pairwise(steps))


def test_the_terminal_shows_two_bands_a_line() -> None:
    features = [[band * 10 + frame for band in range(5)] for frame in range(7)]
    lines = features_text(features).plain.split("\n")
    assert lines == ["▀" * 7] * 3


def test_without_colour_shades_stand_for_values() -> None:
    stream = io.StringIO()
    Console(file=stream, color_system=None).print(features_text(_FEATURES, colour=False))
    shown = stream.getvalue().rstrip("\n")
    assert "\x1b" not in shown
    assert len(shown) == 3
    assert shown[1] == "▓"


@pytest.mark.parametrize("features", [[], [[]], [[1, 2], [3]]])
def test_what_is_no_picture_is_refused(features: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"\[frames, bands\]"):
        features_png(features)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_drawn_as_it_is(channels: int) -> None:
    """Black, white and, in colour, red; two rows a line."""
    cells = {1: ([-128], [127]), 3: ([-128, -128, -128], [127, -128, -128])}[channels]
    pixels = [[cells[0], cells[1]], [cells[1], cells[0]], [cells[0], cells[0]]]
    text = picture_text(pixels)
    assert text.plain == "▀▀\n▀▀"
    bright = "#ffffff" if channels == 1 else "#ff0000"
    assert [str(span.style) for span in text.spans[:2]] == [
        f"#000000 on {bright}",
        f"{bright} on #000000",
    ]
    shades = picture_text(pixels, colour=False).plain
    assert len(shades) == len("▀▀\n▀▀")
    assert ("▒" in shades) == (channels == 1)  # half black, half white


def test_a_large_picture_is_drawn_small() -> None:
    pixels = [[[n % 256 - 128] for n in range(200)] for _ in range(100)]
    lines = picture_text(pixels).plain.split("\n")
    assert {len(line) for line in lines} == {50}
    assert len(lines) == 13


@pytest.mark.parametrize("features", [[[1, 2], [3, 4]], [[[1], [2]], [[3], [4]]]])
def test_a_prediction_draws_both(features: list) -> None:
    stream = io.StringIO()
    told = {"file": "a.png", "label": "yes", "scores": {"yes": 0.9, "no": 0.1}}
    print_prediction(told, features, Console(file=stream, color_system=None))
    assert "a.png: yes" in stream.getvalue()
