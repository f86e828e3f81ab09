"""Clips for the class of no speech, where the user has not recorded any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav
from coincell.data.manifest import NOISE_LABEL, SPLITS, Sample, Source, Split
from coincell.data.noise import generator_for, silence_clip
from coincell.data.store import Store
from coincell.project import Project

SILENCE_FORMAT = "synthetic silence"


def make_silence(
    project: Project, store: Store, samples: Sequence[Sample], *, total: int = 0, redo: bool = False
) -> list[Sample]:
    """Stage the silence clips that a data set of `samples` lacks.

    They are cut from each split's own background noise where there is any, else made. Nothing is
    made when the sense is not sound, the configuration has no class of silence, or recordings of
    it are there.

    Args:
        project: labels, window, seed.
        store: open; holds the noise.
        samples: what the data set will be, noise included.
        total: how many clips in all, shared out like the other clips; 0: in each split as many as
            the median of the other classes.
        redo: also make again those that are there; else they are left as they are and out of the
            result.
    """
    label = project.configuration.data.silence_label
    data = project.configuration.data
    if data.sense != "sound" or label not in data.labels:
        return []
    if any(s.label == label and s.source.format != SILENCE_FORMAT for s in samples):
        return []
    there = {s.file for s in samples if s.label == label and store.holds(s)}
    noise = _noise_by_split(store, samples)
    made: list[Sample] = []
    for split, count in _wanted(label, samples, total).items():
        for number in range(count):
            file = f"{label}/synthetic-{split}-{number:05}.wav"
            if redo or file not in there:
                made.append(_stage(project, store, file, split, noise[split]))
    return made


def _wanted(label: str, samples: Sequence[Sample], total: int) -> dict[Split, int]:
    counts: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    for sample in samples:
        if sample.label not in (label, NOISE_LABEL):
            counts[sample.split][sample.label] += 1
    if total:
        everything = sum(row.total() for row in counts.values()) or 1
        return {split: round(total * row.total() / everything) for split, row in counts.items()}
    return {split: round(median(row.values())) if row else 0 for split, row in counts.items()}


def _noise_by_split(
    store: Store, samples: Sequence[Sample]
) -> dict[Split, list[NDArray[np.int16]]]:
    """The background noise of each split, staged or stored."""
    noise: dict[Split, list[NDArray[np.int16]]] = {split: [] for split in SPLITS}
    for sample in samples:
        if sample.label != NOISE_LABEL:
            continue
        staged = store.staging / sample.file
        path = staged if staged.exists() else store.before.directory / sample.file
        if path.exists():
            noise[sample.split].append(decode_wav(path.read_bytes(), sample.file)[0])
    return noise


def _stage(
    project: Project, store: Store, file: str, split: Split, noise: Sequence[NDArray[np.int16]]
) -> Sample:
    configuration = project.configuration
    rng = generator_for(configuration.project.seed, "silence", file)
    samples = silence_clip(noise, configuration.data.window_samples, store.rate_hz, rng)
    clip = store.stage(file, samples)
    source = Source(SILENCE_FORMAT, store.rate_hz, 1, clip.sha256)
    return Sample(
        file,
        configuration.data.silence_label,
        split,
        clip.sha256,
        clip.duration_s,
        source=source,
    )
