"""The picture of a search: each candidate at its place, and those of the front named."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from coincell.report import FrontPoint, front_svg

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    FrontPoint(30.0, 0.95, "trial 4", "trial 4, 0.95", True),
    FrontPoint(60.0, 0.90, "trial 5", "trial 5 & more", False),
    FrontPoint(90.0, 0.97, "trial 6", "trial 6, 0.97", True),
]


def test_every_candidate_has_its_place_and_the_front_its_names() -> None:
    chart = ElementTree.fromstring(front_svg(POINTS, "latency_ms", "accuracy"))
    dots = {dot.findtext(f"{SVG}title"): dot for dot in chart.iter(f"{SVG}circle")}
    assert set(dots) == {point.told for point in POINTS}
    place = {
        point.name: (float(dots[point.told].get("cx", "")), float(dots[point.told].get("cy", "")))
        for point in POINTS
    }
    across = [place[point.name][0] for point in POINTS]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1])
    heights = {point.name: place[point.name][1] for point in POINTS}
    assert heights["trial 6"] < heights["trial 4"] < heights["trial 5"], "the better is higher"
    words = {text.text: float(text.get("x", "")) for text in chart.iter(f"{SVG}text")}
    assert "trial 5" not in words
    assert words["trial 4"] > across[0]
    assert words["trial 6"] < across[2], "at the right edge it stands on the left"


def test_without_a_candidate_it_says_so() -> None:
    assert "No candidate" in front_svg([], "latency_ms", "accuracy")
    assert front_svg(POINTS[:1], "latency_ms", "accuracy").count("<circle") == 1
