"""What a board did over time: a lane a component, and its decisions above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from coincell.report.charts.svg import bar, line, picture, text

if TYPE_CHECKING:
    from coincell.board import Decision, Session, Spell

_WIDTH, _LEFT, _RIGHT = 1000, 132, 16
_LANE, _STEP, _TOP = 16, 24, 18
_MARKS = 4.0
_LABEL_ROOM = 8.8
_COLUMNS = _WIDTH - _LEFT - _RIGHT

_QUIET = frozenset({"off", "sleep", "idle", "power_down", "suspend", "low power"})
_HIDDEN = ("regulator", "latency", "lfclk", "rtc*", "pull_ups")
_ORDER = (
    ("cpu", "blue", "core"),
    ("microphone", "orange", "microphone"),
    ("pdm", "orange", "sound interface"),
    ("imu", "purple", "motion sensor"),
    ("magnetometer", "purple", "magnetometer"),
    ("camera", "red", "camera"),
    ("sensor_rail", "purple", "sensor rail"),
    ("twim*", "purple", "sensor bus"),
    ("hfclk", "grey", "32 MHz crystal"),
    ("uarte", "green", "serial line"),
    ("usbd", "green", "USB"),
    ("led_*", "yellow", "light"),
    ("flash", "red", "flash, written"),
)


def timeline_svg(session: Session) -> str:
    """Time to the right; the denser a colour, the more of that moment the component was on."""
    lanes = _lanes(session.spells)
    decided = _decided(session.decisions)
    top = _TOP + (30 if decided else 0)
    scale = _COLUMNS / session.seconds
    body = [*_decision_marks(decided, scale, top + _STEP * len(lanes))]
    for number, (name, colour, spells) in enumerate(lanes):
        y = top + _STEP * number
        body.append(text(_LEFT - 10, y + 13, name, "soft end"))
        body.append(bar(_LEFT, y, _COLUMNS, _LANE, "lane"))
        body += _boxes(spells, session.seconds, y, colour)
    bottom = top + _STEP * len(lanes)
    body += _axis(session.seconds, bottom)
    title = f"{len(lanes)} parts of the board over {session.seconds:.3g} s"
    return picture(_WIDTH, bottom + 34, title, body)


def _lanes(spells: Iterable[Spell]) -> list[tuple[str, str, list[Spell]]]:
    """(name, colour, states that draw current) of every component that was ever on, in order."""
    by_component: dict[str, list[Spell]] = {}
    for spell in spells:
        if spell.state not in _QUIET:
            by_component.setdefault(spell.component, []).append(spell)
    found = []
    for component, on in by_component.items():
        if any(fnmatchcase(component, hidden) for hidden in _HIDDEN):
            continue
        place, colour, name = _kind(component)
        found.append((place, component, name, colour, on))
    return [(name, colour, on) for _, _, name, colour, on in sorted(found, key=lambda f: f[:2])]


def _kind(component: str) -> tuple[int, str, str]:
    for place, (pattern, colour, name) in enumerate(_ORDER):
        if fnmatchcase(component, pattern):
            exact = pattern == component
            beside = component.removeprefix("led_") if component.startswith("led_") else component
            return place, colour, name if exact else f"{name} {beside}"
    return len(_ORDER), "sky", component


def _boxes(spells: Sequence[Spell], seconds: float, y: float, colour: str) -> list[str]:
    """Boxes of equal density, as many as there are changes that can be seen."""
    covered = _coverage(spells, seconds)
    boxes: list[str] = []
    begin = 0
    for column in range(1, _COLUMNS + 1):
        if column < _COLUMNS and covered[column] == covered[begin]:
            continue
        if covered[begin]:
            from_s, to_s = (at * seconds / _COLUMNS for at in (begin, column))
            share = covered[begin] / _MARKS
            told = f"{from_s:.3f} to {to_s:.3f} s: on {100 * share:.0f} % of it, or near"
            boxes.append(bar(_LEFT + begin, y, column - begin, _LANE, colour, told, share))
        begin = column
    return boxes


def _coverage(spells: Sequence[Spell], seconds: float) -> list[int]:
    """For each column of the picture, how much of it is on: 0 (nothing) to _MARKS, rounded up."""
    shares = [0.0] * (_COLUMNS + 1)
    for spell in spells:
        begin, end = (at / seconds * _COLUMNS for at in (spell.begin_s, spell.end_s))
        first, last = int(begin), min(int(end), _COLUMNS - 1)
        for column in range(first, last + 1):
            shares[column] += max(0.0, min(end, column + 1) - max(begin, column))
    return [0 if share <= 0 else min(int(_MARKS), int(share * _MARKS) + 1) for share in shares]


def _decided(decisions: Sequence[Decision]) -> list[Decision]:
    """The first of each run of equal labels or numbers; silence is not told."""
    told = []
    before = ""
    for decision in decisions:
        words = _mark(decision)
        if words and words != before:
            told.append(decision)
        before = words
    return told


def _mark(decision: Decision) -> str:
    """A label; of what tells a number that."""
    return decision.told if "value" in decision.figures else decision.label


def _decision_marks(decisions: Sequence[Decision], scale: float, bottom: float) -> list[str]:
    marks: list[str] = []
    free = [0.0, 0.0]
    for decision in decisions:
        x = _LEFT + decision.at_s * scale
        words = _mark(decision)
        room = _LABEL_ROOM * len(words) + 8
        left = min(x, _WIDTH - room)
        for row, taken in enumerate(free):
            if left >= taken:
                marks += [line(x, 34, x, bottom), text(left, 14 + 15 * row, words, "title")]
                free[row] = left + room
                break
        else:
            if decision.label == words:  # of numbers, which change all the time, as many as fit
                marks.append(line(x, 34, x, bottom))
    return marks


def _axis(seconds: float, y: float) -> list[str]:
    step = next(
        (s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600) if seconds / s <= 11), 3600
    )
    parts = []
    count = int(seconds / step + 1e-9)
    for number in range(count + 1):
        x = _LEFT + number * step / seconds * _COLUMNS
        unit = " s" if number == count else ""
        parts.append(line(x, y, x, y + 5))
        parts.append(text(min(x, _WIDTH - 24), y + 20, f"{number * step:g}{unit}", "soft middle"))
    return parts
