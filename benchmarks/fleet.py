"""How soon drift is found in a simulated fleet, how often falsely, how far estimates are off.

    python benchmarks/fleet.py PROJECT --output fleet.json

PROJECT is a project with telemetry; `coincell monitor simulate` measures the same, with a picture.
Prints, for each drift, what it costs, the share of devices in which it is found in 48 hours of
device time, and the accuracy estimated and true; and false alarms a device and year, over
`--clean-days` days of each device without drift.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

from coincell.monitor import FleetSettings, false_alarms, try_condition
from coincell.pipeline import make_bank
from coincell.project import load_project


def measure(directory: Path, settings: FleetSettings, clean_days: int) -> dict[str, Any]:
    """All figures."""
    begun = time.monotonic()
    bank = make_bank(load_project(directory))
    drifts = []
    for drift in bank.drifts:
        told = try_condition(bank, settings, drift).to_json()
        del told["devices"]
        drifts.append(told)
        print(json.dumps(told), file=sys.stderr, flush=True)
    longer = dataclasses.replace(settings, days=clean_days)
    clean = try_condition(bank, longer)
    told = clean.to_json()
    del told["devices"]
    return {
        "fleet": dataclasses.asdict(settings),
        "clean_days": clean_days,
        "accuracy": bank.clean.accuracy,
        "clean": told,
        "false_alarms": false_alarms(clean, longer),
        "drifts": drifts,
        "seconds": round(time.monotonic() - begun, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--clean-days", type=int, default=30, help="at least 28")
    parser.add_argument("--onset", type=float, default=0.0, help="days over which drifts grow")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    fleet = FleetSettings(
        devices=chosen.devices, days=chosen.days, onset_days=chosen.onset, seed=chosen.seed
    )
    text = json.dumps(measure(chosen.project, fleet, chosen.clean_days), indent=1)
    if chosen.output:
        chosen.output.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
