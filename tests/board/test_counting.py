"""What a listening board counts and tells: the host's reports, byte for byte but for its clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from board.listening import listening_host
from board.test_live import SECOND, hear, sound
from coincell.board import BoardClient, VirtualBoard
from coincell.board.protocol import Listening
from coincell.errors import BoardError
from coincell.firmware import Application, build_image, load_board
from counting import DEVICE, REFERENCE, counting, told, untimed
from stand_in import StandInNetwork, random_windows, stand_in_application


@pytest.fixture(scope="module")
def counted_application() -> Application:
    return counting(stand_in_application(), random_windows(80, 9), interval_s=2)


@pytest.fixture(scope="module")
def counted_board(counted_application, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counting")
    with VirtualBoard(build_image(counted_application, load_board("nano33ble"), folder)) as board:
        yield board


def test_reports_of_the_board_are_the_hosts(
    counted_application: Application, counted_board: VirtualBoard
) -> None:
    samples = sound(7.77)
    counted_board.restart()
    unasked: list[bytes] = []
    client = BoardClient(counted_board, unasked.append)
    hear(counted_board, samples)
    counted_board.advance(8 * SECOND)
    events = [event.label for event in client.events(lambda: counted_board.waiting)]
    given = told([*unasked, client.tell()])
    host = listening_host(counted_application)
    host.watch(DEVICE)
    decided = [event.label for event in host.process(samples)]
    changes = [
        label
        for label, before in zip(decided, [None, *decided[:-1]], strict=True)
        if label != before
    ]
    assert events[: len(changes)] == changes
    expected = told(host.take_reports())
    assert len(expected) >= 3
    assert untimed(given[: len(expected)]) == expected
    assert all(report.reference == REFERENCE for report in given)


def test_the_clock_of_the_core_times_decisions(counted_board: VirtualBoard) -> None:
    counted_board.restart()
    client = BoardClient(counted_board)
    client.listen(Listening.CHANGES)
    counted_board.advance(2 * SECOND)
    report = told([client.tell()])[0]
    assert report.latency is not None
    least, most = report.latency
    assert 10 < least <= most < 50_000


def test_it_tells_why_it_started(counted_application: Application, tmp_path: Path) -> None:
    """A network whose code asks the core for a reset (Armv7-M, AIRCR.SYSRESETREQ)."""
    asks = "*(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u; for (;;) {}"
    plain = replace(counted_application, model=StandInNetwork(invoke=asks))
    with VirtualBoard(build_image(plain, load_board("nano33ble"), tmp_path)) as board:
        client = BoardClient(board)
        assert told([client.tell()])[0].reset == 0
        with pytest.raises(BoardError, match="began anew"):
            client.process(random_windows(1)[0])
        client.synchronize()
        assert told([client.tell()])[0].reset == 3


def test_an_image_that_counts_nothing_refuses(virtual: VirtualBoard) -> None:
    with pytest.raises(BoardError, match="the message is not known"):
        BoardClient(virtual).tell()
