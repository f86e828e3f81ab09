"""windows -> int8 features, by the C that the device runs; and altered copies to learn from."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import read_model
from coincell.data import augment
from coincell.features import (
    FeatureBlock,
    InputQuantization,
    PictureBlock,
    choose_quantization,
    make_feature_block,
)
from coincell.pipeline.clips import Clips, read_clips, training_rows
from coincell.pipeline.feature_arrays import (
    ALTERED_FILE,
    ALTERED_ROWS_FILE,
    CLIPS_FILE,
    FACTS_FILE,
)
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.stages.inputs import ready_made_tflite, user_model_files
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project

_BATCH = 256


def feature_block(configuration: Configuration, features: Artefact | None = None) -> FeatureBlock:
    """The block that the configuration describes; with the artefact as it was fitted."""
    learned = features.read_json(FACTS_FILE)["learned"] if features else None
    return make_feature_block(configuration.features, configuration.data.form, learned)


def _settings(configuration: Configuration) -> dict[str, Any]:
    augmentation = configuration.augmentation.model_dump(mode="json")
    return {
        "features": configuration.features.model_dump(mode="json"),
        "augmentation": {name: value for name, value in augmentation.items() if "mask" not in name},
        "form": dataclasses.asdict(configuration.data.form),
        "normal": configuration.data.normal_label if configuration.goal == "normality" else "",
        "seed": configuration.project.seed,
        "quantization_of": configuration.model.file if ready_made_tflite(configuration) else "",
    }


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    rows = training_rows(clips, context.configuration)
    block = feature_block(context.configuration).fit(clips.windows[rows])
    total = len(clips.files) + len(rows) * context.configuration.augmentation.copies
    context.progress(0, total, "windows")
    fixed = block.compute(clips.windows)
    quantization = _quantization(context.project, block, fixed[rows])
    np.save(context.output / CLIPS_FILE, block.quantize(fixed, quantization))
    altered, of_rows = _altered_copies(context, clips, block, quantization, total)
    np.save(context.output / ALTERED_FILE, altered)
    np.save(context.output / ALTERED_ROWS_FILE, of_rows)
    facts = {
        "block": context.configuration.features.block,
        "shape": list(block.shape),
        "scale": quantization.scale,
        "zero_point": quantization.zero_point,
        "learned": dict(block.learned),
    }
    (context.output / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


def _quantization(
    project: Project, block: FeatureBlock, training: NDArray[Any]
) -> InputQuantization:
    """Chosen on the training split; for a ready-made .tflite, read from the model."""
    if not ready_made_tflite(project.configuration):
        if isinstance(block, PictureBlock):
            return block.exact_quantization
        return choose_quantization(training, block.fixed_point_scale)
    graph = read_model(user_model_files(project)[0])
    tensor = graph.tensor(graph.inputs[0])
    return InputQuantization(tensor.scale, tensor.zero_point)


def _altered_copies(
    context: StageContext,
    clips: Clips,
    block: FeatureBlock,
    quantization: InputQuantization,
    total: int,
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """`copies` altered versions of each training window: int8 [m, *shape], and of which, int64 [m].

    Each copy has a generator of its own, seeded by the project's seed, the copy's place among
    all copies and the clip's place in the manifest: batches do not matter.
    """
    settings = context.configuration.augmentation
    form = context.configuration.data.form
    rows = np.tile(training_rows(clips, context.configuration), settings.copies)
    features = np.empty((len(rows), *block.shape), np.int8)
    for start in range(0, len(rows), _BATCH):
        chosen = rows[start : start + _BATCH]
        batch = np.empty((len(chosen), form.values), form.dtype)
        for place, row in enumerate(chosen):
            generator = np.random.default_rng(
                [context.configuration.project.seed, start + place, int(row)]
            )
            batch[place] = augment(clips.windows[row], form, settings, clips.noise, generator)
        features[start : start + len(chosen)] = block.run(batch, quantization)
        context.progress(len(clips.files) + start + len(chosen), total, "altered copies")
    return features, rows


STAGE = Stage(
    name="features",
    title="Compute the features with the device's C",
    needs=("dataset",),
    settings=_settings,
    modules=("coincell.features", "coincell.runtime", "coincell.data"),
    packages=("numpy",),
    files=lambda project: (
        user_model_files(project) if ready_made_tflite(project.configuration) else []
    ),
    run=_run,
    toolchain=host_compiler,
)
