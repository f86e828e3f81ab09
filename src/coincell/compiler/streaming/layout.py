"""Where the windows of a region and the working memory of its kernels lie.

Within a tick, a window is small before its new rows are made and after they were read last, when
only what the next tick needs stays: its newest rows, which are moved to its beginning when the tick
ends. What is free meanwhile serves others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coincell.compiler.ir import ALIGNMENT, EXACTLY_IN_PLACE


@dataclass(frozen=True)
class Extent:
    """Bytes begin to end - 1 of an item are in use from one time to another, both included."""

    first: int
    last: int
    begin: int
    end: int


@dataclass(frozen=True)
class Item:
    """Something that needs a place.

    Attributes:
        extents: one after another in time.
        alignment: of its place.
    """

    extents: tuple[Extent, ...]
    alignment: int = ALIGNMENT

    @property
    def size(self) -> int:
        """Bytes from its place to its end."""
        return max(extent.end for extent in self.extents)


@dataclass(frozen=True)
class Window:
    """A tensor's rows.

    Attributes:
        kept, new: bytes of the rows that stay from one tick to the next, and of those of a tick.
        made, last: the times at which the new rows are made, and read last.
        alignment: in bytes.
    """

    kept: int
    new: int
    made: int
    last: int
    alignment: int

    def item(self, end: int) -> Item:
        """Its extents in a tick that lasts until time `end`."""
        extents = (
            Extent(0, self.made - 1, 0, self.kept),
            Extent(self.made, self.last, 0, self.kept + self.new),
            Extent(self.last + 1, end, self.new, self.new + self.kept),
        )
        used = tuple(e for e in extents if e.first <= e.last and e.begin < e.end)
        return Item(used, self.alignment)


@dataclass(frozen=True)
class Overwriting:
    """An op may write new rows over rows that it is the last to read.

    Attributes:
        source, target: the windows.
        first_byte: of what it reads, in the source's window.
        distance: see `KernelCall.overlaps`.
    """

    source: Window
    target: Window
    first_byte: int
    distance: int

    def forbidden(self) -> list[tuple[int, int]]:
        """Between which distances (neither included) the target may not lie behind the source.

        This is about the rows that are not needed again and the new ones.
        """
        kept, new = self.target.kept, self.target.new
        low, high = -(kept + new), self.source.new - kept
        if self.distance == EXACTLY_IN_PLACE:
            return _between((low, self.first_byte - kept), (self.first_byte - kept, high))
        return _between((max(low, self.first_byte - kept - self.distance), high))


def place_items(
    windows: Mapping[str, Window],
    working: Mapping[str, Item],
    overwriting: Mapping[tuple[str, str], Overwriting],
    end: int,
    tries: int,
) -> tuple[dict[str, int], int, int]:
    """An offset for every name, the bytes of all, and a lower bound of these.

    Args:
        windows: by name.
        working: other items.
        overwriting: (source, target) -> how.
        end: the last time of a tick.
        tries: how many orders are tried where the first ones do not reach the lower bound.
    """
    items = {name: window.item(end) for name, window in windows.items()} | dict(working)
    items = {name: item for name, item in items.items() if item.extents}
    names = list(items)
    forbidden = {
        (one, two): _forbidden(items[one], items[two])
        for number, one in enumerate(names)
        for two in names[:number]
        if (one, two) not in overwriting and (two, one) not in overwriting
    }
    for (source, target), how in overwriting.items():
        forbidden[source, target] = _overwritten(items[source], items[target], how)
    for (one, two), ranges in list(forbidden.items()):
        forbidden[two, one] = [(-high, -low) for low, high in ranges]
    bound = _least_bytes(items, overwriting, end)
    return *_Placer(items, forbidden).best(bound, tries), bound


def _forbidden(one: Item, two: Item) -> list[tuple[int, int]]:
    """Between which distances `two` may not lie behind `one`."""
    return _between(
        *(
            (a.begin - b.end, a.end - b.begin)
            for a in one.extents
            for b in two.extents
            if a.first <= b.last and b.first <= a.last
        )
    )


def _overwritten(source: Item, target: Item, how: Overwriting) -> list[tuple[int, int]]:
    """As `_forbidden`, but that new rows may take the place of rows that are not needed again.

    What the source keeps is still there afterwards, and what the target keeps was before: that
    they stay apart follows from the other extents.
    """
    time = how.target.made
    ranges = how.forbidden()
    for a in source.extents:
        for b in target.extents:
            if a.first <= b.last and b.first <= a.last and not a.last == b.first == time:
                ranges.append((a.begin - b.end, a.end - b.begin))
    return _between(*ranges)


def _between(*ranges: tuple[int, int]) -> list[tuple[int, int]]:
    return sorted({(low, high) for low, high in ranges if low < high})


def _least_bytes(
    items: Mapping[str, Item], overwriting: Mapping[tuple[str, str], Overwriting], end: int
) -> int:
    """No placement of these can need fewer bytes."""
    extents = [extent for item in items.values() for extent in item.extents]
    needed = [0] * (end + 1)
    for extent in extents:
        for time in range(extent.first, extent.last + 1):
            needed[time] += extent.end - extent.begin
    for how in overwriting.values():
        needed[how.target.made] -= min(how.source.new, how.target.new)
    return max((*needed, *(item.size for item in items.values())))


class _Placer:
    """Tries orders, each item at the lowest place that is free, and goes on from the best."""

    def __init__(
        self,
        items: Mapping[str, Item],
        forbidden: Mapping[tuple[str, str], Sequence[tuple[int, int]]],
    ) -> None:
        self._items = items
        self._forbidden = forbidden
        self._sizes = {name: item.size for name, item in items.items()}

    def best(self, bound: int, tries: int) -> tuple[dict[str, int], int]:
        """The smallest placement found; none is sought below `bound`."""
        names = sorted(self._items, key=lambda name: -self._largest_at(name))
        order = min((names, sorted(names, key=lambda n: -self._sizes[n])), key=self._total)
        total = self._total(order)
        moves = _moves(len(order))
        for _ in range(tries):
            if total <= bound:
                break
            tried = list(order)
            for source, target in next(moves):
                tried.insert(target, tried.pop(source))
            needed = self._total(tried)
            if needed <= total:
                total, order = needed, tried
        return self._place(order), total

    def _largest_at(self, name: str) -> int:
        return max(self._items[name].extents, key=lambda e: e.end - e.begin).first

    def _total(self, order: Sequence[str]) -> int:
        offsets = self._place(order)
        return max((at + self._sizes[name] for name, at in offsets.items()), default=0)

    def _place(self, order: Sequence[str]) -> dict[str, int]:
        offsets: dict[str, int] = {}
        for name in order:
            step = self._items[name].alignment
            taken = sorted(
                (at + low, at + high)
                for other, at in offsets.items()
                for low, high in self._forbidden[other, name]
            )
            offset = 0
            for low, high in taken:
                if low >= offset:
                    break
                if high > offset:
                    offset = -(-high // step) * step
            offsets[name] = offset
        return offsets


def _moves(count: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """Without end: one or two moves in an order of `count`, (from, to), the same in every run."""
    state = 1

    def number(below: int) -> int:
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 12) % below

    while True:
        moves = 1 + (number(3) == 0)
        yield tuple((number(count), number(count)) for _ in range(moves))
