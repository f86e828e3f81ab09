"""What a report comes to: the headline, and the promises that its figures prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coincell.report import figures
from coincell.report.schema import Gate, Promise, Report
from coincell.report.words import words_of


@dataclass(frozen=True)
class Verdict:
    """The first thing a reader sees."""

    state: Literal["passed", "failed", "stopped", "open"]
    title: str
    sentence: str


# A gate's name in report.json -> the term that it is shown as.
GATE_TERMS = {
    "accuracy": "Accuracy",
    "accuracy_loss": "Accuracy loss",
    "flash": "Image flash",
    "ram": "Image RAM",
    "stack": "Stack",
    "latency": "Latency",
    "exact": "Exactness",
    "auc": "AUC",
    "partial_auc": "Partial AUC",
    "detection_rate": "Detection rate",
    "false_alarm_rate": "False-alarm rate",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "r2": "R2",
    "worst_group_recall": "Worst group's recall",
    "equalized_odds_difference": "Equalized odds",
    "accuracy_difference": "Gap",
    "int8_added_gap": "Added gap",
}
_FIT = ("flash", "ram", "stack", "latency")


def gate_title(gate: Gate) -> str:
    """A gate's name for people."""
    return GATE_TERMS.get(gate.name, gate.name)


def is_limited(gate: Gate) -> bool:
    """Whether anything could fail it: not a share of at least nothing, or at most all."""
    if gate.unit != "share" or gate.limit is None:
        return True
    return gate.limit > 0 if gate.bound == "at least" else gate.limit < 1


def gate_limit(gate: Gate) -> str:
    """A gate's limit for people."""
    if gate.limit is None:
        return figures.NOTHING
    if not is_limited(gate):
        return "no limit set"
    return f"{gate.bound} {figures.with_unit(gate.limit, gate.unit)}"


def verdict(report: Report) -> Verdict:
    """The headline: did every gate pass, and if not, which failed."""
    failed = [gate for gate in report.gates if gate.passed is False]
    open_gates = [gate for gate in report.gates if gate.passed is None]
    passed = len(report.gates) - len(failed) - len(open_gates)
    if failed:
        title = f"{_gates(len(failed))} failed: {', '.join(gate_title(gate) for gate in failed)}"
        reasons = " ".join(gate.reason for gate in failed if gate.reason)
        if report.stopped:
            reasons = f"{reasons or report.stopped.reason} {report.stopped.hint}".strip()
        return Verdict("failed", title, reasons or f"{passed} of {len(report.gates)} passed.")
    if report.stopped:
        title = f"Stopped at {report.stopped.stage}"
        return Verdict("stopped", title, f"{report.stopped.reason} {report.stopped.hint}".strip())
    if not report.gates:
        return Verdict("open", "No gate was reached", "This run has proved nothing yet.")
    if open_gates:
        names = ", ".join(gate_title(gate) for gate in open_gates)
        return Verdict("open", f"{passed} of {len(report.gates)} gates passed", f"Open: {names}.")
    return _passed(report)


def _passed(report: Report) -> Verdict:
    """Every gate holds; one without a limit is not counted, since nothing could fail it."""
    count = sum(map(is_limited, report.gates))
    title = f"All {count} gates passed" if count > 1 else f"{_gates(count)} passed"
    unlimited = next(
        (gate for gate in report.gates if gate.name == "accuracy" and not is_limited(gate)), None
    )
    if unlimited is None:
        return Verdict("passed", title, _praise(report))
    reached = figures.with_unit(unlimited.value, unlimited.unit)
    warned = (
        f"Whether it decides well enough is not among them: it reaches an accuracy of {reached}, "
        "and [gates] min_accuracy is not set."
    )
    title = f"{title}; no limit on accuracy is set"
    return Verdict("passed", title, f"{_praise(report)} {warned}")


def _gates(number: int) -> str:
    return "1 gate" if number == 1 else f"{number or 'No'} gates"


def _praise(report: Report) -> str:
    if report.board is None or report.exact is None:
        return "Every limit that was set holds."
    return (
        f"The image for {report.board.title or report.board.name} fits, is in time, and answers "
        "byte for byte as the model does in Python."
    )


def promises_of(report: Report) -> tuple[Promise, ...]:
    """The promises of a run, each kept, broken (False) or not to be told (None), with evidence.

    Fill `Report.promises` with it: `report.model_copy(update={"promises": promises_of(report)})`.
    """
    return (_one_command(report), _same_bits(report), _no_board(report), _fits(report))


def _one_command(report: Report) -> Promise:
    done = report.stopped is None and report.board is not None and report.exact is not None
    evidence = (
        f"{report.provenance.command} went from the recordings to this report."
        if done
        else "The run ended before its last stage."
    )
    return Promise(
        title="One command from recordings to measured firmware",
        kept=True if done else None,
        evidence=evidence,
    )


def _same_bits(report: Report) -> Promise:
    exact, many = report.exact, words_of(report.dataset).many
    title = "The same bits in Python, on this computer and on the board"
    if exact is None:
        return Promise(title=title, kept=None, evidence="Not reached.")
    evidence = (
        f"{exact.clips:,} {many} compared with {exact.oracle}, {exact.clips_on_board:,} of them "
        f"also on the board: {exact.mismatches:,} differ."
    )
    kept = exact.mismatches == 0 and exact.clips > 0 and exact.clips_on_board > 0
    return Promise(title=title, kept=kept, evidence=evidence)


def _no_board(report: Report) -> Promise:
    title = "No board needed: the very image that would be flashed was measured"
    board = report.board
    if board is None or board.instructions is None:
        return Promise(title=title, kept=None, evidence="Not reached.")
    kind = "the virtual board" if board.virtual else "a real board"
    evidence = f"{board.instructions:,} instructions a window, counted on {kind}."
    return Promise(title=title, kept=True, evidence=evidence)


def _fits(report: Report) -> Promise:
    title = "It fits, or it is refused before flashing"
    gates = [gate for gate in report.gates if gate.name in _FIT]
    if not gates or all(gate.passed is None for gate in gates):
        return Promise(title=title, kept=None, evidence="Not reached.")
    held = [_inside(gate) for gate in gates if gate.passed]
    refused = [_inside(gate) for gate in gates if gate.passed is False]
    told = f"Refused: {', '.join(refused)}." if refused else f"Within limits: {', '.join(held)}."
    return Promise(title=title, kept=True, evidence=told)


def _inside(gate: Gate) -> str:
    """A gate's title inside a sentence."""
    title = gate_title(gate)
    return title[0].lower() + title[1:]
