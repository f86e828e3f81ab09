"""How many more people a group needs, so that its figures are known as closely as is wished.

An interval over people narrows with the root of their number. The bootstrap draws n people from n,
so that its variance is that of the mean less by (n - 1) / n (Efron and Tibshirani 1993, 6.1): with
few people its width is too small, and what is needed is reckoned with the whole variance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 0.1
"""Of a 95 % interval, where none is told: a share known within 5 points either way."""
_FIGURES: Mapping[str, tuple[str, ...]] = {
    "classes": ("accuracy", "recall"),
    "normality": ("fpr", "missed_events"),
    "quantity": ("mae",),
}
_NAMED = 6
_EPSILON = 1e-9


def people_needed(people: int, width: float | None, wished: float, smallest: int) -> int:
    """People with whom an interval is at most `wished` wide, `smallest` at least.

    Args:
        people: whose clips the figure is of now.
        width: of its 95 % interval now; None: it has none yet, and `smallest` is the first step.
        wished: above 0, in the figure's unit.
        smallest: people a group needs before anything is claimed of it.
    """
    if width is None or people < 2:
        return max(people, smallest)
    needed = people * (width / wished) ** 2 * people / (people - 1)
    return max(people if width <= wished else math.ceil(needed - _EPSILON), smallest)


def judges_advice(audit: Mapping[str, Any], wished: float) -> list[dict[str, Any]]:
    """What the test split lacks, group by group, most people first.

    Args:
        audit: the content of audit.json.
        wished: width of the 95 % intervals, in the figure's unit: shares 0 to 1.

    Returns:
        Of each group: "column", "value", "people", "people_lacking", "clips_lacking", and
        "figures", each with "metric", "label", "people", "width" (None: there is no interval),
        "people_needed" and "people_lacking".
    """
    found = []
    for column in audit["columns"]:
        for group in column["groups"]:
            if not group["told"]:
                continue
            figures = list(_figures(audit, group, wished))
            whole = [each["people_lacking"] for each in figures if not each["label"]]
            lacking = max(whole, default=0)
            found.append(
                {
                    "column": column["name"],
                    "value": group["value"],
                    "people": group["people"],
                    "clips": group["clips"],
                    "people_lacking": lacking,
                    "clips_lacking": math.ceil(lacking * group["clips"] / max(1, group["people"])),
                    "figures": figures,
                }
            )
    return sorted(found, key=lambda each: -each["people_lacking"])


def _figures(
    audit: Mapping[str, Any], group: Mapping[str, Any], wished: float
) -> Iterator[dict[str, Any]]:
    place = group["places"][audit["judged"]]
    told = {"": place["figures"], **place["labels"]}
    for label, metrics in told.items():
        for metric in _FIGURES[audit["goal"]]:
            figure = metrics.get(metric)
            if figure is None:
                continue
            ends = figure["ci95"]
            width = None if ends is None else ends[1] - ends[0]
            needed = people_needed(figure["people"], width, wished, audit["smallest_group"])
            yield {
                "metric": metric,
                "label": label,
                "people": figure["people"],
                "width": width,
                "people_needed": needed,
                "people_lacking": needed - figure["people"],
            }


def collecting_note(audit: Mapping[str, Any]) -> str:
    """A sentence on what the test split lacks for intervals of WIDTH; "" where it lacks nothing,
    or the figure is no share."""
    if audit["goal"] == "quantity":
        return ""
    single = {column["name"] for column in audit["columns"] if len(column["parts"]) == 1}
    lacking = [
        each
        for each in judges_advice(audit, WIDTH)
        if each["column"] in single and each["people_lacking"]
    ]
    if not lacking:
        return ""
    named = [f"'{each['value']}' {each['people_lacking']:,}" for each in lacking[:_NAMED]]
    more = len(lacking) - len(named)
    rest = f", {more} more groups too" if more else ""
    return (
        f"For intervals {100 * WIDTH:.0f} points wide the test split lacks people: "
        f"{', '.join(named)}{rest} (coincell audit --collect)."
    )


def training_advice(
    columns: Sequence[tuple[str, Mapping[str, tuple[int, int]]]],
) -> list[dict[str, Any]]:
    """What groups of the training split lack against the largest of their column.

    Args:
        columns: name of the column, and of each group the people and the clips.

    Returns:
        Of each group that lacks clips, most first: "column", "value", "people", "clips",
        "clips_lacking", "people_lacking" and "against", the largest one.
    """
    found = []
    for name, groups in columns:
        if not groups:
            continue
        largest = max(groups, key=lambda value: groups[value][1])
        most_people, most_clips = groups[largest]
        for value, (people, clips) in groups.items():
            if clips < most_clips:
                found.append(
                    {
                        "column": name,
                        "value": value,
                        "people": people,
                        "clips": clips,
                        "clips_lacking": most_clips - clips,
                        "people_lacking": max(0, most_people - people),
                        "against": largest,
                    }
                )
    return sorted(found, key=lambda each: -each["clips_lacking"])
