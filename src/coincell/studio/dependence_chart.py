"""Partial dependence as two charts: the chosen window, and the mean of several."""

from __future__ import annotations

from markupsafe import Markup

from coincell.report import Curve, curves_svg
from coincell.studio.dependence import Dependence
from coincell.studio.edits import Edit


def dependence_charts(
    told: Dependence, edit: Edit, names: tuple[str, ...], unit: str
) -> list[tuple[str, Markup]]:
    """(title, SVG) of each."""
    axis = f"{edit.title} ({edit.unit})" if edit.unit else edit.title
    across = told.values.tolist()
    charts = []
    for title, scores in (
        ("This sample", told.one),
        (f"Mean of {told.windows} samples", told.mean),
    ):
        curves = [Curve(name, scores[:, at].tolist()) for at, name in enumerate(names)]
        drawn = curves_svg(title, axis, f"score {unit}".strip(), across, curves, edit.neutral)
        charts.append((title, Markup(drawn)))  # noqa: S704 - escaped where it is drawn
    return charts
