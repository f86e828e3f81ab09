"""Energy from activity: sums by hand, by property, and what must not be passed over in silence."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest

from coincell.board import (
    Activity,
    Battery,
    Bounds,
    battery_life,
    battery_names,
    energy_of,
    inference_energy,
    load_battery,
    seeing_activity,
    ways_to_last,
)
from coincell.board.energy import MOST_CHANGES, Energy
from coincell.board.year import awake_share, sleeping
from coincell.errors import BoardError
from coincell.firmware import Board, load_board

ASLEEP = {"cpu": "sleep", "lfclk": "rc", "regulator": "dcdc", "hfclk": "off"}
HEARING = ASLEEP | {"hfclk": "crystal", "pdm": "on", "microphone": "on"}


@pytest.fixture(scope="module")
def nano() -> Board:
    return load_board("nano33ble")


def average(energy: Energy, component: str, state: str) -> float:
    found = [
        line.average_a.typical
        for line in energy.lines
        if (line.component, line.state) == (component, state)
    ]
    return found[0] if found else 0.0


def test_an_inference_costs_cycles_times_current_times_voltage(nano: Board) -> None:
    found = inference_energy(4_600_000, 4_700_000, nano)
    assert found is not None
    assert found.energy_uj == pytest.approx(4.6e6 / 64e6 * 3.3e-3 * 3.0 * 1e6)
    assert found.energy_uj == pytest.approx(711.6, abs=0.1)
    assert found.energy_flash_uj == pytest.approx(found.energy_uj * 47 / 46)
    ldo = inference_energy(4_600_000, 4_700_000, nano, "ldo")
    assert ldo is not None
    assert ldo.energy_uj == pytest.approx(found.energy_uj * 6.3 / 3.3)
    without = nano.model_copy(update={"currents": None})
    assert inference_energy(1, 1, without) is None


def test_changes_become_the_time_spent_in_states_at_once() -> None:
    changes = [
        (100, "cpu", "run"), (100, "hfclk", "off"), (150, "hfclk", "crystal"),
        (200, "cpu", "sleep"), (260, "cpu", "run"),
    ]  # fmt: skip
    activity = Activity.of_board({"begun": 100, "now": 300}, changes, clock_hz=100)
    assert activity.seconds == 2.0
    assert activity.together == {
        (("cpu", "run"), ("hfclk", "off")): 0.5,
        (("cpu", "run"), ("hfclk", "crystal")): 0.9,
        (("cpu", "sleep"), ("hfclk", "crystal")): 0.6,
    }
    assert activity.share("cpu", "run") == pytest.approx(0.7)


def test_beyond_the_changes_that_are_kept_their_mixture_is_taken() -> None:
    changes = [(i, "cpu", "run" if i % 4 == 0 else "sleep") for i in range(MOST_CHANGES)]
    whole = Activity.of_board({"begun": 0, "now": 4 * MOST_CHANGES}, changes, clock_hz=1)
    assert not whole.complete
    assert whole.seconds == 4 * MOST_CHANGES
    assert whole.share("cpu", "run") == pytest.approx(0.25, abs=1e-4)


def test_no_time_is_no_energy() -> None:
    with pytest.raises(BoardError, match="No time"):
        Activity.of_board({"begun": 5, "now": 5}, [(5, "cpu", "run")], 64)


def test_the_crystal_costs_nothing_of_its_own_while_the_core_runs(nano: Board) -> None:
    phases = [(0.25, HEARING | {"cpu": "run"}), (0.75, HEARING)]
    energy = energy_of(Activity.of_phases(phases), nano, as_shipped=False)
    assert average(energy, "hfclk", "crystal") == pytest.approx(0.75 * 646e-6)
    assert average(energy, "cpu", "run") == pytest.approx(0.25 * 3.3e-3)
    assert average(energy, "microphone", "on") == pytest.approx(650e-6)
    assert energy.peak_a == pytest.approx(3.3e-3 + 0.354e-3 + 650e-6 + 0.81e-6)


def test_who_needs_the_clock_pays_for_it_once(nano: Board) -> None:
    both = ASLEEP | {"uarte": "receiving", "timer0": "on"}
    energy = energy_of(Activity.of_phases([(1.0, both)]), nano, as_shipped=False)
    assert average(energy, "hfclk", "internal") == pytest.approx(418e-6)
    assert average(energy, "uarte", "receiving") == pytest.approx(32e-6)
    quiet = energy_of(Activity.of_phases([(1.0, ASLEEP)]), nano, as_shipped=False)
    assert quiet.average_a.typical == pytest.approx(3.16e-6), "as published for sleep with RTC"


def test_without_the_converter_the_core_takes_what_the_ldo_does(nano: Board) -> None:
    state = ASLEEP | {"cpu": "run", "regulator": "ldo"}
    energy = energy_of(Activity.of_phases([(1.0, state)]), nano, as_shipped=False)
    assert average(energy, "cpu", "run") == pytest.approx(6.3e-3)


def test_the_core_s_time_is_bounded_as_its_model_is(nano: Board) -> None:
    phases = [(0.2, ASLEEP | {"cpu": "run"}), (0.8, ASLEEP)]
    energy = energy_of(Activity.of_phases(phases), nano, as_shipped=False)
    run = energy.lines[0]
    low, high = nano.latency.range_factor
    assert run.average_a.low == pytest.approx(0.2 * low * 3.3e-3)
    assert run.average_a.high == pytest.approx(0.2 * high * 3.3e-3)
    always = energy_of(Activity.of_phases([(1.0, ASLEEP | {"cpu": "run"})]), nano, False)
    assert always.lines[0].average_a.high == pytest.approx(3.3e-3), "not more than all the time"


def test_a_state_without_a_current_stops_the_sum_and_is_named(nano: Board) -> None:
    with pytest.raises(BoardError, match=r"'warp_drive\.engaged'"):
        energy_of(Activity.of_phases([(1.0, ASLEEP | {"warp_drive": "engaged"})]), nano)
    without = nano.model_copy(update={"currents": None})
    with pytest.raises(BoardError, match="No currents"):
        energy_of(Activity.of_phases([(1.0, ASLEEP)]), without)


def test_a_bare_module_has_none_of_the_boards_overheads(nano: Board) -> None:
    activity = Activity.of_phases([(1.0, ASLEEP)])
    shipped, bare = energy_of(activity, nano, True), energy_of(activity, nano, False)
    extra = [line for line in shipped.lines if line.as_shipped]
    assert {line.component for line in extra} >= {"power light", "regulator MPM3610"}
    assert not [line for line in bare.lines if line.as_shipped]
    added = sum(line.average_a.typical for line in extra)
    assert shipped.average_a.typical == pytest.approx(bare.average_a.typical + added)
    switched = energy_of(Activity.of_phases([(1.0, ASLEEP | {"led_power": "off"})]), nano, True)
    assert "power light" not in {line.component for line in switched.lines}


def test_lines_sum_to_the_average_and_bounds_are_in_order(nano: Board) -> None:
    states = {
        "cpu": ("run", "sleep"), "regulator": ("ldo", "dcdc"), "hfclk": ("off", "crystal"),
        "lfclk": ("off", "rc", "crystal"), "uarte": ("off", "idle", "sending", "receiving"),
        "pdm": ("off", "on"), "microphone": ("off", "on"), "usbd": ("off", "on", "suspended"),
        "flash": ("idle", "erasing", "writing"), "led_red": ("off", "on"), "rtc1": ("off", "on"),
    }  # fmt: skip
    random_states = random.Random(7)
    for shipped in (True, False):
        phases: list[tuple[float, Mapping[str, str]]] = [
            (random_states.random(), {c: random_states.choice(s) for c, s in states.items()})
            for _ in range(200)
        ]
        energy = energy_of(Activity.of_phases(phases), nano, shipped)
        sums = [
            sum(getattr(line.average_a, bound) for line in energy.lines)
            for bound in ("low", "typical", "high")
        ]
        total = energy.average_a
        assert [total.low, total.typical, total.high] == pytest.approx(sums)
        for line in energy.lines:
            assert line.average_a.low <= line.average_a.typical <= line.average_a.high
        falling = [line.average_a.typical for line in energy.lines]
        assert falling == sorted(falling, reverse=True)
        assert energy.peak_a >= total.typical
        assert energy.average_mw.typical == pytest.approx(3000 * total.typical)


@pytest.mark.parametrize("name", battery_names())
def test_days_are_charge_over_current_and_self_discharge(name: str) -> None:
    battery = load_battery(name)
    assert battery.name == name
    current = Bounds(80e-6, 100e-6, 200e-6)
    leak = battery.nominal_mah * 1e-3 * battery.self_discharge_a_year / 8760
    days = battery.days(current)
    low, typical, high = (mah * 1e-3 / 24 for mah in battery.usable_mah)
    most = 365 * battery.shelf_years
    assert days.low == pytest.approx(min(low / (200e-6 + leak), most))
    assert days.typical == pytest.approx(min(typical / (100e-6 + leak), most))
    assert days.high == pytest.approx(min(high / (80e-6 + leak), most))
    assert battery.days(Bounds(0, 0, 0)).high <= most


@pytest.mark.parametrize(("name", "days"), list(itertools.product(battery_names(), (30.0, 365.0))))
def test_the_current_for_some_days_lasts_them(name: str, days: float) -> None:
    battery = load_battery(name)
    needed = battery.current_for(days)
    if needed.low > 0:
        again = battery.days(Bounds(needed.high, needed.typical, needed.low))
        assert (again.low, again.typical, again.high) == pytest.approx((days, days, days))


def test_an_unknown_battery_is_answered_with_the_nearest() -> None:
    with pytest.raises(BoardError) as refusal:
        load_battery("cr2023")
    assert "cr2032" in refusal.value.hint


def test_a_coin_cell_is_not_asked_for_more_than_it_gives(nano: Board) -> None:
    hearing = [(0.9, HEARING | {"cpu": "run", "camera": "on"}), (0.1, HEARING)]
    life = battery_life(energy_of(Activity.of_phases(hearing), nano), load_battery("cr2032"))
    assert len(life.warnings) == 2, life.warnings
    assert "At most 3 mA" in life.warnings[0]
    assert "At most 15 mA" in life.warnings[1]
    asleep = energy_of(Activity.of_phases([(1.0, ASLEEP)]), nano, as_shipped=False)
    assert not battery_life(asleep, load_battery("cr2032")).warnings


def test_the_share_awake_that_lasts_a_year_lasts_a_year(nano: Board) -> None:
    battery = load_battery("cr2032")
    awake = energy_of(Activity.of_phases([(1.0, HEARING | {"cpu": "run"})]), nano, False)
    asleep = sleeping(nano, as_shipped=False)
    share = awake_share(asleep.average_a, awake.average_a, battery, 365)
    assert 0 < share.low < share.typical < share.high < 1
    mixed = share.typical * awake.average_a.typical + (
        (1 - share.typical) * asleep.average_a.typical
    )
    assert battery.days(Bounds(mixed, mixed, mixed)).typical == pytest.approx(365)


def test_the_ways_to_a_year_say_which_are_out_of_reach(nano: Board) -> None:
    activity = Activity.of_phases([(0.1, HEARING | {"cpu": "run"}), (0.9, HEARING)])
    battery = load_battery("cr2032")
    ways = {
        way.name: way
        for way in ways_to_last(energy_of(activity, nano, False), activity, nano, battery)
    }
    assert list(ways) == ["duty cycle", "wake on motion", "cascade"]
    assert ways["duty cycle"].reaches
    assert "365 days if the chain runs" in ways["duty cycle"].sentence
    assert not ways["cascade"].reaches, "the microphone alone takes more"
    assert "Not within reach" in ways["cascade"].sentence
    shipped = ways_to_last(energy_of(activity, nano, True), activity, nano, battery)
    assert not any(way.reaches for way in shipped), "the power light alone takes more"


def test_a_detector_that_was_run_is_the_floor_of_the_cascade(nano: Board) -> None:
    activity = Activity.of_phases([(0.5, HEARING | {"cpu": "run"}), (0.5, HEARING)])
    quiet = Activity.of_phases([(1.0, ASLEEP | {"microphone": "on"})])
    energy, battery = energy_of(activity, nano, False), load_battery("2xaa")
    ways = ways_to_last(energy, activity, nano, battery, 30, detecting=quiet)
    floor = energy_of(quiet, nano, False).average_a
    assert {way.name: way.floor_a for way in ways}["cascade"] == floor
    assert {way.name: way.reaches for way in ways}["cascade"]


def test_a_battery_whose_bounds_are_out_of_order_is_refused() -> None:
    battery = load_battery("cr2032")
    with pytest.raises(ValueError, match="usable_mah"):
        Battery.model_validate(battery.model_dump() | {"usable_mah": (3.0, 2.0, 4.0)})


def test_a_board_that_sees_has_its_camera_on() -> None:
    energy = energy_of(seeing_activity(0.25), load_board("nano33ble"), as_shipped=False)
    lines = {(line.component, line.state): line for line in energy.lines}
    assert energy.share(lines["camera", "on"]) > 0.7
    assert lines["cpu", "run"].seconds == pytest.approx(0.25 * energy.seconds)
