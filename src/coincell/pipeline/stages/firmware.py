"""C -> the image that would be flashed, with the size of everything in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import coincell
from coincell.firmware import Application, Board, Contributor, DoesNotFit, build_image, load_board
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compile import compiled_model
from coincell.pipeline.stages.features import feature_block
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate
from coincell.toolchain import find_cross_compiler

FACTS_FILE = "firmware.json"


def application(
    features: Artefact, quantized: Artefact, configuration: Configuration
) -> Application:
    """The chain samples -> features -> network -> decision, from the artefacts that define it."""
    manifest = quantized.manifest
    return Application(
        model=compiled_model(quantized, configuration),
        features=feature_block(configuration),
        quantization=read_features(features).quantization,
        decision=configuration.decision,
        labels=configuration.data.labels,
        manifest={
            "coincell": coincell.__version__,
            "features": features.key,
            "model_sha256": manifest["files"]["model.tflite"],
        },
    )


def chain_settings(configuration: Configuration) -> dict[str, Any]:
    """What the application depends on beside features and network."""
    return {
        "name": configuration.project.name,
        "labels": list(configuration.data.labels),
        "features": configuration.features.model_dump(mode="json"),
        "sample_rate_hz": configuration.data.sample_rate_hz,
        "window_samples": configuration.data.window_samples,
        "decision": configuration.decision.model_dump(mode="json"),
    }


def _settings(configuration: Configuration) -> dict[str, Any]:
    return chain_settings(configuration) | {"board": configuration.board.name}


def toolchain(project: Project) -> list[str]:
    """The identity of the board's compiler."""
    return [find_cross_compiler(load_board(project.configuration.board.name).core).identity]


def _run(context: StageContext) -> None:
    configuration = context.configuration
    board = load_board(configuration.board.name)
    chain = application(context.inputs["features"], context.inputs["quantize"], configuration)
    try:
        image = build_image(chain, board, context.output)
    except DoesNotFit as refusal:
        facts = _facts(board, refusal.image_flash_bytes, refusal.image_ram_bytes)
        facts |= _parts(refusal.contributors)
    else:
        facts = _facts(board, image.image_flash_bytes, image.image_ram_bytes)
        facts |= _parts(image.contributors)
        facts["compiler"] = image.compiler
        facts["stack_reserved_bytes"] = image.stack_reserved
        facts["memory_map"] = [
            {"memory": span.memory, "what": span.what, "address": span.address, "bytes": span.bytes}
            for span in image.memory_map
        ]
    (context.output / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


def _facts(board: Board, flash: int, ram: int) -> dict[str, Any]:
    return {
        "board": board.board.name,
        "title": board.board.title,
        "core": board.core,
        "clock_hz": board.board.clock_hz,
        "image_flash_bytes": flash,
        "image_ram_bytes": ram,
        "flash_limit_bytes": board.flash.bytes,
        "ram_limit_bytes": board.ram.bytes,
    }


def _parts(contributors: tuple[Contributor, ...]) -> dict[str, Any]:
    largest = [
        {"symbol": item.symbol, "section": item.section, "bytes": item.bytes}
        for item in contributors[:24]
    ]
    return {"contributors": largest}


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """Flash and static RAM, known after linking."""
    facts = artefact.read_json(FACTS_FILE)
    limits = project.configuration.gates
    return [
        _size_gate(facts, "flash", limits.max_flash_bytes, (".text", ".rodata", ".data")),
        _size_gate(facts, "ram", limits.max_ram_bytes, (".data", ".bss", ".stack")),
    ]


def _size_gate(facts: dict[str, Any], memory: str, wanted: int, sections: tuple[str, ...]) -> Gate:
    available = facts[f"{memory}_limit_bytes"]
    limit = min(wanted, available) if wanted else available
    value = facts[f"image_{memory}_bytes"]
    reason = ""
    if value > limit:
        largest = [part for part in facts["contributors"] if part["section"] in sections][:4]
        names = ", ".join(f"{part['symbol']} {part['bytes']:,}" for part in largest)
        reason = f"Needs {value:,} of {limit:,} bytes. Largest: {names}. {_HELP[memory]}"
    return Gate(
        name=memory, limit=limit, value=value, passed=value <= limit, unit="bytes", reason=reason
    )


_HELP = {
    "flash": "A smaller architecture, or fewer channels a layer, shrinks the weights.",
    "ram": "A shorter window, fewer bands or frames, or a smaller architecture shrinks it.",
}


def image_files(artefact: Artefact) -> list[Path]:
    """The ELF, HEX and BIN files; none when the image did not fit."""
    names = ("firmware.elf", "firmware.hex", "firmware.bin")
    return [artefact.folder / name for name in names if (artefact.folder / name).is_file()]


STAGE = Stage(
    name="firmware",
    title="Build the firmware image",
    needs=("features", "quantize"),
    settings=_settings,
    modules=("coincell.firmware", "coincell.compiler", "coincell.features", "coincell.runtime"),
    packages=("numpy",),
    run=_run,
    toolchain=toolchain,
    gates=_gates,
)
