"""The way back: which recordings would tell most, by what devices said of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.monitor.labels import label_counts
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
    told = label_counts(reference, device.vector)
    known = label_counts(reference, reference.validation.vector)
    total, all_known = max(sum(told.values()), 1), max(sum(known.values()), 1)
    more = {name: told[name] / total - known[name] / all_known for name in told}
    order = sorted(more, key=lambda name: -more[name])[:3]
    return tuple(name for name in order if more[name] >= _LEAST_SHARE)
