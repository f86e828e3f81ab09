"""What an image tells of its origin: hashes of data, settings, features and model; figures."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import coincell
from coincell.pipeline.store import Artefact
from coincell.project import Configuration

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
    inputs = quantized.manifest["inputs"]
    packages = inputs["packages"]
    manifest = {
        "coincell": coincell.__version__,
        "project": configuration.project.name,
        "sample_rate_hz": configuration.data.sample_rate_hz,
        "data": features.manifest["inputs"]["needs"]["dataset"],
        "configuration": configuration_digest(configuration),
        "features": features.content,
        "model_sha256": quantized.manifest["files"]["model.tflite"],
        "packages": {name: packages[name] for name in _TOLD_PACKAGES if packages.get(name)},
    }
    if evaluation is not None:
        manifest["metrics"] = _metrics(evaluation)
    return manifest


def configuration_digest(configuration: Configuration) -> str:
    """32 hexadecimal digits of all settings that shape the image: neither gates nor the board's."""
    settings = configuration.model_dump(mode="json", exclude={"gates", "board"})
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _metrics(evaluation: Artefact) -> dict[str, Any]:
    """Accuracy of the int8 model on the test split, its interval, and of how many clips."""
    facts = evaluation.read_json("evaluation.json")["int8"]
    accuracy = facts["accuracy"]
    told: dict[str, Any] = {"clips": facts["samples"], "accuracy": _rounded(accuracy["value"])}
    if accuracy["ci95"]:
        told["ci95"] = [_rounded(end) for end in accuracy["ci95"]]
    return told


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
