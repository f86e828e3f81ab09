"""What monitoring finds of a simulated fleet: delay of detection, false alarms, estimates."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.accuracy import Recalibration
from coincell.monitor.bank import Bank, Condition
from coincell.monitor.change import Changes, ChangeSettings, find_changes
from coincell.monitor.health import faulty_moments
from coincell.monitor.histograms import Histograms
from coincell.monitor.history import History
from coincell.monitor.hysteresis import Hysteresis
from coincell.monitor.simulator import FleetSettings, SimulatedDevice, simulate

_YEAR_HOURS = 24 * 365
_DAY = 24
_LATEST = 48


@dataclass(frozen=True)
class DeviceTrial:
    """One simulated device.

    Attributes:
        begins: hour at which drift set in; None of a clean one.
        raised: hours at which an alarm was raised.
        delay: hours from `begins` to the first alarm raised after it; None where there was none.
        estimate: of accuracy by scores alone, clean ones over all, else over what came with drift.
        truth: the same by labels.
        named: the histogram that had moved most at the last alarm, "sensor", or "".
    """

    begins: int | None
    raised: tuple[int, ...]
    delay: int | None
    estimate: float
    truth: float
    named: str


@dataclass(frozen=True)
class ConditionTrial:
    """A fleet in one state of the world."""

    kind: str
    severity: float
    cost: float
    devices: tuple[DeviceTrial, ...]

    def to_json(self) -> dict[str, Any]:
        """Figures, of all devices together and of each."""
        delays = [one.delay for one in self.devices if one.delay is not None]
        errors = np.array([one.estimate - one.truth for one in self.devices])
        within = sum(delay < _LATEST for delay in delays)
        return {
            "kind": self.kind,
            "severity": self.severity,
            "cost": self.cost,
            "found": len(delays) / len(self.devices),
            "found_in_48_hours": within / len(self.devices),
            "median_delay_hours": float(np.median(delays)) if delays else None,
            "estimated_accuracy": float(np.mean([one.estimate for one in self.devices])),
            "true_accuracy": float(np.mean([one.truth for one in self.devices])),
            "estimate_error_95": float(np.quantile(np.abs(errors), 0.95)),
            "devices": [asdict(one) for one in self.devices],
        }


def try_condition(
    bank: Bank,
    fleet: FleetSettings,
    drift: Condition | None = None,
    change: ChangeSettings | None = None,
    hysteresis: Hysteresis | None = None,
) -> ConditionTrial:
    """Simulate a fleet and watch it as `coincell monitor` would."""
    histograms, recalibration = Histograms.of(bank.reference), Recalibration(bank.reference)
    devices = []
    for device in simulate(bank, fleet, drift):
        history = History(bank.reference.layout, np.arange(fleet.hours), device.vectors)
        changes = find_changes(histograms, history, change)
        days = history.over(changes.ends, _DAY).vectors
        faulty = faulty_moments(bank.reference, days)
        raised = (hysteresis or Hysteresis()).risen(changes.changed | faulty)
        ends = changes.ends[raised]
        late = ends[ends > (device.begins or 0)]
        named = _name(histograms, changes, faulty, raised)
        estimate, truth = _accuracies(recalibration, history, device, fleet.hours)
        delay = int(late[0]) - device.begins if device.begins is not None and len(late) else None
        told = tuple(int(end) for end in ends)
        devices.append(DeviceTrial(device.begins, told, delay, estimate, truth, named))
    state = drift or bank.clean
    return ConditionTrial(state.kind, state.severity, bank.cost(state), tuple(devices))


def _name(
    histograms: Histograms,
    changes: Changes,
    faulty: NDArray[np.bool_],
    raised: NDArray[np.intp],
) -> str:
    """What the last alarm was about."""
    if not len(raised):
        return ""
    return "sensor" if faulty[raised[-1]] else histograms.names[changes.most[raised[-1]]]


def _accuracies(
    recalibration: Recalibration, history: History, device: SimulatedDevice, hours: int
) -> tuple[float, float]:
    begin = device.begins or 0
    truth = device.right[begin:].sum() / max(1, device.windows[begin:].sum())
    return recalibration.estimate(history.between(begin, hours)).accuracy, float(truth)


def false_alarms(clean: ConditionTrial, fleet: FleetSettings) -> dict[str, float]:
    """Alarms a device and year where nothing drifts, with the upper end of a 95 % interval.

    A device is watched for change once its first days are over: only then do years count.
    """
    count = sum(len(one.raised) for one in clean.devices)
    learning = _DAY * (ChangeSettings().beginning_days + 1)
    years = fleet.devices * max(fleet.hours - learning, 1) / _YEAR_HOURS
    return {
        "alarms": count,
        "device_years": years,
        "a_device_and_year": count / years,
        "at_most": _most_of_poisson(count) / years,
    }


def _most_of_poisson(count: int) -> float:
    """The mean of which `count` or fewer come in 5 of 100 times (Garwood 1936), by bisection."""
    low, high = 0.0, 3.0 * count + 10.0
    for _ in range(60):
        middle = (low + high) / 2
        terms = np.cumsum(np.log(middle) - np.log(np.arange(1, count + 1)))
        share = float(np.exp(np.logaddexp.reduce(np.append(terms, 0.0)) - middle))
        low, high = (middle, high) if share > 0.05 else (low, middle)
    return high


def delays_of(trial: ConditionTrial) -> NDArray[np.float64]:
    """Hours to the alarm of every device, infinite where it never came; ascending."""
    hours = [np.inf if one.delay is None else float(one.delay) for one in trial.devices]
    return np.sort(np.array(hours))
