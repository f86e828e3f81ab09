"""recordings -> windows: every clip brought to the network's length, checked, listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coincell.data import (
    SPLITS,
    CheckReport,
    Dataset,
    check_dataset,
    load_noise,
    load_windows,
    read_manifest,
)
from coincell.errors import DataError
from coincell.pipeline.clips import write_clips
from coincell.pipeline.stage import Stage, StageContext
from coincell.project import Configuration, Project

_NOISE_SECONDS = 10


def _settings(configuration: Configuration) -> dict[str, Any]:
    return configuration.data.model_dump(mode="json")


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
    _refuse_what_cannot_train(dataset, data.labels, check)
    context.progress(0, len(dataset.samples), "reading clips")
    windows = load_windows(dataset, dataset.samples, data.window_samples, data.sample_rate_hz)
    seconds = _NOISE_SECONDS * data.sample_rate_hz
    noise = load_noise(dataset, "train", seconds, data.sample_rate_hz)
    position = {label: index for index, label in enumerate(data.labels)}
    write_clips(
        context.output,
        windows.audio,
        [sample.file for sample in dataset.samples],
        [position[sample.label] for sample in dataset.samples],
        [sample.split for sample in dataset.samples],
        [sample.groups for sample in dataset.samples],
        noise,
    )
    facts = {
        "notes": dataset.notes(data.sample_rate_hz)
        | {"padded": windows.padded, "cropped": windows.cropped},
        "durations_s": [sample.duration_s for sample in dataset.samples],
        "check": check.to_json(),
    }
    (context.output / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")


def _refuse_what_cannot_train(
    dataset: Dataset, labels: tuple[str, ...], check: CheckReport
) -> None:
    """No grave finding, clips of every class to learn from and to judge by, no other labels."""
    if errors := check.of_severity("error"):
        raise DataError(
            f"The recordings have {len(errors)} grave faults. First: {errors[0].message} "
            f"{', '.join(errors[0].files[:3])}",
            hint="`coincell data check` lists all of them.",
        )
    counts = dataset.counts()
    if strangers := sorted(set(counts) - set(labels)):
        raise DataError(
            f"The manifest has the label {strangers[0]!r}, which is not in data.labels "
            f"({', '.join(labels)}).",
            hint="Add it to data.labels in coincell.toml, or import the recordings again.",
        )
    for split in ("train", "test"):
        for label in labels:
            if counts.get(label, dict.fromkeys(SPLITS, 0))[split] == 0:
                raise DataError(
                    f"The class {label!r} has no clip in the {split} split.",
                    hint=f"Record or synthesize more {label!r} (of other speakers), or take the "
                    "label out of data.labels.",
                )


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
