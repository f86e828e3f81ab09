"""What a network takes on the board, whatever it has learned.

Integers take their time and room whatever they are, so that an untrained network, on a few windows
of the training split, costs what the trained one will: every stage up to the measured image runs on
them. The search asks so before it trains, and pruning before it cuts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from coincell.pipeline.clips import read_clips
from coincell.pipeline.runner import Outcome
from coincell.pipeline.stage import Stage
from coincell.pipeline.store import Artefact
from coincell.pipeline.variation import dealt_out
from coincell.project import Configuration, Project, PruningSettings, TrainingSettings

_WINDOWS_OF_A_CLASS = 12
_MOST_CENTRES = 64


def few_windows(
    stages: Sequence[Stage], dataset: Artefact, configuration: Configuration
) -> tuple[Stage, ...]:
    """`stages`, of which the first gives a few windows of each class of the training split of
    `dataset`, dealt out to all splits."""
    most = _few(configuration)
    clips = read_clips(dataset)
    splits = np.full(len(clips.files), "", "<U10")
    for label in np.unique(clips.labels):
        rows = np.flatnonzero((clips.splits == "train") & (clips.labels == label))
        for place, row in enumerate(rows[:most]):
            splits[row] = ("train", "train", "validation", "test")[place % 4]
    return dealt_out(stages, dataset, splits)


def _few(configuration: Configuration) -> int:
    """Windows of a class that make a candidate of the right size: few; but a detector wants two a
    centre to be fitted, and its threshold as many as the rarest alarm takes."""
    if configuration.goal != "normality":
        return _WINDOWS_OF_A_CLASS
    rarest = math.ceil(1 / max(configuration.decision.false_alarm_rate, 1e-3))
    return 4 * max(2 * _MOST_CENTRES, rarest + 1)


def plain(project: Project) -> Project:
    """`project` without what leaves cost alone, so that networks of one structure share it."""
    configuration = project.configuration
    made = configuration.model_copy(
        update={
            "training": TrainingSettings(epochs=1),
            "pruning": PruningSettings(),
            "quantization": configuration.quantization.model_copy(
                update={"mode": "ptq", "calibration": "min-max", "calibration_samples": 16,
                        "equalize": False, "correct_bias": False}
            ),
            "model": configuration.model.model_copy(update={"dropout": 0.0, "weights": ""}),
            "augmentation": configuration.augmentation.model_copy(update={"copies": 0}),
            "gates": configuration.gates.model_copy(
                update={"min_accuracy": 0.0, "min_auc": 0.0, "max_error": 0.0,
                        "max_accuracy_loss": 1.0}
            ),
        }
    )  # fmt: skip
    return replace(project, configuration=made)


def figures_of(outcome: Outcome) -> dict[str, float]:
    """What is known of the image, as far as the stages came."""
    found: dict[str, float] = {}
    for stage, file, names in _WHERE:
        if stage not in outcome.artefacts:
            continue
        facts = outcome.artefacts[stage].read_json(file)
        for name, key in names.items():
            value = facts.get(key)
            if value is not None:
                found[name] = float(value)
        if "shape" in facts:
            found["features"] = float(math.prod(facts["shape"]))
        layers = [part["cycles"] for part in facts.get("layers", ()) if part["ops"]]
        if layers and None not in layers:
            found["network_cycles"] = float(sum(layers))
        energy = facts.get("energy")
        if energy:
            found["energy_uj"] = float(energy["inference"]["energy_uj"])
    return found


_WHERE: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("features", "features.json", {}),
    ("compile", "compile.json", {"macs": "macs", "parameters": "parameters"}),
    (
        "firmware",
        "firmware.json",
        {"flash_bytes": "image_flash_bytes", "ram_bytes": "image_ram_bytes"},
    ),
    ("measure", "measurement.json", {"latency_ms": "latency_ms", "cycles": "cycles"}),
)
