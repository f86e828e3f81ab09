"""The tasks that a project may have, and what kind of answer each one gives."""

from __future__ import annotations

from typing import Literal

TaskName = Literal[
    "keyword-spotting",
    "visual-wake-word",
    "mask-detection",
    "anomaly-detection",
    "gesture",
    "regression",
]

Goal = Literal["classes", "normality", "quantity"]
"""classes: which of the labels. normality: how strange. quantity: how much."""


def goal_of(task: TaskName) -> Goal:
    """What a model for `task` answers."""
    if task == "anomaly-detection":
        return "normality"
    return "quantity" if task == "regression" else "classes"
