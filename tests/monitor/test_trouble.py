"""Disks that fill, files that go away, strangers that dawdle: what is acknowledged stays."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coincell.monitor import Store, StoreError, build_receiver, list_devices
from made_fleet import START, a_reference, a_report

REFERENCE = a_reference()
NOW = START + 40 * 86400
TOKEN = "a-token-of-the-tests"
HEAD = f"POST /v1/reports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n"

FILL = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from coincell.monitor import Store, StoreError
from made_fleet import START, a_reference, a_report
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
reference = a_reference()
with Store(sys.argv[1]) as store:
    store.register(reference)
    limit = Path(sys.argv[1]).stat().st_size + 400_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    kept, refused = 0, 0
    for hour in range(60):
        texts = [a_report(reference, number, hour).to_bytes() for number in range(50)]
        try:
            kept += store.add(texts, START + 40 * 86400).added
        except StoreError as error:
            refused += 1
            assert "cannot be used" in error.message
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = store.add(texts, START + 40 * 86400)
    print(kept, refused, again.added)
"""


@pytest.fixture
def place(tmp_path: Path) -> str:
    path = str(tmp_path / "fleet.db")
    with Store(path) as store:
        store.register(REFERENCE)
    return path


def texts(devices: int, hour: int = 0) -> list[bytes]:
    return [a_report(REFERENCE, number, hour).to_bytes() for number in range(devices)]


def kept(place: str) -> int:
    with Store(place) as store:
        return int(store.database.rows("SELECT COUNT(*) FROM reports")[0][0])


def test_a_disk_that_takes_no_more_bytes_loses_nothing(tmp_path, repository):
    """RLIMIT_FSIZE: the system refuses what goes beyond, in the middle of a write."""
    path = tmp_path / "full.db"
    paths = [str(repository / "src"), str(repository / "tests")]
    done = subprocess.run(
        [sys.executable, "-c", FILL.format(paths=paths), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    acknowledged, refused, again = map(int, done.stdout.split())
    assert refused > 5
    assert acknowledged >= 50
    assert again == 50
    assert kept(str(path)) == acknowledged + again
    with Store(path) as store:
        assert store.database.rows("PRAGMA integrity_check") == [("ok",)]
        assert sum(one.reports for one in list_devices(store.database)) == kept(str(path))


def test_a_file_that_was_taken_away_acknowledges_nothing_until_it_is_back(place, tmp_path):
    away = tmp_path / "away.db"
    with Store(place) as store:
        assert store.add(texts(3), NOW).added == 3
        store.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        Path(place).rename(away)
        for _ in range(2):
            with pytest.raises(StoreError):
                store.add(texts(3, 1), NOW)
        assert not Path(place).exists(), "an empty store knows no reference: all would be refused"
        away.rename(place)
        assert store.add(texts(3, 1), NOW).added == 3
    assert kept(place) == 6


def test_a_file_that_was_put_back_from_a_copy_takes_reports_again(place, tmp_path):
    import shutil

    copy = tmp_path / "copy.db"
    shutil.copy(place, copy)
    with Store(place) as store:
        store.add(texts(3), NOW)
        Path(place).unlink()
        for name in ("-wal", "-shm"):
            Path(place + name).unlink(missing_ok=True)
        copy.rename(place)
        assert store.add(texts(3), NOW).added == 3
    assert kept(place) == 3


@pytest.fixture
def served(place: str) -> Iterator[tuple[str, int]]:
    from uvicorn import Server

    from coincell.monitor.serving import server_settings

    listening = socket.create_server(("127.0.0.1", 0))
    application = build_receiver(place, TOKEN, body_s=0.5)
    server = Server(server_settings(application, head_s=0.5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes; fails where it never does."""
    connection.settimeout(20)
    found = b""
    while part := connection.recv(4096):
        found += part
    return found


def drip(connection: socket.socket, piece: bytes, stop: threading.Event) -> None:
    """A byte now and then, for as long as the other side takes them."""
    while not stop.wait(0.05):
        try:
            connection.sendall(piece)
        except OSError:
            return


@pytest.mark.parametrize(
    ("begin", "piece", "status"),
    [
        (b"", b"", b""),
        (b"POST /v1/rep", b"o", b""),
        (HEAD.encode(), b"x", b""),
        (HEAD.encode() + b"content-length: 1000\r\n\r\n", b"", b"408"),
        (HEAD.encode() + b"content-length: 1000\r\n\r\n", b"x", b"408"),
        (HEAD.encode() + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"408"),
        (b"POST /v1/reports HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n", b"x", b"401"),
    ],
)  # fmt: skip
def test_who_dawdles_is_hung_up_on(served, place, begin, piece, status):
    stop = threading.Event()
    with socket.create_connection(served) as slow, socket.create_connection(served) as good:
        slow.sendall(begin)
        dripping = threading.Thread(target=drip, args=(slow, piece or b"", stop))
        if piece:
            dripping.start()
        try:
            body = b"".join(texts(4))
            good.sendall(HEAD.encode() + b"connection: close\r\n")
            good.sendall(b"content-length: %d\r\n\r\n" % len(body) + body)
            said = answer(good)
            assert said.startswith(b"HTTP/1.1 200"), "others are served meanwhile"
            try:
                assert answer(slow)[9:12] == status
            except ConnectionResetError:
                # What came behind the answer made the system forget it: he was hung up on.
                assert piece
        finally:
            stop.set()
            if piece:
                dripping.join()
    assert json.loads(said.partition(b"\r\n\r\n")[2]) == {"kept": 4, "refused": []}
    assert kept(place) == 4


@pytest.mark.parametrize(
    "begin", [b"content-length: 9\r\n\r\nx", b"transfer-encoding: chunked\r\n\r\n"]
)
def test_who_leaves_in_the_middle_is_no_fault(served, place, begin, caplog):
    """Gateways lose their network all day: no traceback a time in the server's log."""
    with socket.create_connection(served) as leaving:
        leaving.sendall(HEAD.encode() + begin)
        time.sleep(0.2)
    with socket.create_connection(served) as good:
        body = texts(1)[0]
        good.sendall(HEAD.encode() + b"connection: close\r\n")
        good.sendall(b"content-length: %d\r\n\r\n" % len(body) + body)
        assert answer(good).startswith(b"HTTP/1.1 200")
    assert kept(place) == 1
    assert not [one for one in caplog.records if one.name.startswith("uvicorn")]


def test_connections_that_are_kept_wait_for_nobody(served, place):
    """Requests behind each other on one connection, with pauses longer than a head may take."""
    with socket.create_connection(served) as line:
        line.settimeout(20)
        for hour in range(3):
            body = texts(1, hour)[0]
            line.sendall(HEAD.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
            found = b""
            while b'"refused":[]}' not in found:
                part = line.recv(4096)
                assert part, "the connection was closed"
                found += part
            time.sleep(0.7)
    assert kept(place) == 3


def test_more_reports_than_a_request_holds_are_refused_at_once(place):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that httpx will once be httpx2
        from starlette.testclient import TestClient
    with TestClient(build_receiver(place, TOKEN)) as client:
        headers = {"authorization": f"Bearer {TOKEN}"}
        said = client.post("/v1/reports", content=b"\x82\x40\x40" * 20_000, headers=headers)
    assert said.status_code == 413
