"""A run on the virtual board as one page: timeline, decisions, energy, days on a battery."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from coincell.report.charts.server import server_svg
from coincell.report.charts.timeline import timeline_svg
from coincell.report.energy_words import current, days_range, power_range, share
from coincell.report.server_words import server_basis
from coincell.report.session_words import decisions_said, score_heading

if TYPE_CHECKING:
    from coincell.board import Session

_MOST_DECISIONS = 200
_MOST_SERIAL = 4000


def session_html(session: Session) -> str:
    """The page: self-contained, without scripts; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("coincell.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "current": current, "days": days_range, "power": power_range, "share": share,
    }  # fmt: skip
    told = [decision for decision in session.decisions if decision.tells]
    style = files("coincell.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    environment.globals["server_basis"] = server_basis
    return environment.get_template("session.html.j2").render(
        session=session,
        energy=session.energy,
        life=session.life,
        decided=told[:_MOST_DECISIONS],
        more=max(0, len(told) - _MOST_DECISIONS),
        said=decisions_said(session.decisions),
        heading=score_heading(session.decisions),
        serial=session.serial[:_MOST_SERIAL].decode("utf-8", "replace"),
        timeline=Markup(timeline_svg(session)),  # noqa: S704 - every text in it is escaped
        server=Markup(server_svg(session.server)) if session.server else "",  # noqa: S704
        style=Markup(style),  # noqa: S704 - our own file
    )
