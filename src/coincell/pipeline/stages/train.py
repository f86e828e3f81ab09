"""features -> a trained Keras network, and its scores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import fit_detector
from coincell.audit import reweighed, strata_of
from coincell.data import spec_augment_batch
from coincell.models import (
    IMAGENET,
    EpochRecord,
    Examples,
    History,
    Teacher,
    build_network,
    check_network_file,
    count_parameters,
    dequantize,
    load_network,
    load_tensorflow,
    load_weights,
    predict_float,
    train,
    train_transferred,
)
from coincell.pipeline.classical_model import fit_project
from coincell.pipeline.clips import Clips, read_clips, training_rows, watched_rows
from coincell.pipeline.detector_model import DETECTOR_FILE, fit_settings
from coincell.pipeline.distilling import distillation_facts, teacher_of
from coincell.pipeline.feature_arrays import FeatureArrays, read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import (
    ready_made_tflite,
    teacher_file,
    user_model_files,
    weights_file,
)
from coincell.pipeline.trained import FLOAT_SCORES, NETWORK_FILE
from coincell.project import Configuration, Goal, ModelSettings, Project, TrainingSettings


def training_settings(configuration: Configuration) -> dict[str, Any]:
    """What any training on the project's features depends on, the network apart."""
    augmentation = configuration.augmentation.model_dump(mode="json")
    normality = configuration.goal == "normality"
    return {
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
        "normal": configuration.data.normal_label if normality else "",
        "units": configuration.data.split.by if normality else "",
        "seed": configuration.project.seed,
        "training": configuration.training.model_dump(mode="json", exclude={"distillation"}),
        "masks": {name: value for name, value in augmentation.items() if "mask" in name},
    } | _mitigation(configuration)


def _mitigation(configuration: Configuration) -> dict[str, Any]:
    """Nothing where it is off: models of before keep their key."""
    told = configuration.mitigation
    if not told.in_training:
        return {}
    read = told.model_dump(mode="json", include={"columns", "weights", "batches"})
    return {"mitigation": read, "most": configuration.audit.most_values}


def _settings(configuration: Configuration) -> dict[str, Any]:
    model = configuration.model.model_dump(mode="json", exclude={"yardstick"})
    return training_settings(configuration) | {
        "model": model,
        "detector": configuration.detector,
        "distillation": configuration.training.distillation.model_dump(mode="json"),
    }


def _run(context: StageContext) -> None:
    if ready_made_tflite(context.configuration):
        (context.output / "training.json").write_text('{"trained": false}', encoding="utf-8")
        return
    if context.configuration.classical:
        _fit_classical(context)
        return
    if not context.configuration.has_network:
        _fit_detector(context)
        return
    learning, watching = examples(context)
    network = _network(context, learning)
    transferred = bool(context.configuration.model.weights)
    teacher = teacher_of(context, learning)
    history = fit(context, network, learning, watching, transferred=transferred, teacher=teacher)
    network.save(context.output / NETWORK_FILE)
    features = read_features(context.inputs["features"])
    scores = float_scores(network, features, context.configuration.goal)
    np.save(context.output / FLOAT_SCORES, scores)
    facts = {
        "trained": True,
        "scratch": _from_scratch(context.configuration.model),
        "parameters": count_parameters(network),
        "history": history.to_json(),
        "distillation": None
        if teacher is None
        else distillation_facts(context, teacher, network, watching),
    }
    (context.output / "training.json").write_text(json.dumps(facts), encoding="utf-8")


def _fit_detector(context: StageContext) -> None:
    """A detector without a network: its integers, and what it scores in float64."""
    configuration = context.configuration
    features = read_features(context.inputs["features"])
    learning, _ = examples(context)
    context.progress(0, 1, f"fitting {configuration.detector} to {len(learning)} normal windows")
    detector = fit_detector(
        configuration.detector,
        learning.features,
        features.quantization,
        fit_settings(configuration),
        configuration.project.seed,
    )
    np.save(context.output / FLOAT_SCORES, detector.score_float(features.clips))
    fitted = json.dumps(detector.to_json())
    (context.output / DETECTOR_FILE).write_text(fitted, encoding="utf-8")
    facts = {"trained": False, "fitted": configuration.detector, "windows": len(learning)}
    (context.output / "training.json").write_text(json.dumps(facts), encoding="utf-8")


def _fit_classical(context: StageContext) -> None:
    """A linear model as a network of one layer, or trees as integers."""
    configuration = context.configuration
    learning, _ = examples(context)
    context.progress(0, 1, f"fitting {configuration.classical} to {len(learning)} windows")
    features = read_features(context.inputs["features"])
    facts = fit_project(configuration, learning, features, context.output)
    (context.output / "training.json").write_text(json.dumps(facts), encoding="utf-8")


def float_scores(network: Any, features: FeatureArrays, goal: Goal) -> NDArray[Any]:
    """What `network` gives for each window, as FLOAT_SCORES has it."""
    outputs = predict_float(network, features.clips, features.quantization)
    return reconstruction_error(outputs, features) if goal == "normality" else outputs


def reconstruction_error(
    outputs: NDArray[np.float32], features: FeatureArrays
) -> NDArray[np.float64]:
    """How strange an autoencoder finds each window: mean squared difference, float64 [n].

    Args:
        outputs: float32 [n, values], what it gives.
        features: what it was given.
    """
    given = dequantize(features.clips, features.quantization).reshape(len(outputs), -1)
    strangeness: NDArray[np.float64] = np.square(given.astype(np.float64) - outputs).mean(axis=1)
    return strangeness


def _from_scratch(model: ModelSettings) -> bool:
    """Whether a network made for transfer learning began with random weights."""
    return model.architecture.startswith("mobilenet") and not (model.file or model.weights)


def examples(context: StageContext) -> tuple[Examples, Examples]:
    """What to learn from (altered copies included), and what to watch (may be empty)."""
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"])
    rows = training_rows(clips, context.configuration)
    watched = watched_rows(clips, context.configuration)
    sources = np.concatenate([rows, features.altered_rows])
    learning = Examples(
        np.concatenate([features.clips[rows], features.altered]),
        clips.labels[sources],
        features.quantization,
        clips.targets[sources],
        *_mitigated(context.configuration, clips, sources),
    )
    watching = Examples(
        features.clips[watched],
        clips.labels[watched],
        features.quantization,
        clips.targets[watched],
    )
    return learning, watching


def _mitigated(
    configuration: Configuration, clips: Clips, sources: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Weights and strata of the samples made of the windows `sources`, as [mitigation] says; empty
    where it asks for none. A copy is its window's."""
    weights, strata = np.empty(0, np.float32), np.empty(0, np.int64)
    told = configuration.mitigation
    if not told.in_training:
        return weights, strata
    groups = [clips.groups[row] for row in sources]
    _, codes = strata_of(groups, told.columns, configuration.audit.most_values)
    if told.weights == "reweigh":
        weights = reweighed(clips.labels[sources], codes)
    return weights, codes if told.batches == "balanced" else strata


def fit(
    context: StageContext,
    network: Any,
    learning: Examples,
    watching: Examples,
    *,
    transferred: bool = False,
    settings: TrainingSettings | None = None,
    word: str = "",
    teacher: Teacher | None = None,
) -> History:
    """Train `network` in place as the configuration says, or `settings`, telling each epoch behind
    `word`; a `transferred` one, whose backbone has learned elsewhere, in two phases."""
    configuration = context.configuration
    settings = settings or configuration.training
    epochs = settings.epochs + settings.frozen_epochs * transferred

    def on_epoch(record: EpochRecord) -> None:
        message = f"{word}loss {record.loss:.3f}"
        if record.accuracy is not None:
            message += f", accuracy {record.accuracy:.3f}"
        if record.val_accuracy is not None:
            message += f", validation {record.val_accuracy:.3f}"
        elif record.val_loss is not None:
            message += f", validation {record.val_loss:.3f}"
        context.progress(record.epoch, epochs, message)

    def augment(batch: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        return spec_augment_batch(batch, configuration.augmentation, generator)

    watched = watching if len(watching) else None
    seed, goal = configuration.project.seed, configuration.goal
    if transferred:
        return train_transferred(
            network, learning, watched, settings, seed=seed, on_epoch=on_epoch, goal=goal,
            teacher=teacher,
        )  # fmt: skip
    return train(
        network,
        learning,
        watched,
        settings,
        seed=seed,
        augment=augment if configuration.data.sense == "sound" else None,
        on_epoch=on_epoch,
        goal=goal,
        teacher=teacher,
    )


def _network(context: StageContext, learning: Examples) -> Any:
    """The network of the configuration, untrained, or the user's own."""
    load_tensorflow()
    configuration = context.configuration
    shape, outputs = learning.features.shape[1:], len(configuration.outputs)
    if configuration.model.file:
        path = context.project.directory / configuration.model.file
        return load_network(path, shape, outputs, configuration.goal)
    network = new_network(configuration.model, configuration, learning)
    if configuration.model.weights:
        (source,) = weights_file(context.project) or (IMAGENET,)
        model = configuration.model
        load_weights(network, model.architecture, model.alpha, source)
    return network


def new_network(model: ModelSettings, configuration: Configuration, learning: Examples) -> Any:
    """An untrained network of `model` for what is to be learned."""
    quantity = configuration.goal == "quantity"
    return build_network(
        model,
        learning.features.shape[1:],
        len(configuration.outputs),
        configuration.project.seed,
        mean=learning.mean,
        deviation=learning.deviation,
        goal=configuration.goal,
        target_mean=float(learning.targets.mean()) if quantity else 0.0,
        target_deviation=(float(learning.targets.std()) or 1.0) if quantity else 1.0,
    )


def _before(project: Project) -> None:
    """The user's networks are looked at before hours of recordings become features.

    Raises:
        ConfigurationError: a file is of a wrong kind, absent, or outside the project.
        ModelError: it is broken or not safe, or has other outputs than the project.
    """
    configuration = project.configuration
    for path in (*user_model_files(project), *teacher_file(project)):
        if path.suffix == ".keras":
            check_network_file(path, len(configuration.outputs), configuration.goal)
    weights_file(project)


STAGE = Stage(
    name="train",
    title="Train the network, or fit what needs none",
    needs=("dataset", "features"),
    settings=_settings,
    modules=("coincell.models", "coincell.data", "coincell.anomaly", "coincell.classical"),
    packages=("keras", "numpy", "scikit-learn", "tensorflow-cpu"),
    files=lambda project: [
        *user_model_files(project),
        *weights_file(project),
        *teacher_file(project),
    ],
    run=_run,
    before=_before,
)
