"""What a check asks of one sense alone, and of numbers to be predicted.

Thresholds stand here, and in docs/data.md with what they were measured on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.data.check_report import Finding, finding
from coincell.data.looking import Look
from coincell.data.manifest import NOISE_LABEL, Dataset, Sample
from coincell.data.resemblance import near_pairs
from coincell.project import Configuration, DataSettings

CLIPPED_SHARE = 0.001
QUIET_DBFS = -50.0
MUCH_LONGER = 2.0
DIRECT_CURRENT = 0.02
HELD_S = 0.1
HELD_STEPS = 10
MOVED_OFFSET = 0.25
MOVED_SCALE = 8.0
FEW = 8
"""Below so many recordings there is no telling what is usual."""
ROBUST = 6.0
UNIFORM = 4.0
MOST_PICTURES = 50_000
FENCE = 3.0
"""Interquartile ranges beyond the quartiles: "far out" (J. W. Tukey, Exploratory Data Analysis)."""

Condition = Callable[[Look], bool]


def check_sound(looks: Sequence[Look], settings: DataSettings) -> list[Finding]:
    """Clipping, silence, direct current, and lengths."""
    readable = [one for one in looks if one.rate_hz and one.sample.label != NOISE_LABEL]
    speaking = [one for one in readable if one.sample.label != settings.silence_label]

    def found(rule: str, among: Sequence[Look], condition: Condition, **values: object) -> None:
        files = [one.sample.file for one in among if condition(one)]
        findings.extend(finding(rule, files, "sound", **values))

    findings: list[Finding] = []
    found("clipping", readable, lambda one: one.clipped > CLIPPED_SHARE, share=CLIPPED_SHARE)
    found("silent", speaking, lambda one: one.loudest_dbfs < QUIET_DBFS, level=QUIET_DBFS)
    found("offset", speaking, lambda one: abs(one.offset) > DIRECT_CURRENT, share=DIRECT_CURRENT)
    return findings + _check_lengths(readable, settings, "their loudest stretch", "zeros put")


def _check_lengths(
    looks: Sequence[Look], settings: DataSettings, kept: str, filled: str
) -> list[Finding]:
    """Against the window; what is cut into many windows is never too long."""
    window_s, sense = settings.window_ms / 1000.0, settings.sense
    most_s = MUCH_LONGER * window_s
    least_s = window_s / 2 if sense == "motion" else 0.0
    lengths = {one.sample.file: one.seconds for one in looks}

    def between(low: float, high: float) -> list[str]:
        """Of lengths above `low`, up to `high`."""
        return [file for file, seconds in lengths.items() if low < seconds <= high]

    short = [file for file, seconds in lengths.items() if least_s <= seconds < window_s]
    very_short = [file for file, seconds in lengths.items() if seconds < least_s]
    findings: list[Finding] = []
    if not settings.window_step_ms:
        much = between(most_s, float("inf"))
        findings += finding("much-longer", much, sense, most_s=most_s, kept=_THE.get(kept, kept))
        findings += finding("longer", between(window_s, most_s), sense, kept=kept)
    findings += finding("much-shorter", very_short, sense, window_s=window_s)
    return findings + finding("shorter", short, sense, filled=filled)


_THE = {"their loudest stretch": "the loudest stretch"}


def check_motion(looks: Sequence[Look], settings: DataSettings) -> list[Finding]:
    """Channels that stand still, readings at full scale, lost readings, offsets and scales."""
    readable = [one for one in looks if one.motion is not None]
    findings: list[Finding] = []
    flat = [one for one in readable if one.motion and not one.motion.deviations.any()]
    findings += finding("flat", [one.sample.file for one in flat], "motion")
    steps = max(HELD_STEPS, round(HELD_S * settings.sample_rate_hz))
    held = [one.sample.file for one in readable if one.motion and one.motion.held >= steps]
    least_s = steps / settings.sample_rate_hz
    findings += finding("held", held, "motion", least_s=least_s)
    moving = [one for one in readable if one.motion and one.motion.deviations.any()]
    for channel in range(len(settings.channels)):
        findings += _check_channel(moving, channel, settings)
    kept = "the middle"
    return findings + _check_lengths(readable, settings, kept, "the first and last reading")


def _check_channel(looks: Sequence[Look], channel: int, settings: DataSettings) -> list[Finding]:
    """One channel of recordings in which something moves."""
    name, unit = settings.channels[channel], settings.units[channel]
    full_scale = settings.full_scale[channel]
    files = np.array([one.sample.file for one in looks])
    means, deviations, saturated = (
        np.array([getattr(one.motion, what)[channel] for one in looks])
        for what in ("means", "deviations", "saturated")
    )
    stuck = deviations == 0
    moved = _unusual(means, MOVED_OFFSET * full_scale)
    with np.errstate(divide="ignore"):
        scaled = _unusual(np.log(deviations), np.log(MOVED_SCALE)) & ~stuck
    return [
        *finding("stuck-channel", files[stuck].tolist(), "motion", channel=name),
        *finding(
            "saturated",
            files[saturated > CLIPPED_SHARE].tolist(),
            "motion",
            share=CLIPPED_SHARE,
            channel=name,
            full_scale=full_scale,
            unit=unit,
        ),
        *finding("moved-offset", files[moved].tolist(), "motion", channel=name, share=MOVED_OFFSET),
        *finding("moved-scale", files[scaled].tolist(), "motion", channel=name, factor=MOVED_SCALE),
    ]


def _unusual(values: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Which lie over `least` and over six robust deviations from the median; [n], finite or not.

    The robust deviation is 1.4826 times the median distance to the median, that of a normal
    distribution (F. R. Hampel, "The influence curve and its role in robust estimation", 1974).
    """
    finite = values[np.isfinite(values)]
    if len(finite) < FEW:
        return np.zeros(len(values), np.bool_)
    median = np.median(finite)
    spread = 1.4826 * np.median(np.abs(finite - median))
    apart: NDArray[np.bool_] = np.abs(values - median) > max(least, ROBUST * spread)
    return apart


def check_pictures(looks: Sequence[Look], settings: DataSettings) -> list[Finding]:
    """Uniform ones, small ones, and those that look almost like another."""
    pictures = [(one, one.picture) for one in looks if one.picture is not None]
    camera = settings.camera
    share = {
        one.sample.file: min(picture.width / camera.width, picture.height / camera.height)
        for one, picture in pictures
    }
    size = {"width": camera.width, "height": camera.height}
    tiny = [file for file, part in share.items() if part < 0.5]
    small = [file for file, part in share.items() if 0.5 <= part < 1.0]
    uniform = [one.sample.file for one, picture in pictures if picture.deviation < UNIFORM]
    varied = [one for one, picture in pictures if picture.deviation >= UNIFORM and not one.fault]
    return [
        *finding("uniform", uniform, "picture", least=UNIFORM),
        *finding("tiny", tiny, "picture", **size),
        *finding("smaller", small, "picture", **size),
        *_check_resemblance(varied[:MOST_PICTURES]),
    ]


def _check_resemblance(looks: Sequence[Look]) -> list[Finding]:
    """Equal content is told elsewhere."""
    hashes = [one.picture.hash for one in looks if one.picture]
    two_sides: set[str] = set()
    two_labels: set[str] = set()
    alike: set[str] = set()
    for first, second in near_pairs(hashes):
        one, other = looks[first].sample, looks[second].sample
        if one.sha256 == other.sha256:
            continue
        if one.split != other.split:
            two_sides |= {one.file, other.file}
        if (one.label, one.target) != (other.label, other.target):
            two_labels |= {one.file, other.file}
        elif one.split == other.split:
            alike.add(other.file)
    return [
        *finding("near-leakage", sorted(two_sides), "picture"),
        *finding("near-two-labels", sorted(two_labels), "picture"),
        *finding("near-duplicate", sorted(alike), "picture"),
    ]


def check_targets(dataset: Dataset, configuration: Configuration) -> list[Finding]:
    """Numbers to be predicted: there, in the unit, among the others, seen in training."""
    settings = configuration.data
    if configuration.goal != "quantity":
        return []
    without = [sample.file for sample in dataset.samples if sample.target is None]
    numbers = [sample for sample in dataset.samples if sample.target is not None]
    units = [sample.file for sample in numbers if sample.unit != settings.unit]
    findings = finding("no-target", without, settings.sense)
    findings += finding("unit", units, settings.sense, unit=settings.unit)
    return findings + _check_far_targets(numbers, settings) + _check_range(dataset, settings)


def _check_far_targets(numbers: Sequence[Sample], settings: DataSettings) -> list[Finding]:
    """Beyond Tukey's outer fences; of few numbers, or mostly equal ones, there is no telling."""
    if len(numbers) < FEW:
        return []
    values = np.array([sample.target for sample in numbers], np.float64)
    first, third = np.quantile(values, [0.25, 0.75])
    low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    far = [s.file for s, value in zip(numbers, values, strict=True) if not low <= value <= high]
    if third == first:
        return []
    return finding("target-outlier", far, settings.sense, low=low, high=high, unit=settings.unit)


def _check_range(dataset: Dataset, settings: DataSettings) -> list[Finding]:
    learned = [s.target for s in dataset.samples if s.split == "train" and s.target is not None]
    if not learned:
        return []
    low, high = min(learned), max(learned)
    if low == high:
        message = f"All targets for training are {low:g} {settings.unit}: nothing can be learned."
        return [Finding("error", "target-constant", message)]
    beyond = [
        s.file
        for s in dataset.samples
        if s.split != "train" and s.target is not None and not low <= s.target <= high
    ]
    return finding("target-range", beyond, settings.sense, low=low, high=high, unit=settings.unit)
