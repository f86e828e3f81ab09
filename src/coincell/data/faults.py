"""Everything that is wrong, told at once."""

from __future__ import annotations

from collections.abc import Sequence

from coincell.errors import DataError

_SHOWN = 10


class Faults:
    """Collects the faults of many files, to raise one error that names the first ten."""

    def __init__(self) -> None:
        self._faults: list[DataError] = []

    def add(self, message: str, hint: str = "") -> None:
        """Remember a fault."""
        self._faults.append(DataError(message, hint))

    def extend(self, faults: Sequence[DataError]) -> None:
        """Remember several."""
        self._faults.extend(faults)

    def raise_if_any(self, what: str) -> None:
        """Raise one DataError that shows the first ten and counts all.

        Raises:
            DataError: something was remembered.
        """
        if not self._faults:
            return
        count = len(self._faults)
        lines = [f"  {fault.message}" for fault in self._faults[:_SHOWN]]
        if count > _SHOWN:
            lines.append(f"  ... and {count - _SHOWN} more")
        noun = "fault" if count == 1 else "faults"
        hints = list(dict.fromkeys(fault.hint for fault in self._faults if fault.hint))
        raise DataError("\n".join([f"{what}: {count} {noun}.", *lines]), " ".join(hints[:3]))
