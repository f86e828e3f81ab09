"""Artefacts -> the parts of report.json, as far as the run came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import SPEECH_FORMAT
from coincell.pipeline.clips import Clips, read_clips, silence_class
from coincell.pipeline.detector_model import DETECTOR_FILE
from coincell.pipeline.evaluate_normality import methods_of
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import MODEL_FILE
from coincell.pipeline.pruning import PRUNING_FILE
from coincell.pipeline.quantizing import QUANTIZATION_FILE
from coincell.pipeline.report_parts_features import (
    band_edges,
    feature_columns,
    feature_example,
    feature_form,
)
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, DataSettings
from coincell.report import (
    Camera,
    Channel,
    DatasetPart,
    DistillationPart,
    EvaluationPart,
    FeatureExample,
    FeaturesPart,
    History,
    Metric,
    ModelPart,
    PruningPart,
    Quantity,
    QuantizationPart,
    Split,
    Yardstick,
)

_EXAMPLES = 6


def dataset_part(artefact: Artefact, configuration: Configuration) -> DatasetPart:
    """What the run learned from and was judged by."""
    clips = read_clips(artefact)
    facts = artefact.read_json("dataset.json")
    durations = np.asarray(facts["durations_s"], np.float64)
    by = configuration.data.split.by
    columns = sorted({column for group in clips.groups for column in group})
    source, synthetic = _source(clips, facts["notes"], configuration.data)
    data = configuration.data
    return DatasetPart(
        source=source,
        synthetic=synthetic,
        samples=len(clips.files),
        duration_s=_duration(durations, configuration),
        labels=() if configuration.goal == "quantity" else data.labels,
        sense=data.sense,
        sample_rate_hz=data.form.rate_hz,
        window_samples=data.window_samples,
        window_ms=0.0 if data.sense == "picture" else data.window_ms,
        channels=tuple(
            Channel(name=name, unit=unit, full_scale=full)
            for name, unit, full in zip(data.channels, data.units, data.full_scale, strict=True)
        ),
        camera=Camera(**data.camera.model_dump()) if data.sense == "picture" else None,
        quantity=_quantity(clips, configuration),
        split_by=by if _keeps_apart(clips, by, silence_class(configuration.data)) else None,
        splits=tuple(_split(clips, name, durations, configuration) for name in _SPLITS),
        groups={
            column: len({group[column] for group in clips.groups if column in group})
            for column in columns
        },
        notes={note: count for note, count in facts["notes"].items() if count},
    )


_SPLITS = ("train", "validation", "test")


def _quantity(clips: Clips, configuration: Configuration) -> Quantity | None:
    """The number that is learned, and its range in the training split."""
    if configuration.goal != "quantity":
        return None
    known = clips.targets[clips.rows("train")]
    bounds = {"low": float(known.min()), "high": float(known.max())} if len(known) else {}
    return Quantity(target=configuration.data.target, unit=configuration.data.unit, **bounds)


def _source(clips: Clips, notes: Mapping[str, int], data: DataSettings) -> tuple[str, bool]:
    """Where recordings come from, and whether any are made; made silence is no speech."""
    if data.sense != "sound":
        return _made_or_imported(clips, notes, "pictures" if data.sense == "picture" else "")
    silence = silence_class(data)
    spoken = int((clips.labels != silence).sum()) if silence is not None else len(clips.labels)
    made = sum(count for note, count in notes.items() if note.startswith(SPEECH_FORMAT))
    if not made:
        return "imported recordings", False
    voices = "synthesized with espeak-ng voices"
    if made >= spoken:
        return voices, True
    return f"imported recordings, and {made:,} clips {voices}", True


def _made_or_imported(clips: Clips, notes: Mapping[str, int], what: str) -> tuple[str, bool]:
    """Of motion and pictures; a format that begins with "synthetic" is made by a generator."""
    kinds = [note for note in notes if note.startswith("synthetic") and notes[note]]
    told = ", ".join(kind.removeprefix("synthetic ") for kind in kinds)
    if not kinds:
        return f"imported {what or 'recordings'}", False
    if sum(notes[kind] for kind in kinds) >= len(set(clips.files)):
        return f"made by a generator: {told}", True
    return f"imported {what or 'recordings'}, and some made by a generator: {told}", True


def _keeps_apart(clips: Clips, column: str, silence: int | None) -> bool:
    """Whether every clip tells its `column`, and no value of it is on two sides.

    A source that brings its own split may break the second.
    """
    names = [
        group.get(column) or (file if label == silence else "")
        for group, file, label in zip(clips.groups, clips.files, clips.labels, strict=True)
    ]
    sides = set(zip(names, clips.splits.tolist(), strict=True))
    return all(names) and len(sides) == len(set(names))


def _duration(
    durations: np.typing.NDArray[np.float64], configuration: Configuration
) -> float | None:
    """Seconds in all; pictures last none."""
    return None if configuration.data.sense == "picture" else float(durations.sum())


def _split(
    clips: Clips, name: str, durations: np.typing.NDArray[np.float64], configuration: Configuration
) -> Split:
    rows = clips.rows(name)
    column = configuration.data.split.by
    known = clips.units(rows, column, silence_class(configuration.data)) is not None
    people = {clips.groups[row][column] for row in rows if column in clips.groups[row]}
    counts = Counter(clips.labels[rows].tolist())
    return Split(
        name=name,
        samples=len(rows),
        duration_s=_duration(durations[rows], configuration),
        speakers=len(people) if known else None,
        counts={
            label: counts.get(index, 0) for index, label in enumerate(configuration.data.labels)
        },
    )


def features_part(
    artefact: Artefact, dataset: Artefact, configuration: Configuration
) -> FeaturesPart:
    """The features, with one example a class from the test split."""
    facts = artefact.read_json("features.json")
    clips = read_clips(dataset)
    arrays = read_features(artefact)
    rows = clips.rows("test")
    examples: list[FeatureExample] = []
    form = feature_form(configuration, arrays.clips.shape[1:])
    if configuration.goal == "quantity":
        examples += _across_targets(clips, arrays.clips, rows, configuration)
    for index, label in enumerate(configuration.data.labels if not examples else ()):
        of_class = rows[clips.labels[rows] == index]
        if len(of_class) and len(examples) < _EXAMPLES:
            row = int(of_class[0])
            examples.append(feature_example(arrays.clips[row], label, clips.files[row], form))
    settings = configuration.features
    return FeaturesPart(
        block=settings.block,
        shape=tuple(facts["shape"]),
        settings=_told(settings.model_dump(mode="json")),
        scale=facts["scale"],
        zero_point=facts["zero_point"],
        hop_ms=getattr(settings, "hop_ms", None),
        low_hz=band_edges(configuration)[0],
        high_hz=band_edges(configuration)[1],
        columns=feature_columns(configuration, tuple(facts["shape"])),
        examples=tuple(examples),
    )


def _across_targets(
    clips: Clips, features: NDArray[np.int8], rows: NDArray[np.int64], configuration: Configuration
) -> list[FeatureExample]:
    """Windows from the lowest to the highest number."""
    ordered = rows[np.argsort(clips.targets[rows], kind="stable")]
    places = np.linspace(0, len(ordered) - 1, min(_EXAMPLES, len(ordered))).round().astype(int)
    unit = configuration.data.unit
    form = feature_form(configuration, features.shape[1:])
    return [
        feature_example(features[row], f"{clips.targets[row]:.4g} {unit}", clips.files[row], form)
        for row in ordered[places]
    ]


def _told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as text and numbers."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in settings.items()
    }


def model_part(artefacts: dict[str, Artefact], configuration: Configuration) -> ModelPart:
    """The network: what it is, how it was trained, what it became."""
    training = artefacts["train"].read_json("training.json")
    facts: dict[str, Any] = {}
    if "quantize" in artefacts:
        facts |= _tflite_facts(artefacts["quantize"])
    compiled = artefacts["compile"].read_json("compile.json") if "compile" in artefacts else {}
    if compiled:
        facts["macs"] = compiled["macs"]
        facts["operators"] = compiled["operators"]
    taught = training.get("distillation")
    pruned = artefacts["prune"].read_json(PRUNING_FILE) if "prune" in artefacts else None
    pruning = None if pruned is None else PruningPart.model_validate(pruned)
    yardstick = artefacts["yardstick"].read_json("yardstick.json")
    if configuration.goal != "classes":
        yardstick = None  # of another form: `normality_methods`
    return ModelPart(
        architecture=configuration.model.file or configuration.model.architecture,
        parameters=pruning.after.parameters
        if pruning
        else training.get("parameters") or compiled.get("parameters", 0),
        distillation=None if taught is None else DistillationPart.model_validate(taught),
        pruning=pruning,
        history=History.model_validate(training["history"]) if training["trained"] else None,
        yardstick=None if yardstick is None else Yardstick.model_validate(yardstick),
        **facts,
    )


def _tflite_facts(quantized: Artefact) -> dict[str, Any]:
    """Of the network, where there is one."""
    digest = quantized.manifest["files"].get(MODEL_FILE)
    if digest is None:
        return {}
    told = quantized.folder / QUANTIZATION_FILE
    return {
        "quantization": QuantizationPart.model_validate_json(told.read_bytes())
        if told.is_file()
        else None,
        "tflite_bytes": (quantized.folder / MODEL_FILE).stat().st_size,
        "tflite_sha256": digest,
    }


def with_methods(
    evaluation: dict[str, Any], artefacts: dict[str, Artefact], configuration: Configuration
) -> dict[str, Any]:
    """evaluation.json of normality with every method that was tried, the image's own marked; its
    notes tell which could not be."""
    if configuration.goal != "normality" or "yardstick" not in artefacts:
        return evaluation
    tried = artefacts["yardstick"].read_json("yardstick.json") or {"methods": [], "notes": []}
    detector = artefacts["quantize"].read_json(DETECTOR_FILE)
    table = detector["table_bytes"] + _tflite_facts(artefacts["quantize"]).get("tflite_bytes", 0)
    own = {
        "name": configuration.model.file or configuration.model.architecture,
        "table_bytes": table,
        "scratch_bytes": None if configuration.has_network else detector["scratch_bytes"],
    }
    int8 = evaluation["int8"]
    methods = methods_of(tried["methods"], int8["normality"], own)
    told = int8 | {"normality": int8["normality"] | {"methods": methods}}
    return evaluation | {"int8": told, "notes": [*evaluation["notes"], *tried["notes"]]}


def evaluation_part(facts: dict[str, Any] | None) -> EvaluationPart | None:
    """One model's figures on the test split; None where there is no such model."""
    return None if facts is None else EvaluationPart.model_validate(facts)


def metrics_of(facts: dict[str, Any]) -> dict[str, Metric]:
    """Name -> figure of the int8 model, decisions included: the same form for every task."""
    int8 = facts["int8"]
    parts = (
        int8.get("normality"),
        int8.get("quantity"),
        int8,
        facts.get("decisions"),
        facts.get("comparison"),
    )
    return {
        name: Metric.model_validate(value)
        for part in parts
        for name, value in (part or {}).items()
        if isinstance(value, dict) and set(value) == {"value", "ci95"}
    }
