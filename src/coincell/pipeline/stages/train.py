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


def _settings(configuration: Configuration) -> dict[str, Any]:
    augmentation = configuration.augmentation.model_dump(mode="json")
    masks = {name: value for name, value in augmentation.items() if "mask" in name}
    return {
        "labels": list(configuration.data.labels),
        "seed": configuration.project.seed,
        "model": configuration.model.model_dump(mode="json"),
        "training": configuration.training.model_dump(mode="json"),
        "masks": masks,
    }


def _run(context: StageContext) -> None:
    if ready_made_tflite(context.configuration):
        (context.output / "training.json").write_text('{"trained": false}', encoding="utf-8")
        return
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"])
    learning = Examples(
        np.concatenate([features.clips[clips.rows("train")], features.altered]),
        np.concatenate([clips.labels[clips.rows("train")], features.altered_labels]),
        features.quantization,
    )
    rows = clips.rows("validation")
    watching = Examples(features.clips[rows], clips.labels[rows], features.quantization)
    network = _network(context, learning)
    epochs = configuration.training.epochs

    def on_epoch(record: EpochRecord) -> None:
        watched = "" if record.val_accuracy is None else f" val {record.val_accuracy:.3f}"
        context.progress(
            record.epoch, epochs, f"loss {record.loss:.3f} accuracy {record.accuracy:.3f}{watched}"
        )

    def augment(batch: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        return spec_augment_batch(batch, configuration.augmentation, generator)

    history = train(
        network,
        learning,
        watching if len(watching) else None,
        configuration.training,
        seed=configuration.project.seed,
        augment=augment,
        on_epoch=on_epoch,
    )
    network.save(context.output / "model.keras")
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
