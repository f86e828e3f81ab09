"""A simulated fleet: how soon each drift was found, and by how much estimates were off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coincell.report.charts.svg import bar, line, picture, text

_WIDTH, _LEFT, _RIGHT, _TOP = 1000, 190, 330, 64
_LANE, _STEP = 26, 58
_MOST_HOURS = 72
_COLOURS = ("blue", "orange", "green", "purple", "red")


def fleet_svg(trial: Mapping[str, Any]) -> str:
    """Each drift a lane: bars are hours from its begin to the alarm, of all devices.

    Args:
        trial: what `coincell monitor simulate --json` prints.
    """
    lanes: Sequence[Mapping[str, Any]] = trial["drifts"]
    alarms = trial["false_alarms"]
    title = f"{trial['devices']} devices, {trial['days']} days: hours from drift to alarm"
    body = [text(20, 26, title, "title")]
    quiet = f"{alarms['a_device_and_year']:.2f} false alarms a device and year"
    body.append(text(20, 46, f"{quiet}, at most {alarms['at_most']:.2f} (95 %)", "soft"))
    body.append(text(_WIDTH - 20, 46, "found in 48 h · accuracy estimated, true", "soft end"))
    for number, lane in enumerate(lanes):
        body += _lane(lane, _TOP + _STEP * number, _COLOURS[number % len(_COLOURS)])
    bottom = _TOP + _STEP * len(lanes)
    body += _axis(bottom)
    return picture(_WIDTH, bottom + 40, title, body)


def _x(hours: float) -> float:
    return _LEFT + hours / _MOST_HOURS * (_WIDTH - _LEFT - _RIGHT)


def _lane(lane: Mapping[str, Any], y: float, colour: str) -> list[str]:
    delays = [one["delay"] for one in lane["devices"]]
    parts = [text(_LEFT - 12, y + 16, lane["kind"], "end")]
    parts.append(text(_LEFT - 12, y + 32, f"costs {100 * lane['cost']:.1f} points", "soft end"))
    parts.append(bar(_LEFT, y, _x(_MOST_HOURS) - _LEFT, _LANE + 10, "lane"))
    width = 3
    counts: dict[int, int] = {}
    for delay in delays:
        if delay is not None and delay < _MOST_HOURS:
            counts[delay // width] = counts.get(delay // width, 0) + 1
    most = max(counts.values(), default=1)
    for place, count in sorted(counts.items()):
        told = f"{count} devices after {place * width} to {(place + 1) * width} hours"
        height = (_LANE + 8) * count / most
        left = _x(place * width)
        top = y + _LANE + 10 - height
        parts.append(bar(left + 1, top, _x(width) - _LEFT - 2, height, colour, told))
    share = f"{100 * lane['found_in_48_hours']:.1f} %"
    parts.append(text(_x(_MOST_HOURS) + 16, y + 22, share, "title"))
    said = f"{100 * lane['estimated_accuracy']:.1f} %, {100 * lane['true_accuracy']:.1f} %"
    parts.append(text(_WIDTH - 20, y + 22, said, "end"))
    return parts


def _axis(y: float) -> list[str]:
    parts = []
    for hours in range(0, _MOST_HOURS + 1, 12):
        parts.append(line(_x(hours), _TOP, _x(hours), y + 2))
        unit = " h" if hours == _MOST_HOURS else ""
        parts.append(text(_x(hours), y + 18, f"{hours}{unit}", "soft middle"))
    return parts
