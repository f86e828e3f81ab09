"""How recordings lie in a user's folder: a folder a class, a CSV, or Speech Commands.

Each layout turns the source into candidates: which file, which label, which split if the source
says so, which groups. Nothing is opened but text files; faults are collected, not raised.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from coincell.data.audio import AUDIO_SUFFIXES
from coincell.data.faults import Faults
from coincell.data.layouts_named import MADE_KEY, Named, has_sidecars, label_of_name, read_sidecars
from coincell.data.manifest import (
    CORE_COLUMNS,
    MANIFEST_FILE,
    NOISE_LABEL,
    RECORDING,
    SPLITS,
    Split,
    check_group_names,
    checked_file,
    finite_number,
    mark_of,
    read_csv,
)
from coincell.data.origins import read_origins
from coincell.data.senses import Part, kinds_of, sense_files
from coincell.errors import DataError
from coincell.project import DataSettings
from coincell.units import plain_unit, unit_factor

Layout = Literal["auto", "folders", "csv", "speech-commands", "names", "coco"]

MAX_FILES = 500_000
_MAX_TEXT_BYTES = 1 << 26
_LISTS: tuple[tuple[str, Split], ...] = (
    ("validation_list.txt", "validation"),
    ("testing_list.txt", "test"),
)
_SPEAKER_HASH = re.compile(r"(?P<speaker>[0-9a-f]{8})_nohash_\d+")
_OTHER_KINDS = (
    ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff", ".webm",
    ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif",
)  # fmt: skip
_CSV_FILES = ("labels.csv", MANIFEST_FILE)


@dataclass(frozen=True)
class Candidate:
    """A recording that the source offers.

    Attributes:
        path: where it is.
        name: relative to the source, for messages and file names.
        label: its class, or NOISE_LABEL; "" with a target.
        split: given by the source, else None.
        groups: speaker and whatever other columns the source has.
        target: a number to predict, and its unit.
        parts: stretches of it with labels of their own, in samples of the file's.
        made: by which generator it was made, as `Source.format` has it; "" of a recording.
    """

    path: Path
    name: str
    label: str
    split: Split | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    target: float | None = None
    unit: str = ""
    parts: tuple[Part, ...] = ()
    made: str = ""


@dataclass(frozen=True)
class Listing:
    """All candidates of a source, in a stable order, and what was noticed."""

    layout: Layout
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListingOptions:
    """How to read a source: the label column of a CSV; a pattern that finds the speaker."""

    label_column: str = "label"
    speaker_pattern: str = ""


def list_source(
    source: Path, layout: Layout, settings: DataSettings, options: ListingOptions, faults: Faults
) -> Listing:
    """The candidates in `source`; what is wrong with them goes into `faults`.

    Raises:
        DataError: the source is not there, or its layout cannot be told.
    """
    if not source.exists():
        raise DataError(f"There is nothing at {source}.", "Name a folder of recordings, or a CSV.")
    chosen = _detect(source, settings) if layout == "auto" else layout
    if chosen == "coco":
        return _list_coco(source, settings)
    pattern = _speaker_pattern(options.speaker_pattern)
    if chosen == "csv":
        return _list_csv(_csv_file(source), settings, options.label_column, pattern, faults)
    if not source.is_dir():
        raise DataError(
            f"{source} is a file; the layout {chosen!r} needs a folder.",
            "Name a folder with a folder of recordings for each class, or a .csv.",
        )
    if chosen == "speech-commands":
        return _list_speech_commands(source, settings, faults)
    if chosen == "names":
        return _list_named(source, settings, pattern, faults)
    return _list_folders(source, settings, pattern, faults)


def _list_coco(source: Path, settings: DataSettings) -> Listing:
    from coincell.data.coco import coco_file, list_coco

    path = coco_file(source)
    if path is None:
        raise DataError(
            f"{source}: the layout 'coco' needs one instances file, instances_*.json.",
            "Name the file itself.",
        )
    return list_coco(path, settings)


def _detect(source: Path, settings: DataSettings) -> Layout:
    from coincell.data.coco import coco_file

    if settings.sense == "picture" and coco_file(source) is not None:
        return "coco"
    if source.is_file():
        if source.suffix.lower() == ".csv":
            return "csv"
        raise DataError(
            f"{source} is neither a folder nor a CSV file.",
            "Put each class's recordings in a folder of its name, or list them in a CSV.",
        )
    if any((source / name).is_file() for name in _CSV_FILES):
        return "csv"
    if has_sidecars(source):
        return "names"
    if any((source / name).is_file() for name, _ in _LISTS):
        return "speech-commands"
    clips = [path for path in _audio_files(source) if path.parent.name != NOISE_LABEL]
    if clips and all(_SPEAKER_HASH.match(path.name) for path in clips):
        return "speech-commands"
    named = [path for path in _files(source) if path.parent == source]
    suffixes = sense_files(settings).suffixes
    if not _subfolders(source) and any(path.suffix.lower() in suffixes for path in named):
        return "names"
    return "folders"


def _speaker_pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise DataError(
            f"The speaker pattern {text!r} is not a regular expression: {error}.",
            r"For example: --speaker-pattern '^(?P<speaker>[a-z]+)_\d+'",
        ) from error
    if "speaker" not in pattern.groupindex and pattern.groups != 1:
        raise DataError(
            f"The speaker pattern needs one group, or one named 'speaker'; received {text!r}.",
            r"For example: --speaker-pattern '^(?P<speaker>[a-z]+)_\d+'",
        )
    return pattern


def _speaker_of(name: str, pattern: re.Pattern[str] | None) -> dict[str, str]:
    """The speaker that a file's relative name tells: by the pattern, or by Speech Commands."""
    if pattern is None:
        match = _SPEAKER_HASH.match(PurePosixPath(name).name)
    else:
        match = pattern.search(name)
    if match is None:
        return {}
    key = "speaker" if "speaker" in match.re.groupindex else 1
    speaker = match[key]
    return {"speaker": speaker} if speaker else {}


def _audio_files(folder: Path) -> list[Path]:
    """All WAV and FLAC files below `folder`, sorted; links to folders are not followed."""
    return [path for path in _files(folder) if path.suffix.lower() in AUDIO_SUFFIXES]


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(Path(directory, name) for name in sorted(files) if not name.startswith("."))
        if len(found) > MAX_FILES:
            raise DataError(f"{folder} holds more than {MAX_FILES} files; it is not read.")
    return found


def _relative(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix()


def _subfolders(source: Path) -> list[Path]:
    return sorted(
        entry for entry in source.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def explain_label(label: str, settings: DataSettings) -> tuple[str, str]:
    """Message and hint for a label that is not in the configuration."""
    match = difflib.get_close_matches(label.lower(), settings.labels, n=1, cutoff=0.6)
    nearest = f"; did you mean {match[0]!r}?" if match else ""
    message = f"the label {label!r} is not in the configuration (data.labels){nearest}"
    return message, f"data.labels is {list(settings.labels)}; add it there or rename."


def _list_folders(
    source: Path, settings: DataSettings, pattern: re.Pattern[str] | None, faults: Faults
) -> Listing:
    candidates: list[Candidate] = []
    notes: list[str] = []
    folders, origins = _subfolders(source), read_origins(source)
    if not folders:
        faults.add(
            f"{source}: no folders in it", "Put each class's recordings in a folder of its name."
        )
    for folder in folders:
        if folder.name != NOISE_LABEL and folder.name not in settings.labels:
            message, hint = explain_label(folder.name, settings)
            faults.add(f"{folder.name}/: {message}", hint)
            continue
        files = _files(folder)
        suffixes = sense_files(settings).suffixes
        audio = [path for path in files if path.suffix.lower() in suffixes]
        others = Counter(path.suffix.lower() for path in files if path not in set(audio))
        if not audio:
            received = f"; it holds {_counted(others)}" if others else ""
            faults.add(
                f"{folder.name}/: the class is empty: no {kinds_of(settings)} file{received}",
                "Add recordings, or take the label out of data.labels.",
            )
        if ignored := {suffix: n for suffix, n in others.items() if suffix in _OTHER_KINDS}:
            notes.append(f"{folder.name}/: {_counted(ignored)} left out: not {kinds_of(settings)}.")
        for path in audio:
            name = _relative(path, source)
            groups = _speaker_of(name, pattern)
            if name in origins:
                groups = {**groups, RECORDING: origins[name]}
            candidates.append(Candidate(path, name, folder.name, groups=groups))
    return Listing("folders", tuple(candidates), tuple(notes))


def _list_named(
    source: Path, settings: DataSettings, pattern: re.Pattern[str] | None, faults: Faults
) -> Listing:
    """Files called after their class, or told of in a sidecar; below folders too."""
    told = read_sidecars(source, faults)
    suffixes = sense_files(settings).suffixes
    names = [_relative(path, source) for path in _files(source) if path.suffix.lower() in suffixes]
    candidates = []
    for name in names:
        named = told.pop(name, None) or Named(label_of_name(name))
        groups = _speaker_of(name, pattern) | dict(named.groups or {})
        if settings.target:
            try:
                target = _target({"target": named.target, "unit": named.unit}, settings)
            except (DataError, ValueError) as error:
                faults.add(str(error), getattr(error, "hint", ""), name)
                continue
            told_target = (target, settings.unit)
            candidates.append(
                Candidate(
                    source / name, name, "", named.split, groups, *told_target, made=named.made
                )
            )
            continue
        label = named.label or ("" if named.parts else label_of_name(name))
        for text in {part.label for part in named.parts} | ({label} - {""}):
            if text not in settings.labels and text != NOISE_LABEL:
                faults.add(*explain_label(text, settings), name)
        candidates.append(
            Candidate(
                source / name, name, label, named.split, groups, parts=named.parts, made=named.made
            )
        )
    for name in told:
        faults.add(f"there is no {kinds_of(settings)} file {name!r}", "", "a sidecar of labels")
    if not names:
        faults.add(f"{source}: no {kinds_of(settings)} file in it")
    return Listing("names", tuple(candidates))


def _counted(suffixes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {suffix or 'other'}" for suffix, count in sorted(suffixes.items()))


def _csv_file(source: Path) -> Path:
    if source.is_file():
        return source
    for name in _CSV_FILES:
        if (source / name).is_file():
            return source / name
    found = sorted(source.glob("*.csv"))
    if len(found) == 1:
        return found[0]
    raise DataError(
        f"{source}: the layout 'csv' needs a labels.csv; received {len(found)} CSV files.",
        "Name the CSV file itself.",
    )


def _list_csv(
    path: Path,
    settings: DataSettings,
    label_column: str,
    pattern: re.Pattern[str] | None,
    faults: Faults,
) -> Listing:
    rows = read_csv(path, _MAX_TEXT_BYTES)
    needed = ("file", "target", "unit") if settings.target else ("file", label_column)
    if missing := [name for name in needed if name not in rows.columns]:
        raise DataError(
            f"{path}: the column {missing[0]!r} is missing; received: {', '.join(rows.columns)}.",
            f"A recording a line: its file, {settings.target} as target, {settings.unit} as unit."
            if settings.target
            else "Name the column of the classes with --label-column, or rename it to 'label'.",
        )
    not_groups = (*CORE_COLUMNS, label_column)
    check_group_names(path, [name for name in rows.columns if name not in not_groups])
    root = path.parent.resolve()
    candidates: list[Candidate] = []
    seen: set[str] = set()
    for number, row in rows.lines:
        where = f"{path.name}, line {number}"
        try:
            candidate = _csv_candidate(row, root, label_column, settings, pattern)
            if candidate.name in seen:
                raise DataError(f"the file {candidate.name!r} is listed twice")
            seen.add(candidate.name)
            candidates.append(candidate)
        except OSError as error:
            faults.add(f"the file cannot be read: {error.strerror or error}", "", where)
        except (DataError, ValueError) as error:
            faults.add(str(error), getattr(error, "hint", ""), where)
    if not rows.lines:
        faults.add(f"{path.name}: no lines after the header", "List one recording a line.")
    return Listing("csv", tuple(candidates))


def _csv_candidate(
    row: dict[str, str],
    root: Path,
    label_column: str,
    settings: DataSettings,
    pattern: re.Pattern[str] | None,
) -> Candidate:
    """One line of a CSV; raises ValueError or DataError with the rule that it breaks."""
    name = checked_file(row["file"])
    path = root / name
    if not path.resolve().is_relative_to(root):
        raise ValueError(f"file must stay inside {root.name}/; received {name!r}")
    if not path.is_file():
        raise DataError(f"there is no file {name!r}", "Paths are relative to the CSV's folder.")
    label = row.get(label_column, "")
    target = _target(row, settings) if settings.target else None
    if target is None and label != NOISE_LABEL and label not in settings.labels:
        raise DataError(*explain_label(label, settings))
    split = row.get("split", "")
    if split and split not in SPLITS:
        raise ValueError(f"split must be train, validation, test or empty; received {split!r}")
    groups = {
        key: text
        for key, text in row.items()
        if text and key not in CORE_COLUMNS and key != label_column
    }
    return Candidate(
        path,
        name,
        label if target is None else "",
        split if split else None,
        _speaker_of(name, pattern) | groups,
        target,
        settings.unit if target is not None else "",
        made=mark_of(row.get(MADE_KEY, "")),
    )


def _target(row: dict[str, str], settings: DataSettings) -> float:
    """The number to be predicted, of a line; raises ValueError or DataError."""
    text, unit = row["target"], row["unit"]
    if not text:
        raise DataError("the target is empty", f"Write {settings.target} in {settings.unit}.")
    target = finite_number("target", text)
    if plain_unit(unit) != plain_unit(settings.unit):
        factor = unit_factor(unit, settings.unit) if unit else None
        raise DataError(
            f"the target is in {unit or 'no unit'}; data.unit is {settings.unit!r}",
            f"Multiply it by {factor:.6g} and write {settings.unit} as its unit."
            if factor
            else "Bring all targets to one unit, and name it in each line.",
        )
    return target


def _list_speech_commands(source: Path, settings: DataSettings, faults: Faults) -> Listing:
    listed = _official_lists(source)
    unknown = settings.unknown_label if settings.unknown_label in settings.labels else ""
    candidates: list[Candidate] = []
    others: list[Candidate] = []
    left_out: Counter[str] = Counter()
    for folder in _subfolders(source):
        audio = _audio_files(folder)
        if not audio and folder.name in settings.labels:
            faults.add(f"{folder.name}/: the class is empty: no WAV or FLAC file")
        for path in audio:
            name = _relative(path, source)
            groups = _speaker_of(name, None)
            if folder.name == NOISE_LABEL:
                candidates.append(Candidate(path, name, NOISE_LABEL))
                continue
            split = listed.get(name, "train") if listed else official_split(path.name)
            if folder.name in settings.labels:
                candidates.append(Candidate(path, name, folder.name, split, groups))
            elif unknown:
                others.append(
                    Candidate(path, name, unknown, split, {**groups, "word": folder.name})
                )
            else:
                left_out[folder.name] += 1
    notes = [f"{sum(left_out.values())} clips of other words left out."] if left_out else []
    kept = _as_many_as_a_word(candidates, others)
    if len(kept) < len(others):
        notes.append(f"{len(kept)} of {len(others)} clips of other words kept as {unknown!r}.")
    ordered = sorted([*candidates, *kept], key=lambda candidate: candidate.name)
    return Listing("speech-commands", tuple(ordered), tuple(notes))


def _as_many_as_a_word(words: Sequence[Candidate], others: Sequence[Candidate]) -> list[Candidate]:
    """Of each split, as many other words as the largest class has, chosen by their names' hash."""
    kept: list[Candidate] = []
    for split in SPLITS:
        counts = Counter(word.label for word in words if word.split == split)
        quota = max(counts.values(), default=0)
        ranked = sorted(
            (candidate for candidate in others if candidate.split == split),
            key=lambda candidate: hashlib.sha256(candidate.name.encode()).digest(),
        )
        kept.extend(ranked[:quota])
    return kept


def _official_lists(source: Path) -> dict[str, Split]:
    """File -> split, from both published lists; empty unless both are there."""
    if not all((source / name).is_file() for name, _ in _LISTS):
        return {}
    listed: dict[str, Split] = {}
    for name, split in _LISTS:
        path = source / name
        if path.stat().st_size > _MAX_TEXT_BYTES:
            raise DataError(f"{path}: larger than {_MAX_TEXT_BYTES} bytes; it is not read.")
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 text (byte {error.start}).") from error
        listed.update((line.strip(), split) for line in lines if line.strip())
    return listed


def official_split(file_name: str) -> Split:
    """The split that Speech Commands publishes for a file: 10 % validation, 10 % test.

    SHA-1 of the name up to `_nohash_` (the speaker), modulo 2**27, as a percentage of 2**27 - 1
    (Warden 2018, "Speech Commands", and the README of the data set).
    """
    speaker = re.sub(r"_nohash_.*$", "", file_name)
    digest = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    most = 2**27 - 1
    percentage = digest % (most + 1) * (100.0 / most)
    if percentage < 10.0:
        return "validation"
    return "test" if percentage < 20.0 else "train"
