"""Histograms beside those that they are compared with, many in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coincell.report.charts.svg import bar, line, picture, text

_COLUMNS, _WIDE, _HIGH, _GAP, _TOP = 4, 200, 96, 24, 48


@dataclass(frozen=True)
class HistogramPair:
    """One: its name, what is told of it, and counts of now and of then, equally many."""

    name: str
    told: str
    now: Sequence[int]
    then: Sequence[int]


def histogram_pairs_svg(pairs: Sequence[HistogramPair], what: str) -> str:
    """Each a small chart of shares: bars are now, lines across them then.

    Args:
        pairs: in the order of the picture.
        what: the title.
    """
    rows = -(-len(pairs) // _COLUMNS)
    width = _COLUMNS * (_WIDE + _GAP) + _GAP
    height = _TOP + rows * (_HIGH + 56)
    body = [text(_GAP, 26, what, "title")]
    body.append(text(width - _GAP, 26, "bars: this device; lines: the reference", "soft end"))
    for number, pair in enumerate(pairs):
        left = _GAP + (number % _COLUMNS) * (_WIDE + _GAP)
        body += _small(pair, left, _TOP + (number // _COLUMNS) * (_HIGH + 56))
    return picture(width, height, what, body)


def _small(pair: HistogramPair, left: float, top: float) -> list[str]:
    now, then = _shares(pair.now), _shares(pair.then)
    greatest = max(*now, *then, 1e-9)
    step, bottom = _WIDE / len(now), top + 34 + _HIGH
    body = [text(left, top + 14, pair.name), text(left, top + 29, pair.told, "soft")]
    for place, (share, known) in enumerate(zip(now, then, strict=True)):
        x = left + place * step
        said = f"bin {place + 1}: {100 * share:.1f} %, reference {100 * known:.1f} %"
        high = (_HIGH - 4) * share / greatest
        body.append(bar(x + 1, bottom - high, step - 2, high, "blue", said))
        level = bottom - (_HIGH - 4) * known / greatest
        body.append(bar(x, level - 1, step, 2.5, "orange", said))
    body.append(line(left, bottom, left + _WIDE, bottom))
    return body


def _shares(counts: Sequence[int]) -> list[float]:
    total = max(1, sum(counts))
    return [count / total for count in counts]
