"""Everything that is wrong, told at once."""

from __future__ import annotations

from collections.abc import Sequence

from coincell.errors import DataError

_SHOWN = 10


class Faults:
    """Collects the faults of many files, to raise one error that names the first ten."""

    def __init__(self) -> None:
        self._faults: list[tuple[str, DataError]] = []

    def add(self, message: str, hint: str = "", where: str = "") -> None:
        """Remember a fault; the same message in many places is shown once, and counted."""
        self._faults.append((where, DataError(message, hint)))

    def extend(self, faults: Sequence[DataError]) -> None:
        """Remember several."""
        self._faults.extend(("", fault) for fault in faults)

    def raise_if_any(self, what: str) -> None:
        """Raise one DataError that shows the first ten messages and counts all faults.

        Raises:
            DataError: something was remembered.
        """
        if not self._faults:
            return
        count = len(self._faults)
        places: dict[str, list[str]] = {}
        for where, fault in self._faults:
            places.setdefault(fault.message, []).append(where)
        shown = list(places.items())[:_SHOWN]
        lines = [f"  {_line(message, where)}" for message, where in shown]
        if rest := count - sum(len(where) for _, where in shown):
            lines.append(f"  ... and {rest} more")
        noun = "fault" if count == 1 else "faults"
        usual = ("", DataError.usual_hint)
        hints = list(dict.fromkeys(f.hint for _, f in self._faults if f.hint not in usual))
        raise DataError("\n".join([f"{what}: {count} {noun}.", *lines]), " ".join(hints[:3]))


def _line(message: str, places: Sequence[str]) -> str:
    first = f"{places[0]}: {message}" if places[0] else message
    return first if len(places) == 1 else f"{first} (and {len(places) - 1} more like it)"
