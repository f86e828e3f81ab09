"""The network before quantization in a process of its own: TensorFlow's memory, and the seconds
that it takes to start, are not the studio's."""

from __future__ import annotations

import contextlib
import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline import Predictor, find_ready
from coincell.project import load_project

State = Literal["loading", "ready", "failed"]
_ANSWER_S = 60.0


class _Worker:
    """What the process holds."""

    predictor: Predictor | None = None


def _begin(directory: str) -> None:
    """In the process: open the network, and ask it once, which compiles it."""
    ready = find_ready(load_project(Path(directory)))
    if ready is None:
        raise RuntimeError("a run is due")
    _Worker.predictor = ready.open_float()
    _Worker.predictor(np.zeros((1, *ready.shape), np.int8))


def _answer(features: NDArray[np.int8]) -> NDArray[np.float64]:
    assert _Worker.predictor is not None
    return _Worker.predictor(features)


def _nothing() -> None:
    """Asked first: answered once the process is ready."""


class FloatProcess:
    """Begins at once, and answers when it is ready. Safe to use from any thread."""

    def __init__(self, directory: Path) -> None:
        self._pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _begin, (str(directory),)
        )
        self._begun: Future[None] = self._pool.submit(_nothing)

    @property
    def state(self) -> State:
        """Whether it can answer."""
        if not self._begun.done():
            return "loading"
        return "failed" if self._begun.exception() else "ready"

    def wait(self, seconds: float) -> State:
        """The same, after it is ready or `seconds`."""
        with contextlib.suppress(TimeoutError, BrokenProcessPool):
            self._begun.result(seconds)
        return self.state

    def ask(self, features: NDArray[np.int8]) -> NDArray[np.float64] | None:
        """Scores float64 [n, outputs] of features int8 [n, *shape]; None while it cannot answer."""
        if self.state != "ready":
            return None
        try:
            return self._pool.submit(_answer, features).result(_ANSWER_S)
        except (TimeoutError, BrokenProcessPool):
            return None

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)
