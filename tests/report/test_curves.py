"""Curves drawn without a library."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

from coincell.report import Curve, curves_svg

_RISING = Curve("yes", [0.0, 0.5, 1.0])


def _drawn(*curves: Curve, mark: float = 0.0) -> ElementTree.Element:
    svg = curves_svg("Scores", "gain <dB>", "share", [-10.0, 0.0, 10.0], curves, mark)
    return ElementTree.fromstring(svg)


def _places(element: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = element.attrib["d"].removeprefix("M").split("L")
    return [(float(x), float(y)) for x, y in (pair.split() for pair in pairs)]


def test_curves_rise_where_values_do() -> None:
    drawn = _drawn(Curve("yes & no", [0.0, 0.5, 1.0]), Curve("b", [1.0, 0.5, 0.0]))
    first, second = (
        next(e for e in drawn.iter("path") if e.get("class") == f"curve-{n}") for n in (0, 1)
    )
    up, down = _places(first), _places(second)
    assert [x for x, _ in up] == [x for x, _ in down] == sorted(x for x, _ in up)
    assert up[0][1] > up[1][1] > up[2][1], "upwards is less y"
    assert up[1] == down[1]
    assert up[0][1] == down[2][1]


def test_the_text_alternative_tells_each_curves_ends() -> None:
    words = _drawn(Curve("yes", [0.25, 0.5, 0.75])).attrib["aria-label"]
    assert "gain <dB>" in words
    assert "yes from 0.25 to 0.75" in words


def test_names_of_curves_do_not_overlap_and_flat_ones_are_drawn() -> None:
    drawn = _drawn(*(Curve(name, [0.0, 0.0, 0.0]) for name in "abcde"))
    heights = sorted(
        float(e.attrib["y"]) for e in drawn.iter("text") if "word" in e.get("class", "")
    )
    assert all(b - a >= 14.9 for a, b in itertools.pairwise(heights))


def test_the_mark_stands_at_its_place() -> None:
    drawn = _drawn(Curve("a", [0.0, 1.0, 0.0]))
    mark = next(e for e in drawn.iter("path") if e.get("class") == "mark")
    curve = next(e for e in drawn.iter("path") if e.get("class") == "curve-0")
    assert _places(mark)[0][0] == _places(curve)[1][0]


def test_a_thousand_is_no_power_of_ten() -> None:
    svg = curves_svg("Scores", "shift (ms)", "share", [-1000.0, 0.0, 16000.0], [_RISING], 0.0)
    words = {each.text for each in ElementTree.fromstring(svg).iter() if each.text}
    assert {"-1000", "16000"} <= words
