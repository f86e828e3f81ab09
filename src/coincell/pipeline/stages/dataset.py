"""recordings -> windows: every clip brought to the network's length, checked, listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from coincell.data import (
    SPLITS,
    CheckReport,
    Dataset,
    Windows,
    check_dataset,
    load_noise,
    load_windows,
    read_manifest,
)
from coincell.errors import DataError
from coincell.pipeline.clips import write_clips
from coincell.pipeline.stage import Stage, StageContext
from coincell.project import Configuration, DataSettings, Project

_NOISE_SECONDS = 10


def _settings(configuration: Configuration) -> dict[str, Any]:
    return configuration.data.model_dump(mode="json") | {"task": configuration.project.task}


def _files(project: Project) -> list[Path]:
    """The manifest and every recording that it lists."""
    dataset = read_manifest(project.data_directory)
    files = [project.data_directory / "manifest.csv"]
    files += [dataset.directory / sample.file for sample in (*dataset.samples, *dataset.noise)]
    return files


def _run(context: StageContext) -> None:
    data = context.configuration.data
    dataset = read_manifest(context.project.data_directory)
    check = check_dataset(context.project)
    _refuse_what_cannot_train(dataset, context.configuration, check)
    context.progress(0, len(dataset.samples), "reading recordings")
    windows = load_windows(dataset, dataset.samples, data)
    seconds = _NOISE_SECONDS * data.sample_rate_hz if data.sense == "sound" else 0
    noise = load_noise(dataset, "train", seconds, data)
    write_clips(context.output, windows, dataset.samples, data.labels, noise)
    facts = {
        "notes": dataset.notes(data.sample_rate_hz)
        | {"padded": windows.padded, "cropped": windows.cropped}
        | _strange_in_training(dataset, context.configuration),
        "durations_s": _durations(dataset, windows),
        "check": check.to_json(),
    }
    (context.output / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")


def _durations(dataset: Dataset, windows: Windows) -> list[float]:
    """Seconds of recording that each window stands for: its recording's, shared out."""
    share = np.bincount(windows.samples, minlength=len(dataset.samples))
    return [
        dataset.samples[index].duration_s / int(share[index]) for index in windows.samples.tolist()
    ]


def _strange_in_training(dataset: Dataset, configuration: Configuration) -> dict[str, int]:
    """Recordings that are not normal and stand in the training split; nothing learns from them."""
    if configuration.goal != "normality":
        return {}
    normal = configuration.data.normal_label
    strange = sum(s.split == "train" and s.label != normal for s in dataset.samples)
    return {"strange, left out of training": strange} if strange else {}


def _refuse_what_cannot_train(
    dataset: Dataset, configuration: Configuration, check: CheckReport
) -> None:
    """No grave finding, clips of every class to learn from and to judge by, no other labels."""
    if errors := check.of_severity("error"):
        raise DataError(
            f"Grave faults of the recordings: {len(errors)}. The first: {errors[0].message} "
            f"{', '.join(errors[0].files[:3])}",
            hint="`coincell data check` lists all of them.",
        )
    if configuration.goal == "quantity":
        _refuse_other_quantities(dataset, configuration.data)
        return
    labels, counts = configuration.data.labels, dataset.counts()
    if strangers := sorted(set(counts) - set(labels)):
        raise DataError(
            f"The manifest has the label {strangers[0]!r}, which is not in data.labels "
            f"({', '.join(labels)}).",
            hint="Add it to data.labels in coincell.toml, or import the recordings again.",
        )
    learned = (configuration.data.normal_label,) if configuration.goal == "normality" else labels
    for split in ("train", "test"):
        for label in learned:
            if counts.get(label, dict.fromkeys(SPLITS, 0))[split] == 0:
                raise DataError(
                    f"The class {label!r} has no clip in the {split} split.",
                    hint=f"Record or synthesize more {label!r} (of other speakers), or take the "
                    "label out of data.labels.",
                )


def _refuse_other_quantities(dataset: Dataset, data: DataSettings) -> None:
    """A number in the project's unit in each recording, and some to learn from and judge by."""
    for sample in dataset.samples:
        if sample.target is None:
            raise DataError(
                f"{sample.file} has the label {sample.label!r} and no target: a number, "
                f"{data.target} in {data.unit}, is what is predicted.",
                hint="Import a CSV with the columns file, target and unit.",
            )
        if sample.unit != data.unit:
            raise DataError(
                f"{sample.file} has a target in {sample.unit or 'no unit'}; data.unit is "
                f"{data.unit!r}.",
                hint="Bring all targets to one unit before importing.",
            )
    for split in ("train", "test"):
        if not any(sample.split == split for sample in dataset.samples):
            raise DataError(f"No recording is in the {split} split.", hint="Record more.")


STAGE = Stage(
    name="dataset",
    title="Read and check the recordings",
    needs=(),
    settings=_settings,
    modules=("coincell.data",),
    packages=("numpy", "soundfile", "soxr"),
    files=_files,
    run=_run,
)
