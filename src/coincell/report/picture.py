"""Features as a picture: a PNG without any library, and blocks of colour in the terminal."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

Features = Sequence[Sequence[int]]
Colour = tuple[int, int, int]

# Nine anchors of the colour map viridis (CC0): even steps for the eye, apart for colour-blind eyes.
_VIRIDIS: tuple[Colour, ...] = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (109, 205, 89), (253, 231, 37),
)  # fmt: skip
_SHADES = " ░▒▓█"
_WIDEST = 64


def colour_of(share: float) -> Colour:
    """The colour of a share from 0 (lowest, dark violet) to 1 (highest, yellow)."""
    position = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    below = min(int(position), len(_VIRIDIS) - 2)
    weight = position - below
    low, high = _VIRIDIS[below], _VIRIDIS[below + 1]
    red, green, blue = (round(a + (b - a) * weight) for a, b in zip(low, high, strict=True))
    return red, green, blue


def features_png(features: Features, scale: int = 1) -> bytes:
    """A PNG of int8 features [frames, bands]: time to the right, low bands at the bottom.

    Each value is a square of `scale` pixels; colours span the lowest to the highest value.
    """
    lines = []
    for row in _shares(features):
        line = b"".join(bytes(colour_of(share)) * scale for share in row)
        lines.extend([b"\0" + line] * scale)  # 0: the line is stored without a filter
    return png_of_lines(lines, len(features) * scale, 8, 2)


def png_of_lines(lines: Sequence[bytes], width: int, bits: int, kind: int) -> bytes:
    """A PNG of lines that begin with their filter, 0; `kind` is 0 (gray) or 2 (RGB)."""
    header = struct.pack(">IIBBBBB", width, len(lines), bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def picture_png(values: Features, colors: int = 1) -> bytes:
    """A PNG of a picture's int8 values [height, width * colors], as they are: -128 is black.

    `colors` is 1 (gray) or 3 (red, green and blue side by side).
    """
    lines = [b"\0" + bytes(value + 128 for value in row) for row in values]
    return png_of_lines(lines, len(values[0]) // colors, 8, 2 if colors == 3 else 0)


def features_text(features: Features, *, colour: bool = True) -> Text:
    """Int8 features [frames, bands] as lines for the terminal: two bands a line.

    With `colour`, an upper half block whose foreground and background are the two bands' colours;
    without, one of five shades for their mean.
    """
    from rich.text import Text

    picture = Text(no_wrap=True)
    rows = _shares(features)
    for index in range(0, len(rows), 2):
        upper = rows[index]
        lower = rows[index + 1] if index + 1 < len(rows) else [None] * len(upper)
        for top, bottom in zip(upper, lower, strict=True):
            if colour:
                picture.append("▀", style=_style(top, bottom))
            else:
                mean = top if bottom is None else (top + bottom) / 2
                picture.append(_SHADES[min(int(mean * len(_SHADES)), len(_SHADES) - 1)])
        picture.append("\n")
    picture.right_crop(1)
    return picture


def picture_text(pixels: Sequence[Sequence[Sequence[int]]], *, colour: bool = True) -> Text:
    """Int8 pixels [height, width, 1 or 3] as lines for the terminal, at most 64 pixels wide: two
    rows a line, -128 is black."""
    from rich.text import Text

    step = -(-len(pixels[0]) // _WIDEST)
    rows = [[_pixel(cell) for cell in row[::step]] for row in pixels[::step]]
    picture = Text(no_wrap=True)
    for index in range(0, len(rows), 2):
        upper = rows[index]
        lower = rows[index + 1] if index + 1 < len(rows) else upper
        for top, bottom in zip(upper, lower, strict=True):
            if colour:
                picture.append("▀", style=f"{_hex(top)} on {_hex(bottom)}")
            else:
                mean = (sum(top) + sum(bottom)) / (6 * 256)
                picture.append(_SHADES[int(mean * len(_SHADES))])
        picture.append("\n")
    picture.right_crop(1)
    return picture


def _pixel(cell: Sequence[int]) -> Colour:
    red, green, blue = (cell[0], cell[0], cell[0]) if len(cell) == 1 else cell
    return red + 128, green + 128, blue + 128


def _shares(features: Features) -> list[list[float]]:
    """[frames, bands] -> [bands, frames], highest band first, values from 0 to 1."""
    cells = [value for frame in features for value in frame]
    if not cells or any(len(frame) != len(features[0]) for frame in features):
        raise ValueError("features must be [frames, bands], all frames alike and none empty")
    low, span = min(cells), (max(cells) - min(cells)) or 1
    bands = range(len(features[0]) - 1, -1, -1)
    return [[(frame[band] - low) / span for frame in features] for band in bands]


def _style(top: float, bottom: float | None) -> str:
    style = _hex(colour_of(top))
    return style if bottom is None else f"{style} on {_hex(colour_of(bottom))}"


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
