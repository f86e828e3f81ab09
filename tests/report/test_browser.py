"""The page in a real browser: every chart is drawn, nothing fails, nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coincell.report import render_html
from report.browser import Seen, look
from report.sample_report import LABELS, dataset, sample_report, stopped_report

_HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(render_html(sample_report()), tmp_path_factory.mktemp("whole"))


def test_every_chart_is_drawn_without_a_warning(whole: Seen) -> None:
    places = set(re.findall(r'data-chart="([\w-]+)"', whole.dom))
    assert whole.problems == ""
    assert whole.drawn == len(places) == 21
    assert set(whole.charts) == places
    assert [key for key, marks in whole.charts.items() if not marks.total()] == []


@pytest.mark.parametrize(
    ("chart", "mark", "number"),
    [
        ("splits", "rect", 3 * len(LABELS)),
        ("confusion-int8", "rect", len(LABELS) ** 2),
        ("roc-int8", "line", len(LABELS) + 1),
        ("f1", "symbol", 2 * len(LABELS)),
        ("layers", "rect", 15),
        ("memory-flash", "rect", 5 + 3),
        ("memory-ram", "rect", 6 + 5),
        ("latency", "rect", 5 + 2),  # the bracket's two ends
        ("example-0", "image", 1),
        ("curve-loss", "line", 2),
    ],
)
def test_a_chart_has_a_mark_for_each_figure(
    whole: Seen, chart: str, mark: str, number: int
) -> None:
    assert whole.charts[chart][mark] == number


def test_a_stopped_run_with_hostile_names_is_drawn_and_nothing_of_it_runs(tmp_path: Path) -> None:
    labels = (_HOSTILE, *LABELS[1:])
    data = {**dataset(), "labels": labels}
    data["splits"] = [{**split, "counts": dict.fromkeys(labels, 5)} for split in data["splits"]]
    hostile = sample_report(dataset=data, project=_HOSTILE, warnings=[_HOSTILE])
    stopped = stopped_report()
    board = stopped.board
    assert board
    largest = board.contributors[0].model_copy(update={"symbol": _HOSTILE})
    board = board.model_copy(update={"contributors": (largest, *board.contributors[1:])})
    report = hostile.model_copy(
        update={"board": board, "exact": None, "gates": stopped.gates, "stopped": stopped.stopped}
    )
    seen = look(render_html(report), tmp_path)
    assert seen.problems == ""
    assert seen.drawn == len(seen.charts) == 17
    assert seen.charts["contributors"]["rect"] == 5
    assert "layers" not in seen.charts
    assert seen.dom.count("Not reached: ") == 2
    assert "<title>&lt;/script&gt;" in seen.dom
    assert "<img" not in seen.dom


def test_the_page_may_fetch_nothing(tmp_path: Path) -> None:
    """The same page with a picture and a script from elsewhere put in: both are refused."""
    intruder = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script>'
    page = render_html(sample_report(board=None)).replace("</main>", f"{intruder}</main>")
    seen = look(page, tmp_path)
    assert "owned" not in re.findall(r"<title>.*?</title>", seen.dom)[0]
    assert "http://127.0.0.1:9/x.png' violates" in seen.problems
    assert "inline script violates" in seen.problems
    assert seen.drawn == len(seen.charts)
