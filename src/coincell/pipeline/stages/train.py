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
from coincell.pipeline.clips import read_clips
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import ready_made_tflite, user_model_files
from coincell.project import Configuration


def training_settings(configuration: Configuration) -> dict[str, Any]:
    """What any training on the project's features depends on, the network apart."""
    augmentation = configuration.augmentation.model_dump(mode="json")
    return {
        "labels": list(configuration.data.labels),
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
    train_rows, rows = clips.rows("train"), clips.rows("validation")
    learning = Examples(
        np.concatenate([features.clips[train_rows], features.altered]),
        np.concatenate([clips.labels[train_rows], features.altered_labels]),
        features.quantization,
    )
    return learning, Examples(features.clips[rows], clips.labels[rows], features.quantization)


def fit(context: StageContext, network: Any, learning: Examples, watching: Examples) -> History:
    """Train `network` in place as the configuration says, telling each epoch."""
    configuration = context.configuration
    epochs = configuration.training.epochs

    def on_epoch(record: EpochRecord) -> None:
        watched = "" if record.val_accuracy is None else f", validation {record.val_accuracy:.3f}"
        message = f"loss {record.loss:.3f}, accuracy {record.accuracy:.3f}{watched}"
        context.progress(record.epoch, epochs, message)

    def augment(batch: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        return spec_augment_batch(batch, configuration.augmentation, generator)

    return train(
        network,
        learning,
        watching if len(watching) else None,
        configuration.training,
        seed=configuration.project.seed,
        augment=augment,
        on_epoch=on_epoch,
    )


def _network(context: StageContext, learning: Examples) -> Any:
    """The network of the configuration, untrained, or the user's own."""
    load_tensorflow()
    configuration = context.configuration
    shape, classes = learning.features.shape[1:], len(configuration.data.labels)
    if configuration.model.file:
        return load_network(context.project.directory / configuration.model.file, shape, classes)
    return build_network(
        configuration.model,
        shape,
        classes,
        configuration.project.seed,
        mean=learning.mean,
        deviation=learning.deviation,
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
