# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What is to happen at which moment of virtual time, and how long each part was in which state."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

MAX_CHANGES = 1 << 18
"""Changes of state that are kept one by one; the sums go on beyond."""


SWEEP = 1 << 10
"""Entries from which on those that were cancelled are swept out."""


class Event:
    """Something scheduled.

    `foreground`: the computer on the line waits for it; `outside`: it happens around the chip.
    """

    def __init__(
        self, at: int, call: Callable[[], None], foreground: bool, outside: bool = False
    ) -> None:
        self.outside = outside
        self.at = at
        self.call = call
        self.foreground = foreground
        self.cancelled = False

    def cancel(self) -> None:
        """It will not happen."""
        self.cancelled = True


class Schedule:
    """Events by time, in cycles since power on; of equal times, the first scheduled goes first.

    Args:
        added: is called with the time of each new event: code that runs must stop there.
    """

    def __init__(self, added: Callable[[int], None]) -> None:
        self._added = added
        self._heap: list[tuple[int, int, Event]] = []
        self._order = 0
        self._sweep = SWEEP

    def clear(self, outside: bool = True) -> None:
        """Nothing is scheduled any more, save for what happens outside unless that is included."""
        kept = [] if outside else [item for item in self._heap if item[2].outside]
        for item in self._heap:
            if item not in kept:
                item[2].cancel()
        heapq.heapify(kept)
        self._heap = kept

    def at(
        self,
        moment: int,
        call: Callable[[], None],
        foreground: bool = False,
        outside: bool = False,
    ) -> Event:
        """Run `call` at the cycle `moment`. What is `outside` of the chip outlives its resets."""
        event = Event(moment, call, foreground, outside)
        self._order += 1
        heapq.heappush(self._heap, (moment, self._order, event))
        if len(self._heap) > self._sweep:
            self._sweep_out()
        self._added(moment)
        return event

    def __len__(self) -> int:
        """How many entries it keeps, cancelled ones included."""
        return len(self._heap)

    def _sweep_out(self) -> None:
        """Forget the cancelled: a timer that is set anew each time leaves one far ahead."""
        self._heap = [item for item in self._heap if not item[2].cancelled]
        heapq.heapify(self._heap)
        self._sweep = max(SWEEP, 2 * len(self._heap))

    def next(self) -> int | None:
        """When the next event is due."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def foreground(self) -> bool:
        """Whether anything is scheduled that the computer waits for."""
        return any(e.foreground and not e.cancelled for _, _, e in self._heap)

    def take(self, now: int) -> Event | None:
        """The next event that is due at `now`, removed."""
        moment = self.next()
        if moment is None or moment > now:
            return None
        return heapq.heappop(self._heap)[2]


class Activity:
    """The state of each component over time, as names: "cpu" is "run" or "sleep".

    What draws current reports here; the sums by state are what energy is computed from.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.clear()

    def clear(self) -> None:
        """From here on, afresh."""
        self._state: dict[str, str] = {}
        self._since: dict[str, int] = {}
        self._cycles: dict[str, dict[str, int]] = {}
        self._counts: dict[str, int] = {}
        self._changes: list[tuple[int, str, str]] = []
        self._begun = self._now()

    def restart(self) -> None:
        """Measure from now on; every component stays in its state."""
        state = self._state
        self.clear()
        for component, name in state.items():
            self.set(component, name)

    def set(self, component: str, state: str) -> None:
        """`component` goes into `state` now."""
        before = self._state.get(component)
        if before == state:
            return
        now = self._now()
        if before is not None:
            cycles = self._cycles.setdefault(component, {})
            cycles[before] = cycles.get(before, 0) + now - self._since[component]
        self._state[component] = state
        self._since[component] = now
        if len(self._changes) < MAX_CHANGES:
            self._changes.append((now, component, state))

    def state(self, component: str) -> str | None:
        """What `component` is in now."""
        return self._state.get(component)

    def count(self, what: str, amount: int = 1) -> None:
        """Add to a sum of things that cost energy each, such as bytes on a bus."""
        self._counts[what] = self._counts.get(what, 0) + amount

    def report(self) -> dict[str, Any]:
        """Since `clear`: {"begun", "now", "cycles": {component: {state: cycles}}, "counts"}."""
        now = self._now()
        cycles = {component: dict(states) for component, states in self._cycles.items()}
        for component, state in self._state.items():
            states = cycles.setdefault(component, {})
            states[state] = states.get(state, 0) + now - self._since[component]
        return {"begun": self._begun, "now": now, "cycles": cycles, "counts": dict(self._counts)}

    def changes(self) -> list[tuple[int, str, str]]:
        """(cycle, component, state), the first `MAX_CHANGES` since `clear`."""
        return list(self._changes)
