"""Currents as data: every state has one, or says that it draws nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coincell.errors import BoardError
from coincell.firmware import CurrentTable, board_names, load_board, parse_table

TEXT = """
supply_v = 3.0
nothing = ["*.off"]
[states."led_*.on"]
typical_a = 2e-3
basis = "assumed"
source = "any"
[states."led_red.on"]
typical_a = 1e-3
low_a = 0.5e-3
ldo_a = 3e-3
basis = "measured"
source = "this one"
"""


def test_a_state_without_a_current_is_named_and_never_zero() -> None:
    table = parse_table(CurrentTable, TEXT, "mine.toml")
    with pytest.raises(BoardError, match=r"'pdm\.on'") as refusal:
        table.of("pdm", "on")
    assert 'states."pdm.on"' in refusal.value.hint
    assert table.of("pdm", "off") is None, "said to draw nothing"


def test_an_exact_name_goes_before_a_pattern() -> None:
    table = parse_table(CurrentTable, TEXT, "mine.toml")
    red, blue = table.of("led_red", "on"), table.of("led_blue", "on")
    assert red is not None
    assert blue is not None
    assert (red.typical_a, blue.typical_a) == (1e-3, 2e-3)


def test_the_bounds_move_with_the_regulator() -> None:
    red = parse_table(CurrentTable, TEXT, "mine.toml").of("led_red", "on")
    assert red is not None
    assert red.bounds() == (0.5e-3, 1e-3, 1e-3)
    assert red.bounds("ldo") == (2.5e-3, 3e-3, 3e-3)


@pytest.mark.parametrize("name", [n for n in board_names() if load_board(n).currents])
def test_every_published_current_names_its_source(name: str) -> None:
    currents = load_board(name).currents
    assert currents is not None
    table = currents.table()
    assert table.supply_v > 0
    for state, current in [*table.states.items(), *currents.as_shipped.items()]:
        assert len(current.source) > 10, state
        for outer in current.within:
            assert outer in table.states, f"{state} is within {outer}, which has no current"


def test_the_worker_reports_no_state_that_the_nano_does_not_know() -> None:
    """Literal states in the emulator's sources; those made of variables are met when they run."""
    worker = Path("src/coincell/board/emulator_worker")
    currents = load_board("nano33ble").currents
    assert currents is not None
    table = currents.table()
    found = set()
    for path in worker.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'activity\.set\(\s*"(\w+)",\s*"([\w ]+)"', text))
        pattern = r'activity\.set\(\s*"(\w+)",\s*"([\w ]+)" if [^)]*? else "([\w ]+)"'
        for component, one, other in re.findall(pattern, text):
            found |= {(component, one), (component, other)}
    assert ("cpu", "run") in found
    for component, state in sorted(found):
        table.of(component, state)
