"""Does the false-alarm rate on machines that were not learned from agree with the wish?

The template `anomaly-detection` with Mahalanobis, which needs no training, on 80 made machines: a
third chooses the threshold, another third is judged. The interval of the rate counts the windows
of one machine for what they are worth. Prints JSON.

    python benchmarks/false_alarm_rate.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from coincell.data import make_default_data
from coincell.pipeline import Demand, run_until
from coincell.project import load_project, new_project

CHANGES = {
    'architecture = "gaussian-mixture"': 'architecture = "mahalanobis"',
    "yardstick = true": "yardstick = false",
    "machines = 40": "machines = 80",
    "seconds = 4.0": "seconds = 6.0",
    "validation = 0.2": "validation = 0.35",
    "\ntest = 0.25": "\ntest = 0.35",
}
"""Of the template's coincell.toml."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "machines"
        new_project("anomaly-detection", directory)
        path = directory / "coincell.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in CHANGES.items():
            if old not in text:
                sys.exit(f"the template has no {old!r} any more")
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        project = load_project(directory)
        make_default_data(project)
        evaluated = run_until(project, Demand(until="evaluate")).artefacts["evaluate"]
        figures = evaluated.read_json("evaluation.json")["int8"]["normality"]
    wanted = ("normal", "strange", "wished_false_alarm_rate", "false_alarm_rate", "detection_rate")
    json.dump({name: figures[name] for name in wanted}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
