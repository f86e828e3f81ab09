"""An explanation of a compiled model as one page: passes, layers, and the memory map drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

# The compiler's own classes are named in annotations alone; most pages of a report need none.
if TYPE_CHECKING:
    from coincell.compiler import Explanation, MemoryNote

_COLOURS = {
    "input": "#2f6f9f",
    "output": "#3b8f5a",
    "activation": "#c9a03d",
    "state": "#8a5aa8",
    "working memory": "#9aa3ab",
}
_STEP_WIDTH = 34
_HEIGHT = 360


def explanation_html(explanation: Explanation, title: str) -> str:
    """The page: self-contained, without scripts; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("coincell.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("explain.html.j2").render(
        title=title,
        explanation=explanation,
        compiled=explanation.compiled,
        colours=_COLOURS,
        width=_STEP_WIDTH * (len(explanation.steps) + 2),
        height=_HEIGHT,
        step_width=_STEP_WIDTH,
        boxes=_boxes(explanation),
    )


def _boxes(explanation: Explanation) -> list[dict[str, object]]:
    """Rectangles of the memory map: time to the right, addresses downwards."""
    arena = max(1, explanation.compiled.arena_bytes)
    last_step = len(explanation.steps)
    boxes: list[dict[str, object]] = []
    for note in explanation.memory:
        first, last = max(note.first, -1), min(note.last, last_step)
        boxes.append(
            {
                "x": _STEP_WIDTH * (first + 1),
                "width": _STEP_WIDTH * (last - first + 1),
                "y": round(_HEIGHT * note.start / arena, 2),
                "height": max(0.5, round(_HEIGHT * note.bytes / arena, 2)),
                "colour": _COLOURS[note.kind],
                "note": note,
            }
        )
    return boxes


def memory_map_text(memory: Sequence[MemoryNote], steps: int, arena_bytes: int, rows: int) -> str:
    """The memory map in letters: a column a step, a row a share of the arena.

    Args:
        memory: what lies in the arena; `A`, `B`, ... in its order, `.` is free. Of things that
            share a cell, the one that came last is shown.
        steps: number of steps; one column stands before them and one after.
        arena_bytes: the arena's size.
        rows: lines to draw.
    """
    lines = []
    for row in range(rows):
        begin, end = arena_bytes * row / rows, arena_bytes * (row + 1) / rows
        cells = []
        for step in range(-1, steps + 1):
            here = [
                (note.first, index)
                for index, note in enumerate(memory)
                if note.first <= step <= note.last
                and note.start < end
                and note.start + note.bytes > begin
            ]
            cells.append(letter_of(max(here)[1]) if here else ".")
        lines.append(f"{int(begin):>8,} {''.join(cells)}")
    return "\n".join(lines)


def letter_of(index: int) -> str:
    """The sign of the index-th thing in a memory map."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return letters[index % len(letters)]
