"""data/manifest.csv: one line a sample; read strictly, written whole or not at all.

Columns, in this order: file, label, target, unit, split, sha256, duration_s, source_format,
source_rate_hz, source_channels, source_sha256; then the group columns by name. Lines are sorted
by file. `file`, `label`, `split`, `sha256` and `duration_s` must be there; the rest may be absent.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from coincell.errors import DataError
from coincell.files import write_atomic

MANIFEST_FILE = "manifest.csv"
NOISE_LABEL = "_background_noise_"
RECORDING = "recording"
"""The group column that tells which longer recording a clip was cut from."""
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

MAX_MANIFEST_BYTES = 1 << 28
MAX_GROUPS = 48
MAX_FIELD = 1024
_REQUIRED = ("file", "label", "split", "sha256", "duration_s")
CORE_COLUMNS = (
    "file", "label", "target", "unit", "split", "sha256", "duration_s",
    "source_format", "source_rate_hz", "source_channels", "source_sha256",
)  # fmt: skip
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


MADE = "synthetic"
"""What a `Source.format` of recordings that a generator made begins with."""
_IMPORTED = ", imported"


def mark_of(told: str) -> str:
    """The format of a recording that came from outside, if that says a generator made it, or "".

    It is not the generator's own word: what `data synthesize` made here it may make anew or take
    away, and what was imported it must not.
    """
    if not told.startswith(MADE):
        return ""
    return told[:200].removesuffix(_IMPORTED) + _IMPORTED


@dataclass(frozen=True)
class Source:
    """What a sample was made from.

    Attributes:
        format: "WAV PCM_24", "FLAC PCM_16", "synthetic speech", "noise cut" ...; "" if unknown.
        rate_hz: before resampling; 0 if unknown.
        channels: before mixing to mono; 0 if unknown.
        sha256: of the user's file, or of the parameters it was made from; "" if unknown.
    """

    format: str = ""
    rate_hz: int = 0
    channels: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Sample:
    """One clip.

    Attributes:
        file: POSIX path relative to the data folder.
        label: class; "" when the sample has a target instead.
        split: the side that it is on.
        sha256: of the stored file, 64 hexadecimal digits.
        duration_s: length in seconds.
        groups: free columns that are filled (speaker, accent, gender, device ...).
        target: a number to predict, with its `unit`; None for classification.
        source: what it was made from.
    """

    file: str
    label: str
    split: Split
    sha256: str
    duration_s: float
    groups: Mapping[str, str] = field(default_factory=dict)
    target: float | None = None
    unit: str = ""
    source: Source = Source()


@dataclass(frozen=True)
class Dataset:
    """The clips of a project.

    Attributes:
        directory: the folder that `Sample.file` is relative to.
        samples: the clips of the classes (or with targets), sorted by file.
        noise: background noise: of no class, to mix in; sorted by file.
    """

    directory: Path
    samples: tuple[Sample, ...]
    noise: tuple[Sample, ...] = ()

    def counts(self) -> dict[str, dict[Split, int]]:
        """label -> split -> number of clips; every split is there."""
        counts: dict[str, dict[Split, int]] = {}
        for sample in self.samples:
            row = counts.setdefault(sample.label, dict.fromkeys(SPLITS, 0))
            row[sample.split] += 1
        return dict(sorted(counts.items()))

    def notes(self, sample_rate_hz: int) -> dict[str, int]:
        """What was done to the clips on their way in: what -> how many clips."""
        notes: Counter[str] = Counter()
        for sample in self.samples:
            source = sample.source
            if source.format.startswith(MADE):
                notes[source.format] += 1
                continue
            if source.rate_hz not in (0, sample_rate_hz):
                notes[f"resampled from {source.rate_hz} Hz"] += 1
            sound = source.format.startswith(("WAV", "FLAC"))
            if source.channels > 1 and sound:
                notes["mixed from stereo to mono"] += 1
            if source.format and not source.format.endswith("PCM_16"):
                notes[f"converted from {source.format}"] += 1
        return dict(sorted(notes.items()))


def manifest_path(data_directory: Path) -> Path:
    """Where the manifest of a data folder is."""
    return data_directory / MANIFEST_FILE


def write_manifest(dataset: Dataset) -> None:
    """Write the manifest of `dataset` into its folder, atomically, in a stable order."""
    write_atomic(manifest_path(dataset.directory), manifest_text(dataset))


def manifest_text(dataset: Dataset) -> str:
    """What the manifest of `dataset` holds; equal data sets give equal texts."""
    samples = sorted((*dataset.samples, *dataset.noise), key=lambda sample: sample.file)
    groups = sorted({name for sample in samples for name in sample.groups})
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*CORE_COLUMNS, *groups])
    for sample in samples:
        writer.writerow([*_cells(sample), *(sample.groups.get(name, "") for name in groups)])
    return stream.getvalue()


def _cells(sample: Sample) -> tuple[str, ...]:
    source = sample.source
    return (
        sample.file,
        sample.label,
        "" if sample.target is None else repr(sample.target),
        sample.unit,
        sample.split,
        sample.sha256,
        repr(sample.duration_s),
        source.format,
        str(source.rate_hz) if source.rate_hz else "",
        str(source.channels) if source.channels else "",
        source.sha256,
    )


def read_manifest(data_directory: Path) -> Dataset:
    """The data set of a data folder. The clips themselves are not opened; `check_dataset` does.

    Raises:
        DataError: there is no manifest, or a line of it cannot be.
    """
    path = manifest_path(data_directory)
    return _dataset(path, read_csv(path, MAX_MANIFEST_BYTES), data_directory)


def parse_manifest(path: Path, text: str, data_directory: Path) -> Dataset:
    """The data set that the text of a manifest, found in `path`, describes.

    Raises:
        DataError: a line of it cannot be.
    """
    return _dataset(path, parse_csv(path, text), data_directory)


def _dataset(path: Path, rows: Rows, data_directory: Path) -> Dataset:
    _check_columns(path, rows.columns)
    samples: list[Sample] = []
    seen: set[str] = set()
    for number, row in rows.lines:
        try:
            sample = _sample(row)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: {error}.", "Mend the line, or import the data again."
            ) from error
        if sample.file in seen:
            raise DataError(f"{path}, line {number}: the file {sample.file!r} is listed twice.")
        seen.add(sample.file)
        samples.append(sample)
    samples.sort(key=lambda sample: sample.file)
    return Dataset(
        data_directory,
        tuple(sample for sample in samples if sample.label != NOISE_LABEL),
        tuple(sample for sample in samples if sample.label == NOISE_LABEL),
    )


def _check_columns(path: Path, columns: tuple[str, ...]) -> None:
    if missing := [name for name in _REQUIRED if name not in columns]:
        raise DataError(
            f"{path}: the column {missing[0]!r} is missing; received: {', '.join(columns)}.",
            "A manifest is made by `coincell data import` or `coincell data synthesize`.",
        )
    groups = [name for name in columns if name not in CORE_COLUMNS]
    check_group_names(path, groups)


def check_group_names(path: Path, groups: Iterable[str]) -> None:
    """Refuse names of group columns that cannot be, or too many of them."""
    names = list(groups)
    if len(names) > MAX_GROUPS:
        raise DataError(f"{path}: at most {MAX_GROUPS} group columns; received {len(names)}.")
    for name in names:
        if not _GROUP.fullmatch(name):
            raise DataError(f"{path}: a column's name is letters, digits and _; received {name!r}.")


def is_field(text: str) -> bool:
    """Whether a manifest can hold `text`: short, no control characters, and UTF-8."""
    return len(text) <= MAX_FIELD and not _CONTROL.search(text)


def refuse_unreadable(samples: Sequence[Sample], source: Path) -> None:
    """Refuse groups that a manifest cannot hold, before one is written that cannot be read.

    Raises:
        DataError: reserved names of groups, too many, or a value that is no field.
    """
    names = sorted({name for sample in samples for name in sample.groups})
    check_group_names(source, names)
    if reserved := sorted({*names} & {*CORE_COLUMNS}):
        raise DataError(f"A group cannot be called {reserved[0]!r}: the manifest's own column is.")
    for sample in samples:
        for name, text in sample.groups.items():
            if not is_field(text):
                raise DataError(
                    f"{sample.file}: its {name!r} is longer than {MAX_FIELD} characters or holds "
                    f"control characters: {text[:40]!r}.",
                    "Rename what it comes from.",
                )


def _sample(row: Mapping[str, str]) -> Sample:
    """One line; raises ValueError with the rule that it breaks."""
    label, target = row["label"], row.get("target", "")
    if bool(label) == bool(target):
        raise ValueError("exactly one of label and target must be filled")
    split = row["split"]
    if split not in SPLITS:
        raise ValueError(f"split must be train, validation or test; received {split!r}")
    if not _SHA256.fullmatch(row["sha256"]):
        raise ValueError(f"sha256 must be 64 hexadecimal digits; received {row['sha256']!r}")
    groups = {name: text for name, text in row.items() if text and name not in CORE_COLUMNS}
    return Sample(
        file=checked_file(row["file"]),
        label=label,
        split=split,
        sha256=row["sha256"],
        duration_s=finite_number("duration_s", row["duration_s"], minimum=0.0),
        groups=groups,
        target=finite_number("target", target) if target else None,
        unit=row.get("unit", ""),
        source=Source(
            row.get("source_format", ""),
            _count("source_rate_hz", row.get("source_rate_hz", "")),
            _count("source_channels", row.get("source_channels", "")),
            row.get("source_sha256", ""),
        ),
    )


def checked_file(text: str) -> str:
    """`text` if it is a relative POSIX path that stays inside its folder.

    Raises:
        ValueError: it is not.
    """
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts or "\\" in text or str(path) != text:
        raise ValueError(f"file must be a plain relative path inside the folder; received {text!r}")
    return text


def finite_number(name: str, text: str, minimum: float = -math.inf) -> float:
    """`text` as a finite number, at least `minimum`; ValueError with the rule otherwise."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < minimum:
        raise ValueError(f"{name} must be a number; received {text!r}")
    return value


def _count(name: str, text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(f"{name} must be a whole number; received {text!r}")
    return int(text)


@dataclass(frozen=True)
class Rows:
    """A CSV file: its columns, and its lines as (line number, column -> text)."""

    columns: tuple[str, ...]
    lines: tuple[tuple[int, dict[str, str]], ...]


def read_csv(path: Path, max_bytes: int) -> Rows:
    """Read a CSV file with a header line, strictly: equal line lengths, bounded fields, UTF-8.

    Raises:
        DataError: it is absent, too large, or not such a file.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise DataError(f"{path}: larger than {max_bytes} bytes; it is not read.")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(
            f"There is no {path}.",
            "Bring recordings in with `coincell data import DIR`, or `coincell data synthesize`.",
        ) from error
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}).") from error
    return parse_csv(path, text)


def parse_csv(path: Path, text: str) -> Rows:
    """The columns and lines of a CSV file's text; `path` is for messages.

    Raises:
        DataError: see `read_csv`.
    """
    try:
        return _parse(path, text)
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file: {error}.") from error


def _parse(path: Path, text: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = tuple(name.strip() for name in next(reader, []))
    if not columns or len(columns) > MAX_GROUPS + len(CORE_COLUMNS):
        raise DataError(f"{path}: a header line of column names is needed, at most 59.")
    if len(set(columns)) != len(columns) or not all(columns):
        raise DataError(f"{path}: column names must be filled and unlike; received {columns}.")
    lines: list[tuple[int, dict[str, str]]] = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(columns):
            raise DataError(
                f"{path}, line {reader.line_num}: {len(columns)} columns expected, "
                f"{len(cells)} found."
            )
        for cell in cells:
            if not is_field(cell):
                raise DataError(
                    f"{path}, line {reader.line_num}: a field is longer than {MAX_FIELD} "
                    f"characters or holds control characters: {cell[:40]!r}."
                )
        lines.append((reader.line_num, dict(zip(columns, cells, strict=True))))
    return Rows(columns, tuple(lines))
