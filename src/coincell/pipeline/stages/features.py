"""windows -> int8 features, by the C that the device runs; and altered copies to learn from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import copies_for, strata_of
from coincell.compiler import read_model
from coincell.data import augment, augment_targeted
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
_TARGETED = 1
"""Sets the generators of targeted copies apart from those of all others."""


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
    } | _targeted_settings(configuration)


def _targeted_settings(configuration: Configuration) -> dict[str, Any]:
    """Nothing where there are no targeted copies: features of before keep their key."""
    told = configuration.mitigation
    if not told.copies:
        return {}
    read = told.model_dump(mode="json", exclude={"weights", "batches"})
    return {"mitigation": read, "most": configuration.audit.most_values}


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    rows = training_rows(clips, context.configuration)
    block = feature_block(context.configuration).fit(clips.windows[rows])
    copies = _copies(context.configuration, clips, rows)
    total = len(clips.files) + len(copies.rows)
    context.progress(0, total, "windows")
    fixed = block.compute(clips.windows)
    quantization = _quantization(context.project, block, fixed[rows])
    np.save(context.output / CLIPS_FILE, block.quantize(fixed, quantization))
    np.save(context.output / ALTERED_FILE, _altered(context, clips, block, quantization, copies))
    np.save(context.output / ALTERED_ROWS_FILE, copies.rows)
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


@dataclass(frozen=True)
class _Copies:
    """Altered copies to make: of which window each is, int64 [m], and what seeds its generator,
    int64 [m, k]; those from position `targeted` on are for groups that have few."""

    rows: NDArray[np.int64]
    seeds: Sequence[Sequence[int]]
    targeted: int


def _copies(configuration: Configuration, clips: Clips, rows: NDArray[np.int64]) -> _Copies:
    """[augmentation]'s copies of each training window, then [mitigation]'s.

    Each copy has a generator of its own, seeded by the project's seed, the copy's place among
    all copies and the clip's place in the manifest: batches do not matter. A targeted one is seeded
    by its number among the window's instead, so that it does not change those of others.
    """
    seed, told = configuration.project.seed, configuration.mitigation
    plain = np.tile(rows, configuration.augmentation.copies)
    seeds = [[seed, place, int(row)] for place, row in enumerate(plain)]
    if not told.copies:
        return _Copies(plain, seeds, len(plain))
    groups = [clips.groups[row] for row in rows]
    _, strata = strata_of(groups, told.columns, configuration.audit.most_values)
    times = 1 + configuration.augmentation.copies
    generator = np.random.default_rng([seed, 0, 0, _TARGETED])
    counts = copies_for(clips.labels[rows], strata, told.copies, generator, times)
    for row, count in zip(rows, counts, strict=True):
        seeds += [[seed, number, int(row), _TARGETED] for number in range(1, int(count) + 1)]
    return _Copies(np.concatenate([plain, np.repeat(rows, counts)]), seeds, len(plain))


def _altered(
    context: StageContext,
    clips: Clips,
    block: FeatureBlock,
    quantization: InputQuantization,
    copies: _Copies,
) -> NDArray[np.int8]:
    """The features of altered copies of training windows: int8 [m, *shape]."""
    configuration = context.configuration
    settings, form = configuration.augmentation, configuration.data.form
    features = np.empty((len(copies.rows), *block.shape), np.int8)
    total = len(clips.files) + len(copies.rows)
    for start in range(0, len(copies.rows), _BATCH):
        chosen = copies.rows[start : start + _BATCH]
        batch = np.empty((len(chosen), form.values), form.dtype)
        for place, row in enumerate(chosen):
            generator = np.random.default_rng(copies.seeds[start + place])
            if start + place < copies.targeted:
                made = augment(clips.windows[row], form, settings, clips.noise, generator)
            else:
                made = augment_targeted(
                    clips.windows[row], form, settings, configuration.mitigation, clips.noise,
                    generator,
                )  # fmt: skip
            batch[place] = made
        features[start : start + len(chosen)] = block.run(batch, quantization)
        context.progress(len(clips.files) + start + len(chosen), total, "altered copies")
    return features


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
