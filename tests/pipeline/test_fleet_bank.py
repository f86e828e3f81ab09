"""The windows that a simulated fleet draws from: what the device's C counts of each."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from coincell.errors import UserError
from coincell.monitor import Bank, FleetSettings, simulate
from coincell.monitor.layout import DISTANCE, FIRST_FEATURE, FIRST_HEALTH, PREDICTED, SCORE
from coincell.pipeline import make_bank
from coincell.pipeline.fleet_bank import window_vectors
from coincell.project import change_settings, load_project
from counting import counting, layout_of, split_of
from exporting_senses import sensing, windows_of
from sketch_twin import counted
from studio_project import tones

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Of tones by trees, which take no TensorFlow."""
    project = tones(tmp_path_factory.mktemp("bank") / "tones")
    change_settings(project.directory, {"telemetry.enabled": True})
    return make_bank(load_project(project.directory), kinds=("noise", "offset"), takes=2)


def test_each_window_is_counted_once_in_each_histogram(bank: Bank) -> None:
    layout = bank.reference.layout
    for condition in (bank.clean, *bank.drifts):
        vectors = condition.vectors
        assert vectors.shape == (len(bank.labels), layout.size)
        for section in (PREDICTED, SCORE, FIRST_FEATURE, FIRST_FEATURE + layout.features - 1):
            assert (vectors[:, layout.places[section]].sum(1) == 1).all()
        far = layout.places[DISTANCE]
        assert (vectors[:, far][:, :8].sum(1) == 1).all()
        assert (vectors[:, layout.places[FIRST_HEALTH]][:, 0] == 1).all()
        assert not vectors[:, : layout.places[PREDICTED].start].any(), "the stream's own"


def test_what_is_right_is_what_was_counted_as_its_label(bank: Bank) -> None:
    place = bank.reference.layout.places[PREDICTED]
    predicted = bank.clean.vectors[:, place].argmax(1)
    assert ((predicted == bank.labels) == bank.clean.right).all()
    assert bank.clean.accuracy > 0.6


def test_drifts_cost_what_was_asked_or_are_the_worst(bank: Bank) -> None:
    assert [drift.kind for drift in bank.drifts] == ["noise", "offset"]
    for drift in bank.drifts:
        assert 0 < drift.severity <= 1
        assert drift.severity == 1 or bank.cost(drift) >= 0.04, "chosen by some of the windows"
        assert (drift.vectors != bank.clean.vectors).any()


def test_a_fleet_can_be_drawn_from_it(bank: Bank) -> None:
    assert {person for person in bank.people if person} == {"p4", "p5"}, "of the test split"
    fleet = FleetSettings(devices=2, days=2, seed=5)
    devices = list(simulate(bank, fleet, bank.drifts[0]))
    assert len(devices) == 2
    assert all(len(one.vectors) == fleet.hours for one in devices)


def test_windows_are_counted_as_by_numpy() -> None:
    plain = sensing("gesture")
    windows = windows_of(plain.form, 40)
    application = counting(plain, windows)
    assert application.counting is not None
    plan, split = application.counting.plan, split_of(application, windows)
    shape = (len(windows), *application.features.shape)
    vectors = window_vectors(
        plan, split.features.reshape(shape), split.scores, split.labels, windows
    )
    samples = windows.reshape(len(windows), plain.form.samples, plain.form.channels)
    twin = counted(plan, split.features.reshape(shape), split.scores, split.labels, samples)
    layout = layout_of(application)
    begin = layout.places[SCORE].start
    assert (layout.merged(vectors)[begin:] == twin[begin:]).all()
    place = layout.places[PREDICTED]
    assert (vectors.sum(0)[place] == twin[place]).all()


def test_a_project_that_counts_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="devices that tell of themselves"):
        make_bank(tones(tmp_path / "tones", clips=36))


def test_settings_of_a_fleet_are_whole(bank: Bank) -> None:
    assert dataclasses.replace(FleetSettings(), days=3).hours == 72
