"""A project that has run -> a library for other tools, with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincell.data import Progress
from coincell.errors import GateError, UserError
from coincell.firmware import (
    ExportRequest,
    ExportResult,
    check_export,
    export_application,
    load_board,
)
from coincell.pipeline.card_files import MODEL_CARD
from coincell.pipeline.runner import Listener, Outcome, alone, find_stages, unheard
from coincell.pipeline.stages.compile import c_name
from coincell.pipeline.stages.firmware import application
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact
from coincell.project import Project
from coincell.report import Gate


def _silent(done: int, total: int, message: str = "") -> None:
    del done, total, message


_FORCE = "--force exports it all the same."


def export_project(
    project: Project,
    form: str,
    out: Path | None = None,
    name: str = "",
    version: str = "1.0.0",
    force: bool = False,
    listener: Listener = unheard,
    progress: Progress = _silent,
) -> ExportResult:
    """Write the project's application as `form` into the new folder `out`. Nothing is run.

    Args:
        project: whose last run is up to date.
        form: one of `coincell.firmware.EXPORT_FORMATS`.
        out: a folder that does not exist, or is empty; NAME-FORMAT here unless given.
        name: of the library, a C identifier; the project's unless given.
        version: of the library, three numbers.
        force: also what did not pass its gates, or does not fit.
        listener: hears when another command holds the project.
        progress: told of each step.

    Raises:
        UserError: the project has not been run as it stands, or a name, a version or `out` cannot
            be used.
        GateError: a gate failed or was not reached, or it does not fit the board; not with `force`.
    """
    configuration = project.configuration
    name = name or c_name(configuration)
    out = out or Path(f"{name}-{form}")
    check_export(form, out, name)
    with alone(project, STAGES, listener):
        outcome = find_stages(project, STAGES)
        _check_there(outcome)
        if not force:
            _check_gates(outcome)
        found = outcome.artefacts
        chain = application(
            found["features"],
            found["quantize"],
            configuration,
            found.get("evaluate"),
            found.get("reference"),
        )
        facts, documents = _facts(outcome), _cards(project, outcome)
    request = ExportRequest(
        application=chain,
        name=name,
        version=version,
        project=configuration.project.name,
        board=load_board(configuration.board.source),
        microphone_gain_db=configuration.board.microphone_gain_db,
        facts=facts,
        forced=force,
        documents=documents,
    )
    return export_application(request, form, out, progress)


def _cards(project: Project, outcome: Outcome) -> dict[str, str]:
    """The model card of the last run, where that made the model which is exported."""
    try:
        report = json.loads((project.build_directory / "report.json").read_bytes())
        keys = {stage["name"]: stage["key"] for stage in report["provenance"]["stages"]}
        card = (project.build_directory / f"{MODEL_CARD}.md").read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError):  # deleted, or from an older Coincell
        return {}
    same = keys.get("quantize") == outcome.artefacts["quantize"].key
    return {"MODEL_CARD.md": card} if same else {}


def _missing(outcome: Outcome) -> str:
    """The first step of `coincell run` that the project as it stands has not been through."""
    for number, stage in enumerate(STAGES, 1):
        if stage.name not in outcome.artefacts:
            return f"step {number} of {len(STAGES)}, {stage.title}"
    return ""


def _check_there(outcome: Outcome) -> None:
    if {"features", "quantize"} <= set(outcome.artefacts):
        return
    if outcome.stopped_at:
        raise GateError(f"There is no model to export: {outcome.stop_reason}")
    raise UserError(
        "An export needs a project that has been run as it now stands. It never ran, or its "
        "settings, recordings or tools have changed: `coincell run` would begin at "
        f"{_missing(outcome)}.",
        hint="Run `coincell run` first; it redoes only what has changed.",
    )


def _check_gates(outcome: Outcome) -> None:
    failed = [gate for gate in outcome.gates if gate.passed is False]
    if failed:
        raise GateError(
            f"The project did not pass its gates: {', '.join(_told(gate) for gate in failed)}.",
            hint=f"Mend what the report names, and `coincell run` again. {_FORCE}",
        )
    if missing := _missing(outcome):
        raise GateError(
            "The project's gates are not known: as it now stands, `coincell run` would begin at "
            f"{missing}.",
            hint=f"Run `coincell run` to its end. {_FORCE}",
        )


def _told(gate: Gate) -> str:
    value = "not known" if gate.value is None else f"{gate.value:,.4g}"
    limit = f"{gate.bound} {gate.limit or 0:,.4g} {gate.unit}".strip()
    return f"{gate.name} is {value}, and must be {limit}"


def _facts(outcome: Outcome) -> dict[str, Any]:
    """Tools and gates, for the manifest."""
    return {
        "tools": _tools(outcome.artefacts),
        "gates": {
            gate.name: {"value": gate.value, "limit": gate.limit, "passed": gate.passed}
            for gate in outcome.gates
        },
    }


def _tools(artefacts: Mapping[str, Artefact]) -> dict[str, str]:
    """What each compiler was for -> its identity."""
    tools: dict[str, str] = {}
    for artefact in artefacts.values():
        tools |= artefact.manifest["inputs"]["toolchain"]
    return tools
