"""Errors in the words of the task."""

from __future__ import annotations

from typing import Any

import pytest

from coincell.audit import TaskWords

SOUND = TaskWords("sound")


@pytest.mark.parametrize(
    ("columns", "value", "metric", "label", "told"),
    [
        (["gender"], "female", "recall", "stop", "a woman's 'stop' was missed"),
        (["sex"], "M", "recall", "stop", "a man's 'stop' was missed"),
        (["accent"], "en-gb", "recall", "off", "an 'off' of accent 'en-gb' was missed"),
        (["gender"], "f", "fpr", "stop", "'stop' was heard in a woman's clip that held none"),
        (["gender"], "other", "accuracy", "", "a clip of gender 'other' got no right answer"),
        (
            ["gender", "accent"],
            "female, fr",
            "recall",
            "yes",
            "a woman's 'yes' of accent 'fr' was missed",
        ),
    ],
)
def test_words_heard(columns: list[str], value: str, metric: str, label: str, told: str) -> None:
    assert SOUND.happened(columns, value, metric, label) == told


def test_machines_and_numbers() -> None:
    motion = TaskWords("motion", "normality")
    told = motion.happened(["machine"], "m1", "fpr", "")
    assert told == "a false alarm was told of a normal window of machine 'm1'"
    told = motion.happened(["machine"], "m1", "missed_events", "")
    assert told == "a strange window of machine 'm1' was missed"
    number = TaskWords("motion", "quantity", "1/min", "speed")
    assert number.happened(["rig"], "r", "mae", "") == "a speed of rig 'r' was off"


COMPARED: dict[str, Any] = {
    "value": "female",
    "against": "male",
    "worse": "female",
    "metric": "recall",
    "group_value": 0.88,
    "rest_value": 0.97,
    "what": "a woman's 'stop' was missed",
}


def test_a_finding_has_both_figures_the_worse_first() -> None:
    assert SOUND.finding(COMPARED) == "A woman's 'stop' was missed in 12.0 %; of 'male' 3.0 %"
    turned = COMPARED | {"value": "male", "against": "female"}
    turned |= {"group_value": 0.97, "rest_value": 0.88}
    assert SOUND.finding(turned) == SOUND.finding(COMPARED)


def test_a_finding_of_a_number_has_its_unit() -> None:
    number = TaskWords("motion", "quantity", "mm", "depth")
    compared = {
        "value": "b",
        "against": "the others",
        "worse": "b",
        "metric": "mae",
        "group_value": 2.0,
        "rest_value": 0.5,
        "what": number.happened(["site"], "b", "mae", ""),
    }
    assert number.finding(compared) == "A depth of site 'b' was off by 2 mm; of the others 0.5 mm"
