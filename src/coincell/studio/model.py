"""The project's model, open for questions: one at a time, from any thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import Progress
from coincell.files import write_atomic
from coincell.pipeline import Predictor, ReadyModel, Said
from coincell.studio.float_process import FloatProcess, State

_BATCH = 64


@dataclass(frozen=True)
class Answer:
    """What both models say of one window.

    Attributes:
        features: int8 [*shape].
        scores: of int8, float64 [outputs].
        label: its decision, a position in `ReadyModel.outputs`; -1 for none.
        float_scores: before quantization; None while, or where, there is none.
        float_label: its decision.
    """

    features: NDArray[np.int8]
    scores: NDArray[np.float64]
    label: int
    float_scores: NDArray[np.float64] | None
    float_label: int


class Model:
    """See the module's first line.

    Attributes:
        ready: what the run left.
        before: the network before quantization; None where there is none.
    """

    def __init__(self, ready: ReadyModel, directory: Path) -> None:
        self.ready = ready
        self.before = _before(ready, directory)
        self._lock = threading.Lock()
        self._folder = directory / "build" / "studio" / "answers"

    def ask(self, windows: NDArray[Any]) -> Said:
        """What the device says of windows [n, form.values]."""
        with self._lock:
            return self.ready.ask(windows)

    def answer(self, window: NDArray[Any]) -> Answer:
        """What both models say of a window [form.values]."""
        said = self.ask(window[np.newaxis])
        before = self.before.ask(said.features) if self.before else None
        return Answer(
            said.features[0],
            said.scores[0],
            int(said.labels[0]),
            None if before is None else before[0],
            -1 if before is None else int(self.ready.decided(before)[0]),
        )

    def attribution(self, features: NDArray[np.int8]) -> NDArray[np.float64]:
        """See `ReadyModel.attribution`."""
        with self._lock:
            return self.ready.attribution(features)

    def answers(self, progress: Progress) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Of every window of the data set: scores [n, outputs] and decisions [n]; kept on disk."""
        path = self._folder / f"{self.ready.key}.npy"
        windows = self.ready.clips.windows
        kept = _kept(path, (len(windows), len(self.ready.names) + 1))
        if kept is None:
            parts = []
            for start in range(0, len(windows), _BATCH):
                progress(start, len(windows), "Asking the model about every window")
                said = self.ask(np.asarray(windows[start : start + _BATCH]))
                parts.append(np.column_stack([said.scores, said.labels]))
            kept = np.concatenate(parts)
            write_atomic(path, _bytes_of(kept))
        return kept[:, :-1], kept[:, -1].astype(np.int64)

    def close(self) -> None:
        """End the process beside it."""
        if self.before:
            self.before.close()


class _Trees:
    """Trees before rounding answer at once."""

    state: State = "ready"

    def __init__(self, predictor: Predictor) -> None:
        self.ask = predictor

    def wait(self, seconds: float) -> State:
        """Nothing to wait for."""
        del seconds
        return self.state

    def close(self) -> None:
        """Nothing to end."""


def _before(ready: ReadyModel, directory: Path) -> FloatProcess | _Trees | None:
    if not ready.has_float:
        return None
    if ready.configuration.has_trees:
        return _Trees(ready.open_float())
    return FloatProcess(directory)


def _kept(path: Path, shape: tuple[int, int]) -> NDArray[np.float64] | None:
    """What was kept, if it is that."""
    try:
        kept: NDArray[np.float64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == shape and kept.dtype == np.float64 else None


def _bytes_of(array: NDArray[np.float64]) -> bytes:
    import io

    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
