"""What a board's decisions stand for, from a description that is not to be trusted."""

from __future__ import annotations

import pytest

from coincell.runtime import QuantityUnit, ScoreUnit, StrangenessUnit, Teller

SHARE = ScoreUnit(1 / 256, -128)
SPEED = QuantityUnit(12.5, -20, "speed", "rpm")


def test_each_goal_is_told_in_its_own_unit() -> None:
    classes = Teller(("yes", "no"), unit=SHARE)
    assert classes.plain(0) == {"score": 0.5, "score_raw": 0}
    assert classes.words(1, 0).split() == ["no", "0.500"]
    assert classes.words(-1, 0).split() == ["-", "0.500"]
    number = Teller(quantity=SPEED)
    assert number.plain(0) == {"score": None, "score_raw": 0, "value": 250.0, "unit": "rpm"}
    assert number.words(-1, 0).split() == ["speed", "250", "rpm"]
    strange = Teller(("normal", "anomaly"), strangeness=StrangenessUnit(0.5, 6, "nats"))
    assert strange.plain(8) == {
        "score": None, "score_raw": 8, "strangeness": 4.0, "threshold": 3.0, "unit": "nats",
    }  # fmt: skip
    assert strange.words(1, 8).split(maxsplit=1) == ["anomaly", "4 nats, strange from 3"]


def test_a_label_that_has_no_name_is_a_number() -> None:
    teller = Teller(("yes",))
    assert [teller.label(index) for index in (-1, 0, 1)] == [None, "yes", "class 1"]
    assert teller.score(7) == "raw 7"


@pytest.mark.parametrize("rate", [0, -5, 1.5, True, "9", None])
def test_a_rate_that_is_none_is_left_out(rate: object) -> None:
    assert Teller.of({"rate_hz": rate, "labels": "yes"}) == Teller()
    assert Teller.of({"rate_hz": rate, "sample_rate_hz": 119}).rate_hz == 119
