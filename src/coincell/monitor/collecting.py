"""The way back: which recordings would tell most, by what devices said of themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincell.monitor.layout import PREDICTED
from coincell.monitor.watch import DeviceView, FleetView

_MOST = 10
_FULL = 50
"""Recordings of one device that are asked for where all is wrong with it."""

_LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Wish:
    """Recordings to collect and label.

    Attributes:
        device: at which.
        recordings: how many.
        labels: what the device heard oftener than before, by that the first to listen to.
        priority: windows a week that are probably wrong; the greatest first.
        reason: in words.
    """

    device: str
    recordings: int
    labels: tuple[str, ...]
    priority: float
    reason: str


def collecting_wishes(view: FleetView, most: int = _MOST) -> list[Wish]:
    """Devices at which a label teaches most: those that probably err most, and those that changed.

    A device is worth its windows a week times the share that is probably wrong; one that has
    changed or stands apart counts twice, since its estimate is too good then. Devices with a faulty
    sensor are left out: they want repair, and would teach the fault.
    """
    apart = {device for device, _, _ in view.outliers}
    wishes = [
        _wish(view, device, device.device in apart)
        for device in view.devices
        if device.windows and not any(one.faults for one in device.sensors)
    ]
    return sorted(wishes, key=lambda one: (-one.priority, one.device))[:most]


def _wish(view: FleetView, device: DeviceView, apart: bool) -> Wish:
    wrong = 0.0 if device.estimate is None else 1 - device.estimate.accuracy
    doubled = device.alarm or apart
    reasons = [f"about {100 * wrong:.0f} % of {device.windows} windows a week are wrong"]
    if device.alarm:
        reasons.append(f"it changed ({device.named})")
    if apart:
        reasons.append("it is unlike the other devices")
    return Wish(
        device=device.device,
        recordings=max(5, round(_FULL * min(1.0, wrong * (2 if doubled else 1) * 2))),
        labels=_oftener(view, device),
        priority=device.windows * wrong * (2 if doubled else 1),
        reason=", ".join(reasons),
    )


def _oftener(view: FleetView, device: DeviceView) -> tuple[str, ...]:
    """Labels that are decided oftener at this device than over the validation split."""
    reference = view.reference
    place = reference.layout.places[PREDICTED]
    told = device.vector[place].astype(np.float64)
    known = reference.validation.vector[place].astype(np.float64)
    more = told / max(told.sum(), 1) - known / max(known.sum(), 1)
    order = np.argsort(-more, kind="stable")[:3]
    return tuple(
        reference.labels[row]
        for row in order.tolist()
        if more[row] >= _LEAST_SHARE and row < len(reference.labels)
    )
