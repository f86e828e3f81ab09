"""What people and programs may ask of `coincell monitor` by mistake: told, and nothing is lost."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.monitor import Store, StoreError, ingest_file, watch_folder
from coincell.monitor.database import open_database
from made_fleet import a_reference, a_report

REFERENCE = a_reference()
DAY = 86400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with Store(tmp_path / "fleet.db") as opened:
        opened.register(REFERENCE)
        yield opened


def a_file(path: Path, number: int = 1, **changes: object) -> Path:
    path.write_bytes(a_report(REFERENCE, number, 0, **changes).to_bytes())
    return path


def asked(tmp_path: Path, *words: str):
    return CliRunner().invoke(cli, ["monitor", *words, "--store", str(tmp_path / "fleet.db")])


def test_files_that_cannot_be_read_cost_no_other(store, tmp_path, monkeypatch):
    folder = tmp_path / "spool"
    folder.mkdir()
    for number in range(4):
        a_file(folder / f"{number}.cbor", number)
    usual = Path.open

    def forbidding(path: Path, *words: str, **more: object):
        if path.name in ("0.cbor", "2.cbor"):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, *words, **more)

    monkeypatch.setattr(Path, "open", forbidding)
    done = asked(tmp_path, "ingest", str(folder), "--json")
    assert json.loads(done.stdout)["added"] == 2
    assert isinstance(done.exception, UserError)
    assert "2 of 4 files could not be read" in done.exception.message
    added, passed = [], []
    watch_folder(
        store, folder, lambda path, _: added.append(path.name), lambda: len(added) < 2,
        every_s=0.01, unread=lambda path, _: passed.append(path.name),
    )  # fmt: skip
    assert (added, passed) == (["1.cbor", "3.cbor"], ["0.cbor", "2.cbor"])


def test_what_is_named_is_read_or_refused(store, tmp_path):
    assert json.loads(
        asked(tmp_path, "ingest", str(a_file(tmp_path / ".hidden")), "--json").stdout
    )["added"] == 1  # fmt: skip
    os.mkfifo(tmp_path / "pipe")
    for place in (str(tmp_path / "pipe"), os.devnull):
        done = asked(tmp_path, "ingest", place)
        assert isinstance(done.exception, UserError)
        assert "files and folders" in done.exception.message


@pytest.mark.parametrize("written", [0, -DAY, 4_300_000_000])
def test_a_file_of_a_computer_without_a_clock_is_of_now(store, tmp_path, written):
    """Else the device's own right clock would lie in its future, and the count in 1970."""
    told = int(time.time()) - DAY
    path = a_file(tmp_path / "reports.cbor", time=told)
    os.utime(path, (written, written))
    assert ingest_file(store, path).added == 1
    ((received, placed),) = store.database.rows("SELECT received, placed FROM reports")
    assert abs(received - time.time()) < DAY
    assert placed == told


@pytest.mark.parametrize("days", ["1e308", "1e15", "nan", "inf", "-1"])
@pytest.mark.parametrize("option", ["--report-days", "--hour-days"])
def test_days_that_no_clock_has_are_refused(store, tmp_path, option, days):
    done = asked(tmp_path, "prune", option, days)
    assert done.exit_code == 2
    assert "Invalid value" in done.stderr


@pytest.mark.parametrize("url", ["[bad", "host:99999/x", "a..b/x", f"{'a' * 300}/x", "host:x/y"])
def test_urls_that_no_database_has_are_refused(url):
    pytest.importorskip("pg8000")
    with pytest.raises(UserError, match="postgresql://user:password@host") as refused:
        open_database(f"postgresql://{url}")
    assert not isinstance(refused.value, StoreError), "nobody waits for such a store"
    assert refused.value.hint


def test_a_reference_without_an_end_is_refused(store, tmp_path):
    if not os.path.exists("/dev/zero"):
        pytest.skip("no /dev/zero")
    done = asked(tmp_path, "register", "/dev/zero")
    assert isinstance(done.exception, UserError)
    assert "at most" in done.exception.message
