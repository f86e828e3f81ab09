"""What kept readings are: `readings.json` beside the manifest tells their channels and units.

Files of readings hold numbers alone. Without it, `data.units` changed after an import would make
metres a second squared of g, and nobody would know.
"""

from __future__ import annotations

import json
from pathlib import Path

from coincell.errors import DataError
from coincell.files import write_atomic
from coincell.project import DataSettings

READINGS_FILE = "readings.json"
_MAX_BYTES = 1 << 16


def note_readings(directory: Path, settings: DataSettings) -> None:
    """Tell, beside the manifest, what the readings of a project on motion are."""
    if settings.sense == "motion":
        told = {"channels": list(settings.channels), "units": list(settings.units)}
        write_atomic(directory / READINGS_FILE, json.dumps(told, indent=1) + "\n")


def other_readings(directory: Path, settings: DataSettings) -> str:
    """What differs between kept readings and the settings, in a sentence; "" where nothing does, or
    nothing is known.

    Raises:
        DataError: the file is damaged.
    """
    path = directory / READINGS_FILE
    if settings.sense != "motion" or not path.is_file():
        return ""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("too large")
        told = json.loads(path.read_text(encoding="utf-8"))
        channels, units = (tuple(map(str, told[name])) for name in ("channels", "units"))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged: it tells channels and units of the readings kept.",
            "Delete the data folder and import the recordings again.",
        ) from error
    if units != settings.units:
        return f"were kept in {_joined(units)}; data.units says {_joined(settings.units)}."
    if channels != settings.channels:
        now = _joined(settings.channels)
        return f"have the channels {_joined(channels)}; data.channels says {now}."
    return ""


def _joined(names: tuple[str, ...]) -> str:
    return ", ".join(names)[:200]
