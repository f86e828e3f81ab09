"""A window's readings as a small drawing: each channel as the band between low and high."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from coincell.report.gallery_schema import Trace

_WIDTH, _LANE, _WORDS = 320, 56, 14


def traces_svg(traces: Sequence[Trace], title: str) -> Markup:
    """Channels one below the other, each over its own range, which stands beside it."""
    height = _LANE * len(traces)
    drawn = Markup("").join(_lane(index, trace) for index, trace in enumerate(traces))
    return Markup(
        '<svg class="traces" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, height, title, drawn)


def _lane(index: int, trace: Trace) -> Markup:
    low, high = min(trace.low), max(trace.high)
    span = (high - low) or 1.0
    top = index * _LANE + _WORDS
    steps = max(1, len(trace.low) - 1)

    def point(step: int, value: float) -> str:
        y = top + (_LANE - _WORDS - 3) * (1 - (value - low) / span)
        return f"{_WIDTH * step / steps:.1f} {y:.1f}"

    outward = [point(step, value) for step, value in enumerate(trace.high)]
    back = [point(step, value) for step, value in reversed(list(enumerate(trace.low)))]
    path = "M" + "L".join([*outward, *back]) + "Z"
    told = f"{trace.name} {low:.3g} to {high:.3g} {trace.unit}".strip()
    words = Markup('<text x="4" y="{}">{}</text>').format(top - 3, told)
    return Markup('<path d="{}"/>').format(path) + words
