"""What happened to whom, in the words of the task: "a woman's 'stop' was missed"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WOMEN = frozenset({"f", "female", "woman", "women", "w", "girl"})
_MEN = frozenset({"m", "male", "man", "men", "boy"})
_GENDERS = frozenset({"gender", "sex"})
_TOLD: Mapping[str, str] = {"sound": "heard", "picture": "seen", "motion": "told", "": "told"}
_EXAMPLE: Mapping[str, str] = {
    "sound": "clip", "picture": "picture", "motion": "window", "": "case",
}  # fmt: skip
_TURNED = frozenset({"accuracy", "recall"})
"""Shares of what went well: told are those of what did not."""
_NUMBERS = frozenset({"mae", "mean_error"})


@dataclass(frozen=True)
class TaskWords:
    """How a task speaks.

    Attributes:
        sense: "sound", "motion" or "picture"; "" of a table.
        goal: "classes", "normality" or "quantity".
        unit: of a predicted number.
        target: what is predicted.
    """

    sense: str
    goal: str = "classes"
    unit: str = ""
    target: str = ""

    def of_group(self, columns: Sequence[str], value: str, thing: str) -> str:
        """A thing of somebody's: "a woman's 'stop'", "a 'stop' of accent 'en-gb'"."""
        whose, others = "", []
        for column, part in zip(columns, _parts(columns, value), strict=True):
            word = _person(column, part)
            if word and not whose:
                whose = word
            else:
                others.append(f"{column} {part!r}")
        article = "an" if thing.strip("'")[:1].lower() in tuple("aeiou") else "a"
        named = f"{whose}'s {thing}" if whose else f"{article} {thing}"
        return f"{named} of {' and '.join(others)}" if others else named

    def happened(self, columns: Sequence[str], value: str, metric: str, label: str) -> str:
        """What an error is, in a sentence without its figures."""
        example = _EXAMPLE[self.sense]
        whose = self.of_group(columns, value, f"'{label}'" if label else self._thing(example))
        if metric == "fpr" and label:
            where = self.of_group(columns, value, example)
            return f"'{label}' was {_TOLD[self.sense]} in {where} that held none"
        if metric == "fpr":
            return f"a false alarm was told of {self.of_group(columns, value, f'normal {example}')}"
        if metric == "accuracy":
            return f"{self.of_group(columns, value, example)} got no right answer"
        if metric in ("recall", "missed_events"):
            return f"{whose} was missed"
        return f"{whose} was {'told too high or too low' if metric == 'mean_error' else 'off'}"

    def _thing(self, example: str) -> str:
        if self.goal == "quantity":
            return self.target or "number"
        return f"strange {example}" if self.goal == "normality" else example

    def finding(self, comparison: Mapping[str, Any]) -> str:
        """A comparison of audit.json in a sentence with its figures, who fared worse first."""
        own, others = comparison["group_value"], comparison["rest_value"]
        better = comparison["against"]
        if comparison["worse"] != comparison["value"]:
            own, others, better = others, own, comparison["value"]
        metric, what = comparison["metric"], comparison["what"]
        joined = "by" if metric in _NUMBERS else "in"
        against = better if better == "the others" else f"'{better}'"
        worse, good = self._figure(metric, own), self._figure(metric, others)
        return f"{what[:1].upper()}{what[1:]} {joined} {worse}; of {against} {good}"

    def _figure(self, metric: str, value: float) -> str:
        if metric in _NUMBERS:
            return f"{value:.3g} {self.unit}".rstrip()
        return f"{100 * (1 - value if metric in _TURNED else value):.1f} %"


def _parts(columns: Sequence[str], value: str) -> list[str]:
    if len(columns) == 1:
        return [value]
    parts = value.split(", ")
    return parts if len(parts) == len(columns) else [value, *[""] * (len(columns) - 1)]


def _person(column: str, value: str) -> str:
    if column.lower() not in _GENDERS:
        return ""
    if value.lower() in _WOMEN:
        return "a woman"
    return "a man" if value.lower() in _MEN else ""
