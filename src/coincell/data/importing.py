"""Recordings -> data set: everything is checked first, then everything is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from coincell.data.archives import is_archive, unpacked
from coincell.data.audio import read_content
from coincell.data.consent import keep_consent, read_consent
from coincell.data.contradictions import contradiction_notes
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
from coincell.data.placing import (
    Incoming,
    lacks_validation,
    normal_label,
    place,
    shared_note,
    split_notes,
)
from coincell.data.progress import Progress, silent
from coincell.data.senses import Part, ReadOptions, Recording, kinds_of, sense_files
from coincell.data.silence import make_silence
from coincell.data.splits import position, split_at
from coincell.data.store import Store, open_store
from coincell.errors import DataError
from coincell.files import cache_directory, sha256_bytes
from coincell.project import Project

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_PIECE = re.compile(r"(?:(?<=-[0-9a-f]{12})-(?:train|validation|test|[0-9]{4,6}))?\.[a-z]{3}$")
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
        updated: of these, clips whose groups or split the source now gives otherwise.
        duplicates: recordings left out: same name, label and content as another one of the source,
            or, by whatever name, as one that is in the data set.
        converted: what was done on the way in -> how many recordings.
        mended: what was mended -> how many places, and in how many recordings.
        padded: recordings shorter than a window.
        notes: what the user should know.
        dataset: as it is now.
    """

    layout: Layout
    found: int
    added: int
    already_there: int
    updated: int
    duplicates: int
    converted: Mapping[str, int]
    mended: Mapping[str, tuple[int, int]]
    padded: int
    notes: tuple[str, ...]
    dataset: Dataset


OwnSplit = Literal["keep", "ignore"]


@dataclass(frozen=True)
class _Read:
    """A recording that was read; `recording` is None when it was imported before."""

    base: str
    digest: str
    recording: Recording | None


def import_recordings(
    source: Path,
    project: Project,
    layout: Layout = "auto",
    progress: Progress = silent,
    *,
    label_column: str = "label",
    speaker_pattern: str = "",
    own_split: OwnSplit = "keep",
    reading: ReadOptions | None = None,
) -> ImportSummary:
    """Bring recordings into the project's data folder; the user's files are only read.

    Args:
        source: a folder, a CSV file, or a ZIP or TAR file of such a folder.
        project: whose data folder grows. Clips that are there stay, with their splits, unless
            the source now gives another split, or tells whose a clip is that had nobody.
        layout: "auto" looks for a labels.csv, then for what marks Speech Commands, else takes
            each folder as a class.
        progress: told after each recording.
        label_column: of a CSV, the column with the class.
        speaker_pattern: a regular expression over a recording's path relative to the source; its
            group (or the group named "speaker") is the speaker.
        own_split: "keep" takes the split that the source gives; "ignore" splits new clips by
            data.split, so that nobody is on two sides.
        reading: what is mended, and the key that acquisitions are signed with.

    Raises:
        DataError: names the first ten of all faults; nothing has been written then.
    """
    if source.exists() and source.resolve().is_relative_to(project.data_directory.resolve()):
        raise DataError(
            f"{source} is the project's own data folder.",
            "Name the folder where your recordings are.",
        )
    options = ListingOptions(label_column, speaker_pattern)
    if source.is_file() and is_archive(source):
        with unpacked(source, cache_directory() / "unpacked") as folder:
            consent = read_consent(folder)
            summary = _import(folder, project, layout, progress, options, own_split, reading)
            if consent is not None:
                keep_consent(consent, project.data_directory)
            return summary
    return _import(source, project, layout, progress, options, own_split, reading)


def _import(
    source: Path,
    project: Project,
    layout: Layout,
    progress: Progress,
    options: ListingOptions,
    own_split: OwnSplit,
    reading: ReadOptions | None,
) -> ImportSummary:
    faults = Faults()
    listing = list_source(source, layout, project.configuration.data, options, faults)
    with open_store(project) as store:
        work = _Import(project, store, faults, reading)
        candidates = listing.candidates
        if own_split == "ignore":
            candidates = tuple(replace(candidate, split=None) for candidate in candidates)
        incoming = work.take(candidates, progress)
        faults.raise_if_any(f"{source} cannot be imported")
        samples = place(incoming, store.before, project.configuration)
        new = [s for s in samples if (store.staging / s.file).exists()]
        silence = make_silence(project, store, store.merged(samples))
        dataset = store.publish([*samples, *silence])
    converted = Dataset(store.before.directory, tuple(new)).notes(store.rate_hz)
    if work.saturated:
        converted["saturated at full scale"] = work.saturated
    converted |= work.notes
    return ImportSummary(
        listing.layout,
        len(listing.candidates),
        len(new) + len(silence),
        work.already_there,
        work.updated,
        work.duplicates,
        converted,
        work.mended,
        sum(0 < s.duration_s < store.settings.window_ms / 1000 for s in new),
        (
            *listing.notes,
            *contradiction_notes(dataset, (s.file for s in new), project.configuration.data),
            *shared_note(incoming, samples),
            *split_notes(dataset, project.configuration.data, normal_label(project.configuration)),
        ),
        dataset,
    )


class _Import:
    """The state of one import: what was there, what was seen."""

    def __init__(
        self, project: Project, store: Store, faults: Faults, reading: ReadOptions | None
    ) -> None:
        self.project = project
        self.store = store
        self.files = sense_files(store.settings, reading)
        self.notes: Counter[str] = Counter()
        self.mended: dict[str, tuple[int, int]] = {}
        self.faults = faults
        self.already_there = 0
        self.updated = 0
        self.duplicates = 0
        self.saturated = 0
        self._before = {s.file: s for s in (*store.before.samples, *store.before.noise)}
        self._pieces_before: dict[str, list[Sample]] = {}
        for sample in self._before.values():
            self._pieces_before.setdefault(_PIECE.sub("", sample.file), []).append(sample)
        self._seen: set[str] = set()
        self._kept = {_identity(sample): sample.file for sample in self._before.values()}
        self._shares_training = False

    def take(self, candidates: Sequence[Candidate], progress: Progress) -> list[Incoming]:
        """Decode, convert and stage every candidate that is new; faults are collected."""
        taken: list[Incoming] = []
        total = len(candidates)
        shares = self.store.settings.split
        self._shares_training = lacks_validation((each.split for each in candidates), shares)
        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, total, _BATCH):  # bounds what is decoded and not yet written
                batch = candidates[start : start + _BATCH]
                results = pool.map(self._read, batch)
                for done, (candidate, result) in enumerate(zip(batch, results, strict=True), 1):
                    if isinstance(result, DataError):
                        self.faults.extend([result])
                    else:
                        taken.extend(self._accept(candidate, result))
                    progress(start + done, total, candidate.name)
        return taken

    def _read(self, candidate: Candidate) -> _Read | DataError:
        """Runs in a thread; decodes only what is new."""
        try:
            content = read_content(candidate.path, candidate.name, kinds_of(self.store.settings))
            digest = sha256_bytes(content)
            base = _base(candidate, digest)
            if self._is_there(base):
                return _Read(base, digest, None)
            recording = self.files.decode(content, candidate.name, self.store.settings)
            return _Read(base, digest, recording)
        except DataError as error:
            return error

    def _is_there(self, base: str) -> bool:
        pieces = self._pieces_before.get(base, [])
        return bool(pieces) and all(self.store.holds(piece) for piece in pieces)

    def _accept(self, candidate: Candidate, read: _Read) -> list[Incoming]:
        if read.base in self._seen:
            self.duplicates += 1
            return []
        self._seen.add(read.base)
        if read.recording is None:
            self.already_there += 1
            return self._update(candidate, self._pieces_before[read.base])
        recording = read.recording
        self.saturated += recording.saturated > 0
        self.notes.update(recording.notes)
        for what, count in recording.mended.items():
            places, recordings = self.mended.get(what, (0, 0))
            self.mended[what] = places + count, recordings + 1
        try:
            parts = _parts(candidate, recording)
        except DataError as error:
            self.faults.extend([error])
            return []
        taken = []
        copies = 0
        for suffix, split, part in self._pieces(recording, parts, candidate, read.digest):
            samples = recording.samples[part.begin : part.end]
            clip = self.store.stage(f"{read.base}{suffix}{self.files.stored_suffix}", samples)
            origin = sha256_bytes(f"{read.digest}{suffix}".encode()) if part.apart else read.digest
            form = candidate.made or recording.format
            source = Source(form, recording.rate_hz, recording.channels, origin)
            sample = Sample(
                clip.file, part.label or candidate.label, split, clip.sha256, clip.duration_s,
                candidate.groups, candidate.target, candidate.unit, source,
            )  # fmt: skip
            if self._kept.get(_identity(sample), clip.file) != clip.file:
                self.store.unstage(clip.file)
                copies += 1
                continue
            taken.append(Incoming(sample, candidate.split, self._before.get(clip.file)))
        self.duplicates += copies > 0 and not taken
        return taken

    def _update(self, candidate: Candidate, pieces: Sequence[Sample]) -> list[Incoming]:
        """The clip as it is, if the source now says more of it: other groups, another split."""
        if candidate.label == NOISE_LABEL:
            return []
        return [item for piece in pieces for item in self._update_one(candidate, piece)]

    def _update_one(self, candidate: Candidate, before: Sample) -> list[Incoming]:
        after = replace(
            before,
            groups={**before.groups, **candidate.groups},
            target=candidate.target,
            unit=candidate.unit,
            source=replace(before.source, format=candidate.made or before.source.format),
        )
        stays = candidate.split in (None, before.split) or (
            self._shares_training and (candidate.split, before.split) == ("train", "validation")
        )
        if after == before and stays:
            return []
        self.updated += 1
        return [Incoming(after, candidate.split, before)]

    def _pieces(
        self, recording: Recording, parts: Sequence[Part], candidate: Candidate, digest: str
    ) -> list[tuple[str, Split, Part]]:
        """A clip is one piece, or each of its parts; long background noise is cut in time, a piece
        for each split."""
        if candidate.label != NOISE_LABEL:
            if len(parts) == 1:
                return [("", "train", replace(parts[0], apart=False))]
            return [(f"-{place:04d}", "train", part) for place, part in enumerate(parts, 1)]
        shares = self.project.configuration.data.split
        size = len(recording.samples)
        first = int(size * (1.0 - shares.validation - shares.test))
        second = int(size * (1.0 - shares.test))
        cuts = [Part(b, e, apart=False) for b, e in ((0, first), (first, second), (second, size))]
        if min(cut.end - cut.begin for cut in cuts) >= _NOISE_PIECE_S * self.store.rate_hz:
            return [(f"-{split}", split, cut) for split, cut in zip(SPLITS, cuts, strict=True)]
        seed = self.project.configuration.project.seed
        split = split_at(position(digest, seed), shares)
        return [("", split, Part(0, size, apart=False))]


def _parts(candidate: Candidate, recording: Recording) -> tuple[Part, ...]:
    """The recordings in a file: those that its labels mark, its own, or all of it.

    Raises:
        DataError: labels mark what is not there.
    """
    size = len(recording.samples)
    if not candidate.parts:
        return recording.parts or (Part(0, size),)
    if recording.parts:
        raise DataError(f"{candidate.name}: labels mark stretches of one recording; it holds "
                        f"{len(recording.parts)}.")  # fmt: skip
    end = candidate.parts[-1].end
    count = recording.steps or size
    if end > count:
        raise DataError(
            f"{candidate.name}: a label ends at {end - 1}; the recording has {count} readings.",
            "endIndex is the last reading of a stretch, from 0.",
        )
    scale = size / count
    return tuple(
        replace(part, begin=round(part.begin * scale), end=max(1, round(part.end * scale)))
        for part in candidate.parts
    )


def _identity(sample: Sample) -> tuple[str, float | None, str]:
    """What makes two kept recordings one: label, target, and content as kept."""
    return sample.label, sample.target, sample.sha256


def _base(candidate: Candidate, digest: str) -> str:
    """What a clip's files are named after: its label, its name, its content."""
    stem = _PLAIN.sub("-", PurePosixPath(candidate.name).stem).strip("-.")[:64] or "clip"
    return f"{candidate.label or 'recordings'}/{stem}-{digest[:12]}"
