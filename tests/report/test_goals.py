"""Reports of other senses and goals: their words, figures and charts."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest

from coincell.report import Report, render_html, render_text
from coincell.report.charts.features import example_charts
from coincell.report.charts.normality import scores_chart
from coincell.report.charts.quantity import errors_chart, predicted_chart, residuals_chart
from coincell.report.picture import picture_png
from report.browser import look
from report.sample_goals import sample_normality, sample_quantity, sample_sight
from report.sample_report import sample_report

REPORTS = {
    "normality": sample_normality(),
    "quantity": sample_quantity(),
    "gray": sample_sight(),
    "colour": sample_sight("rgb"),
}


def _shown(report: Report) -> str:
    """The page's own words: no scripts, no styles, no glossary, no meanings, no configuration."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", render_html(report), flags=re.DOTALL)
    return re.sub(r'(data-meaning|href)="[^"]*"', "", page).split('id="repeat"')[0]


@pytest.mark.parametrize("name", REPORTS)
def test_only_of_sound_there_are_clips_speakers_and_words(name: str) -> None:
    told = _shown(REPORTS[name]) + render_text(REPORTS[name])
    assert not re.findall(r"\b(?:[Cc]lips?|[Ss]peakers?|[Vv]oices?)\b", told)
    assert "clips" in _shown(sample_report())
    assert "speakers" in _shown(sample_report())


@pytest.mark.parametrize("name", REPORTS)
def test_every_chart_is_drawn_in_a_browser(name: str, tmp_path: Path) -> None:
    page = render_html(REPORTS[name])
    seen = look(page, tmp_path)
    assert seen.problems == ""
    assert seen.drawn == len(set(re.findall(r'data-chart="([\w-]+)"', page)))
    assert [key for key, marks in seen.charts.items() if not marks.total()] == []
    drawn = {"normality": {"scores", "roc-strange", "alarms", "methods"},
             "quantity": {"predicted", "residuals", "errors"}}.get(name, {"example-0"})  # fmt: skip
    assert drawn <= set(seen.charts)


def test_a_detector_is_told_with_threshold_areas_and_other_methods() -> None:
    shown = " ".join(_shown(sample_normality()).split())
    for words in ("gaussian-mixture", "4.500 nats", "at most 5.0 % of false alarms", "k-means",
                  "Partial AUC", "inner race", "1.80 KiB", "machine: seventh",
                  "machine: still"):  # fmt: skip
        assert words in shown
    text = render_text(sample_normality())
    assert "Detection rate" in text
    assert "Accuracy" not in text


def test_a_number_has_its_unit_everywhere() -> None:
    report = sample_quantity()
    shown = " ".join(_shown(report).split())
    assert "speed, rpm" in shown
    assert "600 to 3000 rpm" in shown
    assert report.int8
    assert report.int8.quantity
    part = report.int8.quantity
    for chart in (predicted_chart("int8", part), residuals_chart("int8", part),
                  errors_chart("int8", part)):  # fmt: skip
        assert "rpm" in chart.summary
        assert "rpm" in str(chart.spec["layer"])
    assert re.search(r"Mean absolute error +1[89]\.\d rpm", render_text(report))


def test_histograms_hold_every_window_once_and_the_threshold() -> None:
    report = sample_normality()
    assert report.int8
    assert report.int8.normality
    part = report.int8.normality
    layers = scores_chart("int8", part).spec["layer"]
    bars = layers[0]["data"]["values"]
    for each in part.labels:
        own = [bar for bar in bars if bar["label"] == each.label]
        shares = [float(bar["told"].split(" ")[0]) for bar in own]
        assert sum(shares) == pytest.approx(100, abs=0.5)
    assert layers[2]["data"]["values"][0]["at"] == part.threshold


def test_scores_that_span_far_more_than_normal_ones_get_a_logarithmic_axis() -> None:
    report = sample_normality()
    assert report.int8
    assert report.int8.normality
    part = report.int8.normality
    wild = part.labels[3].model_copy(update={"scores": (1e5, 2e6)})
    part = part.model_copy(update={"labels": (*part.labels[:3], wild)})
    layers = scores_chart("int8", part).spec["layer"]
    assert layers[0]["encoding"]["x"]["scale"]["type"] == "log"
    assert (
        "type"
        not in scores_chart("int8", report.int8.normality).spec["layer"][0]["encoding"]["x"][
            "scale"
        ]
    )


def test_a_picture_keeps_its_rows_and_colours() -> None:
    """Pillow reads back what was drawn: the first row on top, red, green and blue in order."""
    image = pytest.importorskip("PIL.Image")

    rows = [[-128, 127, 0, 127, -128, -1], [1, 2, 3, 4, 5, 6]]
    colour = image.open(BytesIO(picture_png(rows, 3)))
    assert (colour.mode, colour.size) == ("RGB", (2, 2))
    assert [colour.getpixel((x, y)) for y in (0, 1) for x in (0, 1)] == [
        (0, 255, 128), (255, 0, 127), (129, 130, 131), (132, 133, 134),
    ]  # fmt: skip
    gray = image.open(BytesIO(picture_png(rows)))
    assert (gray.mode, gray.size, gray.getpixel((5, 0))) == ("L", (6, 2), 127)


def test_many_columns_are_one_line_and_few_are_bars_by_name() -> None:
    report = sample_normality()
    assert report.features
    few = example_charts(report.features)[0].spec
    assert [row["name"] for row in few["data"]["values"]] == list(report.features.columns)
    wide = report.features.examples[0].model_copy(update={"values": ((5, -7) * 40,)})
    many = example_charts(report.features.model_copy(update={"examples": (wide,)}))[0].spec
    assert many["mark"]["type"] == "area"
    assert len(many["data"]["values"]) == 80


def test_channels_stand_in_their_order_from_the_top() -> None:
    """The picture's highest row is the first channel, and its name stands there."""
    report = sample_normality()
    assert report.features
    values = tuple((127, -128) for _ in range(3))
    one = report.features.examples[0].model_copy(update={"form": "channels", "values": values})
    part = report.features.model_copy(update={"examples": (one,), "columns": ("aX", "aY")})
    (chart,) = example_charts(part)
    assert chart.spec["encoding"]["y"]["axis"]["labelExpr"] == (
        "floor(datum.value) == 0 ? 'aY' : floor(datum.value) == 1 ? 'aX' : ''"
    )
    image = pytest.importorskip("PIL.Image")
    uri = chart.spec["data"]["values"][0]["picture"]
    drawn = image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert (drawn.size, drawn.getpixel((0, 0)), drawn.getpixel((2, 1))) == (
        (3, 2), (253, 231, 37), (68, 1, 84),
    )  # fmt: skip


def test_errors_of_a_number_stand_in_its_unit_beside_others_too() -> None:
    report = sample_quantity(metrics={"mae_difference": {"value": -2.5, "ci95": [-4, -1]}})
    shown = " ".join(_shown(report).split())
    assert "-2.50 rpm (-4.00 to -1.00)" in shown
    assert "-250" not in shown
