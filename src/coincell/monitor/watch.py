"""A store's devices judged: drift, change, accuracy, sensors, and who stands apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import Progress
from coincell.monitor.accuracy import Estimate, Recalibration
from coincell.monitor.change import ChangeSettings, find_changes
from coincell.monitor.drift import Drift, drift_from_reference
from coincell.monitor.health import ChannelHealth, faulty_moments, sensor_health
from coincell.monitor.histograms import Histograms
from coincell.monitor.history import History
from coincell.monitor.hysteresis import Hysteresis
from coincell.monitor.outliers import find_outliers
from coincell.monitor.overview import list_devices
from coincell.monitor.packing import merged_by
from coincell.monitor.reference import Reference
from coincell.monitor.rollups import read_rollups
from coincell.monitor.store import Store

_HOUR = 3600
_DAY_HOURS = 24
_RECENT_HOURS = 7 * _DAY_HOURS


@dataclass(frozen=True)
class DeviceView:
    """One device.

    Attributes:
        device: its identity, 16 hexadecimal digits.
        windows: decided in its last seven days.
        until: seconds since 1970 at which its newest hour ends.
        alarm: whether it has changed, by its newest moments.
        since: when that alarm was raised, seconds since 1970; None without one.
        named: the histogram that speaks most for it; "" without one.
        estimate: of its accuracy in the last seven days; None where there are no classes.
        furthest: the histogram that lies furthest from the reference.
        sensors: its sensor's channels, over those days.
        sensor_alarm: whether a channel is at fault by its newest moments, each a day's counts.
        vector: counted in the last seven days, int64 [layout.size].
    """

    device: str
    windows: int
    until: int
    alarm: bool
    since: int | None
    named: str
    estimate: Estimate | None
    furthest: Drift
    sensors: tuple[ChannelHealth, ...]
    sensor_alarm: bool
    vector: NDArray[np.int64]

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with it, in words."""
        changed = (f"changed: {self.named}",) if self.alarm else ()
        return changed + tuple(
            f"{one.channel}: {fault}" for one in self.sensors for fault in one.faults
        )

    def to_json(self) -> dict[str, Any]:
        """All but the counters."""
        facts = {name: getattr(self, name) for name in ("device", "windows", "until", "alarm")}
        return facts | {
            "since": self.since,
            "named": self.named,
            "estimate": None if self.estimate is None else asdict(self.estimate),
            "furthest": asdict(self.furthest),
            "sensors": [asdict(one) for one in self.sensors],
            "sensor_alarm": self.sensor_alarm,
            "troubles": list(self.troubles),
        }


@dataclass(frozen=True)
class FleetView:
    """All devices of one reference.

    Attributes:
        reference: what they are compared with.
        devices: those that reported, by identity.
        drift: of all together in their last seven days, each histogram.
        estimate: of their accuracy together; None where there are no classes.
        outliers: device, robust score, and the histogram that is furthest off.
    """

    reference: Reference
    devices: tuple[DeviceView, ...]
    drift: tuple[Drift, ...]
    estimate: Estimate | None
    outliers: tuple[tuple[str, float, str], ...]

    def to_json(self) -> dict[str, Any]:
        """What `coincell monitor report --json` prints."""
        return {
            "reference": self.reference.identity,
            "project": self.reference.project,
            "estimate": None if self.estimate is None else asdict(self.estimate),
            "drift": [asdict(one) for one in self.drift],
            "outliers": [
                {"device": device, "score": score, "named": named}
                for device, score, named in self.outliers
            ],
            "devices": [one.to_json() for one in self.devices],
        }


def watch_fleet(
    store: Store,
    reference: Reference,
    change: ChangeSettings | None = None,
    hysteresis: Hysteresis | None = None,
    progress: Progress | None = None,
) -> FleetView:
    """Judge every device that reported against `reference`, one after another.

    Raises:
        StoreError: the database cannot be used.
    """
    devices = [
        one.device for one in list_devices(store.database) if one.reference == reference.identity
    ]
    views = []
    for number, device in enumerate(devices):
        if progress is not None:
            progress(number, len(devices), device)
        history = _history(store, reference, bytes.fromhex(device))
        if len(history.hours):
            views.append(view_device(reference, device, history, change, hysteresis))
    together = reference.layout.nothing()
    outliers = []
    if views:
        vectors = np.stack([view.vector for view in views])
        together = reference.layout.merged(vectors)
        outliers = find_outliers(Histograms.of(reference), vectors)
    return FleetView(
        reference,
        tuple(views),
        tuple(drift_from_reference(reference, together, len(views))),
        _estimate(reference, together),
        tuple((views[one.row].device, one.score, one.named) for one in outliers),
    )


def view_device(
    reference: Reference,
    device: str,
    history: History,
    change: ChangeSettings | None = None,
    hysteresis: Hysteresis | None = None,
) -> DeviceView:
    """Judge one device by its history, which has at least an hour."""
    histograms = Histograms.of(reference)
    end = int(history.hours[-1]) + 1
    recent = history.between(end - _RECENT_HOURS, end)
    changes = find_changes(histograms, history, change)
    hysteresis = hysteresis or Hysteresis()
    faulty = faulty_moments(reference, history.over(changes.ends, _DAY_HOURS).vectors)
    alarm, sensor_alarm = (
        bool(hysteresis.states(bad)[-1]) if len(bad) else False for bad in (changes.changed, faulty)
    )
    risen = hysteresis.risen(changes.changed)
    since = int(changes.ends[risen[-1]]) * _HOUR if alarm else None
    drifts = drift_from_reference(reference, recent)
    return DeviceView(
        device=device,
        windows=int(recent[reference.layout.header["windows"]]),
        until=end * _HOUR,
        alarm=alarm,
        since=since,
        named=histograms.names[changes.most[risen[-1]]] if alarm else "",
        estimate=_estimate(reference, recent),
        furthest=max(drifts, key=lambda one: one.psi if one.windows else 0.0),
        sensors=tuple(sensor_health(reference, recent)),
        sensor_alarm=sensor_alarm,
        vector=recent,
    )


def _estimate(reference: Reference, vector: NDArray[np.int64]) -> Estimate | None:
    if reference.right is None:
        return None
    estimate = Recalibration(reference).estimate(vector)
    return estimate if estimate.windows else None


def _history(store: Store, reference: Reference, device: bytes) -> History:
    keys: NDArray[np.int64] = np.zeros(0, np.int64)
    vectors = reference.layout.nothing(0)
    for part in read_rollups(store.database, reference, "hours", device=device):
        keys, vectors = merged_by(
            reference.layout,
            np.concatenate([keys, part.buckets]),
            np.concatenate([vectors, part.vectors]),
        )
    return History(reference.layout, keys, vectors)
