"""Files, folders, HTTP and the command line bring reports; Prometheus reads the counters."""

from __future__ import annotations

import json
import os
import time
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.monitor import (
    Store,
    build_receiver,
    forget,
    list_devices,
    metrics,
    prune,
    watch_folder,
)
from coincell.monitor.receiving import MOST_BODY_BYTES
from made_fleet import KEY, START, a_reference, a_report, device

REFERENCE = a_reference()
TOKEN = "a-token-of-the-tests"
NOW = START + 40 * 86400


def texts(devices: int, reports: int) -> list[bytes]:
    return [
        a_report(REFERENCE, number, sequence).to_bytes()
        for number in range(devices)
        for sequence in range(reports)
    ]


@pytest.fixture
def place(tmp_path: Path) -> str:
    path = str(tmp_path / "fleet.db")
    with Store(path) as store:
        store.register(REFERENCE)
    return path


@pytest.fixture
def client(place: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that httpx will once be httpx2
        from starlette.testclient import TestClient

    with TestClient(build_receiver(place, TOKEN)) as found:
        found.headers["authorization"] = f"Bearer {TOKEN}"
        yield found


def kept(place: str) -> int:
    with Store(place) as store:
        return int(store.database.rows("SELECT COUNT(*) FROM reports")[0][0])


def test_what_http_acknowledges_is_kept(client, place):
    sent = texts(3, 4)
    answer = client.post("/v1/reports", content=b"".join([*sent, sent[0]]))
    assert (answer.status_code, answer.json()) == (200, {"kept": 13, "refused": []})
    assert kept(place) == 12
    answer = client.post("/v1/reports", content=sent[0] + b"nothing of ours").json()
    assert answer["kept"] == 1
    assert [(one["place"], one["reason"]) for one in answer["refused"]] == [(1, "form")]


def test_strangers_and_floods_are_turned_away(client, place):
    stranger = {"authorization": "Bearer another"}
    for path, ask in (("/v1/reports", client.post), ("/metrics", client.get)):
        assert ask(path, headers=stranger).status_code == 401
    assert client.post("/v1/reports", content=bytes(MOST_BODY_BYTES + 1)).status_code == 413

    def drops():
        for _ in range(MOST_BODY_BYTES // 65536 + 1):
            yield bytes(65536)

    assert client.post("/v1/reports", content=drops()).status_code == 413
    assert client.get("/v1/reports").status_code == 405
    assert kept(place) == 0


def test_a_store_that_is_away_is_not_acknowledged(client, place, monkeypatch):
    from coincell.monitor import StoreError

    def away(*_: object) -> None:
        raise StoreError("The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", away)
        answer = client.post("/v1/reports", content=texts(1, 1)[0])
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert client.post("/v1/reports", content=texts(1, 1)[0]).json()["kept"] == 1


def test_metrics_are_what_prometheus_reads(client, place):
    parser = pytest.importorskip("prometheus_client.parser")
    client.post("/v1/reports", content=b"".join(texts(2, 3)[1:]))
    client.post("/v1/reports", content=b'say "no"\n\\')
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {one.name: one for one in parser.text_string_to_metric_families(answer.text)}
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["coincell_monitor_reports_total", "added"] == 5
    assert values["coincell_monitor_refused_total", "cbor"] == 1
    assert values["coincell_monitor_devices",] == 2
    assert values["coincell_monitor_reports_missing",] == 1
    assert families["coincell_monitor_reports"].type == "counter"
    assert families["coincell_monitor_devices"].type == "gauge"


def test_a_silent_device_is_counted(place):
    with Store(place) as store:
        store.add(texts(1, 1), NOW)
        assert "devices_silent 0" in metrics(store.database, NOW + 86400)
        assert "devices_silent 1" in metrics(store.database, NOW + 86402)


def test_what_was_pruned_cannot_count_twice(place):
    sent = texts(2, 6)
    with Store(place) as store:
        store.add(sent[:3], NOW - 100 * 86400)
        store.add(sent[4:], NOW)
        gone = prune(store, 90, 400, NOW)
        assert (gone.reports, gone.hours) == (3, 0)
        outcome = store.add(sent, NOW)
        assert (outcome.added, outcome.repeated) == (1, 8)
        assert [one.reason for one in outcome.refusals] == ["late"] * 3
        assert [one.reports for one in list_devices(store.database)] == [6, 6]
        assert prune(store, 400, 0, NOW).hours == 12
        assert store.database.rows("SELECT COUNT(*) FROM days") != [(0,)]


def test_a_forgotten_device_leaves_nothing(place):
    with Store(place) as store:
        store.enroll(device(0), KEY)
        store.add([*texts(2, 2), a_report(REFERENCE, 0, 0).to_bytes(KEY)], NOW)
        assert forget(store, device(0)) is not None
        assert forget(store, device(0)) is None
        for table in ("reports", "hours", "days", "boots", "devices", "refusals"):
            rows = store.database.rows(
                f"SELECT COUNT(*) FROM {table} WHERE device = ?", [device(0)]
            )
            assert rows == [(0,)]
        assert [one.device for one in list_devices(store.database)] == [device(1).hex()]


def test_a_watched_folder_takes_files_that_come_and_grow(place, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    sent, added = texts(1, 6), []
    (folder / "a.cbor").write_bytes(b"".join(sent[:2]))

    def again() -> bool:
        if len(added) == 1 and not (folder / "b.cbor").exists():
            (folder / "b.cbor").write_bytes(b"".join(sent[3:]))
            (folder / "a.cbor").write_bytes(b"".join(sent[:3]))
        return len(added) < 3

    with Store(place) as store:
        watch_folder(store, folder, lambda _, one: added.append(one.added), again, every_s=0.01)
    assert added[0] == 2
    assert sorted(added[1:]) == [1, 3]


def test_gaps_skew_and_boots_are_told(place):
    with Store(place) as store:
        for boot, sequence in ((1, 0), (1, 4), (2, 1)):
            report = a_report(REFERENCE, 1, sequence, boot=boot, time=NOW + 42)
            store.add([report.to_bytes()], NOW)
        (one,) = list_devices(store.database)
    assert (one.boots, one.reports, one.missing, one.skew_seconds) == (2, 3, 4, 42)


def asked(*words: str, code: int = 0) -> dict:
    done = CliRunner().invoke(cli, ["monitor", *words, "--json"])
    assert (done.exit_code, bool(done.exception)) == (code, code != 0), done.output
    return json.loads(done.output)


def test_the_command_line_does_it_all(tmp_path):
    store = ("--store", str(tmp_path / "own.db"))
    reference, reports = tmp_path / "reference.json", tmp_path / "reports.cbor"
    reference.write_text(json.dumps(REFERENCE.to_json()))
    assert asked("register", str(reference), *store)["reference"] == REFERENCE.identity
    key = bytes.fromhex(asked("enroll", device(1).hex(), *store)["key"])
    signed = a_report(REFERENCE, 1, 0).to_bytes(key)
    reports.write_bytes(b"".join([*texts(2, 2), signed]))
    told = asked("ingest", str(reports), *store)
    assert (told["added"], told["repeated"]) == (3, 0)
    assert [one["reason"] for one in told["refused"]] == ["signature"] * 2
    devices = asked("devices", *store)
    assert [one["enrolled"] for one in devices["devices"]] == [False, True]
    assert devices["refused"] == {"signature": 2}
    assert asked("forget", device(0).hex(), *store)["reports"] == 2
    assert asked("prune", "--report-days", "0", *store)["reports"] in (0, 1)
    done = CliRunner().invoke(cli, ["monitor", "forget", "nonsense", *store])
    assert "16 hexadecimal digits" in done.exception.message


def test_a_served_monitor_answers(tmp_path, repository):
    import subprocess
    import sys
    import urllib.request

    store = str(tmp_path / "served.db")
    with Store(store) as opened:
        opened.register(REFERENCE)
    process = subprocess.Popen(
        [sys.executable, "-m", "coincell", "monitor", "serve", "--port", "0", "--store", store,
         "--json"],
        stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(repository / "src")},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        request = urllib.request.Request(
            f"{told['address']}/v1/reports", b"".join(texts(1, 3)),
            {"authorization": f"Bearer {told['token']}"},
        )  # fmt: skip
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert json.load(answer) == {"kept": 3, "refused": []}
                break
            except ConnectionError:
                time.sleep(0.1)
        process.kill()  # right after the answer
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert kept(store) == 3
