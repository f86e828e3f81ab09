"""A page of recordings worth a second look: to hear, to see, beside those they are held against."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLOURS = ("#2a6f97", "#c44536", "#5b8e3e", "#8b5fbf", "#b5762a", "#3a8f8f")
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222; }
article { border-top: 1px solid #ccc; padding: 0.7rem 0; }
.row { display: flex; gap: 1rem; flex-wrap: wrap; }
figure { margin: 0; } figcaption { font-size: 12px; color: #666; max-width: 18rem; }
img { height: 120px; image-rendering: auto; } code { word-break: break-all; }
"""


@dataclass(frozen=True)
class Exhibit:
    """One recording: its file's name, a word on it, and what it holds.

    Attributes:
        content: the stored file of a sound ("audio/wav") or a picture ("image/png"); or the
            readings of a recording of motion, float [n, channels].
        kind: "audio/wav", "image/png" or "readings".
    """

    name: str
    word: str
    kind: str
    content: bytes | NDArray[Any]


@dataclass(frozen=True)
class Case:
    """What was said of the first exhibit, and the others that it is held against."""

    said: str
    exhibits: tuple[Exhibit, ...]


def second_look_page(title: str, chapters: Sequence[tuple[str, Sequence[Case]]]) -> str:
    """One HTML page that holds all it shows: chapters, each a sentence and its cases."""
    parts = [f"<h2>{escape(sentence)}</h2>" + "".join(map(_case, cases)) for sentence, cases in
             chapters]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def _case(case: Case) -> str:
    figures = "".join(
        f"<figure>{_shown(exhibit)}<figcaption><b>{escape(exhibit.word)}</b> "
        f"<code>{escape(exhibit.name)}</code></figcaption></figure>"
        for exhibit in case.exhibits
    )
    return f'<article><p>{escape(case.said)}</p><div class="row">{figures}</div></article>'


def _shown(exhibit: Exhibit) -> str:
    if not isinstance(exhibit.content, bytes):
        return _lines(exhibit.content)
    address = f"data:{exhibit.kind};base64,{base64.b64encode(exhibit.content).decode()}"
    if exhibit.kind == "audio/wav":
        return f'<audio controls preload="none" src="{address}"></audio>'
    return f'<img alt="" src="{address}">'


def _lines(readings: NDArray[Any], width: int = 280, height: int = 90) -> str:
    """A line a channel, each on its own scale."""
    steps = np.linspace(0, len(readings) - 1, min(len(readings), 200)).astype(int)
    lines = []
    for channel in range(readings.shape[1]):
        values = readings[steps, channel].astype(np.float64)
        span = float(np.ptp(values)) or 1.0
        ys = height - 2 - (values - values.min()) / span * (height - 4)
        points = " ".join(
            f"{x:.1f},{y:.1f}" for x, y in zip(np.linspace(0, width, len(ys)), ys, strict=True)
        )
        colour = _COLOURS[channel % len(_COLOURS)]
        lines.append(f'<polyline fill="none" stroke="{colour}" points="{points}"/>')
    return f'<svg width="{width}" height="{height}" role="img">{"".join(lines)}</svg>'
