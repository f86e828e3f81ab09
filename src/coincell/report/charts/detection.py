"""Missed events against false alarms an hour, as the threshold moves: the DET curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from coincell.report.charts.svg import bar, line, picture, text

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 24, 44, 56
_TICKS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0)


@dataclass(frozen=True)
class DetectionPoint:
    """One threshold's figures, and what of them has an interval: (low, high)."""

    threshold: float
    false_alarms: float
    miss_rate: float
    miss_interval: tuple[float, float] | None = None
    alarm_interval: tuple[float, float] | None = None


def detection_svg(
    points: Sequence[DetectionPoint],
    now: DetectionPoint,
    chosen: DetectionPoint | None,
    wished: float,
) -> str:
    """A curve over thresholds; the project's own point and the one to take have their intervals.

    False alarms an hour run to the right, logarithmically from a hundredth on (less stands at 0);
    the share of events that were missed runs upwards.
    """
    most = max([wished, now.false_alarms, *(point.false_alarms for point in points)], default=1.0)
    decades = max(1, math.ceil(math.log10(max(most, 0.1) / 0.01)))
    body = [text(_LEFT, 24, "Events missed, against false alarms an hour", "title")]
    body += _frame(decades)
    rising = sorted(points, key=lambda point: point.threshold)
    places = [(_across(point.false_alarms, decades), _up(point.miss_rate)) for point in rising]
    body += [line(*a, *b) for a, b in itertools.pairwise(places)]
    body += [
        bar(x - 1.5, y - 1.5, 3, 3, "blue", _told(point))
        for (x, y), point in zip(places, rising, strict=True)
    ]
    x = _across(wished, decades)
    body.append(line(x, _TOP, x, _HEIGHT - _BOTTOM))
    body.append(text(x + 4, _TOP + 12, f"wished: {wished:g} an hour", "soft"))
    body += _marked(now, "orange", "now", decades)
    if chosen is not None:
        body += _marked(chosen, "green", "to take", decades)
    return picture(_WIDTH, _HEIGHT, f"DET curve of {len(points)} thresholds", body)


def _marked(point: DetectionPoint, colour: str, name: str, decades: int) -> list[str]:
    x, y = _across(point.false_alarms, decades), _up(point.miss_rate)
    parts = [bar(x - 4, y - 4, 8, 8, colour, _told(point))]
    if point.miss_interval is not None:
        low, high = (_up(rate) for rate in point.miss_interval)
        parts.append(line(x, low, x, high))
    if point.alarm_interval is not None:
        left, right = (_across(rate, decades) for rate in point.alarm_interval)
        parts.append(line(left, y, min(right, _WIDTH - _RIGHT), y))
    parts.append(text(min(x + 8, _WIDTH - 150), y - 8, f"{name}: {point.threshold:g}", "soft"))
    return parts


def _told(point: DetectionPoint) -> str:
    return (
        f"threshold {point.threshold:g}: {100 * point.miss_rate:.1f} % missed, "
        f"{point.false_alarms:.3g} false alarms an hour"
    )


def _across(rate: float, decades: int) -> float:
    """The place of a rate: 0 at the left edge, then a decade after the other from 0.01."""
    share = 0.0 if rate < 0.01 else (math.log10(rate / 0.01) + 0.5) / (decades + 0.5)
    return _LEFT + min(share, 1.05) * (_WIDTH - _LEFT - _RIGHT)


def _up(miss_rate: float) -> float:
    return _HEIGHT - _BOTTOM - miss_rate * (_HEIGHT - _TOP - _BOTTOM)


def _frame(decades: int) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    parts = [line(_LEFT, bottom, _WIDTH - _RIGHT, bottom), line(_LEFT, _TOP, _LEFT, bottom)]
    for rate in _TICKS[: decades + 2]:
        x = _across(rate, decades)
        parts.append(line(x, bottom, x, bottom + 5))
        parts.append(text(x, bottom + 20, f"{rate:g}", "soft middle"))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(line(_LEFT - 5, _up(share), _LEFT, _up(share)))
        parts.append(text(_LEFT - 8, _up(share) + 4, f"{100 * share:.0f} %", "soft end"))
    parts.append(text((_LEFT + _WIDTH) / 2, _HEIGHT - 14, "false alarms an hour", "soft middle"))
    return parts
