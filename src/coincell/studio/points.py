"""Every window as a point: columns of numbers and of categories that a page can draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import SPLITS
from coincell.evaluation import NO_DECISION

if TYPE_CHECKING:
    from coincell.pipeline import ReadyModel

MOST_VALUES = 50
_NONE = "none"


@dataclass(frozen=True)
class Column:
    """One thing that is known of each point.

    Attributes:
        name: for programs.
        title: for people.
        values: numbers [n], NaN where there is none; or positions in `names`.
        names: of the categories; empty of numbers.
    """

    name: str
    title: str
    values: NDArray[Any]
    names: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data; numbers to four digits."""
        values: list[Any]
        if self.names:
            values = self.values.astype(int).tolist()
        else:
            values = [float(f"{v:.4g}") if np.isfinite(v) else None for v in self.values.tolist()]
        told = {"name": self.name, "title": self.title, "values": values}
        return told | ({"names": list(self.names)} if self.names else {})


def columns_of(
    ready: ReadyModel,
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> list[Column]:
    """What is known of the windows `rows`.

    Args:
        ready: the model.
        rows: which, [m].
        scores: int8 scores of all windows, [n, outputs].
        labels: int8 decisions of all windows, [n].
    """
    before = ready.float_scores()
    columns = [
        *_truth(ready, rows),
        *_decisions(ready, rows, labels, before),
        *_scores(ready, "int8", scores[rows]),
        *(_scores(ready, "float", before[rows]) if before is not None else ()),
    ]
    if ready.configuration.goal == "quantity":
        error = scores[rows, 0] - ready.clips.targets[rows]
        columns.append(Column("error", f"error, int8 ({ready.unit})", error))
    if before is not None:
        gap = np.abs(scores[rows] - before[rows]).max(axis=1)
        columns.append(Column("gap", "largest gap between float and int8", gap))
    splits = np.searchsorted(sorted(SPLITS), ready.clips.splits[rows])
    columns.append(Column("split", "split", splits, tuple(sorted(SPLITS))))
    return [
        *columns,
        *group_columns([ready.clips.groups[row] for row in rows]),
        _level(ready, rows),
    ]


def _truth(ready: ReadyModel, rows: NDArray[np.int64]) -> list[Column]:
    if ready.configuration.goal == "quantity":
        data = ready.configuration.data
        return [Column("truth", f"{data.target}, truly ({data.unit})", ready.clips.targets[rows])]
    labels = ready.configuration.data.labels
    return [Column("truth", "label", ready.clips.labels[rows], tuple(labels))]


def _decisions(
    ready: ReadyModel,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    before: NDArray[np.float64] | None,
) -> list[Column]:
    if ready.configuration.goal == "quantity":
        return []
    truth, decided = ready.truth()[rows], labels[rows]
    names = (*ready.outputs, _NONE)
    columns = decision_columns(decided, truth, ready.outputs, "int8")
    if before is not None:
        other = ready.decided(before[rows])
        alike = (other != decided).astype(np.int64)
        columns += [
            _category("decision_float", "decision, float", other, names),
            Column("agreement", "float and int8", alike, ("agree", "differ")),
        ]
    return columns


def decision_columns(
    decided: NDArray[np.int64], truth: NDArray[np.int64], outputs: Sequence[str], place: str
) -> list[Column]:
    """What was decided of each point, and whether it is right; both int64 [m]."""
    outcomes = _outcomes(decided, truth)
    return [
        _category("decision", f"decision, {place}", decided, (*outputs, _NONE)),
        _category("outcome", f"outcome, {place}", outcomes, ("right", "wrong", _NONE)),
    ]


def _category(name: str, title: str, values: NDArray[np.int64], names: tuple[str, ...]) -> Column:
    """No decision is the last category."""
    return Column(name, title, np.where(values == NO_DECISION, len(names) - 1, values), names)


def _outcomes(decided: NDArray[np.int64], truth: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(decided == NO_DECISION, NO_DECISION, np.where(decided == truth, 0, 1))


def _scores(ready: ReadyModel, place: str, scores: NDArray[np.float64]) -> list[Column]:
    unit = f" ({ready.unit})" if ready.unit else ""
    return [
        Column(f"{place}.{name}", f"score of {name}, {place}{unit}", scores[:, at])
        for at, name in enumerate(ready.names)
    ]


def group_columns(groups: Sequence[Mapping[str, str]]) -> list[Column]:
    """Group columns with few enough values; a point without a value is of the group "none"."""
    known = sorted({name for row in groups for name in row})
    columns = []
    for name in known:
        values = [row.get(name, "") for row in groups]
        found: Sequence[str] = sorted({*values} - {""})
        if 1 < len(found) <= MOST_VALUES:
            names = (*found, _NONE) if "" in values else tuple(found)
            place = {value: at for at, value in enumerate(found)} | {"": len(found)}
            coded = np.array([place[value] for value in values], np.int64)
            columns.append(Column(f"group.{name}", name, coded, names))
    return columns


def _level(ready: ReadyModel, rows: NDArray[np.int64]) -> Column:
    """How loud, how moved, or how bright each window is."""
    windows, picture = ready.clips.windows, ready.configuration.data.sense == "picture"
    values = np.empty(len(rows))
    for at, row in enumerate(rows):
        window = np.asarray(windows[row], np.float64)
        if picture:
            values[at] = window.mean()
        else:
            values[at] = 10 * np.log10(max(float(np.mean((window / 32768.0) ** 2)), 1e-10))
    return Column("level", "brightness (0 to 255)" if picture else "level (dBFS)", values)
