"""Reports by Bluetooth: nothing is acknowledged that is not kept, and no device holds up others.

bleak is stood in for: its scanner and its client, with the names and arguments of bleak 1.0 to 3.1.
"""

from __future__ import annotations

import asyncio
import json
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli import monitor_sources
from coincell.cli.main import cli
from coincell.monitor import BluetoothSource, Store, StoreError, bluetooth
from coincell.monitor.bluetooth import MOST_REPORTS
from coincell.runtime import REPORT_UUID, SERVICE_UUID, TAKEN_UUID, VALUE_BYTES
from made_fleet import a_reference, a_report

REFERENCE = a_reference()


class BleakError(Exception):
    """As bleak.exc has it."""


def value_of(report: bytes) -> bytes:
    """The report's characteristic, as docs/telemetry.md has it; b"" for none."""
    head = len(report).to_bytes(2, "little") + zlib.crc32(report).to_bytes(4, "little")
    return (head + report).ljust(VALUE_BYTES, b"\0")


@dataclass
class Peripheral:
    """A device nearby: what it offers, and what was done to it.

    fails: the number of the request at which the connection is gone; requests count on.
    silent: the same of a request that is never answered.
    spoils: what becomes of a value on its way, by the number of the request.
    """

    address: str
    offers: list[bytes]
    fails: int = -1
    silent: int = -1
    spoils: Callable[[int, bytes], bytes] = lambda _, value: value
    taken: list[bytes] = field(default_factory=list)
    requests: int = 0

    async def request(self) -> None:
        self.requests += 1
        if self.requests == self.fails:
            raise BleakError("disconnected")
        if self.requests == self.silent:
            await asyncio.sleep(3600)


class Client:
    """bleak.BleakClient."""

    def __init__(self, device: Peripheral, *, timeout: float) -> None:
        assert timeout > 0
        self._device = device

    async def __aenter__(self) -> Client:
        await self._device.request()
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read_gatt_char(self, name: str) -> bytearray:
        assert name == REPORT_UUID
        device = self._device
        await device.request()
        value = value_of(device.offers[0] if device.offers else b"")
        return bytearray(device.spoils(device.requests, value))

    async def write_gatt_char(self, name: str, data: bytes, response: bool) -> None:
        assert (name, response) == (TAKEN_UUID, True)
        await self._device.request()
        if data == zlib.crc32(self._device.offers[0]).to_bytes(4, "little"):
            self._device.taken.append(self._device.offers.pop(0))


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Devices that are near; an exception in it is what scanning raises."""
    devices: list[Any] = []

    async def discover(*, timeout: float, service_uuids: list[str]) -> list[Any]:
        assert timeout > 0
        assert service_uuids == [SERVICE_UUID]
        for one in devices:
            if isinstance(one, Exception):
                raise one
        return list(devices)

    library, errors = ModuleType("bleak"), ModuleType("bleak.exc")
    errors.BleakError = BleakError
    library.BleakScanner = SimpleNamespace(discover=discover)
    library.BleakClient = Client
    library.exc = errors
    monkeypatch.setitem(sys.modules, "bleak", library)
    monkeypatch.setitem(sys.modules, "bleak.exc", errors)
    return devices


def texts(device: int, count: int = 3) -> list[bytes]:
    return [a_report(REFERENCE, device, hour).to_bytes() for hour in range(count)]


def rounds(count: int):
    """Says yes for so many rounds without a pause."""
    left = iter([True] * count)
    return lambda: next(left, False)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A store; a command ends after some rounds, however long they take."""
    monkeypatch.setattr(monitor_sources, "_until", lambda seconds: rounds(30))
    path = str(tmp_path / "fleet.db")
    with Store(path) as store:
        store.register(REFERENCE)
    return path


def command(place: str, *words: str):
    usual = ["monitor", "bluetooth", "--store", place, "--scan", "0.1", "--pause", "0"]
    return CliRunner().invoke(cli, [*usual, *words])


def bodies(place: str) -> set[bytes]:
    with Store(place) as store:
        return {bytes(row[0]) for row in store.database.rows("SELECT body FROM reports")}


def test_all_that_is_offered_is_kept_and_acknowledged(place, near):
    near += [Peripheral("AA:01", texts(1)), Peripheral("AA:02", texts(2))]
    done = command(place, "--json")
    assert done.exit_code == 0, done.output
    assert bodies(place) == {*texts(1), *texts(2)}
    assert [one.taken for one in near] == [texts(1), texts(2)]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(line["added"] for line in lines) == 6


@pytest.mark.parametrize("fails", range(1, 9))
def test_a_connection_that_breaks_anywhere_loses_nothing(place, near, fails):
    near += [Peripheral("AA:01", texts(1), fails), Peripheral("AA:02", texts(2))]
    done = command(place)
    assert done.exit_code == 0, done.output
    assert bodies(place) == {*texts(1), *texts(2)}
    assert [one.taken for one in near] == [texts(1), texts(2)]
    assert "note: AA:01 went away: disconnected" in done.output


@pytest.mark.parametrize("silent", range(2, 8))
def test_a_device_that_stops_answering_does_not_keep_others_waiting(
    place, near, monkeypatch, silent
):
    monkeypatch.setattr(bluetooth, "_ANSWER_S", 0.01)
    near += [Peripheral("AA:01", texts(1), silent=silent), Peripheral("AA:02", texts(2))]
    done = command(place)
    assert done.exit_code == 0, done.output
    assert bodies(place) == {*texts(1), *texts(2)}
    assert [one.taken for one in near] == [texts(1), texts(2)]
    assert "note: AA:01 went away: no answer" in done.output


def mixed(value: bytes) -> bytes:
    """The first part is of this report, the others of the next: two read one device at once."""
    return value[:22] + value_of(texts(1)[1])[22:]


@pytest.mark.parametrize("spoil", [mixed, lambda value: value[:22], lambda value: b""])
def test_a_value_that_is_not_whole_is_read_anew_in_the_next_round(place, near, spoil):
    def spoils(request: int, value: bytes) -> bytes:
        return spoil(value) if request == 2 else value

    near += [Peripheral("AA:01", texts(1), spoils=spoils), Peripheral("AA:02", texts(2))]
    done = command(place, "--json")
    assert done.exit_code == 0, done.output
    assert bodies(place) == {*texts(1), *texts(2)}
    assert [one.taken for one in near] == [texts(1), texts(2)]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(line["refused"] for line in lines) == 0
    assert "note: AA:01: its" in done.output


def test_a_device_that_never_lets_go_of_a_report_is_left(near):
    class Stubborn(Peripheral):
        async def request(self) -> None:
            await super().request()
            self.offers = texts(1)

    near += [Stubborn("AA:01", texts(1)), Peripheral("AA:02", texts(2))]
    heard: list[bytes] = []
    notes: list[str] = []
    BluetoothSource(pause_seconds=0).receive(heard.extend, rounds(4), notes.append)
    assert heard == [texts(1)[0], *texts(2)]
    assert notes == ["AA:01: it offers a report again that it was told to be taken"]


def test_what_cannot_be_kept_stays_with_the_device(near):
    device = Peripheral("AA:01", texts(1))
    near.append(device)

    def full(reports: list[bytes]) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        BluetoothSource(pause_seconds=0).receive(full, rounds(9), print)
    assert device.offers == texts(1)


def test_a_store_that_went_away_is_tried_in_the_next_round(place, near, monkeypatch):
    near += [Peripheral("AA:01", texts(1)), Peripheral("AA:02", texts(2))]
    add, tries = Store.add, iter(range(9))

    def sometimes(store: Store, *words: Any) -> Any:
        if next(tries, 9) % 2 == 0:
            raise StoreError("The database is away.")
        return add(store, *words)

    monkeypatch.setattr(Store, "add", sometimes)
    done = command(place)
    assert done.exit_code == 0, done.output
    assert bodies(place) == {*texts(1), *texts(2)}
    assert "note: The database is away. Reports wait with the devices." in done.output


def test_what_is_no_report_is_refused_and_keeps_nobody_waiting(place, near):
    near += [Peripheral("AA:01", [b"nonsense", bytes(512), *texts(1)])]
    done = command(place, "--json")
    assert done.exit_code == 0, done.output
    assert bodies(place) == set(texts(1))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(line["refused"] for line in lines) == 2


def test_one_that_offers_without_end_does_not_keep_others_waiting(near):
    endless = Peripheral("AA:01", [b"%d" % number for number in range(10 * MOST_REPORTS)])
    near += [endless, Peripheral("AA:02", texts(2))]
    heard: list[bytes] = []
    BluetoothSource(pause_seconds=0).receive(heard.extend, rounds(4), print)
    assert len(endless.taken) == MOST_REPORTS
    assert near[1].taken == texts(2)


def test_only_those_that_were_named_are_asked(place, near):
    near += [Peripheral("AA:01", texts(1)), Peripheral("AA:02", texts(2))]
    assert command(place, "aa:02").exit_code == 0
    assert bodies(place) == set(texts(2))
    assert near[0].requests == 0


@pytest.mark.parametrize("error", [BleakError("No powered Bluetooth adapters found."), OSError(2)])
def test_a_computer_without_bluetooth_is_told(place, near, error):
    near.append(error)
    done = command(place)
    failure = done.exception
    assert "Bluetooth cannot be used here" in str(failure)
    assert "bluetoothctl" in failure.hint


def test_without_bleak_the_extra_is_named(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "bleak", None)
    failure = command(place).exception
    assert failure.extra == "bluetooth"
