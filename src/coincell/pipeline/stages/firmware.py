"""C -> the image that would be flashed, with the size of everything in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, Literal

import coincell
from coincell.errors import InternalError
from coincell.files import sha256_file
from coincell.firmware import (
    ERASES_OF_A_PAGE,
    LOG_BYTES,
    MEMORY_HELP,
    Application,
    Board,
    Channels,
    Contributor,
    Counting,
    DoesNotFit,
    Image,
    build_image,
    erases_a_year,
    find_bmi270_configuration,
    largest_of,
    link_of,
    load_board,
    need_firmware,
)
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.image_manifest import configuration_digest, image_manifest
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compile import c_name, compiled_model
from coincell.pipeline.stages.compilers import board_compiler
from coincell.pipeline.stages.features import feature_block
from coincell.pipeline.stages.reference import read_reference
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate
from coincell.runtime import HostSketch

FACTS_FILE = "firmware.json"


def application(
    features: Artefact,
    quantized: Artefact,
    configuration: Configuration,
    evaluation: Artefact | None = None,
    reference: Artefact | None = None,
) -> Application:
    """The chain samples -> features -> network or detector -> decision, from its artefacts.

    `evaluation` adds its figures to what the image tells of itself; `reference` lets it count.
    """
    strange = configuration.goal == "normality"
    return Application(
        model=compiled_model(quantized, configuration) if configuration.has_model else None,
        detector=DetectorModel(quantized).placed if strange else None,
        c_name=c_name(configuration),
        features=feature_block(configuration, features),
        quantization=read_features(features).quantization,
        decision=configuration.decision,
        labels=configuration.outputs,
        goal=configuration.goal,
        quiet_labels=(configuration.data.silence_label, configuration.data.unknown_label),
        channels=_channels(configuration),
        manifest=image_manifest(features, quantized, configuration, evaluation),
        counting=_counting(reference, configuration),
    )


def _counting(reference: Artefact | None, configuration: Configuration) -> Counting | None:
    found = read_reference(reference) if reference else None
    if found is None:
        return None
    interval_s = 60 * configuration.telemetry.interval_minutes
    return Counting(found.plan, bytes.fromhex(found.identity), interval_s)


def _channels(configuration: Configuration) -> Channels | None:
    data = configuration.data
    if data.sense != "motion":
        return None
    return Channels(data.channels, data.units, data.full_scale)


def flashed_application(context: StageContext) -> Application:
    """The application in the image that the firmware stage makes; its stages need "evaluate"
    and "reference"."""
    inputs = context.inputs
    return application(
        inputs["features"],
        inputs["quantize"],
        context.configuration,
        inputs["evaluate"],
        inputs["reference"],
    )


def chain_settings(configuration: Configuration) -> dict[str, Any]:
    """What the application depends on beside features and network."""
    return {
        "coincell": coincell.__version__,
        "configuration": configuration_digest(configuration),
        "name": configuration.project.name,
        "labels": list(configuration.outputs),
        "goal": configuration.goal,
        "detector": configuration.detector,
        "features": configuration.features.model_dump(mode="json"),
        "form": dataclasses.asdict(configuration.data.form),
        "channels": [configuration.data.units, configuration.data.full_scale],
        "decision": configuration.decision.model_dump(mode="json"),
        "telemetry": configuration.telemetry.model_dump(mode="json"),
    }


def _settings(configuration: Configuration) -> dict[str, Any]:
    board = load_board(configuration.board.source)
    need_firmware(board)
    return chain_settings(configuration) | {
        "board": board.model_dump(mode="json"),
        "stack_bytes": configuration.board.stack_bytes,
        "link": link_of(board, configuration.board.link),
        "microphone_gain_db": configuration.board.microphone_gain_db,
        "imu_configuration": hashlib.sha256(_imu_configuration(configuration)).hexdigest(),
    }


def _imu_configuration(configuration: Configuration) -> bytes:
    """What the BMI270 of Rev2 needs, from the user's Arduino libraries; empty where none is."""
    if configuration.data.sense != "motion":
        return b""
    return find_bmi270_configuration() or b""


def image_of(chain: Application, configuration: Configuration, directory: Path) -> Image:
    """The image of `chain` for the configured board, its files in `directory`.

    Raises:
        DoesNotFit: it is larger than the board.
    """
    board = load_board(configuration.board.source)
    settings = configuration.board
    return build_image(
        chain,
        board,
        directory,
        stack_bytes=settings.stack_bytes,
        link=settings.link,
        microphone_gain_db=settings.microphone_gain_db,
        imu_configuration=_imu_configuration(configuration),
    )


def flashed_image(context: StageContext, chain: Application) -> Image:
    """The image of the firmware stage, built again to have it parsed.

    Raises:
        InternalError: it is not the firmware stage's, byte for byte.
    """
    with tempfile.TemporaryDirectory() as folder:
        image = image_of(chain, context.configuration, Path(folder))
        wanted = context.inputs["firmware"].manifest["files"]["firmware.elf"]
        if sha256_file(image.elf) != wanted:
            raise InternalError("The same sources and compiler gave another image than before.")
    return image


def _run(context: StageContext) -> None:
    configuration = context.configuration
    board = load_board(configuration.board.source)
    chain = flashed_application(context)
    try:
        image = image_of(chain, configuration, context.output)
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
    if chain.counting is not None:
        facts["telemetry"] = _log_facts(chain.counting)
    (context.output / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


def _log_facts(counting: Counting) -> dict[str, Any]:
    return {
        "reference_identity": counting.reference.hex(),
        "interval_s": counting.interval_s,
        "counter_bytes": HostSketch(counting.plan).bytes,
        "log_bytes": LOG_BYTES,
        "erases_a_year": erases_a_year(counting.interval_s),
        "erases_endured": ERASES_OF_A_PAGE,
    }


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
        "cycle_model": _cycle_model(board),
    }


def _cycle_model(board: Board) -> dict[str, str] | None:
    latency = board.latency
    return {"source": latency.model, "error": latency.error} if latency else None


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
        _size_gate(facts, "flash", limits.max_flash_bytes),
        _size_gate(facts, "ram", limits.max_ram_bytes),
    ]


def _size_gate(facts: dict[str, Any], memory: Literal["flash", "ram"], wanted: int) -> Gate:
    available = facts[f"{memory}_limit_bytes"]
    limit = min(wanted, available) if wanted else available
    value = facts[f"image_{memory}_bytes"]
    reason = ""
    if value > limit:
        names = largest_of(memory, [Contributor(**part) for part in facts["contributors"]])
        reason = f"Needs {value:,} of {limit:,} bytes. Largest: {names}. {MEMORY_HELP[memory]}"
    return Gate(
        name=memory, limit=limit, value=value, passed=value <= limit, unit="bytes", reason=reason
    )


STAGE = Stage(
    name="firmware",
    title="Build the firmware image",
    needs=("features", "quantize", "evaluate", "reference"),
    settings=_settings,
    modules=(
        "coincell.firmware",
        "coincell.compiler",
        "coincell.features",
        "coincell.anomaly",
        "coincell.classical",
        "coincell.runtime",
    ),
    packages=("numpy", "pyelftools"),
    run=_run,
    toolchain=board_compiler,
    gates=_gates,
)
