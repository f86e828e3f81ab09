"""A made-up audit for tests of the report: every figure is invented."""

from __future__ import annotations

from typing import Any

from coincell.report import FairnessPart
from report.sample_report import metric

GROUPS = (
    ("gender", "female", True, True, 18, 0.86, 0.80),
    ("gender", "male", True, True, 18, 0.95, 0.94),
    ("gender", "not told", False, False, 4, 0.91, 0.90),
    ("accent", "sample <b>north</b>", True, True, 30, 0.92, 0.91),
    ("accent", "south", True, False, 3, 0.71, 0.66),
)


def sample_fairness(**changes: Any) -> FairnessPart:
    """Two columns, one group too small, one not told."""
    gap = {
        "column": "gender", "place": "int8", "criterion": "accuracy_parity", "metric": "accuracy",
        "difference": metric(0.14), "ratio": 0.85, "worst": "female", "worst_value": 0.80,
        "best": "male", "best_value": 0.94,
    }  # fmt: skip
    added = {
        "column": "gender", "criterion": "accuracy_parity", "float_gap": 0.09, "int8_gap": 0.14,
        "added": metric(0.05), "p_corrected": 0.02, "clear": True,
    }  # fmt: skip
    finding = {
        "words": "A woman's 'stop' was missed in 22.0 %; of 'male' 6.0 %", "column": "gender",
        "people": 18, "difference": metric(0.16), "p_corrected": 0.011, "clear": True,
    }  # fmt: skip
    return FairnessPart.model_validate(
        {
            "person": "speaker", "people": 36, "smallest_group": 5, "rounds": 1000,
            "judged": "int8", "headline": "accuracy", "places": ["float", "int8"],
            "device": "The device decides as int8 does here.",
            "groups": [
                {
                    "column": column, "value": value, "told": told, "claimed": claimed,
                    "examples": 10 * people, "people": people,
                    "figures": {
                        "float": {"accuracy": metric(before)},
                        "int8": {"accuracy": metric(after)},
                    },
                }
                for column, value, told, claimed, people, before, after in GROUPS
            ],
            "gaps": [gap], "added": [added], "findings": [finding], "compared": 9,
            "notes": ["'pitch' is no group: sample."],
        }
        | changes
    )  # fmt: skip
