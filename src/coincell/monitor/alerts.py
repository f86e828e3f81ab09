"""Telling somebody that a device changed: once when it does, and once when it is over."""

from __future__ import annotations

import http.client
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from coincell.errors import UserError
from coincell.files import write_atomic
from coincell.monitor.watch import DeviceView
from coincell.project import AlertSettings

_SECONDS = 30
_MOST_STATE = 1 << 24


@dataclass(frozen=True)
class Alert:
    """What is told.

    Attributes:
        device: its identity.
        kind: "change" or "sensor".
        state: "raised" or "cleared".
        told: what is wrong, in words; "" when it is over.
        at: seconds since 1970, the end of the device's newest hour.
    """

    device: str
    kind: str
    state: str
    told: str
    at: int


def new_alerts(
    devices: Iterable[DeviceView], before: Mapping[str, str], sensors: bool = True
) -> tuple[list[Alert], dict[str, str]]:
    """What was not told yet, and what stands now: "device kind" -> in words.

    A device that stands alike in both is not told of again, so that two calls tell nothing twice.
    """
    alerts, stands = [], dict(before)
    for view in devices:
        wrong = {"change": view.named if view.alarm else ""}
        if sensors:
            wrong["sensor"] = _sensor(view) if view.sensor_alarm else ""
        for kind, told in wrong.items():
            name = f"{view.device} {kind}"
            if told and name not in before:
                alerts.append(Alert(view.device, kind, "raised", told, view.until))
            elif not told and name in before:
                alerts.append(Alert(view.device, kind, "cleared", "", view.until))
                stands.pop(name)
            if told:
                stands[name] = told
    return alerts, stands


def _sensor(view: DeviceView) -> str:
    """What is wrong with a device's sensor, in words."""
    faults = [f"{one.channel}: {fault}" for one in view.sensors for fault in one.faults]
    return "; ".join(faults) or "at fault within the last days"


def read_state(path: Path) -> dict[str, str]:
    """What stood at the last call; nothing where there was none.

    Raises:
        UserError: the file is something else.
    """
    if not path.exists():
        return {}
    try:
        if not path.is_file():
            raise TypeError
        with path.open("rb") as stream:
            data = stream.read(_MOST_STATE)
        facts = json.loads(data)
        stands = facts["stands"]
        if not all(isinstance(key, str) and isinstance(stands[key], str) for key in stands):
            raise TypeError
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} is not what `coincell monitor alert` wrote.",
            hint="Name another file as `state` in the settings.",
        ) from error
    return dict(stands)


def tell(alerts: Sequence[Alert], settings: AlertSettings, folder: Path) -> list[str]:
    """Tell each alert each way that the settings name; what failed, in words.

    A way that failed is not tried again for the alerts that follow: of a thousand devices each
    would wait for half a minute on an address that hangs.

    Args:
        alerts: in order.
        settings: where to.
        folder: in which paths of the settings begin, and the command runs.
    """
    ways: dict[str, Callable[[str], str]] = {}
    if settings.file:
        ways["file"] = partial(_written, folder / settings.file)
    if settings.command:
        ways["command"] = partial(_called, settings.command, folder)
    if settings.webhook:
        ways["webhook"] = partial(_posted, settings.webhook)
    failed: dict[str, str] = {}
    for alert in alerts:
        text = json.dumps(asdict(alert))
        for name, way in ways.items():
            if name not in failed and (fault := way(text)):
                failed[name] = fault
    return list(failed.values())


def write_state(path: Path, stands: Mapping[str, str]) -> None:
    """For the next call."""
    write_atomic(path, json.dumps({"stands": dict(sorted(stands.items()))}, indent=1))


def _written(path: Path, text: str) -> str:
    """What went wrong; so of each way."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return ""


def _called(command: Sequence[str], folder: Path, text: str) -> str:
    """No shell takes part, so nothing that a device told is ever a command."""
    try:
        # What it prints goes to standard error: standard output may be read as JSON.
        done = subprocess.run(
            list(command), input=text.encode(), cwd=folder, timeout=_SECONDS, check=False, stdout=2
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return f"{command[0]} ended with {done.returncode}" if done.returncode else ""


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would be asked without the alert."""

    def redirect_request(self, *_: object) -> None:
        """Nothing is asked elsewhere; the answer counts as a failure."""


def _posted(address: str, text: str) -> str:
    request = urllib.request.Request(  # noqa: S310 - http and https alone, by the settings
        address, text.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.build_opener(_Unmoved).open(request, timeout=_SECONDS):
            return ""
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        return f"webhook: {error or type(error).__name__}"
