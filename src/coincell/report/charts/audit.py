"""Groups of people side by side, float beside int8."""

from __future__ import annotations

from coincell.report import figures
from coincell.report.audit_schema import AuditedGroup, FairnessPart
from coincell.report.charts.base import BLUE, FAINT, MODEL_COLOURS, Chart
from coincell.report.charts.intervals import Measured, interval_chart
from coincell.report.part import Metric

_MOST_GROUPS = 24  # a column: more are told in the table of the page alone
_NOTHING = Metric(value=None)
TITLES = {"accuracy": "right decisions", "mae": "mean absolute error"}


def audit_charts(part: FairnessPart) -> tuple[Chart, ...]:
    """One for each column, the groups that are worst off first."""
    columns = list(dict.fromkeys(group.column for group in part.groups))
    return tuple(_chart(part, at, column) for at, column in enumerate(columns))


def _chart(part: FairnessPart, at: int, column: str) -> Chart:
    groups = [group for group in part.groups if group.column == column]
    shown = sorted(groups, key=lambda group: _order(part, group))[:_MOST_GROUPS]
    measured = [
        Measured(
            f"{group.value}, {place}" if len(part.places) > 1 else group.value,
            group.figures[place].get(part.headline, _NOTHING),
            _told(part, group, place),
            (MODEL_COLOURS.get(place, BLUE) if group.claimed else FAINT),
        )
        for group in shown
        for place in part.places
    ]
    title = f"{TITLES.get(part.headline, part.headline)} by {column}"
    title = title[:1].upper() + title[1:]
    axis = part.unit or "share of examples"
    return interval_chart(f"audit-{at}", title, axis, measured, "~g" if part.unit else "~%")


def _order(part: FairnessPart, group: AuditedGroup) -> tuple[bool, bool, float]:
    """Told and large groups first; the worst figure of the judged place first."""
    metric = group.figures[part.judged].get(part.headline, _NOTHING)
    value = metric.value if metric.value is not None else 0.0
    return not group.told, not group.claimed, -value if part.unit else value


def _told(part: FairnessPart, group: AuditedGroup, place: str) -> str:
    metric = group.figures[place].get(part.headline, _NOTHING)
    told = figures.quantity(metric, part.unit) if part.unit else figures.rate(metric)
    why = ": too few for a claim" if group.told else ": not compared"
    return f"{told}, {group.people} people" + ("" if group.claimed else why)
