"""The page as text: whole, harmless, alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import coincell.report
from coincell.report import Metric, Report, render_html
from report.sample_report import LABELS, features, sample_report, stopped_report

_FOLDER = Path(coincell.report.__file__).parent
_UNREACHED = {
    "features": None, "model": None, "float": None, "int8": None, "metrics": {},
    "board": None, "exact": None, "gates": [], "warnings": [],
}  # fmt: skip


class _Page(HTMLParser):
    """Elements, links and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found:
            self.links.append(found["href"])
        if "src" in found:
            self.sources.append(found["src"])
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing stays open."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(sample_report())


def _shown(page: str) -> str:
    """The page without its scripts and styles."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def test_the_page_is_one_small_file(page: str) -> None:
    assert len(page.encode()) < 2_500_000
    assert page.startswith("<!doctype html>")


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    parsed = _Page(page)
    assert parsed.open == []
    assert parsed.sources == []
    outside = [link for link in parsed.links if not link.startswith(("#", "data:image/"))]
    assert outside == []
    assert "url(" not in page.split("</style>")[0]


def test_every_link_leads_to_an_anchor_that_is_there_once(page: str) -> None:
    parsed = _Page(page)
    assert len(parsed.ids) == len(set(parsed.ids))
    missing = {link for link in parsed.links if link.startswith("#")} - {
        f"#{i}" for i in parsed.ids
    }
    assert missing == set()


def test_the_policy_names_the_hash_of_every_script(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    allowed = policy[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 4
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed
    assert "default-src 'none'" in allowed
    assert "unsafe-eval" not in allowed


def test_hostile_strings_stay_text() -> None:
    hostile = '</script><script>alert("1")</script>&<!--\u2028'
    examples = [{"label": hostile, "file": hostile, "values": [[1, 2], [3, 4]]}]
    page = render_html(
        sample_report(features={**features(), "examples": examples}, project=hostile)
    )
    assert page.count("<script>") == 4
    assert "<!--" not in _shown(page)
    assert 'alert("1")' not in page
    data = re.search(r'id="chart-data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert hostile in json.loads(data[1])["charts"]["example-0"]["description"]


def test_a_report_without_anything_but_its_data_set_says_what_was_not_reached() -> None:
    page = render_html(sample_report(**_UNREACHED))
    assert _shown(page).count("Not reached: ") == 6
    assert "No gate was reached" in page
    assert _Page(page).open == []


@pytest.mark.parametrize("part", ["features", "model", "float", "int8", "board", "exact"])
def test_any_part_may_be_missing(part: str) -> None:
    assert _Page(render_html(sample_report(**{part: None}))).open == []


def test_a_failed_gate_is_the_headline() -> None:
    shown = _shown(render_html(stopped_report()))
    assert "<h1>1 gate failed: Image RAM</h1>" in shown
    assert "301,004 bytes of RAM" in shown
    assert "A smaller network would fit." in shown


def test_key_figures_promises_and_modelled_figures_are_told(page: str) -> None:
    shown = _shown(page)
    for words in ("251 ms", "69.7 KiB", "360 / 360", "226 to 364 ms", "Within -9.5 to +9.3 %"):
        assert words in shown
    assert shown.count("✓ kept") == 4
    assert shown.count("modelled") >= 3


def test_shares_are_in_per_cent_and_long_times_without_exponents() -> None:
    report = sample_report()
    assert report.board is not None
    shown = _shown(
        render_html(
            report.model_copy(
                update={
                    "board": report.board.model_copy(update={"latency_range_ms": (702.0, 1169.6)}),
                    "metrics": {"no_decision_rate": Metric(value=0.03, ci95=(0.016, 0.056))},
                }
            )
        )
    )
    assert "702 to 1,170 ms" in shown
    assert "3.0 % (1.6 to 5.6)" in shown


def test_other_tasks_show_their_metrics_by_name() -> None:
    report = sample_report(
        task="regression",
        float=None,
        int8=None,
        metrics={"mean_error": {"value": 12.34, "ci95": [11, 13.5]}},
    )
    shown = _shown(render_html(report))
    assert "mean error" in shown
    assert "12.3 (11.0 to 13.5)" in shown


def test_every_chart_has_its_figures_as_a_table(page: str) -> None:
    figures = re.findall(r'<figure class="chart.*?</figure>', page, re.DOTALL)
    assert len(figures) == 21
    for figure in figures:
        assert re.search(r'role="img" aria-label="[^"]{20,}"', figure)
        assert "<tbody>\n<tr>" in figure
    confusion = next(figure for figure in figures if "chart-confusion-int8" in figure)
    assert confusion.count("<tr>") == 1 + len(LABELS)


def test_rendering_is_deterministic(page: str) -> None:
    again = Report.from_json(sample_report().to_json())
    assert render_html(again) == page


def test_vendored_files_are_those_that_the_readme_names() -> None:
    vendor = _FOLDER / "vendor"
    readme = (vendor / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})`", readme, re.MULTILINE))
    scripts = {path.name for path in vendor.glob("*js")}
    assert set(named) == scripts
    for name, digest in named.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
