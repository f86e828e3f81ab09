"""What the page "What if" works on: the open model, what it says of every window, and recordings
that a visitor brought to try."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import Progress, sense_files
from coincell.errors import UserError
from coincell.pipeline import find_ready
from coincell.project import Project, load_project
from coincell.studio.edits import Edit, Values, altered, edits_for, values_of
from coincell.studio.model import Model
from coincell.studio.neighbours import NORMS, Norm, distances, spreads
from coincell.studio.points import Column, columns_of

_MOST_BROUGHT = 8


@dataclass(frozen=True)
class Chosen:
    """A window that a visitor looks at.

    Attributes:
        source: how a page names it: "12" is the data set's thirteenth window, "own-1" a recording
            that was brought.
        name: its file, or the name that it was brought under.
        window: [form.values] of form.dtype.
        truth: what it is, in words; "" where nobody said.
        split: the side that it is on; "" of what was brought.
        row: its place in the data set, or None.
    """

    source: str
    name: str
    window: NDArray[Any]
    truth: str = ""
    split: str = ""
    row: int | None = None


class Explorer:
    """Opened once a run has left a model. Safe to use from several threads."""

    def __init__(
        self, model: Model, scores: NDArray[np.float64], labels: NDArray[np.int64]
    ) -> None:
        self.model = model
        self.ready = model.ready
        self.scores = scores
        self.labels = labels
        self.data = model.ready.configuration.data
        self.edits: tuple[Edit, ...] = edits_for(self.data)
        self._lock = threading.Lock()
        self._brought: OrderedDict[str, Chosen] = OrderedDict()
        self._numbers = itertools.count(1)
        self._spreads: dict[str, NDArray[np.float64]] = {}
        self._columns: dict[str, list[Column]] = {}

    def rows(self, split: str) -> NDArray[np.int64]:
        """The windows of a split; of all for any other word."""
        clips = self.ready.clips
        if split in ("train", "validation", "test"):
            return clips.rows(split)
        return np.arange(len(clips.files), dtype=np.int64)

    def columns(self, split: str) -> list[Column]:
        """What is known of each window of a split; made once."""
        with self._lock:
            if split not in self._columns:
                rows = self.rows(split)
                self._columns[split] = columns_of(self.ready, rows, self.scores, self.labels)
            return self._columns[split]

    def chosen(self, source: str) -> Chosen:
        """The window that a page names.

        Raises:
            UserError: there is none of that name.
        """
        with self._lock:
            if source in self._brought:
                return self._brought[source]
        clips = self.ready.clips
        plain = source.isascii() and source.isdigit() and len(source) < 10
        if not plain or int(source) >= len(clips.files):
            raise UserError(f"There is no window {source[:40]!r}.", "Choose another one.")
        row = int(source)
        if self.ready.configuration.goal == "quantity":
            truth = f"{clips.targets[row]:g} {self.data.unit}"
        else:
            truth = self.data.labels[int(clips.labels[row])]
        window = np.array(clips.windows[row])
        return Chosen(source, clips.files[row], window, truth, str(clips.splits[row]), row)

    def row_of(self, file: str) -> int | None:
        """The first window of a recording."""
        files = self.ready.clips.files
        return files.index(file) if file in files else None

    def bring(self, content: bytes, name: str) -> Chosen:
        """A visitor's own recording, as the device would hear it; the last few are kept in memory.

        Raises:
            DataError: it is broken, or of a kind that is not read.
        """
        files = sense_files(self.data)
        recording = files.decode(content, name, self.data)
        window = files.fit(recording.samples, self.data).windows[0]
        with self._lock:
            chosen = Chosen(f"own-{next(self._numbers)}", name, window)
            self._brought[chosen.source] = chosen
            while len(self._brought) > _MOST_BROUGHT:
                self._brought.popitem(last=False)
        return chosen

    def values(self, given: Mapping[str, Any]) -> Values:
        """Edits that came in, checked; see `values_of`."""
        return values_of(given, self.edits)

    def altered(self, chosen: Chosen, values: Values) -> NDArray[Any]:
        """The window after edits."""
        return altered(chosen.window, values, self.data)

    def distances(self, split: str, features: NDArray[np.int8], norm: Norm) -> NDArray[np.float64]:
        """How far the windows of a split are from features int8 [*shape]."""
        if norm not in NORMS:
            raise UserError(f"A distance is one of {', '.join(NORMS)}.", "Load the page again.")
        rows = self.rows(split)
        with self._lock:
            if split not in self._spreads:
                self._spreads[split] = spreads(self.ready.features, rows)
            spread = self._spreads[split]
        return distances(self.ready.features, rows, features, spread, norm)

    def said(self, label: int) -> str:
        """A decision in words."""
        return self.ready.outputs[label] if label >= 0 else "no decision"


def open_explorer(project: Project, progress: Progress) -> Explorer:
    """The project's model as its folder stands now, asked about every window.

    Raises:
        UserError: a run is due.
    """
    directory: Path = project.directory
    progress(0, 0, "Looking for the last run's model")
    ready = find_ready(load_project(directory))
    if ready is None:
        raise UserError(
            "There is no model of the project as it stands: the data or the settings changed, or "
            "nothing was run yet.",
            "Run it: `coincell run`, or the button below.",
        )
    progress(0, 0, "Compiling the model for this computer")
    model = Model(ready, directory)
    try:
        return Explorer(model, *model.answers(progress))
    except BaseException:
        model.close()
        raise
