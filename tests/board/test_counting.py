"""What a listening board counts and tells: the host's reports, byte for byte but for its clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from board.listening import listening_host
from board.test_live import SECOND, hear, sound
from coincell.board import BoardClient, VirtualBoard
from coincell.board.protocol import Listening
from coincell.cli.monitor_fleet import give_key
from coincell.errors import BoardError, UserError
from coincell.firmware import Application, build_image, load_board
from coincell.firmware.telemetry import LOG_BYTES
from coincell.monitor import parse_report
from counting import DEVICE, REFERENCE, counting, layout_of, told, untimed
from stand_in import StandInNetwork, random_windows, stand_in_application

KEY = bytes(range(7, 39))


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


def counts_of(application: Application, reports: list[bytes]) -> list[int]:
    layout = layout_of(application)
    return layout.merged(layout.vectors_of(told(reports))).tolist()[len(layout.header) :]


def test_what_was_counted_survives_a_cut_and_each_start_has_its_number(
    counted_application: Application, tmp_path: Path
) -> None:
    """Counted for 5 s with reports each 2 s; what the cut takes was counted since the last one."""
    image = build_image(counted_application, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as board:
        samples, reports = sound(5.0), []
        hear(board, samples)
        board.advance(5 * SECOND)
        client = BoardClient(board, reports.append)
        list(client.events(lambda: board.waiting))
        assert len(reports) == 2
        host = listening_host(counted_application)
        host.watch(DEVICE)
        host.process(samples)
        assert untimed(told(host.take_reports())) == untimed(told(reports))
        board.restart()
        client = BoardClient(board)
        client.listen(Listening.OFF)
        rest = client.tell_all()
        assert {report.boot for report in told(reports)} == {1}
        assert {report.boot for report in told(rest)} == {2}
        assert [report.sequence for report in told(rest)] == list(range(len(rest)))
        board.restart()
        again = BoardClient(board)
        again.listen(Listening.OFF)
        (last,) = told([again.tell()])
        assert (last.boot, dict(last.sections)) == (3, {})
    until = listening_host(counted_application)
    until.watch(DEVICE)
    everything: list[bytes] = []
    for begin in range(0, len(samples), 160):  # no decision lies between a report and the next 160
        until.process(samples[begin : begin + 160])
        everything += until.take_reports()
        if len(everything) == 2:
            break
    everything += [until.report() for _ in range(5)]
    assert counts_of(counted_application, everything) == counts_of(
        counted_application, [*reports, *rest]
    )


def written(board: VirtualBoard) -> int:
    return int(board.activity()[0]["counts"].get("flash words written", 0))


def test_a_cut_while_a_record_is_written_leaves_the_one_before_or_the_new_one(
    counted_application: Application, tmp_path: Path
) -> None:
    image = build_image(counted_application, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as board:
        seen: set[int] = set()
        for start in range(1, 9):
            board.restart()
            hear(board, sound(2.5))
            board.activity(restart=True)
            board.advance(2 * SECOND)
            while written(board) < 8 * start:  # in the middle of the record of the first interval
                board.advance(SECOND // 2000)
            seen.add(written(board))
            board.restart()
            client = BoardClient(board)
            client.listen(Listening.OFF)
            reports = told(client.tell_all())
            assert {report.boot for report in reports} == {2 * start + 1}
            assert len(reports[-1].sections) == 0 or reports[0].windows == 0
        assert len(seen) > 5


def test_nothing_is_written_when_the_power_is_known_to_fail(
    counted_application: Application, tmp_path: Path
) -> None:
    image = build_image(counted_application, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as board:
        hear(board, sound(9.0))
        board.activity(restart=True)
        board.advance(SECOND)
        board.put_world("supply", volts=2.2)
        board.put_world("supply", volts=1.9)
        board.advance(2 * SECOND)
        before = written(board)
        reports: list[bytes] = []
        client = BoardClient(board, reports.append)
        client.info()
        assert len(reports) == 1
        assert before == 0
        board.advance(4 * SECOND)
        assert written(board) == 0  # it is still low
        board.put_world("supply", volts=3.0)
        board.advance(4 * SECOND)
        assert written(board) > 50


def flash_of_the_log(board: VirtualBoard) -> int:
    """Where it begins."""
    return board.board.flash.origin + board.board.flash.bytes - LOG_BYTES


def test_an_image_with_another_reference_counts_from_zero_and_goes_on_with_starts(
    counted_application: Application, tmp_path: Path
) -> None:
    """A year's later update: the log stays in flash, what it holds is another model's."""
    board = load_board("nano33ble")
    with VirtualBoard(build_image(counted_application, board, tmp_path / "old")) as old:
        hear(old, sound(3.0))
        old.advance(3 * SECOND)
        old.restart()
        log = old.read_memory(flash_of_the_log(old), LOG_BYTES)
    assert counted_application.counting is not None
    other = replace(counted_application.counting, reference=REFERENCE[::-1])
    update = replace(counted_application, counting=other)
    with VirtualBoard(build_image(update, board, tmp_path / "new")) as new:
        new.write_memory(flash_of_the_log(new), log)
        new.restart()
        (report,) = told([BoardClient(new).tell()])
        assert (report.reference, report.boot) == (other.reference, 3)
        assert (report.windows, dict(report.sections)) == (0, {})


def test_a_start_on_a_supply_that_is_low_already_writes_nothing(
    counted_application: Application, tmp_path: Path
) -> None:
    with VirtualBoard(build_image(counted_application, load_board("nano33ble"), tmp_path)) as board:
        BoardClient(board).info()
        assert written(board) > 50
        board.put_world("supply", volts=1.9)
        board.restart()
        assert told([BoardClient(board).tell()])[0].boot == 0, "the next start has its number"
        assert written(board) == 0
        board.put_world("supply", volts=3.0)
        board.restart()
        assert told([BoardClient(board).tell()])[0].boot == 2


def test_a_chip_keeps_one_key_and_signs_with_it(
    counted_application: Application, tmp_path: Path
) -> None:
    key, other = KEY, bytes(32)
    with VirtualBoard(build_image(counted_application, load_board("nano33ble"), tmp_path)) as board:
        client = BoardClient(board)
        assert parse_report(client.tell()).tag == b""
        with pytest.raises(BoardError, match="the length was wrong"):
            client.keep_key(key[:31])
        with pytest.raises(UserError, match="not 0000000000000000"):
            give_key(client, key, bytes(8))
        assert give_key(client, key, b"") == DEVICE
        assert parse_report(client.tell()).is_signed_by(key)
        with pytest.raises(BoardError, match="has a key already"):
            give_key(client, other, DEVICE)
        board.restart()
        envelope = parse_report(BoardClient(board).tell())
        assert envelope.is_signed_by(key)
        assert not envelope.is_signed_by(other)


def test_an_image_that_counts_nothing_refuses(virtual: VirtualBoard) -> None:
    with pytest.raises(BoardError, match="the message is not known"):
        BoardClient(virtual).tell()
