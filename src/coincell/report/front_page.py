"""What a search found, as one page that renews itself while the search goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@dataclass(frozen=True)
class CandidateRow:
    """A candidate as it stands in a table.

    Attributes:
        number: of the trial.
        state: "front", "complete", "pruned" and so on.
        figures: as text, in the order of `FrontPage.figures`; "" where one is unknown.
        told: its settings, or why it was given up.
    """

    number: int
    state: str
    figures: tuple[str, ...]
    told: str


@dataclass(frozen=True)
class FrontPage:
    """All that the page shows.

    Attributes:
        title: of the page.
        said: how far the search came, in a sentence or two.
        figures: names of the columns.
        front: candidates that none dominates, the best first.
        every: all candidates.
        running: whether the search goes on.
    """

    title: str
    said: str
    figures: tuple[str, ...]
    front: Sequence[CandidateRow]
    every: Sequence[CandidateRow]
    running: bool


def front_html(page: FrontPage, chart: str) -> str:
    """The page: self-contained, without scripts; every text is escaped.

    Args:
        page: what it shows.
        chart: the picture of the front (`front_svg`).
    """
    environment = Environment(
        loader=PackageLoader("coincell.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("coincell.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    return environment.get_template("front.html.j2").render(
        page=page,
        chart=Markup(chart),  # noqa: S704 - every text in it is escaped
        style=Markup(style),  # noqa: S704 - our own file
    )
