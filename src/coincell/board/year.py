"""What would let a battery last a year: how long a board may be awake, in three ways."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.board.battery import YEAR_DAYS, Battery
from coincell.board.energy import SLEEPING, Activity, Bounds, Energy, energy_of, known_currents
from coincell.firmware import Board

_MOTION = ("imu", "accelerometer_low_power")
_DAY_S = 86_400
_DETECTOR_SHARE = 0.1
"""Of the core's time, what a detector of sound takes in place of the whole chain."""


@dataclass(frozen=True)
class Way:
    """One way to make a battery last.

    Attributes:
        name: "duty cycle", "wake on motion" or "cascade".
        floor_a: what the board draws while the chain does not run.
        share: of all time, how much the whole chain may run; 0 where the floor alone is too much.
        sentence: that in words.
    """

    name: str
    floor_a: Bounds
    share: Bounds
    sentence: str

    @property
    def reaches(self) -> bool:
        """Whether it lasts at all that long, typical figures."""
        return self.share.typical > 0


def sleeping(board: Board, as_shipped: bool, **states: str) -> Energy:
    """The board asleep with its RTC running, and `states` beside."""
    return energy_of(Activity.of_phases([(1.0, SLEEPING | states)]), board, as_shipped)


def awake_share(floor_a: Bounds, awake_a: Bounds, battery: Battery, days: float) -> Bounds:
    """The share of time awake at which `battery` lasts `days`, between 0 and 1."""
    target = battery.current_for(days)
    return Bounds(
        _share(target.low, floor_a.high, awake_a.high),
        _share(target.typical, floor_a.typical, awake_a.typical),
        _share(target.high, floor_a.low, awake_a.low),
    )


def days_at(floor_a: Bounds, awake_a: Bounds, share: float, battery: Battery) -> Bounds:
    """How long `battery` lasts where the chain runs `share` of the time, 0 to 1: what `awake_share`
    turns around."""
    return battery.days(floor_a.scaled(1 - share) + awake_a.scaled(share))


def _share(target: float, floor: float, awake: float) -> float:
    if awake <= floor:
        return 1.0 if awake <= target else 0.0
    return min(max((target - floor) / (awake - floor), 0.0), 1.0)


def ways_to_last(
    energy: Energy,
    activity: Activity,
    board: Board,
    battery: Battery,
    days: float = YEAR_DAYS,
    detecting: Activity | None = None,
) -> tuple[Way, ...]:
    """Each way that the board allows, the plainest first.

    Args:
        energy: of the board while the whole chain runs.
        activity: what that is the energy of.
        board: whose currents.
        battery: what feeds it.
        days: how long it should last.
        detecting: what the board does while its small detector alone listens; unless it is given,
            a tenth of the core's work is taken.
    """
    ways = []
    shipped = energy.as_shipped
    floors = [("duty cycle", sleeping(board, shipped), "sleeps")]
    if ".".join(_MOTION) in known_currents(board).table().states:
        asleep = sleeping(board, shipped, **dict([_MOTION]))
        floors.append(("wake on motion", asleep, "sleeps until its accelerometer feels motion"))
    if activity.share("microphone", "on") > 0:
        heard = energy_of(detecting or _detecting(activity), board, shipped)
        floors.append(("cascade", heard, "listens with a small detector that wakes the chain"))
    for name, floor, words in floors:
        share = awake_share(floor.average_a, energy.average_a, battery, days)
        ways.append(Way(name, floor.average_a, share, _sentence(share, floor, words, days)))
    return tuple(ways)


def _detecting(activity: Activity) -> Activity:
    """The same, but nine tenths of the core's work asleep: a small detector in its place."""
    phases = []
    for states, seconds in activity.together.items():
        state = dict(states)
        if state.get("cpu") == "run":
            phases.append((_DETECTOR_SHARE * seconds, state))
            phases.append(((1 - _DETECTOR_SHARE) * seconds, state | {"cpu": "sleep"}))
        else:
            phases.append((seconds, state))
    return Activity.of_phases(phases)


def _sentence(share: Bounds, floor: Energy, words: str, days: float) -> str:
    draws = f"{1e6 * floor.average_a.typical:,.0f} uA"
    if floor.average_a.typical < 100e-6:
        draws = f"{1e6 * floor.average_a.typical:.3g} uA"
    if share.typical >= 1:
        return f"It lasts {days:g} days even if it never sleeps."
    if share.typical <= 0:
        return (
            f"Not within reach: while it {words} the board draws {draws}, more than lasts "
            f"{days:g} days."
        )
    awake = share.typical * _DAY_S
    spell = f"{awake:,.0f} s" if awake < 600 else f"{awake / 60:,.0f} min"
    return (
        f"It lasts {days:g} days if the chain runs {_percent(share.typical)} of the time "
        f"({_percent(share.low)} to {_percent(share.high)}), {spell} a day, and the board "
        f"{words} else, at {draws}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
