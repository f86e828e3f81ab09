"""Energy from activity: how long each part was in which state, times what it draws there.

The currents and their sources stand in the board's description (`coincell.firmware.Currents`); how
they are added up is worked by hand in docs/energy.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from coincell.errors import BoardError
from coincell.firmware import Board, Currents, CurrentTable, StateCurrent

MOST_CHANGES = 1 << 18
"""The virtual board keeps so many changes of state one by one; later ones are in its sums alone."""

SLEEPING = {"cpu": "sleep", "lfclk": "rc", "regulator": "dcdc"}
"""A board that waits for the next second: all of RAM kept, RTC running."""

_RUN = ("cpu", "run")
_CLOCK = "hfclk"

States = tuple[tuple[str, str], ...]
"""(component, state) of every component, by component."""


@dataclass(frozen=True)
class Bounds:
    """A figure and between what it is to be expected."""

    low: float
    typical: float
    high: float

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def scaled(self, factor: float) -> Bounds:
        """All three times `factor`, at least 0."""
        return Bounds(self.low * factor, self.typical * factor, self.high * factor)


ZERO = Bounds(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Activity:
    """What a board did: for how many seconds it was in which states at once.

    Attributes:
        seconds: all together.
        together: states of all components -> seconds.
        counts: of what happened, by name.
        complete: False if only the beginning is known change by change; its mixture of states is
            then taken for the whole.
    """

    seconds: float
    together: Mapping[States, float]
    counts: Mapping[str, int]
    complete: bool = True

    @classmethod
    def of_board(
        cls, report: Mapping[str, Any], changes: Sequence[tuple[int, str, str]], clock_hz: int
    ) -> Self:
        """From what `VirtualBoard.activity` gives."""
        begun, now = int(report["begun"]), int(report["now"])
        state: dict[str, str] = {}
        cycles: dict[States, int] = {}
        complete = len(changes) < MOST_CHANGES
        last, end = begun, now if complete else changes[-1][0]
        key: States = ()
        for moment, component, name in changes:
            if moment > last and key:
                cycles[key] = cycles.get(key, 0) + moment - last
            last = max(last, moment)
            state[component] = name
            key = tuple(sorted(state.items()))
        if key and end > last:
            cycles[key] = cycles.get(key, 0) + end - last
        known = sum(cycles.values())
        if known <= 0:
            raise BoardError(
                "No time passed on the board, so that there is no energy to tell.",
                hint="Let it run for a second at least: --seconds 1",
            )
        seconds = (now - begun) / clock_hz
        return cls(
            seconds,
            {states: seconds * count / known for states, count in cycles.items()},
            dict(report.get("counts", {})),
            complete,
        )

    @classmethod
    def of_phases(cls, phases: Iterable[tuple[float, Mapping[str, str]]]) -> Self:
        """From (seconds, component -> state), one after the other: a model of a board's day."""
        together: dict[States, float] = {}
        for seconds, state in phases:
            key = tuple(sorted(state.items()))
            together[key] = together.get(key, 0.0) + seconds
        return cls(sum(together.values()), together, {})

    def share(self, component: str, state: str) -> float:
        """Of all the time, the part in which `component` was in `state`."""
        spent = sum(s for states, s in self.together.items() if (component, state) in states)
        return spent / self.seconds

    @property
    def components(self) -> set[str]:
        """Every component that was in any state."""
        return {component for states in self.together for component, _ in states}


@dataclass(frozen=True)
class EnergyLine:
    """One state of one component.

    Attributes:
        component, state: as the board reports them; an overhead's name, and "as shipped".
        seconds: for how long, times in which another state's figure contains it left out.
        current_a: what it draws meanwhile.
        average_a: what that is over all the time.
        basis, source: of the current.
        as_shipped: it is the board's, and a bare module has none of it.
    """

    component: str
    state: str
    seconds: float
    current_a: Bounds
    average_a: Bounds
    basis: str
    source: str
    as_shipped: bool = False


@dataclass(frozen=True)
class Energy:
    """What a board takes.

    Attributes:
        seconds: over which it was averaged.
        supply_v: of all currents.
        lines: by falling average.
        average_a, average_mw: their sum.
        peak_a: the most that was drawn at once, typical currents.
        as_shipped: whether the board's overheads are in it.
        complete: as `Activity.complete`.
    """

    seconds: float
    supply_v: float
    lines: tuple[EnergyLine, ...]
    average_a: Bounds
    peak_a: float
    as_shipped: bool
    complete: bool = True

    @property
    def average_mw(self) -> Bounds:
        """Average power in milliwatt."""
        return self.average_a.scaled(1000 * self.supply_v)

    def share(self, line: EnergyLine) -> float:
        """Of the average, typical currents."""
        return line.average_a.typical / self.average_a.typical if self.average_a.typical else 0.0

    @property
    def dominant(self) -> str:
        """What takes most, in a sentence, and how much a faster network could save at most."""
        first = [f"{_named(line)} {100 * self.share(line):.0f} %" for line in self.lines[:3]]
        core = sum(self.share(line) for line in self.lines if (line.component, line.state) == _RUN)
        return (
            f"Most goes to {', '.join(first)}. The core at work takes {100 * core:.1f} %: a faster "
            "network cannot save more."
        )


@dataclass(frozen=True)
class InferenceEnergy:
    """What the core takes for one inference, in microjoule.

    Attributes:
        energy_uj: at zero wait states.
        energy_flash_uj: with the waits for constants in flash.
        range_uj: of energy_flash_uj, as far as its time is to be trusted.
        current_a, supply_v: of the core, awake.
        source: of that current.
    """

    energy_uj: float
    energy_flash_uj: float
    range_uj: tuple[float, float]
    current_a: float
    supply_v: float
    source: str


def inference_energy(
    cycles: int, cycles_flash: int, board: Board, regulator: str = "dcdc"
) -> InferenceEnergy | None:
    """cycles / clock x current x voltage; None where the board's currents or times are unknown."""
    if board.currents is None or board.latency is None:
        return None
    table = board.currents.table()
    run = table.of(*_RUN)
    if run is None:
        return None
    current = run.bounds(regulator)[1]
    joule_a_cycle = current * table.supply_v / board.clock_hz
    low, high = board.latency.range_factor
    flash = 1e6 * cycles_flash * joule_a_cycle
    return InferenceEnergy(
        energy_uj=1e6 * cycles * joule_a_cycle,
        energy_flash_uj=flash,
        range_uj=(low * flash, high * flash),
        current_a=current,
        supply_v=table.supply_v,
        source=run.source,
    )


def energy_of(activity: Activity, board: Board, as_shipped: bool = True) -> Energy:
    """What `activity` took on `board`.

    Args:
        activity: what it did.
        board: whose currents, and how far its cycles are to be trusted.
        as_shipped: add the board's overheads; False for the module alone.

    Raises:
        BoardError: the board has no currents, or none for one of the states; it is named.
    """
    currents = known_currents(board)
    certainty = board.latency.range_factor if board.latency else (1.0, 1.0)
    table = currents.table()
    sums = _Sums(table)
    for states, seconds in activity.together.items():
        sums.add(states, seconds)
    lines = [_line(key, spent, activity.seconds, certainty) for key, spent in sums.spent.items()]
    peak = sums.peak
    if as_shipped:
        extra = _overheads(currents, activity)
        lines += extra
        peak += sum(line.current_a.typical for line in extra)
    total = ZERO
    for line in lines:
        total += line.average_a
    return Energy(
        seconds=activity.seconds,
        supply_v=table.supply_v,
        lines=tuple(sorted(lines, key=lambda line: -line.average_a.typical)),
        average_a=total,
        peak_a=peak,
        as_shipped=as_shipped,
        complete=activity.complete,
    )


def known_currents(board: Board) -> Currents:
    """The board's currents.

    Raises:
        BoardError: its description has none.
    """
    if board.currents is None:
        raise BoardError(
            f"No currents are known for the board {board.name!r}, so its energy cannot be told.",
            hint="Add [currents] to its description; docs/energy.md tells how.",
        )
    return board.currents


def _named(line: EnergyLine) -> str:
    return (
        line.component
        if line.as_shipped or line.state == "on"
        else f"{line.component} {line.state}"
    )


class _Sums:
    """Seconds by (component, state, regulator), states that others contain left out."""

    def __init__(self, table: CurrentTable) -> None:
        self._table = table
        self.spent: dict[tuple[str, str], list[tuple[float, Bounds, StateCurrent]]] = {}
        self.peak = 0.0

    def add(self, states: States, seconds: float) -> None:
        """`seconds` in `states` at once."""
        by_component = dict(states)
        regulator = "dcdc" if by_component.get("regulator") == "dcdc" else "ldo"
        found = [(c, s, self._table.of(c, s)) for c, s in states]
        drawn = [(c, s, current) for c, s, current in found if current is not None]
        if any(current.clock for _, _, current in drawn) and (
            by_component.get(_CLOCK, "off") == "off"
        ):
            internal = self._table.of(_CLOCK, "internal")
            drawn += [(_CLOCK, "internal", internal)] if internal else []
        names = [f"{component}.{state}" for component, state, _ in drawn]
        at_once = 0.0
        for component, state, current in drawn:
            if any(fnmatchcase(name, outer) for outer in current.within for name in names):
                continue
            bounds = Bounds(*current.bounds(regulator))
            at_once += bounds.typical
            self.spent.setdefault((component, state), []).append((seconds, bounds, current))
        self.peak = max(self.peak, at_once)


def _line(
    key: tuple[str, str],
    spent: list[tuple[float, Bounds, StateCurrent]],
    total: float,
    range_factor: tuple[float, float],
) -> EnergyLine:
    """The sum over `spent`; the core's time is modelled, so that its bounds are the model's."""
    seconds = sum(each for each, _, _ in spent)
    average = ZERO
    for each, bounds, _ in spent:
        average += bounds.scaled(each / total)
    current = average.scaled(total / seconds)
    if key == _RUN:
        low, high = range_factor
        longest = max(seconds, min(seconds * high, total))
        average = Bounds(
            current.low * seconds * low / total, average.typical, current.high * longest / total
        )
    source = spent[0][2]
    return EnergyLine(*key, seconds, current, average, source.basis, source.source)


def _overheads(currents: Currents, activity: Activity) -> list[EnergyLine]:
    """What the board as shipped adds; what the firmware switches itself is in the activity."""
    switched = activity.components
    lines = []
    for name, overhead in currents.as_shipped.items():
        if overhead.component in switched:
            continue
        bounds = Bounds(*overhead.bounds())
        lines.append(
            EnergyLine(
                name, "as shipped", activity.seconds, bounds, bounds, overhead.basis,
                overhead.source, as_shipped=True,
            )
        )  # fmt: skip
    return lines
