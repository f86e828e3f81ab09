"""docs/energy.md does its sums by hand: they are done again, and compared with the program."""

from __future__ import annotations

import ast
import operator
import re
from pathlib import Path

import pytest

from coincell.board import Bounds, Task, compare_with_server, listening_activity, load_battery
from coincell.board.energy import energy_of, inference_energy
from coincell.board.year import awake_share, sleeping
from coincell.firmware import load_board

PAGE = Path("docs/energy.md").read_text(encoding="utf-8")
UNITS = {
    "MHz": 1e6, "mA": 1e-3, "uA": 1e-6, "V": 1.0, "nC": 1e-9, "uJ": 1e-6, "mW": 1e-3, "mAh": 3.6,
    "h": 3600.0, "d": 86_400.0, "min": 60.0, "s": 1.0, "us": 1e-6, "%": 0.01, "cycles": 1.0,
    "Ohm": 1.0, "MB": 1e6,
}  # fmt: skip
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
SUM = re.compile(r"^([\d.,]+) (\S+) = (.+?)(?:\s+#.*)?$", re.MULTILINE)


def value(text: str) -> float:
    """Evaluate numbers with units, x, /, + and -."""
    plain = text.replace(",", "").replace(" /s", "").replace(" x ", " * ")
    plain = re.sub(r"([\d.]+) ([A-Za-z%]+)", lambda m: f"({m[1]} * {UNITS[m[2]]!r})", plain)

    def walk(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            result: float = OPERATORS[type(node.op)](walk(node.left), walk(node.right))
            return result
        assert isinstance(node, ast.Constant), ast.dump(node)
        return float(node.value)

    return walk(ast.parse(plain, mode="eval").body)


SUMS = SUM.findall(PAGE)


def test_the_page_has_its_sums() -> None:
    assert len(SUMS) >= 25


@pytest.mark.parametrize(("number", "unit", "expression"), SUMS)
def test_every_sum_on_the_page_is_right_to_its_last_digit(
    number: str, unit: str, expression: str
) -> None:
    digits = number.replace(",", "")
    size = UNITS.get(unit, 1.0)
    step = 10.0 ** -len(digits.partition(".")[2])
    assert value(expression) / size == pytest.approx(float(digits), abs=0.501 * step)


def test_the_page_cites_the_currents_of_the_description() -> None:
    currents = load_board("nano33ble").currents
    assert currents is not None
    table = currents.table()
    cited = {
        ("cpu", "run"): "3.3 mA", ("cpu", "sleep"): "2.35 uA", ("lfclk", "rc"): "0.81 uA",
        ("hfclk", "crystal"): "646 uA", ("pdm", "on"): "354 uA", ("microphone", "on"): "650 uA",
        ("radio", "sending"): "6.40 mA", ("radio", "receiving"): "6.26 mA",
    }  # fmt: skip
    for (component, state), text in cited.items():
        current = table.of(component, state)
        assert current is not None
        assert value(text) == pytest.approx(current.typical_a), f"{component}.{state}"
        assert f" {text}" in PAGE
    run = table.of("cpu", "run")
    assert run is not None
    assert run.ldo_a == pytest.approx(value("6.3 mA"))
    shipped = sum(overhead.typical_a for overhead in currents.as_shipped.values())
    assert shipped == pytest.approx(value("1.506 mA"))


def test_the_program_gives_what_the_page_works_out() -> None:
    board, cell = load_board("nano33ble"), load_battery("cr2032")
    inference = inference_energy(3_166_769, 4_105_658, board)
    assert inference is not None
    assert inference.energy_uj == pytest.approx(489.9, abs=0.05)
    assert inference.energy_uj < 750, "the figure to reach"
    assert inference.energy_flash_uj == pytest.approx(635.1, abs=0.05)
    energy = energy_of(listening_activity(0.0845), board, as_shipped=False)
    assert energy.average_a.typical == pytest.approx(1877.2e-6, abs=0.1e-6)
    assert cell.days(energy.average_a).typical == pytest.approx(3.75, abs=0.005)
    assert load_battery("2xaa").days(energy.average_a).typical == pytest.approx(46.9, abs=0.05)
    assert cell.current_for(365).typical == pytest.approx(19.04e-6, abs=0.01e-6)
    floor = sleeping(board, as_shipped=False).average_a
    share = awake_share(floor, energy.average_a, cell, 365)
    assert share.typical == pytest.approx(0.00847, abs=0.00001)


def test_the_page_s_table_of_devices_and_servers_is_the_program_s() -> None:
    task = Task(32_000, 490, 0.035, 0.0845, Bounds(76, 84.5, 127))
    found = compare_with_server(task, load_board("nano33ble")).options
    rows = {
        cells[0]: cells[1:]
        for line in PAGE.splitlines()
        if line.startswith("| ")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    for option, power, radio, delay in zip(
        found,
        rows["average power, bare module"],
        rows["of it the radio, with the core's work for it"],
        rows["from a window's end to the answer"],
        strict=True,
    ):
        assert float(power.split()[0]) == pytest.approx(option.average_mw.typical, rel=0.005)
        assert float(radio.split()[0]) == pytest.approx(option.radio_mw, abs=0.006)
        low, high = option.delay_ms.low, option.delay_ms.high
        assert delay == f"{option.delay_ms.typical + 1e-9:.0f} ms ({low:.0f} to {high:.0f})"
