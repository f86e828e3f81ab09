"""Telling somebody: each way as it fails in the field; a sensor's alarm does not flicker."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.monitor import (
    Alert,
    History,
    Hysteresis,
    new_alerts,
    sensor_health,
    tell,
    view_device,
)
from coincell.monitor import alerts as alerts_module
from coincell.monitor.health import faulty_moments
from coincell.monitor.layout import FIRST_HEALTH
from coincell.project import AlertSettings
from living_fleet import living_reference

REFERENCE = living_reference()
ALERT = Alert("00ff00ff00ff00ff", "change", "raised", 'band "1"; rm -rf / \n', 1_800_000_000)


@dataclass
class Hook:
    """A server that gets what is posted, and answers as `answers` says, the last for ever."""

    answers: list[int]
    address: str = ""
    moved: str = "file:///etc/passwd"
    bodies: list[bytes] = field(default_factory=list)
    kinds: list[str | None] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook([200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            made.kinds.append(self.headers["content-type"])
            status = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            if status == 0:
                hanging.wait(10)
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", made.moved)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    hanging = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}/hook?secret=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    hanging.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_each_alert_as_json(hook: Hook, tmp_path: Path) -> None:
    other = Alert("0123456789abcdef", "sensor", "cleared", "", 1_800_000_001)
    assert tell([ALERT, other], AlertSettings(webhook=hook.address), tmp_path) == []
    assert [json.loads(body) for body in hook.bodies] == [asdict(ALERT), asdict(other)]
    assert set(hook.kinds) == {"application/json"}


@pytest.mark.parametrize("status", [400, 404, 500, 503, 301, 302, 307, 0])
def test_a_webhook_that_does_not_take_it_is_told(
    hook: Hook, tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0: it never answers. A redirection to a file is not followed."""
    monkeypatch.setattr(alerts_module, "_SECONDS", 0.3)
    hook.answers = [status]
    (failed,) = tell([ALERT], AlertSettings(webhook=hook.address), tmp_path)
    assert failed.startswith("webhook: ")
    assert len(hook.bodies) == 1


def test_a_way_that_failed_is_not_tried_for_each_device(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute each on an address that hangs; the other ways go on."""
    monkeypatch.setattr(alerts_module, "_SECONDS", 0.3)
    hook.answers = [0]
    settings = AlertSettings(webhook=hook.address, file="told.jsonl")
    assert len(tell([ALERT] * 5, settings, tmp_path)) == 1
    assert len(hook.bodies) == 1
    assert len((tmp_path / "told.jsonl").read_text().splitlines()) == 5


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (failed,) = tell([ALERT], AlertSettings(file="."), tmp_path)
    assert "directory" in failed.lower()


@pytest.mark.parametrize("wrong", [{"file": "a\0b"}, {"command": ("a", "\0")}, {"state": "\0"}])
def test_a_name_with_a_null_character_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="character 0"):
        AlertSettings(**wrong)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_moved_is_not_asked_elsewhere(hook: Hook, tmp_path: Path, status: int) -> None:
    """It would be asked without the alert, and its answer taken for a delivery."""
    hook.answers, hook.moved = [status, 200], hook.address
    (failed,) = tell([ALERT], AlertSettings(webhook=hook.address), tmp_path)
    assert str(status) in failed
    assert len(hook.bodies) == 1


def test_a_webhook_that_is_not_there_is_told(hook: Hook, tmp_path: Path) -> None:
    address = hook.address.replace("127.0.0.1", "no-such-host.invalid")
    (failed,) = tell([ALERT], AlertSettings(webhook=address), tmp_path)
    assert failed.startswith("webhook: ")


def test_no_word_of_a_device_is_ever_a_command(tmp_path: Path) -> None:
    settings = AlertSettings(command=("sh", "-c", "cat > heard; exit 3"), file="told.jsonl")
    (failed,) = tell([ALERT], settings, tmp_path)
    assert "ended with 3" in failed
    assert json.loads((tmp_path / "heard").read_text()) == asdict(ALERT)
    assert json.loads((tmp_path / "told.jsonl").read_text()) == asdict(ALERT)
    (failed,) = tell([ALERT], AlertSettings(command=("no-such-program",)), tmp_path)
    assert "no-such-program" in failed


def history(stuck: list[bool]) -> History:
    """Days that follow each other, in which the sensor was stuck or not; an hour's counts each."""
    layout = REFERENCE.layout
    hours = np.arange(24 * len(stuck))
    vectors = np.tile(REFERENCE.validation.vector // 24, (len(hours), 1))
    place = layout.places[FIRST_HEALTH]
    for day, is_stuck in enumerate(stuck):
        vectors[24 * day : 24 * (day + 1), place] = [500, 0, 5000, 250_000, 500 * is_stuck, 90]
    return History(layout, hours, vectors)


def alerts_of(stuck: list[bool], before: dict[str, str]) -> list[tuple[str, str]]:
    view = view_device(REFERENCE, "aa", history(stuck), hysteresis=Hysteresis(2, 4))
    return [(one.kind, one.state) for one in new_alerts([view], before)[0]]


def test_a_sensor_is_told_when_it_fails_and_when_it_has_been_well_for_a_while() -> None:
    assert alerts_of([False] * 4, {}) == []
    assert alerts_of([False, False, True], {}) == [("sensor", "raised")]
    known = {"aa sensor": "it is stuck"}
    assert alerts_of([False, False, True, False], known) == [], "a day's counts are mixed yet"
    assert alerts_of([False, False, True, False, False, False], known) == [("sensor", "cleared")]


def test_one_bad_moment_is_no_alarm() -> None:
    """Stuck for six hours in the newest moment: one of two that are wanted."""
    told = history([False, False, False])
    place = REFERENCE.layout.places[FIRST_HEALTH]
    told.vectors[-3:, place.start + 4] = 500
    made = History(told.layout, told.hours, told.vectors)
    view = view_device(REFERENCE, "aa", made, hysteresis=Hysteresis(2, 4))
    assert not view.sensor_alarm
    assert view_device(REFERENCE, "aa", made, hysteresis=Hysteresis(1, 1)).sensor_alarm


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2000), st.integers(0, 60_000), st.integers(-9_000_000, 9_000_000),
            st.integers(0, 9_000_000), st.integers(0, 2000),
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_many_moments_at_once_are_judged_as_each_by_itself(
    rows: list[tuple[int, int, int, int, int]],
) -> None:
    vectors = REFERENCE.layout.nothing(len(rows))
    vectors[:, REFERENCE.layout.places[FIRST_HEALTH]] = [[*row, 90] for row in rows]
    each = [any(one.faults for one in sensor_health(REFERENCE, vector)) for vector in vectors]
    assert faulty_moments(REFERENCE, vectors).tolist() == each
