"""features -> a trained Keras network, and its scores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import spec_augment_batch
from coincell.models import (
    EpochRecord,
    Examples,
    History,
    build_network,
    count_parameters,
    load_network,
    load_tensorflow,
    predict_float,
    train,
)
from coincell.pipeline.clips import read_clips, training_rows, watched_rows
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import ready_made_tflite, user_model_files
from coincell.project import Configuration, ModelSettings


def training_settings(configuration: Configuration) -> dict[str, Any]:
    """What any training on the project's features depends on, the network apart."""
    augmentation = configuration.augmentation.model_dump(mode="json")
    return {
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
        "normal": configuration.data.normal_label if configuration.goal == "normality" else "",
        "seed": configuration.project.seed,
        "training": configuration.training.model_dump(mode="json"),
        "masks": {name: value for name, value in augmentation.items() if "mask" in name},
    }


def _settings(configuration: Configuration) -> dict[str, Any]:
    model = configuration.model.model_dump(mode="json", exclude={"yardstick"})
    return training_settings(configuration) | {"model": model}


def _run(context: StageContext) -> None:
    if ready_made_tflite(context.configuration):
        (context.output / "training.json").write_text('{"trained": false}', encoding="utf-8")
        return
    learning, watching = examples(context)
    network = _network(context, learning)
    history = fit(context, network, learning, watching)
    network.save(context.output / "model.keras")
    features = read_features(context.inputs["features"])
    np.save(
        context.output / "float_scores.npy",
        predict_float(network, features.clips, features.quantization),
    )
    facts = {
        "trained": True,
        "parameters": count_parameters(network),
        "history": history.to_json(),
    }
    (context.output / "training.json").write_text(json.dumps(facts), encoding="utf-8")


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
    )
    watching = Examples(
        features.clips[watched],
        clips.labels[watched],
        features.quantization,
        clips.targets[watched],
    )
    return learning, watching


def fit(context: StageContext, network: Any, learning: Examples, watching: Examples) -> History:
    """Train `network` in place as the configuration says, telling each epoch."""
    configuration = context.configuration
    epochs = configuration.training.epochs

    def on_epoch(record: EpochRecord) -> None:
        message = f"loss {record.loss:.3f}"
        if record.accuracy is not None:
            message += f", accuracy {record.accuracy:.3f}"
        if record.val_accuracy is not None:
            message += f", validation {record.val_accuracy:.3f}"
        elif record.val_loss is not None:
            message += f", validation {record.val_loss:.3f}"
        context.progress(record.epoch, epochs, message)

    def augment(batch: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        return spec_augment_batch(batch, configuration.augmentation, generator)

    return train(
        network,
        learning,
        watching if len(watching) else None,
        configuration.training,
        seed=configuration.project.seed,
        augment=augment if configuration.data.sense == "sound" else None,
        on_epoch=on_epoch,
        goal=configuration.goal,
    )


def _network(context: StageContext, learning: Examples) -> Any:
    """The network of the configuration, untrained, or the user's own."""
    load_tensorflow()
    configuration = context.configuration
    shape, outputs = learning.features.shape[1:], len(configuration.outputs)
    if configuration.model.file:
        path = context.project.directory / configuration.model.file
        return load_network(path, shape, outputs, configuration.goal)
    return new_network(configuration.model, configuration, learning)


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


STAGE = Stage(
    name="train",
    title="Train the network",
    needs=("dataset", "features"),
    settings=_settings,
    modules=("coincell.models", "coincell.data"),
    packages=("keras", "numpy", "tensorflow-cpu"),
    files=user_model_files,
    run=_run,
)
