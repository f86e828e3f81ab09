"""From scores to a decision, by the C that the device runs (runtime/decision)."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from ctypes import POINTER, c_int8, c_int16, c_int32, c_void_p
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError
from coincell.runtime.library import load_library

NO_DECISION = -1
_UNIT = 256
_MAX_CLASSES, _MAX_WINDOWS = 32767, 4096
_MAX_REFRACTORY = 255
_MAX_THRESHOLD = 129 * _UNIT  # beyond int8 either way: always, or never


class _Config(ctypes.Structure):
    """coincell_decision_config"""

    _fields_ = (
        ("classes", c_int32),
        ("windows", c_int32),
        ("threshold", c_int32),
        ("release", c_int32),
        ("refractory", c_int32),
        ("refractory_any", c_int32),
        ("is_event", c_void_p),
    )


class _State(ctypes.Structure):
    """coincell_decision_state"""

    _fields_ = (
        ("ring", c_void_p),
        ("filled", c_int32),
        ("next", c_int32),
        ("told", c_int32),
        ("begun", c_int32),
    )


@dataclass(frozen=True)
class Rest:
    """What keeps one event from being told twice.

    Attributes:
        release: the label told last stays while its mean reaches this, in 1/256; None: no
            hysteresis.
        windows: behind the last one that told an event, in which no new one is told; 0: none.
        of_any: whether none of any class is told, or none of the same.
        events: the classes that are events; None: all.
    """

    release: int | None = None
    windows: int = 0
    of_any: bool = False
    events: Sequence[int] | None = None


class Decision:
    """Mean of the last windows' scores, then the best class if its mean reaches the threshold.

    Attributes:
        classes: scores a window.
        windows: how many windows the mean spans; fewer while fewer were seen.
        threshold: least mean that decides, in 1/256 of the score's integer unit
            (`decision_threshold` makes it from a probability).
    """

    def __init__(
        self, classes: int, windows: int, threshold: int, rest: Rest | None = None
    ) -> None:
        rest = rest or Rest()
        release = threshold if rest.release is None else rest.release
        if not 1 <= classes <= _MAX_CLASSES:
            raise ConfigurationError(
                f"A decision needs 1 to {_MAX_CLASSES} classes; received {classes}."
            )
        if not 1 <= windows <= _MAX_WINDOWS:
            raise ConfigurationError(
                f"Smoothing spans 1 to {_MAX_WINDOWS} windows; received {windows}."
            )
        if abs(threshold) > _MAX_THRESHOLD:
            raise ConfigurationError(
                f"A threshold lies within +-{_MAX_THRESHOLD}; received {threshold}."
            )
        if release > threshold:
            raise ConfigurationError(
                f"A release is at most the threshold, {threshold}; received {release}."
            )
        if not 0 <= rest.windows <= _MAX_REFRACTORY:
            raise ConfigurationError(
                f"A refractory time has 0 to {_MAX_REFRACTORY} windows; received {rest.windows}."
            )
        self.classes = classes
        self.windows = windows
        self.threshold = threshold
        self._library = load_library("decision")
        chosen = np.ones(classes, np.uint8)
        if rest.events is not None:
            chosen[:] = [label in rest.events for label in range(classes)]
        self._is_event = chosen
        self._config = _Config(
            classes,
            windows,
            threshold,
            max(release, -_MAX_THRESHOLD),
            rest.windows,
            rest.of_any,
            chosen.ctypes.data,
        )
        self._ring = np.zeros((windows + 1) * classes, np.int8)
        self._state = _State(self._ring.ctypes.data, 0, 0, 0, 0)

    def reset(self) -> None:
        """Forget everything: the next window stands alone."""
        self._library.coincell_decision_reset(ctypes.byref(self._state))

    def pass_by(self) -> None:
        """A window of which nothing is computed: the smoothing is empty, and rests go on."""
        self._library.coincell_decision_pass(ctypes.byref(self._config), ctypes.byref(self._state))

    def step(self, scores: NDArray[np.int8]) -> tuple[int, int]:
        """int8 [classes] of one more window -> (label or -1, mean score in 1/256)."""
        labels, means = self._run(scores[np.newaxis], forget=False)
        return int(labels[0]), int(means[0])

    def run(self, scores: NDArray[np.int8]) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """int8 [n, classes] of windows in a row -> labels [n] (-1: none), mean scores [n]."""
        return self._run(scores, forget=False)

    def run_apart(self, scores: NDArray[np.int8]) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """The same, with the smoothing emptied before each window: each stands alone."""
        return self._run(scores, forget=True)

    def _run(
        self, scores: NDArray[np.int8], forget: bool
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        if scores.dtype != np.int8 or scores.shape[1:] != (self.classes,):
            raise DataError(
                f"Scores must be int8 [n, {self.classes}]; "
                f"received {scores.dtype} {list(scores.shape)}."
            )
        source = np.ascontiguousarray(scores)
        labels = np.empty(len(source), np.int16)
        means = np.empty(len(source), np.int32)
        self._library.coincell_decision_run_batch(
            ctypes.byref(self._config),
            ctypes.byref(self._state),
            c_int32(len(source)),
            c_int32(forget),
            source.ctypes.data_as(POINTER(c_int8)),
            labels.ctypes.data_as(POINTER(c_int16)),
            means.ctypes.data_as(POINTER(c_int32)),
        )
        return labels, means


def decision_threshold(probability: float, scale: float, zero_point: int) -> int:
    """The threshold that a mean score reaches exactly when the mean probability does.

    Args:
        probability: what the mean of (q - zero_point) * scale must reach.
        scale: of the network's int8 output.
        zero_point: of the network's int8 output.

    Returns:
        In 1/256 of the score's integer unit. Rounded up, save for the error of float64 itself;
        what no int8 score reaches, or every score does, becomes one step beyond int8.
    """
    exact = (probability / scale + zero_point) * _UNIT
    return math.ceil(min(_MAX_THRESHOLD, max(-_MAX_THRESHOLD, exact)) - 1e-6)
