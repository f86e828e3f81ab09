"""A store whose first device drifts: it alone is named, told of once, and asked for recordings."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from coincell.cli.monitor import monitor_command
from coincell.errors import ConfigurationError, UserError
from coincell.monitor import (
    Bank,
    Condition,
    Counts,
    FleetSettings,
    Reference,
    Store,
    days_of,
    false_alarms,
    read_state,
    sensor_health,
    simulate,
    try_condition,
    watch_fleet,
)
from coincell.monitor.trial import ConditionTrial, DeviceTrial
from coincell.project import read_alert_settings
from coincell.report import fleet_svg
from living_fleet import fill
from made_fleet import START, a_reference, a_report, device

CELLS, CLASSES = 6, 3
DAYS, DRIFTS_AT = 14, 24 * 12


def windows(count: int, seed: int, moved: float = 0.0) -> np.ndarray:
    """What each of some windows counts, [count, size]; `moved` shifts two features apart."""
    generator = np.random.default_rng(seed)
    layout = a_reference(CELLS, CLASSES).layout
    vectors = layout.nothing(count)
    rows = np.arange(count)
    shift = np.zeros(CELLS)
    shift[:2] = moved, -moved
    values = generator.normal(0, 200, (count, CELLS)) + 200 * shift
    for cell in range(CELLS):
        bins = np.searchsorted(np.arange(-300, 301, 100), values[:, cell], side="right")
        vectors[rows, layout.places[64 + cell].start + bins] = 1
    vectors[rows, layout.places[1].start + generator.integers(0, CLASSES, count)] = 1
    score = generator.integers(8, 16, count) if not moved else generator.integers(2, 14, count)
    vectors[rows, layout.places[3].start + score] = 1
    vectors[rows, layout.places[4].start + generator.integers(0, 8, count)] = 1
    health = layout.places[16].start
    vectors[:, health : health + 6] = [1, 0, 3, 900, 0, 800]
    return vectors


def made_reference() -> Reference:
    empty = a_reference(CELLS, CLASSES)
    training, validation = windows(3000, 1), windows(1000, 2)
    told = validation[:, empty.layout.places[3]].sum(0)
    return dataclasses.replace(
        empty,
        training=Counts(3000, 60, empty.layout.merged(training)),
        validation=Counts(1000, 20, empty.layout.merged(validation)),
        right=(told * np.linspace(0.3, 0.99, 16)).astype(np.int64),
    )


REFERENCE = made_reference()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fleet") / "fleet.db"
    reports = []
    for number in range(6):
        for hour in range(24 * DAYS):
            moved = 1.5 if number == 0 and hour >= DRIFTS_AT else 0.0
            counted = REFERENCE.layout.merged(windows(16, 1000 * number + hour + 10, moved))
            report = a_report(
                REFERENCE, number, hour, windows=16,
                sections=REFERENCE.layout.sections_of(counted),
            )  # fmt: skip
            reports.append(report.to_bytes(None))
    with Store(path) as store:
        store.register(REFERENCE)
        outcome = store.add(reports, START + DAYS * 86400 + 3600)
    assert (outcome.added, outcome.refusals) == (len(reports), ())
    return path


def asked(place: Path, *words: str) -> Result:
    arguments: Sequence[str] = [*words, "--store", str(place), "--json"]
    return CliRunner().invoke(monitor_command, arguments)


def test_the_report_names_the_device_that_drifted(place, tmp_path):
    page = tmp_path / "fleet.html"
    result = asked(place, "report", "--output", str(page))
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    by_name = {one["device"]: one for one in told["devices"]}
    drifted = by_name.pop(device(0).hex())
    assert drifted["alarm"]
    assert drifted["named"] in ("score", "band 0", "band 1")
    assert 0 < drifted["since"] - (START + DRIFTS_AT * 3600) <= 36 * 3600
    assert not any(one["alarm"] or one["troubles"] for one in by_name.values())
    assert [one["device"] for one in told["outliers"]] == [device(0).hex()]
    assert drifted["estimate"]["accuracy"] < min(
        one["estimate"]["accuracy"] for one in by_name.values()
    )
    assert device(0).hex() in page.read_text()
    assert "<script" not in page.read_text()


def test_recordings_are_wanted_first_where_most_goes_wrong(place):
    told = json.loads(asked(place, "collect", "--most", "2").output)
    assert len(told["wishes"]) == 2
    assert told["wishes"][0]["device"] == device(0).hex()
    assert told["wishes"][0]["recordings"] > told["wishes"][1]["recordings"]


def test_an_alarm_is_told_once_and_again_if_it_could_not_be(place, tmp_path):
    settings = tmp_path / "alerts.toml"
    settings.write_text('file = "told.jsonl"\ncommand = ["false"]\n')
    failed = asked(place, "alert", str(settings))
    assert failed.exit_code != 0
    assert read_state(tmp_path / "alerts.json") == {}, "what was not told does not stand"
    settings.write_text('command = ["sh", "-c", "cat >> heard.json"]\n')
    first = json.loads(asked(place, "alert", str(settings)).output)
    assert [one["device"] for one in first["alerts"]] == [device(0).hex()]
    assert json.loads((tmp_path / "heard.json").read_text()) == first["alerts"][0]
    again = json.loads(asked(place, "alert", str(settings)).output)
    assert again["alerts"] == []
    state = tmp_path / "alerts.json"
    state.write_text(state.read_text().replace(device(0).hex(), device(3).hex()))
    over = json.loads(asked(place, "alert", str(settings)).output)
    assert {(one["device"], one["state"]) for one in over["alerts"]} == {
        (device(0).hex(), "raised"),
        (device(3).hex(), "cleared"),
    }


@pytest.mark.parametrize(
    "text",
    ["level = 2", "unknown = 1", "level = [", 'webhook = "file:///etc/passwd"', "command = [1]",
     'state = ""', "raise_after = true", "x = " + "[" * 5000],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(tmp_path, text):
    path = tmp_path / "alerts.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        read_alert_settings(path)


@pytest.mark.parametrize(
    "text", ["[]", '{"stands": 3}', '{"stands": {"a": 1}}', "\x00", "[" * 9999]
)
def test_a_state_of_something_else_is_refused(tmp_path, text):
    path = tmp_path / "alerts.json"
    path.write_text(text)
    with pytest.raises(UserError):
        read_state(path)


def test_a_store_without_a_reference_says_what_to_do(tmp_path):
    result = asked(tmp_path / "empty.db", "report")
    assert "register" in getattr(result.exception, "hint", "")


def test_faults_of_the_sensor_are_named():
    vector = REFERENCE.layout.merged(windows(400, 5))
    assert sensor_health(REFERENCE, vector)[0].faults == ()
    place = REFERENCE.layout.places[16].start
    for column, value, word in ((1, 400 * 20, "clipped"), (2, 400 * 9000, "offset"),
                                (4, 40, "stuck"), (3, 400, "quieter")):  # fmt: skip
        wrong = vector.copy()
        wrong[place + column] = value
        (fault,) = sensor_health(REFERENCE, wrong)[0].faults
        assert word in fault


def test_simulated_fleets_count_what_they_drew_and_find_drift():
    clean = Condition("none", 0.0, windows(240, 7), np.arange(240) % 20 > 0)
    drift = Condition("noise", 0.5, windows(240, 7, 1.5), np.arange(240) % 5 > 0)
    people = tuple(f"person {row % 4}" for row in range(240))
    labels = np.arange(240) // 80
    bank = Bank(REFERENCE, people, labels, clean, (drift,))
    settings = FleetSettings(devices=3, days=30, seed=3)
    for one, other in zip(simulate(bank, settings), simulate(bank, settings, drift), strict=True):
        assert other.begins is not None
        assert (one.vectors[: other.begins] == other.vectors[: other.begins]).all()
        assert (one.windows == other.windows).all()
        told = one.vectors[:, REFERENCE.layout.places[3]].sum()
        assert one.windows.sum() * 0.99 <= told <= one.windows.sum()
    found = try_condition(bank, settings, drift)
    assert all(one.delay is not None and one.delay <= 48 for one in found.devices)
    quiet = try_condition(bank, settings)
    alarms = false_alarms(quiet, settings)
    assert alarms["alarms"] == 0
    assert alarms["device_years"] == pytest.approx(3 * (30 - 11) / 365), (
        "once the beginning is known"
    )
    assert alarms["at_most"] * alarms["device_years"] == pytest.approx(2.9957, abs=1e-3)
    told = {
        "devices": 3, "days": 30, "false_alarms": alarms, "drifts": [found.to_json()],
    }  # fmt: skip
    assert "noise" in fleet_svg(told)


@pytest.mark.parametrize("count", [0, 1, 7, 600, 2000])
def test_the_most_that_a_rate_may_be_is_scipy_s(count):
    stats = pytest.importorskip("scipy.stats")
    alarmed = DeviceTrial(None, tuple(range(count)), None, 1.0, 1.0, "")
    fleet = FleetSettings(devices=1, days=376)
    told = false_alarms(ConditionTrial("none", 0.0, 0.0, (alarmed,)), fleet)
    assert told["device_years"] == pytest.approx(1.0)
    assert told["alarms"] == count
    assert told["at_most"] == pytest.approx(stats.chi2.ppf(0.95, 2 * count + 2) / 2, rel=1e-6)


def test_drift_may_grow_over_days():
    """Up to its begin and after it is all there, devices tell what they tell where it comes at
    once; in between the share that it reaches rises."""
    clean = Condition("none", 0.0, windows(240, 7), np.ones(240, bool))
    drift = Condition("noise", 0.5, windows(240, 7, 1.5), np.zeros(240, bool))
    bank = Bank(REFERENCE, ("a",) * 240, np.arange(240) // 80, clean, (drift,))
    at_once = FleetSettings(devices=4, days=30, seed=3)
    slowly = dataclasses.replace(at_once, onset_days=6)
    shares = []
    for one, other in zip(
        simulate(bank, at_once, drift), simulate(bank, slowly, drift), strict=True
    ):
        begin = one.begins
        assert begin == other.begins
        assert (one.windows == other.windows).all()
        assert (one.right[:begin] == other.right[:begin]).all()
        assert (other.right[begin + 6 * 24 :] == 0).all()
        wrong = (other.windows - other.right)[begin : begin + 144].reshape(3, 48).sum(1)
        shares.append(wrong / other.windows[begin : begin + 144].reshape(3, 48).sum(1))
    np.testing.assert_allclose(np.mean(shares, 0), [1 / 6, 3 / 6, 5 / 6], atol=0.05)


@pytest.mark.parametrize("days", [1, 4, 5, 10, 11])
def test_a_fleet_of_any_age_can_be_judged(tmp_path, days):
    """Also on the day on which the first days are over, and nothing came after them yet."""
    place = tmp_path / "young.db"
    reference = fill(place, devices=2, hours=24 * days)
    with Store(place) as store:
        view = watch_fleet(store, reference)
        assert [day.devices for day in days_of(store, reference)] == [2] * days
    assert len(view.devices) == 2
    assert not any(one.alarm for one in view.devices)
