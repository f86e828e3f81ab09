"""The unit of a number that a board tells: from its description, which is not to be trusted."""

from __future__ import annotations

from typing import Any

import pytest

from coincell.runtime import QuantityUnit, quantity_unit

_TOLD: dict[str, Any] = {"scale": 12.5, "zero_point": -100, "target": "speed", "unit": "rpm"}


def test_a_raw_value_is_the_number() -> None:
    """(q - zero point) * scale, and 256 raw steps to one of q."""
    unit = quantity_unit({"quantity": _TOLD})
    assert unit == QuantityUnit(12.5, -100, "speed", "rpm")
    assert unit.value(-100 * 256) == 0.0
    assert unit.value(20 * 256) == 1500.0
    assert unit.value(20 * 256 + 128) == 1506.25
    assert unit.told(20 * 256 + 128) == "1506 rpm"
    assert quantity_unit({"quantity": unit.to_json()}) == unit


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0.0}, {"scale": float("nan")}, {"scale": "1"}, {"scale": True},
        {"zero_point": 128}, {"zero_point": 0.0}, {"unit": None}, {"target": ["speed"]},
        {"unit": "x" * 65},
    ],
)  # fmt: skip
def test_what_is_no_unit(change: dict[str, Any]) -> None:
    assert quantity_unit({"quantity": _TOLD | change}) is None


@pytest.mark.parametrize("told", [None, [], "rpm", {}])
def test_no_number_is_told(told: object) -> None:
    assert quantity_unit({"quantity": told}) is None
    assert quantity_unit({}) is None
