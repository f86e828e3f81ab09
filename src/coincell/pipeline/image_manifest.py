"""What an image tells of its origin: hashes of data, settings, features and model; figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import coincell
from coincell.pipeline.detector_model import DETECTOR_FILE, DetectorModel
from coincell.pipeline.int8_model import FOREST_FILE, MODEL_FILE
from coincell.pipeline.quantity_model import QuantityModel
from coincell.pipeline.store import Artefact
from coincell.project import PEOPLE_SECTIONS, Configuration

_TOLD_PACKAGES = ("keras", "tensorflow-cpu", "tflite-micro")


def image_manifest(
    features: Artefact,
    quantized: Artefact,
    configuration: Configuration,
    evaluation: Artefact | None = None,
) -> dict[str, Any]:
    """The JSON that `Application.manifest` takes; the linker's part adds board and compiler.

    Args:
        features: of the dataset whose content it names.
        quantized: the model.
        configuration: of the project.
        evaluation: figures of the int8 model; left out when it was not evaluated.
    """
    data = configuration.data
    inputs, files = quantized.manifest["inputs"], quantized.manifest["files"]
    packages = inputs["packages"]
    manifest = {
        "coincell": coincell.__version__,
        "project": configuration.project.name,
        "sample_rate_hz": data.sample_rate_hz,
        "data": features.manifest["inputs"]["needs"]["dataset"],
        "configuration": configuration_digest(configuration),
        "features": features.content,
        "model_sha256": _model_digest(files),
        "packages": {name: packages[name] for name in _TOLD_PACKAGES if packages.get(name)},
    }
    if configuration.goal == "normality":
        model = DetectorModel(quantized)
        manifest["strangeness"] = {
            "detector": model.detector.kind,
            "unit": model.unit,
            "step": model.detector.unit,
            "threshold": model.threshold,
        }
    if configuration.goal == "quantity":
        unit = QuantityModel(quantized).unit
        told = replace(unit, target=data.target, unit=data.unit)
        manifest["quantity"] = told.to_json()
    if evaluation is not None:
        manifest["metrics"] = _metrics(evaluation)
    return manifest


def _model_digest(files: Mapping[str, str]) -> str:
    """Of the .tflite, or of what stands in its place."""
    return next(files[name] for name in (MODEL_FILE, FOREST_FILE, DETECTOR_FILE) if name in files)


def configuration_digest(configuration: Configuration) -> str:
    """32 hexadecimal digits of all settings that shape the image: not gates, board, search."""
    untold = {"gates", "board", "tune", *PEOPLE_SECTIONS}
    settings = configuration.model_dump(mode="json", exclude=untold)
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _metrics(evaluation: Artefact) -> dict[str, Any]:
    """The int8 model's figure on the test split (accuracy of classes, AUC of normality, mean
    absolute error of a number), its interval, and of how many clips."""
    facts = evaluation.read_json("evaluation.json")["int8"]
    told: dict[str, Any] = {"clips": facts["samples"]}
    for name, part in (
        ("accuracy", facts),
        ("auc", facts.get("normality") or {}),
        ("mae", facts.get("quantity") or {}),
    ):
        if name in part:
            told[name] = _rounded(part[name]["value"])
            if part[name]["ci95"]:
                told["ci95"] = [_rounded(end) for end in part[name]["ci95"]]
    return told


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
