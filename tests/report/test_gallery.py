"""Single windows on the page: seen, heard, never run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from coincell.report import Gallery, render_html
from coincell.report.charts.maps import map_charts
from report.browser import look
from report.sample_gallery import PNG, sample_gallery, specimen
from report.sample_goals import sample_normality, sample_quantity
from report.sample_report import sample_report

_HOSTILE = "</svg><script>document.title='owned'</script>\"'"


def test_mistakes_examples_and_maps_are_drawn_and_nothing_is_fetched(tmp_path: Path) -> None:
    seen = look(render_html(sample_report(), sample_gallery()), tmp_path)
    assert seen.problems == ""
    assert seen.charts["map-features-truth"]["symbol"] == 40
    assert seen.charts["map-features-said"]["symbol"] == 40
    assert seen.dom.count('<figure class="specimen">') == 2
    assert seen.dom.count("<audio ") == 2
    assert seen.dom.count(f"data:image/png;base64,{PNG}") == 2  # the features' tint stands alone
    assert "The worst of 5 mistakes" in seen.dom


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    hostile = specimen(file=_HOSTILE, truth=_HOSTILE, said=_HOSTILE, told=_HOSTILE)
    hostile["traces"] = [{"name": _HOSTILE, "unit": _HOSTILE, "low": [0, 0], "high": [0, 0]}]
    gallery = sample_gallery(_HOSTILE, mistakes=[hostile])
    seen = look(render_html(sample_report(), gallery), tmp_path)
    assert seen.problems == ""
    assert "owned" not in re.findall(r"<title>.*?</title>", seen.dom)[0]


@pytest.mark.parametrize("field", ["picture", "heat", "sound"])
def test_only_base64_gets_into_the_page(field: str) -> None:
    with pytest.raises(ValidationError):
        sample_gallery(mistakes=[specimen(**{field: '"><script>'})])


def test_without_a_gallery_nothing_is_told_of_one() -> None:
    page = render_html(sample_report())
    assert 'id="gallery"' not in page
    assert 'href="#gallery"' not in page


def test_of_a_number_errors_are_shown_and_maps_have_a_scale() -> None:
    page = render_html(sample_quantity(), sample_gallery())
    assert "The worst of 5 errors" in " ".join(page.split())
    (whole,) = sample_gallery().maps
    numbers = tuple(
        point.model_copy(update={"value": 1.0 + at, "predicted": 2.0 * at})
        for at, point in enumerate(whole.points)
    )
    truth, said = map_charts(whole.model_copy(update={"points": numbers}))
    assert truth.spec["encoding"]["color"]["type"] == "quantitative"
    assert [row["number"] for row in said.spec["data"]["values"]][:2] == [0.0, 2.0]
    assert "taken for another" not in truth.summary


def test_no_mistake_is_said_too() -> None:
    page = render_html(sample_normality(), sample_gallery(mistakes=[], mistakes_found=0))
    assert "made no mistake" in page


def test_a_gallery_comes_back_from_its_text() -> None:
    gallery = sample_gallery()
    assert Gallery.model_validate_json(gallery.model_dump_json()) == gallery
