"""Clips for the class of no speech, where the user has not recorded any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav
from coincell.data.manifest import NOISE_LABEL, SPLITS, Sample, Source, Split
from coincell.data.noise import generator_for, silence_clip
from coincell.data.store import Store
from coincell.files import sha256_bytes
from coincell.project import Project

SILENCE_FORMAT = "synthetic silence"


def add_silence(project: Project, store: Store, added: Sequence[Sample]) -> list[Sample]:
    """Stage silence clips until each split has as many as its other classes have on average.

    They are cut from the split's own background noise where there is any, else made. Nothing is
    added when the configuration has no class of silence, or recordings of it are there.
    """
    label = project.configuration.data.silence_label
    if label not in project.configuration.data.labels:
        return []
    samples = {s.file: s for s in (*store.before.samples, *added)}.values()
    if any(s.label == label and s.source.format != SILENCE_FORMAT for s in samples):
        return []
    wanted: dict[Split, int] = {}
    for split in SPLITS:
        counts = Counter(
            s.label for s in samples if s.split == split and s.label not in (label, NOISE_LABEL)
        )
        wanted[split] = round(sum(counts.values()) / len(counts)) if counts else 0
    noise = noise_by_split(store, added)
    return make_silence(project, store, wanted, noise)


def noise_by_split(store: Store, added: Sequence[Sample]) -> dict[Split, list[NDArray[np.int16]]]:
    """The background noise of each split, the staged included."""
    noise: dict[Split, list[NDArray[np.int16]]] = {split: [] for split in SPLITS}
    everything = {s.file: s for s in (*store.before.noise, *added) if s.label == NOISE_LABEL}
    for sample in everything.values():
        staged = store.staging / sample.file
        path = staged if staged.exists() else store.before.directory / sample.file
        if path.exists():
            noise[sample.split].append(decode_wav(path.read_bytes(), sample.file)[0])
    return noise


def make_silence(
    project: Project,
    store: Store,
    wanted: Mapping[Split, int],
    noise: Mapping[Split, Sequence[NDArray[np.int16]]],
) -> list[Sample]:
    """Stage the silence clips with numbers below `wanted` that are not there yet."""
    settings = project.configuration.data
    seed = project.configuration.project.seed
    there = {sample.file for sample in store.before.samples if store.holds(sample)}
    made: list[Sample] = []
    for split, count in wanted.items():
        for number in range(count):
            file = f"{settings.silence_label}/synthetic-{split}-{number:05}.wav"
            if file in there:
                continue
            rng = generator_for(seed, "silence", split, number)
            clip = store.stage(
                file, silence_clip(noise[split], settings.window_samples, store.rate_hz, rng)
            )
            source = Source(SILENCE_FORMAT, store.rate_hz, 1, sha256_bytes(file.encode()))
            made.append(
                Sample(file, settings.silence_label, split, clip.sha256, clip.duration_s,
                       source=source)
            )  # fmt: skip
    return made
