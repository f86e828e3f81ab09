"""On the device against sent to a server: orders of size by hand, and what holds of any task."""

from __future__ import annotations

import pytest

from coincell.board import Bounds, Task, compare_with_server, load_battery
from coincell.board.server import _traffic
from coincell.firmware import Board, load_board

KEYWORDS = Task(32_000, 490, 0.035, 0.0845, Bounds(76, 84.5, 127))


@pytest.fixture(scope="module")
def nano() -> Board:
    return load_board("nano33ble")


def test_raw_sound_keeps_the_radio_sending_for_more_than_a_quarter_of_the_time() -> None:
    traffic = _traffic(32_000, 0.030)
    packets = 32_000 / 244
    assert traffic.sending == pytest.approx(packets * (251 + 10) * 8e-6)
    assert traffic.receiving == pytest.approx(packets * 380e-6)


def test_a_quiet_connection_sends_an_empty_packet_an_interval() -> None:
    traffic = _traffic(0.0, 1.0)
    assert traffic.sending == pytest.approx(80e-6)
    assert traffic.receiving == pytest.approx(380e-6)


def test_the_less_is_sent_the_less_the_radio_takes(nano: Board) -> None:
    found = {o.name: o for o in compare_with_server(KEYWORDS, nano).options}
    assert found["decisions"].radio_mw < found["features"].radio_mw < found["raw"].radio_mw
    assert found["raw"].radio_mw == pytest.approx(5.8, abs=0.3)
    assert found["raw"].bytes_a_day == 32_000 * 86_400
    assert found["decisions"].bytes_a_day == 1600
    assert found["decisions"].delay_ms == KEYWORDS.latency_ms
    assert found["raw"].delay_ms.low > 30
    assert found["raw"].days is None


def test_a_battery_adds_days(nano: Board) -> None:
    options = compare_with_server(KEYWORDS, nano, load_battery("2xaa")).options
    assert all(option.days and option.days.low < option.days.high for option in options)


def test_bounds_are_in_order(nano: Board) -> None:
    for shipped in (True, False):
        for option in compare_with_server(KEYWORDS, nano, as_shipped=shipped).options:
            for bounds in (option.average_mw, option.delay_ms):
                assert bounds.low <= bounds.typical <= bounds.high
