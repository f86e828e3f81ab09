"""What is wrong, or odd, with a data set: every clip is read, nothing is changed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav
from coincell.data.manifest import NOISE_LABEL, SPLITS, Dataset, Sample, Split, read_manifest
from coincell.data.progress import Progress, silent
from coincell.data.senses import sense_files
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import DataSettings, Project

Severity = Literal["error", "warning", "note"]

FULL_SCALE = 32700
CLIPPED_SHARE = 0.001
QUIET_DBFS = -50.0
MUCH_LONGER = 2.0
IMBALANCE = 3.0
_LOUDEST_S = 0.1
_SHOWN = 10


_FILE_RULES: Mapping[str, tuple[Severity, str]] = {
    "missing": ("error", "Clips in the manifest that are not there: {n}."),
    "unreadable": ("error", "Clips that are not 16-bit mono WAV with sound in it: {n}."),
    "changed": ("error", "Clips whose content is not what the manifest says (SHA-256): {n}."),
    "rate": ("error", "Clips that are not at {rate_hz} Hz, and must be imported again: {n}."),
    "stray": ("note", "Sound files in the data folder that are not in the manifest: {n}."),
    "label": ("error", "Clips with the label {label!r}, which is not in data.labels: {n}."),
    "two-labels": ("error", "Clips with the same sound under different labels: {n}."),
    "leakage": ("error", "Clips with the same sound on two sides of the split: {n}."),
    "duplicate": ("warning", "Clips that repeat the sound of another one of their label: {n}."),
    "clipping": ("warning", "Clips with over {share:.1%} of their samples at full scale: {n}."),
    "silent": ("warning", "Clips that should sound and never reach {level:g} dBFS: {n}."),
    "much-longer": (
        "warning",
        "Clips over {most_s:g} s, of which only the loudest stretch of a window is used: {n}.",
    ),
    "longer": ("note", "Clips longer than the window, cropped to their loudest stretch: {n}."),
    "shorter": ("note", "Clips shorter than the window, with zeros put at both ends: {n}."),
}
"""Rule -> severity and message; `{n}` is the number of files."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        severity: "error": figures would be wrong or training stops; "warning": look at it;
            "note": good to know.
        rule: which check, a stable word for programs.
        message: one sentence with its numbers.
        count: how many files it is about.
        files: the first ten of them.
    """

    severity: Severity
    rule: str
    message: str
    count: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """All findings, the gravest first.

    Attributes:
        clips: how many were looked at, noise included.
        counts: label -> split -> clips.
        findings: errors, then warnings, then notes.
    """

    clips: int
    counts: Mapping[str, Mapping[Split, int]]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error among the findings."""
        return not self.of_severity("error")

    def of_severity(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON file."""
        return {
            "clips": self.clips,
            "counts": {label: dict(row) for label, row in self.counts.items()},
            "findings": [asdict(finding) for finding in self.findings],
        }

    def to_text(self) -> str:
        """A table of the counts, then a line a finding."""
        width = max([len(label) for label in self.counts] + [5])
        lines = [f"{'class':<{width}} " + " ".join(f"{split:>10}" for split in SPLITS)]
        for label, row in self.counts.items():
            lines.append(f"{label:<{width}} " + " ".join(f"{row[split]:>10}" for split in SPLITS))
        lines.append("")
        for finding in self.findings:
            lines.append(f"{finding.severity}: {finding.message}")
            lines += [f"    {file}" for file in finding.files]
            if finding.count > len(finding.files) > 0:
                lines.append(f"    ... and {finding.count - len(finding.files)} more")
        if not self.findings:
            lines.append(f"Nothing found in {self.clips} clips.")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Clip:
    """What one file showed.

    Attributes:
        fault: "", "missing", "changed" (content), or "unreadable" (not a stored clip).
        rate_hz: 0 when it could not be read.
        seconds: length.
        clipped: share of samples at full scale.
        loudest_dbfs: level of the loudest tenth of a second; -inf for digital silence.
    """

    sample: Sample
    fault: str = ""
    rate_hz: int = 0
    seconds: float = 0.0
    clipped: float = 0.0
    loudest_dbfs: float = -math.inf


def check_dataset(project: Project, progress: Progress = silent) -> CheckReport:
    """Look at every clip of the project's data set.

    Raises:
        DataError: there is no manifest, or it cannot be read.
    """
    dataset = read_manifest(project.data_directory)
    samples = (*dataset.samples, *dataset.noise)
    clips: list[_Clip] = []
    for done, sample in enumerate(samples, start=1):
        clips.append(_look(dataset, sample, project.configuration.data))
        progress(done, len(samples), sample.file)
    settings = project.configuration.data
    findings = [finding for check in _CHECKS for finding in check(clips, dataset, settings)]
    order: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
    findings.sort(key=lambda finding: order[finding.severity])
    return CheckReport(len(samples), dataset.counts(), tuple(findings))


def _look(dataset: Dataset, sample: Sample, settings: DataSettings) -> _Clip:
    path = dataset.directory / sample.file
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            return _Clip(sample, "unreadable")
        content = path.read_bytes()
    except OSError:
        return _Clip(sample, "missing")
    fault = "" if sha256_bytes(content) == sample.sha256 else "changed"
    try:
        if settings.sense != "sound":
            return _look_elsewhere(content, sample, fault, settings)
        samples, rate_hz = decode_wav(content, sample.file)
    except DataError:
        return _Clip(sample, "unreadable")
    if len(samples) == 0:
        return _Clip(sample, "unreadable")
    return _Clip(
        sample,
        fault,
        rate_hz,
        len(samples) / rate_hz,
        float(np.mean(np.abs(samples.astype(np.int32)) >= FULL_SCALE)),
        _loudest_dbfs(samples, rate_hz),
    )


def _look_elsewhere(content: bytes, sample: Sample, fault: str, settings: DataSettings) -> _Clip:
    """A recording that is no sound: its length, and how much of it is at full scale."""
    files = sense_files(settings)
    samples = files.decode_stored(content, sample.file, settings)
    clipped = 0.0
    if settings.sense == "motion":
        clipped = float(np.mean(np.abs(samples) >= np.asarray(settings.full_scale)))
    seconds = files.seconds(samples, settings)
    return _Clip(sample, fault, settings.form.rate_hz, seconds, clipped, 0.0)


def _loudest_dbfs(samples: NDArray[np.int16], rate_hz: int) -> float:
    """Level of the loudest tenth of a second, in decibels of full scale (root mean square)."""
    length = min(len(samples), max(1, round(_LOUDEST_S * rate_hz)))
    energy = np.concatenate(([0.0], np.cumsum((samples / 32768.0) ** 2)))
    power = float(np.max(energy[length:] - energy[:-length])) / length
    return 10.0 * math.log10(power) if power > 1e-12 else -math.inf


def _finding(rule: str, files: Sequence[str], **values: object) -> list[Finding]:
    """A finding about files, by its rule; none when there are no files."""
    if not files:
        return []
    severity, message = _FILE_RULES[rule]
    text = message.format(n=len(files), **values)
    return [Finding(severity, rule, text, len(files), tuple(sorted(files)[:_SHOWN]))]


def _those(clips: Sequence[_Clip], condition: Callable[[_Clip], bool]) -> list[str]:
    return [clip.sample.file for clip in clips if condition(clip)]


def _check_files(clips: Sequence[_Clip], dataset: Dataset, settings: DataSettings) -> list[Finding]:
    rate_hz = settings.sample_rate_hz
    listed = {clip.sample.file for clip in clips}
    suffix = sense_files(settings).stored_suffix
    strays = [name for name in _stored_names(dataset.directory, suffix) if name not in listed]
    return [
        *_finding("missing", _those(clips, lambda c: c.fault == "missing")),
        *_finding("unreadable", _those(clips, lambda c: c.fault == "unreadable")),
        *_finding("changed", _those(clips, lambda c: c.fault == "changed")),
        *_finding("rate", _those(clips, lambda c: c.rate_hz not in (0, rate_hz)), rate_hz=rate_hz),
        *_finding("stray", strays),
    ]


def _stored_names(folder: Path, suffix: str) -> list[str]:
    names = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() == suffix
    ]
    return [name for name in names if not name.startswith(".")]


def _check_empty(
    counts: Mapping[str, Mapping[Split, int]], settings: DataSettings
) -> list[Finding]:
    """Classes without clips, and classes that a split lacks: one finding a split."""
    empty: Mapping[Split, int] = dict.fromkeys(SPLITS, 0)
    rows = {label: counts.get(label, empty) for label in settings.labels}
    findings = [
        Finding("error", "empty-class", f"The class {label!r} has no clips.")
        for label, row in rows.items()
        if not any(row.values())
    ]
    for split in SPLITS:
        lacking = [label for label, row in rows.items() if any(row.values()) and not row[split]]
        if lacking:
            severity: Severity = "warning" if split == "validation" else "error"
            message = f"No clips for {split} of: {', '.join(lacking)}."
            findings.append(Finding(severity, "empty-split", message))
    return findings


def _check_labels(
    clips: Sequence[_Clip], dataset: Dataset, settings: DataSettings
) -> list[Finding]:
    del clips
    counts = dataset.counts()
    findings: list[Finding] = []
    for label in sorted(set(counts) - set(settings.labels)):
        files = [sample.file for sample in dataset.samples if sample.label == label]
        findings += _finding("label", files, label=label)
    findings += _check_empty(counts, settings)
    learned = {label: counts[label]["train"] for label in settings.labels if label in counts}
    most = max(learned, key=lambda label: learned[label], default="")
    least = min(learned, key=lambda label: learned[label], default="")
    if learned and learned[most] > IMBALANCE * max(learned[least], 1):
        message = (
            f"Training has {learned[most]} clips of {most!r} and {learned[least]} of {least!r}: "
            f"more than {IMBALANCE:g} to 1."
        )
        findings.append(Finding("warning", "balance", message))
    return findings


def _check_sound(clips: Sequence[_Clip], dataset: Dataset, settings: DataSettings) -> list[Finding]:
    del dataset
    if settings.sense == "picture":
        return []
    window_s = settings.window_ms / 1000.0
    readable = [c for c in clips if c.rate_hz and c.sample.label != NOISE_LABEL]
    speaking = [c for c in readable if c.sample.label != settings.silence_label]

    most_s = MUCH_LONGER * window_s
    return [
        *_finding(
            "clipping", _those(readable, lambda c: c.clipped > CLIPPED_SHARE), share=CLIPPED_SHARE
        ),
        *_finding(
            "silent", _those(speaking, lambda c: c.loudest_dbfs < QUIET_DBFS), level=QUIET_DBFS
        ),
        *_finding("much-longer", _those(readable, lambda c: c.seconds > most_s), most_s=most_s),
        *_finding("longer", _those(readable, lambda c: window_s < c.seconds <= most_s)),
        *_finding("shorter", _those(readable, lambda c: c.seconds < window_s)),
    ]


def _check_copies(
    clips: Sequence[_Clip], dataset: Dataset, settings: DataSettings
) -> list[Finding]:
    """Equal content: under two labels, on two sides, or merely twice."""
    del dataset, settings
    sounding = [c.sample for c in clips if c.loudest_dbfs > -math.inf and not c.fault]
    by_content: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in sounding:
        by_content[sample.sha256].append(sample)
    two_labels: list[str] = []
    two_sides: list[str] = []
    twice: list[str] = []
    for copies in by_content.values():
        if len(copies) == 1:
            continue
        files = [sample.file for sample in copies]
        if len({(sample.label, sample.target) for sample in copies}) > 1:
            two_labels += files
        elif len({sample.split for sample in copies}) == 1:
            twice += files[1:]
        if len({sample.split for sample in copies}) > 1:
            two_sides += files
    return [
        *_finding("two-labels", two_labels),
        *_finding("leakage", two_sides),
        *_finding("duplicate", twice),
    ]


def _check_people(
    clips: Sequence[_Clip], dataset: Dataset, settings: DataSettings
) -> list[Finding]:
    del clips
    by = settings.split.by
    sides: defaultdict[str, Counter[Split]] = defaultdict(Counter)
    without = 0
    for sample in dataset.samples:
        if value := sample.groups.get(by, ""):
            sides[value][sample.split] += 1
        elif sample.label != settings.silence_label:
            without += 1
    findings: list[Finding] = []
    if crossing := sorted(value for value, splits in sides.items() if len(splits) > 1):
        names = ", ".join(crossing[:_SHOWN]) + (" ..." if len(crossing) > _SHOWN else "")
        message = (
            f"{len(crossing)} of {len(sides)} values of {by!r} are on more than one side of the "
            f"split ({names}): the figures do not tell how the model does on new ones."
        )
        findings.append(Finding("warning", "group-on-two-sides", message))
    if without:
        message = (
            f"Clips without a {by!r}: {without}. They are split by clip, and the figures do not "
            "tell how the model does on people it has never heard."
        )
        findings.append(Finding("warning", "no-group", message, without))
    return findings


_CHECKS = (_check_files, _check_labels, _check_copies, _check_people, _check_sound)
