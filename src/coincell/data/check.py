"""What is wrong, or odd, with a data set: every file is read, nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coincell.data.check_report import (
    NAMES,
    CheckReport,
    Finding,
    Severity,
    finding,
    gravest_first,
)
from coincell.data.check_senses import check_motion, check_pictures, check_sound, check_targets
from coincell.data.contradictions import contradict, same_content
from coincell.data.looking import Look, look
from coincell.data.manifest import SPLITS, Dataset, Split, read_manifest
from coincell.data.progress import Progress, silent
from coincell.data.readings import other_readings
from coincell.data.senses import sense_files
from coincell.project import Configuration, DataSettings, Project, SplitSettings

IMBALANCE = 3.0
_SHOWN = 10
_STORED: Mapping[str, str] = {
    "sound": "16-bit mono WAV with sound in it",
    "motion": "readings of the project's channels as Coincell keeps them",
    "picture": "pictures as Coincell keeps them",
}


def check_dataset(project: Project, progress: Progress = silent) -> CheckReport:
    """Look at every file of the project's data set.

    Raises:
        DataError: there is no manifest, or it cannot be read.
    """
    dataset = read_manifest(project.data_directory)
    samples = (*dataset.samples, *dataset.noise)
    settings = project.configuration.data
    looks: list[Look] = []
    for done, sample in enumerate(samples, start=1):
        looks.append(look(dataset, sample, settings))
        progress(done, len(samples), sample.file)
    findings = [
        *_check_files(looks, dataset, settings),
        *_check_labels(dataset, project.configuration),
        *_check_copies(looks, settings),
        *_check_groups(dataset, project.configuration),
        *check_targets(dataset, project.configuration),
        *_check_readings(dataset, settings),
    ]
    check_sense = {"sound": check_sound, "motion": check_motion, "picture": check_pictures}
    findings += check_sense[settings.sense](looks, settings)
    what = NAMES[settings.sense].lower()
    return CheckReport(len(samples), dataset.counts(), gravest_first(findings), what)


def _check_readings(dataset: Dataset, settings: DataSettings) -> list[Finding]:
    other = other_readings(dataset.directory, settings)
    if not other:
        return []
    message = f"The readings {other} Change it back, or import the recordings again."
    return [Finding("error", "other-readings", message)]


def _those(looks: Sequence[Look], condition: Callable[[Look], bool]) -> list[str]:
    return [one.sample.file for one in looks if condition(one)]


def _check_files(looks: Sequence[Look], dataset: Dataset, settings: DataSettings) -> list[Finding]:
    rate_hz, sense = settings.form.rate_hz, settings.sense
    listed = {one.sample.file for one in looks}
    suffix = sense_files(settings).stored_suffix
    strays = [name for name in _stored_names(dataset.directory, suffix) if name not in listed]
    missing, unreadable, changed = (
        _those(looks, lambda one, fault=fault: one.fault == fault)  # type: ignore[misc]
        for fault in ("missing", "unreadable", "changed")
    )
    other_rate = _those(looks, lambda one: one.rate_hz not in (0, rate_hz))
    return [
        *finding("missing", missing, sense),
        *finding("unreadable", unreadable, sense, stored=_STORED[sense]),
        *finding("changed", changed, sense),
        *finding("rate", other_rate, sense, rate_hz=rate_hz),
        *finding("stray", strays, sense),
    ]


def _stored_names(folder: Path, suffix: str) -> list[str]:
    names = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() == suffix
    ]
    return [name for name in names if not name.startswith(".")]


def _check_labels(dataset: Dataset, configuration: Configuration) -> list[Finding]:
    """Of quantities there are no classes; of normality only what is normal is learned."""
    if configuration.goal == "quantity":
        return []
    settings = configuration.data
    counts = {label: row for label, row in dataset.counts().items() if label}
    findings: list[Finding] = []
    for label in sorted(set(counts) - set(settings.labels)):
        files = [sample.file for sample in dataset.samples if sample.label == label]
        findings += finding("label", files, settings.sense, label=label)
    if configuration.goal == "normality":
        normal = settings.normal_label
        strange = [s.file for s in dataset.samples if s.split == "train" and s.label != normal]
        findings += finding("strange-in-training", strange, settings.sense, normal=normal)
        findings += _check_empty(counts, (normal,), settings, "error")
        return [_with_advice(one, normal, settings.split) for one in findings]
    findings += _check_empty(counts, settings.labels, settings)
    return findings + _check_balance(counts, settings)


def _check_empty(
    counts: Mapping[str, Mapping[Split, int]],
    labels: Sequence[str],
    settings: DataSettings,
    unvalidated: Severity = "warning",
) -> list[Finding]:
    """Classes without clips, and classes that a split lacks: one finding a split.

    `unvalidated` is how grave it is that validation lacks one.
    """
    what = NAMES[settings.sense].lower()
    empty: Mapping[Split, int] = dict.fromkeys(SPLITS, 0)
    rows = {label: counts.get(label, empty) for label in labels}
    findings = [
        Finding("error", "empty-class", f"The class {label!r} has no {what}.")
        for label, row in rows.items()
        if not any(row.values())
    ]
    for split in SPLITS:
        lacking = [label for label, row in rows.items() if any(row.values()) and not row[split]]
        if lacking:
            severity: Severity = unvalidated if split == "validation" else "error"
            message = f"No {what} for {split} of: {', '.join(lacking)}."
            findings.append(Finding(severity, "empty-split", message))
    return findings


def _with_advice(found: Finding, normal: str, settings: SplitSettings) -> Finding:
    """What an empty split of anomaly detection means, and what to do."""
    if found.rule != "empty-split":
        return found
    wanted = f"Record at least three of {normal!r}, each with another {settings.by!r}."
    told = next((why for split, why in _NEEDED.items() if f" for {split} " in found.message), "")
    if not settings.validation and "validation" in found.message:
        wanted = "Raise data.split.validation, which is 0."
    return replace(found, message=f"{found.message}{told} {wanted}")


_NEEDED: Mapping[Split, str] = {
    "train": " There is nothing to learn from.",
    "validation": " There is nothing to choose the threshold by.",
    "test": " There is nothing to count false alarms on.",
}


def _check_balance(
    counts: Mapping[str, Mapping[Split, int]], settings: DataSettings
) -> list[Finding]:
    learned = {label: counts[label]["train"] for label in settings.labels if label in counts}
    most = max(learned, key=lambda label: learned[label], default="")
    least = min(learned, key=lambda label: learned[label], default="")
    if not learned or learned[most] <= IMBALANCE * max(learned[least], 1):
        return []
    message = (
        f"Training has {learned[most]} {NAMES[settings.sense].lower()} of {most!r} and "
        f"{learned[least]} of {least!r}: more than {IMBALANCE:g} to 1."
    )
    return [Finding("warning", "balance", message)]


def _check_copies(looks: Sequence[Look], settings: DataSettings) -> list[Finding]:
    """Equal content: under two labels, on two sides, or merely twice."""
    telling = [one.sample for one in looks if one.loudest_dbfs > float("-inf") and not one.fault]
    two_labels: list[str] = []
    two_sides: list[str] = []
    twice: list[str] = []
    for copies in same_content(telling):
        files = [sample.file for sample in copies]
        if contradict(copies):
            two_labels += files
        elif len({sample.split for sample in copies}) == 1:
            twice += files[1:]
        if len({sample.split for sample in copies}) > 1:
            two_sides += files
    return [
        *finding("two-labels", two_labels, settings.sense),
        *finding("leakage", two_sides, settings.sense),
        *finding("duplicate", twice, settings.sense),
    ]


def _check_groups(dataset: Dataset, configuration: Configuration) -> list[Finding]:
    settings = configuration.data
    by = settings.split.by
    sides: defaultdict[str, Counter[Split]] = defaultdict(Counter)
    without = 0
    for sample in dataset.samples:
        if value := sample.groups.get(by, ""):
            sides[value][sample.split] += 1
        elif sample.label != settings.silence_label or settings.sense != "sound":
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
        what = NAMES[settings.sense]
        unmet = f"a new {by}"
        if settings.sense == "sound":
            unmet = "people it has never heard"
        elif by == "picture":  # each is new by itself; what it shows may be in others, too
            unmet = "new people and places"
        message = (
            f"{what} without a {by!r}: {without}. They are split {_ONE_BY_ONE[settings.sense]}, "
            f"and the figures do not tell how the model does on {unmet}."
        )
        findings.append(Finding("warning", "no-group", message, without))
    return findings


_ONE_BY_ONE: Mapping[str, str] = {
    "sound": "by clip",
    "motion": "by recording",
    "picture": "by picture",
}
