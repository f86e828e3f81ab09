"""Recordings -> data set: everything is checked first, then everything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import Recording, read_recording
from coincell.data.faults import Faults
from coincell.data.layouts import Candidate, Layout, ListingOptions, list_source
from coincell.data.manifest import (
    NOISE_LABEL,
    SPLITS,
    Dataset,
    Sample,
    Source,
    Split,
)
from coincell.data.progress import Progress, silent
from coincell.data.silence import make_silence
from coincell.data.splits import Unit, assign_splits, position, split_at
from coincell.data.store import Store, open_store
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import Project

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_THREADS = 4
_BATCH = 16
_NOISE_PIECE_S = 2.0


@dataclass(frozen=True)
class ImportSummary:
    """What an import did.

    Attributes:
        layout: the one used.
        found: recordings that the source offers.
        added: clips that are new in the data set (silence and noise included).
        already_there: recordings that were imported before.
        duplicates: recordings left out: same name, label and content as another one.
        converted: what was done on the way in -> how many recordings.
        notes: what the user should know.
        dataset: as it is now.
    """

    layout: Layout
    found: int
    added: int
    already_there: int
    duplicates: int
    converted: Mapping[str, int]
    notes: tuple[str, ...]
    dataset: Dataset


@dataclass(frozen=True)
class _Staged:
    """A recording in the staging folder; its sample's split is not final yet."""

    candidate: Candidate
    sample: Sample
    saturated: int


def import_recordings(
    source: Path,
    project: Project,
    layout: Layout = "auto",
    progress: Progress = silent,
    *,
    label_column: str = "label",
    speaker_pattern: str = "",
) -> ImportSummary:
    """Bring recordings into the project's data folder; the user's files are only read.

    Args:
        source: a folder, or a CSV file.
        project: whose data folder grows; clips that are there stay, with their splits.
        layout: "auto" looks for a labels.csv, then for what marks Speech Commands, else takes
            each folder as a class.
        progress: told after each recording.
        label_column: of a CSV, the column with the class.
        speaker_pattern: a regular expression over a recording's path relative to the source; its
            group (or the group named "speaker") is the speaker.

    Raises:
        DataError: names the first ten of all faults; nothing has been written then.
    """
    if source.resolve().is_relative_to(project.data_directory.resolve()):
        raise DataError(
            f"{source} is the project's own data folder.",
            "Name the folder where your recordings are.",
        )
    faults = Faults()
    options = ListingOptions(label_column, speaker_pattern)
    listing = list_source(source, layout, project.configuration.data, options, faults)
    with open_store(project) as store:
        work = _Import(project, store, faults)
        staged = work.stage_all(listing.candidates, progress)
        faults.raise_if_any(f"{source} cannot be imported")
        samples = work.with_splits(staged)
        samples += make_silence(project, store, store.merged(samples))
        dataset = store.publish(samples)
    converted = Dataset(store.before.directory, tuple(samples)).notes(store.rate_hz)
    if saturated := sum(item.saturated > 0 for item in staged):
        converted["saturated at full scale"] = saturated
    return ImportSummary(
        listing.layout,
        len(listing.candidates),
        len(samples),
        work.already_there,
        work.duplicates,
        converted,
        (*listing.notes, *split_notes(dataset, project)),
        dataset,
    )


class _Import:
    """The state of one import: what was there, what was seen."""

    def __init__(self, project: Project, store: Store, faults: Faults) -> None:
        self.project = project
        self.store = store
        self.faults = faults
        self.already_there = 0
        self.duplicates = 0
        before = (*store.before.samples, *store.before.noise)
        self._splits_before = {sample.file: sample.split for sample in before}
        self._there = {sample.file for sample in before if store.holds(sample)}
        self._new: set[str] = set()

    def stage_all(self, candidates: Sequence[Candidate], progress: Progress) -> list[_Staged]:
        """Decode, convert and stage every candidate that is new; faults are collected."""
        staged: list[_Staged] = []
        total = len(candidates)
        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, total, _BATCH):  # bounds what is decoded and not yet written
                batch = candidates[start : start + _BATCH]
                results = pool.map(self._decode, batch)
                for done, (candidate, result) in enumerate(zip(batch, results, strict=True), 1):
                    if isinstance(result, DataError):
                        self.faults.extend([result])
                    else:
                        staged.extend(self._accept(candidate, *result))
                    progress(start + done, total, candidate.name)
        return staged

    def _decode(self, candidate: Candidate) -> tuple[Recording, str] | DataError:
        try:
            rate_hz = self.store.rate_hz
            recording, content = read_recording(candidate.path, candidate.name, rate_hz)
        except DataError as error:
            return error
        return recording, sha256_bytes(content)

    def _accept(self, candidate: Candidate, recording: Recording, digest: str) -> list[_Staged]:
        stem = _PLAIN.sub("-", PurePosixPath(candidate.name).stem).strip("-.")[:64] or "clip"
        base = f"{candidate.label or 'recordings'}/{stem}-{digest[:12]}"
        if base in self._new:
            self.duplicates += 1
            return []
        self._new.add(base)
        pieces = self._pieces(candidate, recording, digest)
        if all(f"{base}{suffix}.wav" in self._there for suffix, _, _ in pieces):
            self.already_there += 1
            return []
        source = Source(recording.format, recording.rate_hz, recording.channels, digest)
        staged = []
        for suffix, split, samples in pieces:
            clip = self.store.stage(f"{base}{suffix}.wav", samples)
            sample = Sample(
                clip.file, candidate.label, split, clip.sha256, clip.duration_s,
                candidate.groups, candidate.target, candidate.unit, source,
            )  # fmt: skip
            staged.append(_Staged(candidate, sample, recording.saturated))
        return staged

    def _pieces(
        self, candidate: Candidate, recording: Recording, digest: str
    ) -> list[tuple[str, Split, NDArray[np.int16]]]:
        """A clip is one piece; long background noise is cut in time, a piece for each split."""
        samples = recording.samples
        if candidate.label != NOISE_LABEL:
            return [("", candidate.split or "train", samples)]
        shares = self.project.configuration.data.split
        first = int(len(samples) * (1.0 - shares.validation - shares.test))
        second = int(len(samples) * (1.0 - shares.test))
        cuts = {"train": samples[:first], "validation": samples[first:second],
                "test": samples[second:]}  # fmt: skip
        if min(len(cut) for cut in cuts.values()) >= _NOISE_PIECE_S * self.store.rate_hz:
            return [(f"-{split}", split, cuts[split]) for split in SPLITS]
        seed = self.project.configuration.project.seed
        return [("", split_at(position(digest, seed), shares), samples)]

    def with_splits(self, staged: Sequence[_Staged]) -> list[Sample]:
        """The staged samples with their final splits."""
        configuration = self.project.configuration
        by = configuration.data.split.by
        known: dict[str, Split] = {}
        for split in reversed(SPLITS):  # a speaker on two sides already: train wins
            known |= {_key(s, by): split for s in self.store.before.samples if s.split == split}
            known |= {
                _key(item.sample, by): split
                for item in staged
                if item.candidate.split == split and item.sample.label != NOISE_LABEL
            }
        free = [item.sample for item in staged
                if item.candidate.split is None and item.sample.label != NOISE_LABEL]  # fmt: skip
        labels: dict[str, set[str]] = {}
        for sample in free:
            labels.setdefault(_key(sample, by), set()).add(sample.label)
        covered = {
            split: frozenset(
                [s.label for s in self.store.before.samples if s.split == split]
                + [i.sample.label for i in staged if i.candidate.split == split]
            )
            for split in SPLITS
        }
        units = [Unit(key, frozenset(labels[key])) for key in sorted(labels)]
        splits = assign_splits(
            units, known, configuration.data.split, configuration.project.seed, covered
        )
        return [self._final(item, splits, by) for item in staged]

    def _final(self, item: _Staged, splits: Mapping[str, Split], by: str) -> Sample:
        sample = item.sample
        if sample.file in self._splits_before:
            return replace(sample, split=self._splits_before[sample.file])
        if item.candidate.split is not None or sample.label == NOISE_LABEL:
            return sample
        return replace(sample, split=splits[_key(sample, by)])


def _key(sample: Sample, by: str) -> str:
    """What must stay on one side: the value of the column `by`, or the clip's own content."""
    value = sample.groups.get(by, "")
    return f"{by}={value}" if value else f"clip={sample.source.sha256 or sample.sha256}"


def split_notes(dataset: Dataset, project: Project) -> tuple[str, ...]:
    """What the splits leave to be desired, one sentence each."""
    settings = project.configuration.data
    by = settings.split.by
    notes: list[str] = []
    spoken = [s for s in dataset.samples if s.label != settings.silence_label]
    without = sum(not sample.groups.get(by) for sample in spoken)
    if without:
        notes.append(
            f"{without} of {len(spoken)} clips have no {by!r}: they are split by clip, so one "
            f"person may be on both sides, and the figures do not tell how the model does on "
            f"people it has never heard."
        )
    counts = dataset.counts()
    if absent := [label for label in settings.labels if label not in counts]:
        notes.append(f"No recordings yet of: {', '.join(absent)}.")
    shares: Mapping[Split, float] = {
        "train": 1.0,
        "validation": settings.split.validation,
        "test": settings.split.test,
    }
    for split in SPLITS:
        lacking = [label for label in counts if shares[split] > 0 and not counts[label][split]]
        if lacking:
            notes.append(
                f"No clip for {split} of: {', '.join(lacking)}. Too few people (or clips) to share "
                f"out, or the source's own split has none."
            )
    return tuple(notes)
