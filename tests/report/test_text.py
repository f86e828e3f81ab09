"""The report in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from coincell.report import (
    Report,
    print_prediction,
    print_quantization,
    print_summary,
    promises_of,
    render_html,
    render_text,
    verdict,
)
from report.sample_gallery import sample_gallery, specimen
from report.sample_report import sample_report, stopped_report, voice


def test_promises_figures_gates_and_verdict_in_plain_text() -> None:
    text = render_text(sample_report())
    assert "\x1b" not in text
    for words in ("✓ kept", "251 ms", "226 to 364 ms", "(modelled)", "360 / 360", "✓ holds"):
        assert words in text
    assert text.splitlines()[-3] == "All 7 gates passed"
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_worst_mistakes_stand_as_on_the_page() -> None:
    evil = specimen(file="no/[red]a\x1b[31m.wav", said="yes", told="score 0.7")
    gallery = sample_gallery(mistakes=[specimen(), evil] + [specimen(file="last.wav")] * 9)
    text = render_text(sample_report(), gallery=gallery)
    assert "The worst of 5 mistakes" in text
    row = next(line for line in text.splitlines() if "yes/sample_1.wav" in line)
    assert row.split() == ["yes/sample_1.wav", "yes", "no", "score", "0.9"]
    assert "no/[red]a" in text
    assert "\x1b" not in text
    assert text.count("last.wav") == 4
    assert "mistakes" not in render_text(sample_report())
    assert "mistake" not in render_text(sample_report(), gallery=sample_gallery(mistakes=[]))
    only = sample_gallery(mistakes_found=1)
    assert "The only mistake" in render_text(sample_report(), gallery=only)
    for each in (gallery, only):
        title = each.mistakes_title("mistake")
        assert f"<h3>{title}</h3>" in render_html(sample_report(), each)


def test_what_a_server_would_take_stands_beside_the_device() -> None:
    text = render_text(sample_report())
    rows = [line.split() for line in text.splitlines() if line.strip().startswith("raw (sample)")]
    assert rows == [["raw", "(sample)", "10.8", "mW", "2.76", "GB", "100", "ms", "24.1", "days"]]
    assert "duty cycle: It lasts a year" in text
    report = sample_report()
    assert report.board
    told = " ".join(text.split())
    assert f"The average power above, {report.board.average_mw:.3g} mW, is the run's own" in told
    assert "model of the board as shipped" in told


def test_a_gate_without_a_limit_is_no_achievement() -> None:
    gates = [{"name": "accuracy", "limit": 0, "value": 0.1, "passed": True, "bound": "at least",
              "unit": "share"}]  # fmt: skip
    text = render_text(sample_report(gates=gates))
    assert "no limit set" in text
    assert "at least 0" not in text
    assert "holds" not in text


def test_the_heading_says_when_no_limit_on_accuracy_is_set() -> None:
    gates = [gate.model_dump() for gate in sample_report().gates]
    accuracy, loss = (next(gate for gate in gates if gate["name"] == name) for name in SHARES)
    accuracy |= {"limit": 0.0, "value": 0.43}
    told = verdict(sample_report(gates=gates))
    assert (told.state, told.title) == (
        "passed", "All 6 gates passed; no limit on accuracy is set"
    )  # fmt: skip
    assert "accuracy of 43" in told.sentence
    assert "min_accuracy" in told.sentence
    loss |= {"limit": 1.0}
    assert verdict(sample_report(gates=gates)).title.startswith("All 5 gates passed; no limit")
    accuracy |= {"limit": 0.4}
    assert verdict(sample_report(gates=gates)).title == "All 6 gates passed"


SHARES = ("accuracy", "accuracy_loss")


def test_a_failed_gate_says_why_and_what_would_help() -> None:
    text = render_text(stopped_report())
    assert "1 gate failed: Image RAM" in text
    assert "✗ FAILS" in text
    assert "A smaller network would fit." in " ".join(text.split())


def test_colour_is_there_where_the_terminal_has_it() -> None:
    stream = io.StringIO()
    print_summary(sample_report(), Console(file=stream, force_terminal=True, width=100))
    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_bar_of_a_layer_stands_in_one_line(width: int) -> None:
    model = sample_report().model
    assert model is not None
    part = model.quantization
    assert part is not None
    names = ("mobilenet_block_11_expand_relu", "conv", "logits")
    losses = [
        layer.model_copy(
            update={"name": name, "total_db": db, "advice": "Set activations to int16. " * 4}
        )
        for layer, name, db in zip(part.layer_losses, names, (20.0, 36.0, 75.0), strict=True)
    ]
    stream = io.StringIO()
    told = part.model_copy(update={"layer_losses": losses})
    print_quantization(told, Console(file=stream, force_terminal=False, width=width))
    drawn = [line.count("█") for line in stream.getvalue().splitlines() if "█" in line]
    assert drawn == [5, 9, 15]
    assert all(len(line) <= width for line in stream.getvalue().splitlines())


def test_markup_and_control_characters_stay_text() -> None:
    text = render_text(sample_report(warnings=["[red]not red[/red] \x1b[31mnor this\x07"]))
    assert "! [red]not red[/red]  [31mnor this" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_prediction_shows_label_scores_and_picture() -> None:
    stream = io.StringIO()
    console = Console(file=stream, color_system=None, width=100)
    scores = {"no": 0.04, "yes": 0.93, "unknown": 0.03}
    print_prediction({"file": "a.wav", "label": "yes", "scores": scores}, voice(1), console)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "a.wav: yes"
    assert lines[1].split()[:3] == ["yes", "93.0", "%"]
    assert len(lines) == 1 + 3 + 20


def test_no_decision_is_said() -> None:
    stream = io.StringIO()
    console = Console(file=stream, color_system=None)
    print_prediction({"file": "a.wav", "label": None, "scores": {}}, None, console)
    assert stream.getvalue() == "a.wav: no decision\n"


def _without(report: Report, **changes: object) -> Report:
    return report.model_copy(update=changes)


@pytest.mark.parametrize(
    ("report", "state", "kept"),
    [
        (sample_report(), "passed", [True, True, True, True]),
        (stopped_report(), "failed", [None, None, None, True]),
        (_without(sample_report(), gates=()), "open", [True, True, True, None]),
        (_without(sample_report(), board=None, exact=None), "passed", [None, None, None, True]),
    ],
    ids=["whole", "stopped", "no gates", "no board"],
)
def test_verdict_and_promises_follow_the_figures(
    report: Report, state: str, kept: list[bool | None]
) -> None:
    assert verdict(report).state == state
    assert [promise.kept for promise in promises_of(report)] == kept


def test_one_byte_off_breaks_the_promise() -> None:
    report = sample_report(
        exact={"clips": 9, "clips_on_board": 2, "mismatches": 1, "oracle": "sample"}
    )
    assert promises_of(report)[1].kept is False
    assert "BROKEN" in render_text(report)
