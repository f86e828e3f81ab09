"""The report's part on groups of people: in words, as pictures, and where nothing was checked."""

from __future__ import annotations

import re

from coincell.report import FairnessPart, Report, render_html
from coincell.report.charts import audit_charts
from coincell.report.charts.base import FAINT, MODEL_COLOURS
from report.sample_fairness import sample_fairness
from report.sample_report import sample_report


def _page(part: FairnessPart | None) -> str:
    page = render_html(sample_report(fairness=part and part.model_dump()))
    found = re.search(r'<section aria-labelledby="fairness">.*?</section>', page, re.DOTALL)
    return found.group(0) if found else ""


def test_the_section_names_whom_the_model_fails() -> None:
    section = _page(sample_fairness())
    assert "A woman&#39;s &#39;stop&#39; was missed in 22.0 %; of &#39;male&#39; 6.0 %" in section
    assert "✓ clear" in section
    assert "9 comparisons were made" in section
    assert "The device decides as int8 does here." in section
    assert "&#39;pitch&#39; is no group: sample." in section
    assert "fewer than\n5 people" in section


def test_a_groups_name_is_text() -> None:
    section = _page(sample_fairness())
    assert "<b>north" not in section
    assert "sample &lt;b&gt;north" in section


def test_without_groups_it_says_that_nothing_could_be_checked() -> None:
    bare = sample_fairness(groups=[], gaps=[], added=[], findings=[], compared=0, notes=[])
    assert "Nothing could be checked" in _page(bare)
    assert _page(None) == ""


def test_charts_show_float_beside_int8_the_worst_first() -> None:
    accent, gender = sorted(audit_charts(sample_fairness()), key=lambda chart: chart.title)
    assert gender.title == "Right decisions by gender"
    values = gender.spec["data"]["values"]
    assert [value["name"] for value in values] == [
        "female, float", "female, int8", "male, float", "male, int8",
        "not told, float", "not told, int8",
    ]  # fmt: skip
    assert [value["colour"] for value in values[:2]] == list(MODEL_COLOURS.values())
    assert {value["colour"] for value in accent.spec["data"]["values"][2:]} == {FAINT}
    assert "3 people: too few for a claim" in accent.summary
    assert "people: not compared" in gender.summary
    assert values[0]["low"] < values[0]["value"] < values[0]["high"]


def test_a_number_has_its_unit() -> None:
    part = sample_fairness()
    groups = [
        group.model_dump() | {"figures": {"int8": {"mae": {"value": 2.0 + at, "ci95": (1.0, 9.0)}}}}
        for at, group in enumerate(part.groups[:2])
    ]
    number = sample_fairness(groups=groups, headline="mae", unit="mm", places=["int8"], added=[])
    (chart,) = audit_charts(number)
    assert [row[0] for row in chart.table.rows] == ["male", "female"]
    assert chart.table.rows[0][1] == "3.00 mm (1.00 to 9.00), 18 people"


def test_json_reads_back() -> None:
    report = sample_report(fairness=sample_fairness().model_dump())
    assert Report.from_json(report.to_json()) == report
