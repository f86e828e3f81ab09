"""image -> instructions, cycles, time of one window; stack and energy of a listening board."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import BoardClient, StackOverflowError, VirtualBoard, measure
from coincell.errors import DataError
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.energy_facts import energy_facts
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import both_compilers
from coincell.pipeline.stages.firmware import chain_settings, flashed_application, flashed_image
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project, WindowForm
from coincell.report import Gate

_WINDOWS_HEARD = 10
"""What the listening board hears for its energy: a test clip, and nine times as long silence; what
one feels or sees are so many windows of the test split."""


def _settings(configuration: Configuration) -> dict[str, Any]:
    board = configuration.board.model_dump(mode="json", exclude={"clips"})
    return chain_settings(configuration) | {"board": board}


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    row = _first_test_row(clips)
    chain = flashed_application(context)
    image = flashed_image(context, chain)
    facts: dict[str, Any] = {"stack_overflow": ""}
    try:
        with VirtualBoard(image) as virtual:
            cost = measure(virtual, chain, clips.windows[row])
            facts |= dataclasses.asdict(cost)
            heard = _heard(clips, chain.form)
            facts["energy"] = energy_facts(virtual, chain, cost, context.configuration, heard)
            # One window by itself is not the worst: a listening board also takes interrupts.
            peak = BoardClient(virtual).info().stack_peak
            facts["stack_bytes"] = max(cost.stack_bytes, peak)
    except StackOverflowError as overflow:
        facts["stack_overflow"] = f"{overflow.message} {overflow.hint}".strip()
    facts["clip"] = clips.files[row]
    facts["stack_reserved_bytes"] = image.stack_reserved
    (context.output / "measurement.json").write_text(json.dumps(facts), encoding="utf-8")


def _first_test_row(clips: Clips) -> int:
    """The position of the window that is measured."""
    rows = clips.rows("test")
    if not len(rows):
        raise DataError(
            "The board is measured with a window of the test split; received "
            f"{len(clips.files)} windows, none of it.",
            hint="Raise data.split.test, or add recordings.",
        )
    return int(rows[0])


def _heard(clips: Clips, form: WindowForm) -> NDArray[Any]:
    """[n] of the windows' type: a test clip of sound and silence behind it, else test windows."""
    rows = clips.rows("test")[:_WINDOWS_HEARD]
    if form.sense != "sound":
        return clips.windows[rows].ravel()
    heard = np.zeros(_WINDOWS_HEARD * form.values, np.int16)
    heard[: form.values] = clips.windows[rows[0]]
    return heard


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """Stack and latency, known after one window."""
    facts = artefact.read_json("measurement.json")
    limits = project.configuration.gates
    stack_limit = limits.max_stack_bytes or facts["stack_reserved_bytes"]
    time_limit = limits.max_latency_ms or float(project.configuration.data.window_ms)
    if facts["stack_overflow"]:
        return [
            Gate(
                name="stack",
                limit=stack_limit,
                value=None,
                passed=False,
                unit="bytes",
                reason=facts["stack_overflow"],
            )
        ]
    stack, latency = facts["stack_bytes"], facts["latency_ms"]
    return [
        Gate(
            name="stack",
            limit=stack_limit,
            value=stack,
            passed=stack <= stack_limit,
            unit="bytes",
            reason="" if stack <= stack_limit else "Raise gates.max_stack_bytes, if RAM allows.",
        ),
        Gate(
            name="latency",
            limit=time_limit,
            value=latency,
            passed=latency <= time_limit,
            unit="ms",
            reason="" if latency <= time_limit else _slow(facts),
        ),
    ]


def _slow(facts: dict[str, Any]) -> str:
    layers = sorted(facts["layers"], key=lambda layer: -(layer["cycles"] or 0))[:3]
    names = ", ".join(f"{layer['name']} {layer['cycles'] or 0:,}" for layer in layers)
    return f"Most cycles: {names}. Fewer channels or frames, or a smaller architecture, would help."


STAGE = Stage(
    name="measure",
    title="Measure one window on the virtual board",
    needs=("dataset", "features", "quantize", "evaluate", "reference", "firmware"),
    settings=_settings,
    modules=("coincell.board", "coincell.firmware"),
    packages=("capstone", "numpy", "pyelftools", "unicorn"),
    run=_run,
    toolchain=both_compilers,
    gates=_gates,
)
