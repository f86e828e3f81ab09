"""`coincell data check --deep`: what the features themselves say of the recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import (
    LEAST_JUDGE,
    Dataset,
    Doubt,
    Finding,
    Progress,
    Sample,
    components,
    doubted_labels,
    doubted_targets,
    load_windows,
    near_copies,
    numbered,
    outliers,
    pooled,
    read_manifest,
)
from coincell.features import choose_quantization, make_feature_block
from coincell.project import Project

MOST = 20_000
_FITTED_ON = 4096
_BATCH = 256
_SHOWN = 10


@dataclass(frozen=True)
class Suspect:
    """One recording worth a second look.

    Attributes:
        rule: as in the finding.
        sample: it.
        others: those it is held against, the nearest first.
        said: what was measured, in words.
    """

    rule: str
    sample: Sample
    others: tuple[Sample, ...]
    said: str


@dataclass(frozen=True)
class DeepReport:
    """What was found, and every recording that it is about.

    Attributes:
        findings: one a rule that found something, as those of `check_dataset`.
        suspects: of all rules, those of each rule from the strongest on.
        looked_at: how many recordings.
        left_out: how many were not looked at, since there are too many.
    """

    findings: tuple[Finding, ...]
    suspects: tuple[Suspect, ...]
    looked_at: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Plain data: the findings, and every suspect."""
        return {
            "looked_at": self.looked_at,
            "left_out": self.left_out,
            "findings": [finding.to_json() for finding in self.findings],
            "suspects": [
                {
                    "rule": one.rule,
                    "file": one.sample.file,
                    "others": [other.file for other in one.others],
                    "said": one.said,
                }
                for one in self.suspects
            ],
        }

    def to_text(self) -> str:
        """A line a finding, and the strongest suspects of each."""
        left_out = f"; {self.left_out} were too many" if self.left_out else ""
        lines = [f"By features of {self.looked_at} recordings{left_out}:"]
        for finding in self.findings:
            lines.append(f"{finding.severity}: {finding.message}")
            lines += [f"    {line}" for line in finding.files]
            if finding.count > len(finding.files) > 0:
                lines.append(f"    ... and {finding.count - len(finding.files)} more")
        return "\n".join(lines if self.findings else [*lines, "Nothing stands out."])


def deep_check(project: Project, progress: Progress) -> DeepReport:
    """Compute features of one window a recording, and look for what stands out.

    Raises:
        DataError: there is no manifest, or a recording cannot be read.
    """
    dataset = read_manifest(project.data_directory)
    settings = project.configuration.data
    quiet = settings.silence_label if settings.sense == "sound" else ""
    spoken = [s for s in dataset.samples if not quiet or s.label != quiet]
    samples = spoken[:MOST]
    if len(samples) < 2:
        return DeepReport((), (), len(samples), 0)
    features, windows = _features(project, dataset, samples, progress)
    suspects, right = _suspects(project, samples, features, windows)
    findings = [
        _finding(rule, [one for one in suspects if one.rule == rule])
        for rule in _WORDS
        if any(one.rule == rule for one in suspects)
    ]
    if right < LEAST_JUDGE:
        message = (
            f"A linear model tells only {right:.0%} of the held-out labels from these features: "
            f"too few to doubt any (it takes {LEAST_JUDGE:.0%}). The worst mistakes in the report "
            "of a run show labels to look at."
        )
        findings.append(Finding("note", "labels-not-judged", message))
    return DeepReport(tuple(findings), suspects, len(samples), len(spoken) - len(samples))


def _features(
    project: Project, dataset: Dataset, samples: Sequence[Sample], progress: Progress
) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Of the middle window of each recording: int8 [n, *shape], as the network would get them.

    And these windows, [n, form.values].
    """
    configuration = project.configuration
    training = [sample for sample in samples if sample.split == "train"] or list(samples)
    few = training[:: -(-len(training) // _FITTED_ON)]
    windows = load_windows(dataset, few, configuration.data)
    block = make_feature_block(configuration.features, configuration.data.form).fit(windows.values)
    quantization = choose_quantization(block.compute(windows.values), block.fixed_point_scale)
    form = configuration.data.form
    features = np.empty((len(samples), *block.shape), np.int8)
    kept = np.empty((len(samples), form.values), form.dtype)
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        part = load_windows(dataset, batch, configuration.data)
        counts = np.bincount(part.samples, minlength=len(batch))
        middles = np.cumsum(counts) - counts + counts // 2
        kept[start : start + len(batch)] = part.values[middles]
        features[start : start + len(batch)] = block.run(part.values[middles], quantization)
        progress(start + len(batch), len(samples), "features")
    return features, kept


def _suspects(
    project: Project,
    samples: Sequence[Sample],
    features: NDArray[np.int8],
    windows: NDArray[Any],
) -> tuple[tuple[Suspect, ...], float]:
    """All of them, and the share of held-out labels that the judge of labels gets right."""
    configuration = project.configuration
    form, seed = configuration.data.form, configuration.project.seed
    rows = components(pooled(features), seed)
    units = _units(samples, configuration.data.split.by)
    found: dict[str, list[Doubt]] = {}
    if form.sense != "picture":  # of pictures the usual check looks for copies
        found["near-copy"] = near_copies(rows, windows, form.channels)
    names: list[str] = sorted({sample.label for sample in samples})
    right = float("nan")
    if configuration.goal == "quantity":
        found["doubted-target"] = _doubted_targets(samples, rows, units)
    else:
        labels = numbered([sample.label for sample in samples])
        found["doubted-label"], right = doubted_labels(rows, labels, units, seed)
        flat = features.reshape(len(features), -1).astype(np.float32)
        found["outlier"] = outliers(flat, labels)
    suspects = tuple(
        Suspect(
            rule,
            samples[doubt.row],
            tuple(samples[row] for row in doubt.others),
            _said(rule, doubt, [samples[row] for row in (doubt.row, *doubt.others)], names),
        )
        for rule, doubts in found.items()
        for doubt in doubts
    )
    return suspects, right


def _doubted_targets(
    samples: Sequence[Sample], rows: NDArray[np.float32], units: NDArray[np.int64]
) -> list[Doubt]:
    targets = np.array([s.target if s.target is not None else np.nan for s in samples])
    told = np.flatnonzero(np.isfinite(targets))
    return [
        Doubt(int(told[doubt.row]), doubt.strength, tuple(int(told[i]) for i in doubt.others))
        for doubt in doubted_targets(rows[told], targets[told], units[told])
    ]


def _units(samples: Sequence[Sample], by: str) -> NDArray[np.int64]:
    """Whose each recording is; where few tell, each stands for itself."""
    names = [sample.groups.get(by) or f"\0{sample.file}" for sample in samples]
    return numbered(names)


def _said(rule: str, doubt: Doubt, samples: Sequence[Sample], names: Sequence[str]) -> str:
    sample, others = samples[0], samples[1:]
    if rule == "doubted-label":
        return (
            f"{sample.label!r} looks like {names[doubt.better]!r}, by {doubt.strength:.2f} of "
            "probability"
        )
    if rule == "near-copy":
        other = others[0]
        where = "" if other.split == sample.split else f", in {other.split} and {sample.split}"
        labels = "" if other.label == sample.label else f", {other.label!r} and {sample.label!r}"
        return f"like {other.file}{where}{labels} (correlation {doubt.strength:.3f})"
    if rule == "outlier":
        return f"{doubt.strength:.1f} deviations from others of {sample.label!r}"
    near = ", ".join(f"{other.target:g}" for other in others if other.target is not None)
    return f"{sample.target:g} {sample.unit}; its nearest have {near}"


_WORDS = {
    "doubted-label": "Labels that the nearest recordings and a held-out linear model both doubt: "
    "{n}. Listen or look, and mend those that are wrong.",
    "doubted-target": "Targets far from those of the nearest recordings: {n}.",
    "near-copy": "Recordings that seem to be an earlier one again: {n}, of which on two sides of "
    "the split: {crossing}; what is on two sides flatters the figures.",
    "outlier": "Recordings far from all others of their class: {n}.",
}


def _finding(rule: str, suspects: Sequence[Suspect]) -> Finding:
    crossing = sum(one.sample.split != one.others[0].split for one in suspects if one.others)
    message = _WORDS[rule].format(n=len(suspects), crossing=crossing)
    lines = tuple(f"{one.sample.file}: {one.said}" for one in suspects[:_SHOWN])
    return Finding("warning", rule, message, len(suspects), lines)
