"""decisions on the test split -> figures by group of people, float and int8, and their gaps."""

from __future__ import annotations

import json
from typing import Any

from coincell.pipeline.auditing import AUDIT_FILE, LIMITS, audit_clips, limit_values
from coincell.pipeline.clips import read_clips
from coincell.pipeline.judged import read_told
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate

_ADVICE = {
    "worst_group_recall": "Worst off: {whom}. Record more of them; coincell audit shows all.",
    "equalized_odds_difference": "Furthest apart, by {whom}. coincell audit shows all groups.",
    "accuracy_difference": "Furthest apart, by {whom}. coincell audit shows all groups.",
    "int8_added_gap": "Quantization widens the gap by {whom}. Try quantization.mode = "
    '"qat", or calibrate on more samples of every group.',
}
_UNKNOWN = (
    "It could not be checked: no two groups of the test split have {people} people each and this "
    "figure. Give the data group columns, or take audit.{name} away."
)


def _settings(configuration: Configuration) -> dict[str, Any]:
    data = configuration.data
    return {
        "goal": configuration.goal,
        "told": [data.labels, data.normal_label, data.target, data.unit, data.sense],
        "span_ms": [data.window_step_ms, data.window_ms]
        if configuration.goal == "normality"
        else [],
        "by": data.split.by,
        "audit": configuration.audit.model_dump(mode="json", exclude=set(LIMITS)),
        "seed": configuration.project.seed,
    }


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    context.progress(0, len(clips.rows("test")), "groups of people")
    facts = audit_clips(clips, context.configuration, read_told(context.inputs["evaluate"]))
    text = json.dumps(facts, allow_nan=False)
    (context.output / AUDIT_FILE).write_text(text, encoding="utf-8")


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """The limits of [audit] that are set."""
    settings = project.configuration.audit
    facts = artefact.read_json(AUDIT_FILE)
    gates = []
    for name in LIMITS:
        limit = getattr(settings, name)
        if limit is None:
            continue
        found = limit_values(facts, name)
        least = name == "worst_group_recall"
        passed = found is not None and (found[0] >= limit if least else found[0] <= limit)
        if found is None:
            reason = _UNKNOWN.format(people=settings.smallest_group, name=name)
        else:
            reason = _ADVICE[name].format(whom=found[1])
        gates.append(
            Gate(
                name=name,
                limit=limit,
                value=found[0] if found else None,
                passed=passed,
                bound="at least" if least else "at most",
                unit="share",
                reason="" if passed else reason,
            )
        )
    return gates


STAGE = Stage(
    name="audit",
    title="Audit groups of people on float and int8",
    needs=("dataset", "evaluate"),
    settings=_settings,
    modules=("coincell.audit", "coincell.evaluation"),
    packages=("numpy",),
    run=_run,
    gates=_gates,
    gates_stop=False,
)
