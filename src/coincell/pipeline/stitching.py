"""A stream made of the test split: its windows at random moments, background between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import LabelledStream
from coincell.errors import DataError
from coincell.pipeline.clips import Clips, silence_class
from coincell.project import Configuration, WindowForm

_HELD_PICTURES = 6
"""For how many pictures each one stays before the camera."""


def stitch(
    clips: Clips,
    configuration: Configuration,
    background: frozenset[str],
    seconds: float,
    seed: int,
) -> LabelledStream:
    """Every test window whose label is no background's, once, in random order.

    Between them lie test windows of the background's labels and recorded noise, cut at random and
    set hard beside one another; where there is neither, sound is still, a sensor moves evenly from
    one reading to the next, and a picture is gray.

    Args:
        clips: whose test split.
        configuration: of the project.
        background: labels that are no events.
        seconds: at least so long, and long enough that half of it is background.
        seed: of the order and the gaps.

    Raises:
        DataError: the test split holds no event.
    """
    data, rng = configuration.data, np.random.default_rng(seed)
    rows = clips.rows("test")
    names = np.array(data.labels)[clips.labels[rows]]
    quiet = np.isin(names, sorted(background))
    events, between = rows[~quiet], rows[quiet]
    if not len(events):
        raise DataError(
            "The test split holds no window of anything but background.",
            hint="Name fewer labels with --background, or record more.",
        )
    maker = _Background(clips, data.form, between, rng)
    rate, length = stream_rate(configuration), _steps_of(data.form)
    order = rng.permutation(events)
    wanted = max(round(seconds * rate) - len(order) * length, len(order) * length)
    shares = rng.dirichlet(np.ones(len(order) + 1))
    gaps = length // 2 + np.round(shares * max(wanted - len(shares) * (length // 2), 0)).astype(int)
    gaps[-1] += max(wanted - int(gaps.sum()), 0)  # what rounding took
    parts: list[NDArray[Any]] = []
    told = clips.units(order, data.split.by, silence_class(data))
    intervals, at = [], 0
    for gap, row in zip(gaps, [*order, -1], strict=True):
        event = _held(clips.windows[row], data.form) if row >= 0 else None
        parts.append(maker.make(int(gap), parts[-1] if parts else None, event))
        at += int(gap)
        if event is not None:
            parts.append(event)
            label = data.labels[clips.labels[row]]
            intervals.append((at / rate, (at + length) / rate, label))
            at += length
    values = np.concatenate([part.reshape(-1) for part in parts])
    name = f"{len(order)} test windows, stitched"
    whose = tuple(told) if told is not None else None
    return LabelledStream(name, values, at / rate, tuple(intervals), True, whose)


def stream_rate(configuration: Configuration) -> float:
    """Steps a second of the project's stream; of pictures, one every hop."""
    hop_ms = configuration.decision.hop_ms
    return configuration.data.form.rate_hz or 1000 / hop_ms


def _steps_of(form: WindowForm) -> int:
    return _HELD_PICTURES if form.sense == "picture" else form.samples


def _held(window: NDArray[Any], form: WindowForm) -> NDArray[Any]:
    """[steps, values a step] of a window [form.values]."""
    if form.sense == "picture":
        return np.repeat(window[np.newaxis], _HELD_PICTURES, axis=0)
    return np.asarray(window).reshape(form.samples, form.channels)


class _Background:
    """Makes what lies between events."""

    def __init__(
        self, clips: Clips, form: WindowForm, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> None:
        self.form, self.rng = form, rng
        self.windows = clips.windows[rows] if len(rows) else None
        noise = clips.noise if form.sense == "sound" else np.zeros((0, 0), np.int16)
        self.noise = noise if noise.size else None

    def make(
        self, steps: int, before: NDArray[Any] | None, after: NDArray[Any] | None
    ) -> NDArray[Any]:
        """[steps, values a step]."""
        columns = self.form.values if self.form.sense == "picture" else self.form.channels
        made = np.zeros((steps, columns), self.form.dtype)
        if self.windows is None and self.noise is None:
            return self._nothing(made, before, after)
        done = 0
        while done < steps:
            piece = self._piece()[: steps - done]
            made[done : done + len(piece)] = piece
            done += len(piece)
        return made

    def _piece(self) -> NDArray[Any]:
        windows = self.windows
        if windows is None or (self.noise is not None and self.rng.random() < 0.5):
            assert self.noise is not None
            row = self.noise[self.rng.integers(len(self.noise))]
            begin = self.rng.integers(max(1, len(row) - self.form.samples))
            piece: NDArray[Any] = row[begin : begin + self.form.samples].reshape(-1, 1)
            return piece
        return _held(windows[self.rng.integers(len(windows))], self.form)

    def _nothing(
        self, made: NDArray[Any], before: NDArray[Any] | None, after: NDArray[Any] | None
    ) -> NDArray[Any]:
        if self.form.sense == "picture":
            made[:] = 128
        elif self.form.sense == "motion" and len(made):
            begin = before[-1] if before is not None and len(before) else None
            end = after[0] if after is not None else begin
            begin = end if begin is None else begin
            if begin is not None and end is not None:
                made[:] = np.rint(np.linspace(begin, end, len(made)))
        return made
