""".tflite, or a detector -> C."""

from __future__ import annotations

import json
import re
from typing import Any

from coincell.classical import CompiledTrees
from coincell.compiler import CompiledModel, CompileOptions, compile_model, target_of_core
from coincell.firmware import load_board
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.int8_model import MODEL_FILE, Int8Model
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.store import Artefact
from coincell.project import Configuration

_TAKEN = frozenset({
    "application", "chain", "assert", "complex", "ctype", "errno", "features", "fenv", "float",
    "inttypes", "limits", "locale", "math", "memory", "setjmp", "signal", "stdalign", "stdarg",
    "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib", "stdnoreturn", "string",
    "strings", "tgmath", "threads", "time", "uchar", "unistd", "wchar", "wctype",
})  # fmt: skip
"""Headers of the firmware and of the C library, which a NAME.h would hide or be hidden by."""


def c_name(configuration: Configuration) -> str:
    """The project's name as a C identifier of at most 48 characters, whose header NAME.h hides
    no header of the C library."""
    name = re.sub(r"\W+", "_", configuration.project.name).lower()[:40].strip("_")
    if name in _TAKEN:
        return f"{name}_model"
    return name if name[:1].isalpha() else f"model_{name}"


def compiled_model(
    quantized: Artefact, configuration: Configuration
) -> CompiledModel | CompiledTrees:
    """The C of the artefact's .tflite, or of its trees; quick enough to be done again wherever it
    is needed."""
    board = configuration.board
    options = CompileOptions(target_of_core(load_board(board.source).core), board.optimize)
    if configuration.has_trees:
        forest = Int8Model(quantized).forest
        assert forest is not None
        return forest.compiled(c_name(configuration), options)
    tflite = (quantized.folder / MODEL_FILE).read_bytes()
    return compile_model(tflite, c_name(configuration), options)


def _settings(configuration: Configuration) -> dict[str, Any]:
    board = configuration.board
    core = load_board(board.source).core
    return {
        "name": c_name(configuration),
        "core": core,
        "optimize": board.optimize,
        "detector": configuration.detector,
        "classical": configuration.classical,
    }


def _run(context: StageContext) -> None:
    configuration, quantized = context.configuration, context.inputs["quantize"]
    sources: dict[str, str] = {}
    facts = dict(_NO_NETWORK)
    if configuration.has_model:
        compiled = compiled_model(quantized, configuration)
        sources |= compiled.sources
        facts = _facts(compiled)
    if configuration.goal == "normality":
        detector = DetectorModel(quantized).detector
        sources |= detector.c_sources(c_name(configuration))
        facts["detector_bytes"] = detector.table_bytes
    for path, text in sources.items():
        target = context.output / "c" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (context.output / "compile.json").write_text(json.dumps(facts), encoding="utf-8")


_NO_NETWORK: dict[str, Any] = {
    "macs": 0, "parameters": 0, "arena_bytes": 0, "operators": {}, "weight_bytes": {},
}  # fmt: skip


def _facts(compiled: CompiledModel | CompiledTrees) -> dict[str, Any]:
    operators: dict[str, int] = {}
    for op in compiled.graph.ops:
        operators[op.kind] = operators.get(op.kind, 0) + 1
    return {
        "macs": compiled.macs,
        "parameters": compiled.parameters,
        "arena_bytes": compiled.arena_bytes,
        "operators": operators,
        "weight_bytes": {layer.symbol: layer.weight_bytes for layer in compiled.layers},
    }


STAGE = Stage(
    name="compile",
    title="Compile the model to C",
    needs=("quantize",),
    settings=_settings,
    modules=("coincell.compiler", "coincell.anomaly", "coincell.classical", "coincell.runtime"),
    packages=("numpy",),
    run=_run,
)
