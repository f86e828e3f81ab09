"""A confusion matrix as shaded cells, drawn without a library; colours come from the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from coincell.report.charts.curves import svg_text

_CELL, _LEFT, _TOP, _BOTTOM = 54, 92, 22, 8
_MANY = 6
_SMALL = 30
_LETTERS = 13


def cells_svg(
    title: str, truths: Sequence[str], said: Sequence[str], counts: Sequence[Sequence[int]]
) -> str:
    """An SVG element: true classes down, answers across, each cell shaded by its share of its row.

    Args:
        title: whose matrix it is; the text alternative tells each row too.
        truths: names of the rows.
        said: names of the columns.
        counts: [truths][said].
    """
    cell = _CELL if len(said) <= _MANY else _SMALL
    width, height = _LEFT + cell * len(said), _TOP + cell * len(truths) + _BOTTOM
    rows = " ".join(
        f"{truth}: " + ", ".join(f"{n:,} {word}" for n, word in zip(row, said, strict=True)) + "."
        for truth, row in zip(truths, counts, strict=True)
    )
    head = f'<svg class="cells" viewBox="0 0 {width} {height}" width="{width}" role="img"'
    parts = [f'{head} aria-label="{escape(f"{title}. True class: answers. {rows}")}">']
    parts += [
        svg_text(_LEFT + (at + 0.5) * cell, _TOP - 8, _short(word, cell), "middle")
        for at, word in enumerate(said)
    ]
    for down, (truth, row) in enumerate(zip(truths, counts, strict=True)):
        y, total = _TOP + down * cell, sum(row)
        parts.append(svg_text(_LEFT - 6, y + cell / 2 + 4, _short(truth, _LEFT), "end"))
        for at, count in enumerate(row):
            share = count / total if total else 0.0
            right = "right" if truths[down] == said[at] else "wrong"
            told = escape(f"{truth} taken for {said[at]}: {count:,} of {total:,}")
            x = _LEFT + at * cell
            parts.append(
                f'<rect class="{right}" x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" '
                f'fill-opacity="{0.06 + 0.6 * share:.3f}"><title>{told}</title></rect>'
            )
            if count or cell == _CELL:
                parts.append(svg_text(x + cell / 2 - 1, y + cell / 2 + 4, f"{count:,}", "middle"))
    return "\n".join([*parts, "</svg>"])


def _short(word: str, room: int) -> str:
    """As many letters as there is room for."""
    most = _LETTERS if room == _LEFT else max(3, room // 6)
    return word if len(word) <= most else f"{word[: most - 1]}…"
