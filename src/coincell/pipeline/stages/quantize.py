"""a trained network -> an int8 .tflite whose input is quantized exactly as the features are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from coincell.anomaly import Detector, detector_from_json
from coincell.compiler import read_model
from coincell.errors import ModelError
from coincell.models import dequantize, load_network
from coincell.pipeline.clips import (
    held_out_rows,
    read_clips,
    silence_class,
    training_rows,
    watched_rows,
)
from coincell.pipeline.detector_model import (
    DETECTOR_FILE,
    place_threshold,
    reconstruction_of,
    write_detector,
)
from coincell.pipeline.distilling import teacher_of
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import FOREST_FILE, MODEL_FILE, Int8Model
from coincell.pipeline.quantizing import QUANTIZATION_FILE, Material, quantize
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.stages.inputs import ready_made_tflite, teacher_file, user_model_files
from coincell.pipeline.stages.train import examples
from coincell.pipeline.store import Artefact
from coincell.pipeline.trained import NETWORK_FILE, trained
from coincell.project import Configuration, Project


def _settings(configuration: Configuration) -> dict[str, Any]:
    return {
        "quantization": configuration.quantization.model_dump(mode="json"),
        "file": configuration.model.file if ready_made_tflite(configuration) else "",
        "seed": configuration.project.seed,
        "outputs": len(configuration.outputs),
        "goal": configuration.goal,
        "classical": configuration.classical,
        "training": _training(configuration),
    } | _detector_settings(configuration)


def _training(configuration: Configuration) -> dict[str, Any]:
    """What training aware of int8 depends on; nothing where there is none."""
    if configuration.quantization.mode == "ptq":
        return {}
    data = {"by": configuration.data.split.by, "silence": configuration.data.silence_label}
    return configuration.training.model_dump(mode="json") | data


def _detector_settings(configuration: Configuration) -> dict[str, Any]:
    if configuration.goal != "normality":
        return {}
    decision = configuration.decision
    return {
        "detector": configuration.detector,
        "normal": configuration.data.normal_label,
        "false_alarm_rate": decision.false_alarm_rate,
        "smoothing_windows": decision.smoothing_windows,
    }


def _run(context: StageContext) -> None:
    if context.configuration.has_network:
        _make_network(context)
    if context.configuration.has_trees:
        shutil.copyfile(context.inputs["train"].folder / FOREST_FILE, context.output / FOREST_FILE)
    if context.configuration.goal == "normality":
        _make_detector(context)


def _make_network(context: StageContext) -> None:
    if ready_made_tflite(context.configuration):
        tflite = user_model_files(context.project)[0].read_bytes()
    else:
        made = quantize(_material(context), context.configuration.quantization)
        tflite = made.tflite
        told = json.dumps(made.to_json(), allow_nan=False)
        (context.output / QUANTIZATION_FILE).write_text(told, encoding="utf-8")
    _check(context, tflite)
    (context.output / MODEL_FILE).write_bytes(tflite)


def _make_detector(context: StageContext) -> None:
    """Its integers, and the threshold by what it scores on held-out normal windows."""
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    trained = configuration.has_network and not ready_made_tflite(configuration)
    rows, shared = held_out_rows(clips, configuration, trained=trained)
    held_out = read_features(context.inputs["features"]).clips[rows]
    context.progress(0, 1, f"threshold by {len(rows)} held-out normal windows")
    detector: Detector
    if configuration.has_network:
        path = context.output / MODEL_FILE
        detector = reconstruction = reconstruction_of(path)
        outputs = Int8Model(Artefact("quantize", "", context.output)).scores(held_out)
        strangeness = reconstruction.score_outputs(held_out, outputs)
    else:
        detector = detector_from_json(context.inputs["train"].read_json(DETECTOR_FILE))
        strangeness = detector.score(held_out)
    facts = place_threshold(detector, strangeness, clips, rows, configuration)
    write_detector(context.output, {**facts, "trained": trained, "shared": shared})


def _material(context: StageContext) -> Material:
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"])
    rows = training_rows(clips, configuration)
    watched = watched_rows(clips, configuration)
    learning, watching = examples(context)
    generator = np.random.default_rng(configuration.project.seed)
    wanted = min(configuration.quantization.calibration_samples, len(rows))
    chosen = np.sort(generator.choice(rows, wanted, replace=False))
    shape, outputs = features.clips.shape[1:], len(configuration.outputs)
    path = trained(context.inputs).folder / NETWORK_FILE
    network = load_network(path, shape, outputs, configuration.goal)
    by, silence = configuration.data.split.by, silence_class(configuration.data)
    return Material(
        network,
        learning,
        watching,
        dequantize(features.clips[chosen], features.quantization),
        configuration.goal,
        clips.units(watched, by, silence),
        configuration.training,
        configuration.project.seed,
        context.progress,
        None if configuration.quantization.mode == "ptq" else teacher_of(context, learning),
    )


def _check(context: StageContext, tflite: bytes) -> None:
    """One input of the features' size, one output of as many scores as there are labels."""
    graph = read_model(tflite)
    features = read_features(context.inputs["features"])
    inputs = [graph.tensor(name) for name in graph.inputs]
    outputs = [graph.tensor(name) for name in graph.outputs]
    size, configuration = features.clips[0].size, context.configuration
    wanted = size if configuration.goal == "normality" else len(configuration.outputs)
    if len(inputs) != 1 or inputs[0].elements != size:
        raise ModelError(
            f"The model must take one input of {size} features {features.clips.shape[1:]}; "
            f"received inputs of shape {[tensor.shape for tensor in inputs]}.",
            hint="Make [features] match what the model was trained on.",
        )
    if len(outputs) != 1 or outputs[0].elements != wanted:
        what = {
            "classes": "scores, one a label",
            "normality": "values, the features again",
            "quantity": "number",
        }[configuration.goal]
        raise ModelError(
            f"The model must give one output of {wanted} {what}; "
            f"received outputs of shape {[tensor.shape for tensor in outputs]}.",
            hint="Make data.labels match the model's classes, in its order."
            if configuration.goal == "classes"
            else "Train a model for this task, or change project.task.",
        )


def _files(project: Project) -> list[Path]:
    if ready_made_tflite(project.configuration):
        return user_model_files(project)
    return [] if project.configuration.quantization.mode == "ptq" else teacher_file(project)


STAGE = Stage(
    name="quantize",
    title="Quantize to int8 and convert to .tflite",
    needs=("dataset", "features", "train", "prune"),
    settings=_settings,
    modules=(
        "coincell.models",
        "coincell.compiler",
        "coincell.anomaly",
        "coincell.classical",
        "coincell.runtime",
    ),
    packages=("keras", "numpy", "tensorflow-cpu", "tflite-micro"),
    files=_files,
    run=_run,
    toolchain=host_compiler,
)
