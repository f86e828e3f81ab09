"""The whole run of a project: stages, gates, report, files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincell.errors import UserError
from coincell.firmware import load_board, need_firmware
from coincell.pipeline.auditing import AUDIT_FILE
from coincell.pipeline.kept_answers import keep_answers
from coincell.pipeline.ledger import note_run, with_openings
from coincell.pipeline.pruning import PRUNING_FILE
from coincell.pipeline.quantizing import QUANTIZATION_FILE
from coincell.pipeline.reporting import gallery_of, make_report, publish
from coincell.pipeline.runner import Demand, Listener, Outcome, alone, run_stages, unheard
from coincell.pipeline.stages.table import STAGES
from coincell.project import Project
from coincell.report import Gallery, PruningPart, QuantizationPart, Report


@dataclass(frozen=True)
class RunResult:
    """What `coincell run` ends with.

    Attributes:
        report: the content of report.json.
        report_path: the HTML file.
        passed: whether every gate that was reached holds and none stopped the run.
        gallery: what the page shows of single windows; None where the run did not come so far.
        missing: what the cards lack and only a person can add, such as "intended.use".
    """

    report: Report
    report_path: Path
    passed: bool
    gallery: Gallery | None = None
    missing: tuple[str, ...] = ()


def run_project(
    project: Project, demand: Demand | None = None, listener: Listener = unheard
) -> RunResult:
    """Every stage, only what is stale; then the report, also when a gate ended the run.

    Raises:
        BoardError: there is no firmware for the project's board; nothing has been done then.
        UserError: the recordings, the configuration or the tools need mending.
    """
    need_firmware(load_board(project.configuration.board.source))
    with alone(project, STAGES, listener):
        outcome = run_stages(project, STAGES, demand, listener)
        report = with_openings(project, make_report(project, outcome))
        published = publish(project, outcome, report)
        keep_answers(project, note_run(project, report), outcome)
    passed = outcome.passed and not outcome.stopped_at
    return RunResult(report, published.page, passed, gallery_of(outcome), published.missing)


def run_until(project: Project, demand: Demand, listener: Listener = unheard) -> Outcome:
    """The stages up to `demand.until`, without a report."""
    with alone(project, STAGES, listener):
        return run_stages(project, STAGES, demand, listener)


def quantization_of(outcome: Outcome) -> QuantizationPart | None:
    """How the int8 network of a partial run came about; None where there was no network to make."""
    artefact = outcome.artefacts.get("quantize")
    if artefact is None or not (artefact.folder / QUANTIZATION_FILE).is_file():
        return None
    return QuantizationPart.model_validate(artefact.read_json(QUANTIZATION_FILE))


def pruning_of(outcome: Outcome) -> PruningPart | None:
    """What pruning took out in a partial run; None where nothing was to go."""
    told = outcome.artefacts["prune"].read_json(PRUNING_FILE)
    return None if told is None else PruningPart.model_validate(told)


def audit_of(outcome: Outcome) -> dict[str, Any]:
    """Groups of people compared, of a run that came to the audit.

    Raises:
        UserError: a gate ended the run before.
    """
    if "audit" not in outcome.artefacts:
        raise UserError(
            f"The run ended before the audit, at {outcome.stopped_at}: {outcome.stop_reason}"
        )
    facts: dict[str, Any] = outcome.artefacts["audit"].read_json(AUDIT_FILE)
    return facts


def summary_of(outcome: Outcome) -> dict[str, Any]:
    """The last artefact of a partial run in a few words: stage, folder, gates."""
    name, artefact = list(outcome.artefacts.items())[-1]
    return {
        "stage": name,
        "key": artefact.key,
        "folder": str(artefact.folder),
        "gates": [gate.model_dump(mode="json") for gate in outcome.gates],
    }
