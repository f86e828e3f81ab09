"""What devices' counts are compared with: the same counts over training and validation data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from coincell.errors import TelemetryError
from coincell.monitor.layout import (
    FEATURE_BINS,
    HEALTH,
    MOST_CLASSES,
    SCORE,
    SCORE_BINS,
    CounterLayout,
)
from coincell.runtime import SketchPlan

VERSION = 1

_IDENTITY_DIGITS = 16
_MOST_COUNT = 1 << 53
_MOST_WORDS = 4096
_MOST_CHARACTERS = 200
_DAY_S = 86400
_HINT = "coincell run writes reference.json of a project with telemetry.enabled = true."


@dataclass(frozen=True)
class Counts:
    """What the sketch counts over one split of the data.

    Attributes:
        windows: how many.
        recordings: how many units they come from: people where the project knows them.
        vector: int64 [layout.size], see `CounterLayout`.
    """

    windows: int
    recordings: int
    vector: NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """A model's training, as its devices count.

    Attributes:
        project: its name.
        goal: "classes", "normality" or "quantity".
        sense: "sound", "motion" or "picture".
        labels: in the order of the network's output.
        channels: names of the sensor's channels.
        watched: a name for each watched feature.
        hop_seconds: of a stream, from one window to the next.
        window_seconds: of one window; 0 of a picture.
        plan: the sketch's constants.
        training: counts over the training split.
        validation: counts over the validation split.
        right: of the validation windows in each score bin, how many the int8 model had right,
            int64 [16]; None where there are no classes.
    """

    project: str
    goal: str
    sense: str
    labels: tuple[str, ...]
    channels: tuple[str, ...]
    watched: tuple[str, ...]
    hop_seconds: float
    window_seconds: float
    plan: SketchPlan
    training: Counts
    validation: Counts
    right: NDArray[np.int64] | None = field(default=None)

    MOST_BYTES: ClassVar[int] = 1 << 20
    """Of its JSON text."""

    @cached_property
    def layout(self) -> CounterLayout:
        """Of every vector of counts that goes with this reference."""
        return CounterLayout(self.plan.classes, self.plan.channels, self.plan.cells)

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits of all that it says; a report's `reference` names them."""
        return _identity(self._facts())

    def to_json(self) -> dict[str, Any]:
        """What reference.json holds; docs/telemetry.md lists the keys."""
        return self._facts() | {"identity": self.identity}

    def _facts(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "project": self.project,
            "goal": self.goal,
            "sense": self.sense,
            "labels": list(self.labels),
            "channels": list(self.channels),
            "watched": list(self.watched),
            "hop_seconds": self.hop_seconds,
            "window_seconds": self.window_seconds,
            "plan": self.plan.to_json(),
            "training": self._counts(self.training),
            "validation": self._counts(self.validation),
            "right": None if self.right is None else self.right.tolist(),
        }

    def _counts(self, counts: Counts) -> dict[str, Any]:
        layout, vector = self.layout, counts.vector
        places = layout.places
        health = vector[layout.health].reshape(-1, len(HEALTH))
        return {
            "windows": counts.windows,
            "recordings": counts.recordings,
            "predicted": vector[places[1]].tolist(),
            "score": vector[places[3]].tolist(),
            "distance": vector[places[4]].tolist(),
            "health": health.tolist(),
            "features": vector[layout.feature_bins].reshape(-1, FEATURE_BINS).tolist(),
        }

    @classmethod
    def from_json(cls, facts: Any) -> Reference:
        """A reference by whoever wrote it.

        Raises:
            TelemetryError: a key is missing or unknown, a value cannot be, or it is not what its
                identity says.
        """
        wanted = {"identity", *_KINDS}
        if not isinstance(facts, Mapping) or set(facts) != wanted:
            _refuse(f"has the keys {sorted(wanted)}")
        for key, kind in _KINDS.items():
            if not isinstance(facts[key], kind) or isinstance(facts[key], bool):
                _refuse(f"has a {key} of another kind; received {str(facts[key])[:60]!r}")
        if facts["version"] != VERSION:
            _refuse(f"is of version {VERSION}; received {facts['version']}")
        plan = SketchPlan.from_json(facts["plan"])
        layout = CounterLayout(plan.classes, plan.channels, plan.cells)
        right = facts["right"]
        labels = _words(facts, "labels")
        if min(len(labels), MOST_CLASSES) != plan.classes:
            _refuse(f"counts {plan.classes} classes of its labels; received {len(labels)} labels")
        made = cls(
            project=_word(facts, "project"),
            goal=_word(facts, "goal"),
            sense=_word(facts, "sense"),
            labels=labels,
            channels=_words(facts, "channels", plan.channels) if facts["channels"] else (),
            watched=_words(facts, "watched", plan.cells),
            hop_seconds=_seconds(facts, "hop_seconds"),
            window_seconds=_seconds(facts, "window_seconds"),
            plan=plan,
            training=_read_counts(facts["training"], layout),
            validation=_read_counts(facts["validation"], layout),
            right=None if right is None else _numbers(right, SCORE_BINS),
        )
        score = made.validation.vector[layout.places[SCORE]]
        if made.right is not None and (made.right > score).any():
            _refuse("has at most as many windows right at a score as it counts there")
        if made.identity != facts["identity"]:
            _refuse(f"names itself {made.identity}; received {str(facts['identity'])[:40]!r}")
        return made

    @classmethod
    def from_text(cls, text: bytes) -> Reference:
        """The same of the bytes of a file.

        Raises:
            TelemetryError: as `from_json`; or it is no JSON, or larger than a reference can be.
        """
        if len(text) > cls.MOST_BYTES:
            _refuse(f"has at most {cls.MOST_BYTES} bytes; this one more")
        try:
            facts = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TelemetryError("reference", f"A reference is JSON: {error}.", _HINT) from error
        return cls.from_json(facts)


_KINDS: Mapping[str, Any] = {
    "version": int,
    "project": str,
    "goal": str,
    "sense": str,
    "labels": list,
    "channels": list,
    "watched": list,
    "hop_seconds": int | float,
    "window_seconds": int | float,
    "plan": dict,
    "training": dict,
    "validation": dict,
    "right": list | None,
}


def _identity(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_IDENTITY_DIGITS]


def _is_word(text: Any) -> bool:
    """Half a surrogate pair, which JSON can say, is none that a page or a database takes."""
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        return False
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _word(facts: Mapping[str, Any], key: str) -> str:
    if not _is_word(facts[key]):
        _refuse(f"has a word of at most {_MOST_CHARACTERS} characters as {key}")
    return str(facts[key])


def _words(facts: Mapping[str, Any], key: str, count: int | None = None) -> tuple[str, ...]:
    """As many as `count`, unless that is None."""
    words = facts[key]
    if len(words) > _MOST_WORDS or (count is not None and len(words) != count):
        wanted = f"at most {_MOST_WORDS}" if count is None else str(count)
        _refuse(f"has {wanted} words as {key}; received {len(words)}")
    if not all(map(_is_word, words)):
        _refuse(f"has words of at most {_MOST_CHARACTERS} characters as {key}")
    return tuple(words)


def _seconds(facts: Mapping[str, Any], key: str) -> float:
    value = facts[key]
    # Compared before it is made a float: JSON has whole numbers that none can hold.
    if not 0 <= value <= _DAY_S:
        _refuse(f"has a {key} of 0 to {_DAY_S}; received {str(value)[:40]}")
    return float(value)


def _numbers(values: Any, count: int, least: int = 0) -> NDArray[np.int64]:
    """A list of `count` integers, as JSON has it."""
    if not isinstance(values, list) or len(values) != count:
        _refuse(f"counts {count} numbers where it has another list")
    for value in values:
        if type(value) is not int or not least <= value <= _MOST_COUNT:
            _refuse(f"counts whole numbers from {least}; received {str(value)[:40]!r}")
    return np.array(values, np.int64)


def _read_counts(facts: Any, layout: CounterLayout) -> Counts:
    places = layout.places
    sections = {"predicted": places[1], "score": places[3], "distance": places[4]}
    wanted = {"windows", "recordings", "health", "features", *sections}
    if not isinstance(facts, Mapping) or set(facts) != wanted:
        _refuse(f"counts under the keys {sorted(wanted)}")
    windows, recordings = _numbers([facts["windows"], facts["recordings"]], 2).tolist()
    vector = layout.nothing()
    vector[layout.header["windows"]] = windows
    for key, place in sections.items():
        vector[place] = _numbers(facts[key], place.stop - place.start)
    vector[layout.health] = _rows(facts["health"], layout.channels, len(HEALTH), -_MOST_COUNT)
    vector[layout.feature_bins] = _rows(facts["features"], layout.features, FEATURE_BINS)
    return Counts(windows, recordings, vector)


def _rows(lists: Any, count: int, width: int, least: int = 0) -> NDArray[np.int64]:
    if not isinstance(lists, list) or len(lists) != count:
        _refuse(f"counts {count} rows where it has another list")
    return np.concatenate([_numbers(row, width, least) for row in lists])


def _refuse(message: str) -> NoReturn:
    raise TelemetryError("reference", f"A reference {message}.", _HINT)
