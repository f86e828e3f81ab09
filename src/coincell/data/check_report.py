"""What a check of a data set tells: findings by rule, each with its severity and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from coincell.data.manifest import SPLITS, Split

Severity = Literal["error", "warning", "note"]
_SHOWN = 10

RULES: Mapping[str, tuple[Severity, str]] = {
    "missing": ("error", "{Those} in the manifest that are not there: {n}."),
    "unreadable": ("error", "{Those} that are not {stored}: {n}."),
    "changed": ("error", "{Those} whose content is not what the manifest says (SHA-256): {n}."),
    "rate": ("error", "{Those} that are not at {rate_hz} Hz, and must be imported again: {n}."),
    "stray": ("note", "Files in the data folder that are not in the manifest: {n}."),
    "label": ("error", "{Those} with the label {label!r}, which is not in data.labels: {n}."),
    "two-labels": (
        "error",
        "{Those} with the same content under different labels or targets: {n}.",
    ),
    "leakage": ("error", "{Those} with the same content on two sides of the split: {n}."),
    "duplicate": (
        "warning",
        "{Those} that repeat the content of another one of their label: {n}.",
    ),
    "clipping": ("warning", "{Those} with over {share:.1%} of their samples at full scale: {n}."),
    "silent": ("warning", "{Those} that should sound and never reach {level:g} dBFS: {n}."),
    "offset": (
        "warning",
        (
            "{Those} whose middle lies over {share:.0%} of full scale from zero: {n}; a "
            "microphone's direct current, which takes room from the sound."
        ),
    ),
    "much-longer": (
        "warning",
        "{Those} over {most_s:g} s, of which only {kept} of a window is used: {n}.",
    ),
    "longer": ("note", "{Those} longer than the window, cropped to {kept}: {n}."),
    "shorter": ("note", "{Those} shorter than the window, with {filled} at both ends: {n}."),
    "much-shorter": (
        "warning",
        (
            "{Those} shorter than half a window of {window_s:g} s, most of which is made up: {n}. "
            "Record longer, or shorten data.window_ms."
        ),
    ),
    "flat": ("warning", "{Those} in which no channel ever changes: {n}."),
    "stuck-channel": ("warning", "{Those} whose channel {channel!r} never changes: {n}."),
    "held": (
        "warning",
        (
            "{Those} in which all channels stand still for {least_s:g} s or longer between "
            "readings that move: {n}; readings that were lost look like that."
        ),
    ),
    "saturated": (
        "warning",
        (
            "{Those} with over {share:.1%} of the readings of {channel!r} at data.full_scale, "
            "{full_scale:g} {unit}, or beyond: {n}."
        ),
    ),
    "moved-offset": (
        "warning",
        (
            "{Those} whose {channel!r} lies on average over {share:.0%} of full scale from where "
            "it lies in the others: {n}; a sensor that was mounted or scaled otherwise."
        ),
    ),
    "moved-scale": (
        "note",
        (
            "{Those} whose {channel!r} moves over {factor:g} times more or less than in the median "
            "recording: {n}; look for another unit or range."
        ),
    ),
    "uniform": (
        "warning",
        "{Those} of one colour (standard deviation of brightness below {least:g} of 255): {n}.",
    ),
    "tiny": (
        "warning",
        (
            "{Those} with less than half of the camera's {width} x {height} pixels a side, "
            "enlarged: {n}."
        ),
    ),
    "smaller": ("note", "{Those} smaller than the camera's {width} x {height}, enlarged: {n}."),
    "near-leakage": (
        "warning",
        (
            "{Those} that look almost alike on two sides of the split: {n}; figures on the test "
            "split flatter."
        ),
    ),
    "near-two-labels": ("warning", "{Those} that look almost alike under different labels: {n}."),
    "near-duplicate": ("note", "{Those} that look almost like another one of their split: {n}."),
    "strange-in-training": (
        "note",
        (
            "{Those} that are not {normal!r} and stand in the training split: {n}; nothing is "
            "learned from them. Move them to test, where they tell something."
        ),
    ),
    "no-target": ("error", "{Those} without a target, the number to be predicted: {n}."),
    "unit": ("error", "{Those} whose target is not in {unit!r} (data.unit): {n}."),
    "target-outlier": (
        "warning",
        "{Those} whose target lies far outside of the others ({low:g} to {high:g} {unit}): {n}.",
    ),
    "target-range": (
        "warning",
        (
            "{Those} for test or validation whose target lies outside of what training sees "
            "({low:g} to {high:g} {unit}): {n}."
        ),
    ),
}
"""Rule -> severity and message; `{n}` is the number of files, `{Those}` what they are."""


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
        every_file: all of them, for programs; no part of the JSON.
    """

    severity: Severity
    rule: str
    message: str
    count: int = 0
    files: tuple[str, ...] = ()
    every_file: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the first ten files."""
        told = asdict(self)
        del told["every_file"]
        return told


@dataclass(frozen=True)
class CheckReport:
    """All findings, the gravest first.

    Attributes:
        clips: how many were looked at, noise included.
        counts: label -> split -> clips.
        findings: errors, then warnings, then notes.
        what: the name of many: "clips", "recordings" or "pictures".
    """

    clips: int
    counts: Mapping[str, Mapping[Split, int]]
    findings: tuple[Finding, ...]
    what: str = "clips"

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
            "findings": [finding.to_json() for finding in self.findings],
        }

    def to_text(self) -> str:
        """A table of the counts, then a line a finding."""
        names = {label: label or "(a number)" for label in self.counts}
        width = max([len(name) for name in names.values()] + [5])
        lines = [f"{'class':<{width}} " + " ".join(f"{split:>10}" for split in SPLITS)]
        for label, row in self.counts.items():
            cells = " ".join(f"{row[split]:>10}" for split in SPLITS)
            lines.append(f"{names[label]:<{width}} {cells}")
        lines.append("")
        for finding in self.findings:
            lines.append(f"{finding.severity}: {finding.message}")
            lines += [f"    {file}" for file in finding.files]
            if finding.count > len(finding.files) > 0:
                lines.append(f"    ... and {finding.count - len(finding.files)} more")
        if not self.findings:
            many = self.what if self.clips != 1 else self.what.removesuffix("s")
            lines.append(f"Nothing found in {self.clips} {many}.")
        return "\n".join(lines)


NAMES: Mapping[str, str] = {"sound": "Clips", "motion": "Recordings", "picture": "Pictures"}
"""Sense -> what its files are called, many of them."""


def finding(rule: str, files: Sequence[str], sense: str, **values: object) -> list[Finding]:
    """A finding about files, by its rule; none when there are no files."""
    if not files:
        return []
    severity, message = RULES[rule]
    every = tuple(sorted(files))
    text = message.format(n=len(files), Those=NAMES[sense], **values)
    return [Finding(severity, rule, text, len(files), every[:_SHOWN], every)]


def gravest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then notes; within them as they came."""
    order: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(findings, key=lambda one: order[one.severity]))
