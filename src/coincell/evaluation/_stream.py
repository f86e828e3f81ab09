"""What a stream told against what was in it: events, false alarms an hour, misses, delays."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coincell.errors import DataError
from coincell.evaluation._estimate import Estimate, wilson_by_group

_TAIL = 0.025
_HOUR_S = 3600.0


@dataclass(frozen=True)
class Interval:
    """Something that was there: `label` from `start` to `end`, seconds of the stream."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Told:
    """An event that was told: `label`, at the end of the window that told it first."""

    at: float
    label: str


@dataclass(frozen=True)
class StreamMetrics:
    """Figures of events against intervals.

    Attributes:
        seconds: how long the streams are.
        intervals: how many there were.
        missed: those that no event met.
        told: all events.
        repeated: those that met an interval which another had met before.
        false_alarms: those that met none.
        miss_rate: with Wilson's interval, by group where intervals have any.
        false_alarms_an_hour: with the exact interval of a Poisson count (Garwood 1936).
        delay_s: median, from an interval's begin to the first event that meets it, with the
            interval of its order statistics; negative never.
        late_s: the delay that 95 % keep.
    """

    seconds: float
    intervals: int
    missed: int
    told: int
    repeated: int
    false_alarms: int
    miss_rate: Estimate
    false_alarms_an_hour: Estimate
    delay_s: Estimate
    late_s: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        figures = ("miss_rate", "false_alarms_an_hour", "delay_s")
        counts = ("seconds", "intervals", "missed", "told", "repeated", "false_alarms", "late_s")
        return {name: getattr(self, name) for name in counts} | {
            name: getattr(self, name).to_json() for name in figures
        }


@dataclass(frozen=True)
class Match:
    """Of one stream: (delay, or None where it was missed) of each interval, and events.

    `groups` tells whose each interval is, as long as `delays`; None: they are independent.
    """

    delays: tuple[float | None, ...]
    told: int
    repeated: int
    false_alarms: int
    seconds: float
    groups: tuple[Hashable, ...] | None = None


def match_events(
    told: Sequence[Told], intervals: Sequence[Interval], seconds: float, tolerance_s: float
) -> Match:
    """Events of one stream against its intervals.

    An event meets an interval of its label when it comes after the interval's begin, and at most
    `tolerance_s` after its end: a window that still holds some of it may tell it so late. An event
    that more than one could be meant by goes to the first that none has met, else to the first.

    Raises:
        DataError: an interval ends before it begins, or outside of the stream.
    """
    ordered = _ordered(intervals, seconds)
    delays: list[float | None] = [None] * len(ordered)
    repeated = false_alarms = 0
    for event in sorted(told, key=lambda event: event.at):
        met = [
            place
            for place, interval in enumerate(ordered)
            if interval.label == event.label
            and interval.start <= event.at <= interval.end + tolerance_s
        ]
        fresh = [place for place in met if delays[place] is None]
        if fresh:
            delays[fresh[0]] = event.at - ordered[fresh[0]].start
        elif met:
            repeated += 1
        else:
            false_alarms += 1
    return Match(tuple(delays), len(told), repeated, false_alarms, seconds)


def match_alarms(
    alarms: Sequence[Interval], intervals: Sequence[Interval], seconds: float, tolerance_s: float
) -> Match:
    """An alarm that goes on and off against one stream's intervals.

    An interval is noticed where the alarm is on at any time from its begin to `tolerance_s` after
    its end; an alarm that was on before has no delay. False is an alarm that comes on elsewhere,
    and one that stays on for longer than `tolerance_s` into a stretch in which nothing is strange:
    once a stretch, so that an alarm that is always on is false in each.

    Raises:
        DataError: an interval ends before it begins, or outside of the stream.
    """
    ordered = _ordered(intervals, seconds)
    delays: list[float | None] = []
    first: set[int] = set()
    for interval in ordered:
        meeting = [
            place
            for place, alarm in enumerate(alarms)
            if alarm.start <= interval.end + tolerance_s and alarm.end >= interval.start
        ]
        first.update(meeting[:1])
        delays.append(max(0.0, alarms[meeting[0]].start - interval.start) if meeting else None)
    false_alarms = 0
    false: set[int] = set()
    for begin, end in _between(ordered, seconds, tolerance_s):
        for place, alarm in enumerate(alarms):
            begins = begin <= alarm.start < end
            stays = alarm.start < begin and alarm.end > begin + tolerance_s
            if begins or stays:
                false_alarms += 1
                false.add(place)
    repeated = len(alarms) - len(first | false)
    return Match(tuple(delays), len(alarms), repeated, false_alarms, seconds)


def _ordered(intervals: Sequence[Interval], seconds: float) -> list[Interval]:
    ordered = sorted(intervals, key=lambda interval: (interval.start, interval.end))
    for interval in ordered:
        if not 0 <= interval.start < interval.end <= seconds + 1e-6:
            raise DataError(
                f"An interval lies within its stream of {seconds:g} s, and its end behind its "
                f"begin. Received: {interval.label} from {interval.start:g} to {interval.end:g}."
            )
    return ordered


def _between(
    ordered: Sequence[Interval], seconds: float, tolerance_s: float
) -> list[tuple[float, float]]:
    """The stretches in which nothing is strange, the tolerance behind intervals left out."""
    stretches, reached = [], 0.0
    for interval in ordered:
        if interval.start > reached:
            stretches.append((reached, interval.start))
        reached = max(reached, interval.end + tolerance_s)
    return [*stretches, (reached, seconds)] if reached < seconds else stretches


def stream_metrics(matches: Sequence[Match]) -> StreamMetrics:
    """The figures over streams."""
    delays = [delay for match in matches for delay in match.delays]
    caught = np.sort([delay for delay in delays if delay is not None])
    missed = np.array([delay is None for delay in delays], bool)
    seconds = sum(match.seconds for match in matches)
    alarms = sum(match.false_alarms for match in matches)
    return StreamMetrics(
        seconds=seconds,
        intervals=len(delays),
        missed=int(missed.sum()),
        told=sum(match.told for match in matches),
        repeated=sum(match.repeated for match in matches),
        false_alarms=alarms,
        miss_rate=wilson_by_group(missed, _groups(matches)),
        false_alarms_an_hour=poisson_rate(alarms, seconds / _HOUR_S),
        delay_s=_median([float(delay) for delay in caught]),
        late_s=float(np.quantile(caught, 0.95, method="higher")) if len(caught) else None,
    )


def _groups(matches: Sequence[Match]) -> list[Hashable] | None:
    """Of all intervals; None where a stream's are independent."""
    found: list[Hashable] = []
    for match in matches:
        if match.groups is None and match.delays:
            return None
        found += match.groups or ()
    return found


def poisson_rate(count: int, hours: float) -> Estimate:
    """Events an hour with the exact 95 % interval of their count; no value for no time."""
    if hours <= 0:
        return Estimate(None)
    low = _mean_with(lambda mean: _at_most(count - 1, mean), 1 - _TAIL, count) if count else 0.0
    high = _mean_with(lambda mean: _at_most(count, mean), _TAIL, count)
    return Estimate(count / hours, low / hours, high / hours)


def _mean_with(chance: Callable[[float], float], wanted: float, count: int) -> float:
    """The mean at which a chance, which falls with it, is `wanted`; by bisection."""
    low, high = 0.0, count + 10 * math.sqrt(count + 1) + 10
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) > wanted else (low, middle)
    return (low + high) / 2


def _at_most(count: int, mean: float) -> float:
    """The chance of at most `count` where `mean` are expected."""
    if mean <= 0:
        return 1.0
    logs = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1)]
    top = max(logs)
    return min(1.0, math.exp(top) * math.fsum(math.exp(each - top) for each in logs))


def _median(values: list[float]) -> Estimate:
    """Of rising values, with the order statistics that hold it in 95 % of samples."""
    count = len(values)
    if not count:
        return Estimate(None)
    middle = float(np.median(values))
    spread = 1.959963984540054 * math.sqrt(count) / 2
    low, high = math.floor(count / 2 - spread), math.ceil(count / 2 + spread)
    if low < 0 or high >= count:
        return Estimate(middle)
    return Estimate(middle, values[low], values[high])


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold gives. `threshold` is in the unit of the caller."""

    threshold: float
    metrics: StreamMetrics

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"threshold": self.threshold, **self.metrics.to_json()}


def choose_operating_point(
    points: Sequence[OperatingPoint], false_alarms_an_hour: float
) -> OperatingPoint | None:
    """The lowest threshold from which on no point has more false alarms an hour than wished; None
    where the highest has more.

    Args:
        points: by rising threshold.
        false_alarms_an_hour: the most that is wished.
    """
    chosen = None
    for point in reversed(points):
        rate = point.metrics.false_alarms_an_hour.value
        if rate is None or rate > false_alarms_an_hour:
            break
        chosen = point
    return chosen
