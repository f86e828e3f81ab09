"""What a store of the devices in the field tells: read behind the page, and again when it grew."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coincell.data import Progress
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.monitor import (
        Day,
        DeviceState,
        DeviceView,
        FleetView,
        Reference,
        Store,
        Wish,
    )

STORE_FILE = "monitor.db"
"""In a project's folder, where `coincell monitor` puts a store that is called there."""

_MOST_WISHES = 10


@dataclass(frozen=True)
class FleetFound:
    """A store's devices of one reference, judged.

    Attributes:
        view: every device, and all together.
        days: of all devices.
        states: device -> what the store knows of it.
        wishes: where to record next.
        refused: reason -> reports that were refused, of the whole store.
        reports: that the store had taken in when this was read.
    """

    view: FleetView
    days: tuple[Day, ...]
    states: Mapping[str, DeviceState]
    wishes: tuple[Wish, ...]
    refused: Mapping[str, int]
    reports: int

    def device(self, name: str) -> DeviceView:
        """One device.

        Raises:
            UserError: it has told nothing against this reference.
        """
        found = next((one for one in self.view.devices if one.device == name), None)
        if found is None:
            raise UserError(f"No device {name[:40]!r} has told of itself.", "Read the store again.")
        return found


class Fleet:
    """A store that a studio looks at; it is opened for each question, and nothing is added to it.

    Args:
        place: see `coincell.monitor.Store`; a file need not be there.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._found: dict[str, FleetFound] = {}

    @property
    def is_there(self) -> bool:
        """Whether there is a store to ask; a file that is not there yet is none."""
        return "://" in self.place or Path(self.place).is_file()

    def references(self) -> dict[str, Reference]:
        """Identity -> reference, of all that the store knows.

        Raises:
            StoreError: it cannot be used.
        """
        with self._open() as store:
            return {one.identity: one for one in store.references().values()}

    def reports(self) -> int:
        """How many reports the store has taken in.

        Raises:
            StoreError: it cannot be used.
        """
        with self._open() as store:
            return _reports(store)

    def found(self, identity: str) -> FleetFound | None:
        """What was read last of the devices of a reference; None before."""
        with self._lock:
            return self._found.get(identity)

    def read(self, reference: Reference, progress: Progress) -> None:
        """Judge the devices of a reference, for `found`.

        Raises:
            StoreError: the store cannot be used.
        """
        from coincell.monitor import (
            collecting_wishes,
            days_of,
            list_devices,
            refusals,
            watch_fleet,
        )

        with self._open() as store:
            reports = _reports(store)
            view = watch_fleet(store, reference, progress=progress)
            found = FleetFound(
                view=view,
                days=tuple(days_of(store, reference)),
                states={one.device: one for one in list_devices(store.database)},
                wishes=tuple(collecting_wishes(view, _MOST_WISHES)),
                refused=refusals(store.database),
                reports=reports,
            )
        with self._lock:
            self._found[reference.identity] = found

    def days(self, reference: Reference, device: str) -> list[Day]:
        """One device's days.

        Raises:
            StoreError: the store cannot be used.
        """
        from coincell.monitor import days_of

        with self._open() as store:
            return days_of(store, reference, bytes.fromhex(device))

    def _open(self) -> Store:
        from coincell.monitor import Store

        if not self.is_there:
            raise UserError(f"The store {self.place} is not there any more.")
        return Store(self.place)


def _reports(store: Store) -> int:
    rows = store.database.rows(
        "SELECT count FROM tallies WHERE kind = 'reports' AND name = 'added'"
    )
    return int(rows[0][0]) if rows else 0
