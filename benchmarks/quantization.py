"""What int8 costs linear models of gestures, and what each way out wins back, over several seeds.

Each seed is the project of `coincell new gesture` and its data, dealt anew by that seed, with
`model.architecture` set to a linear model. Sums reach far and classes lie close, so that 256 steps
between the least and the greatest sum are few. Each is then quantized in every way; features and
training are the same for all. Accuracy is of windows of people on the test side, in the device's
own arithmetic. Intervals are Student's over seeds; differences are taken seed by seed. Prints JSON.

    python benchmarks/quantization.py [--seeds 1 2 3 4 5] [--models logistic-regression linear-svm]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from coincell.data import make_default_data
from coincell.pipeline import Demand, run_until
from coincell.project import change_settings, load_project, new_project

WAYS: Mapping[str, Mapping[str, str]] = {
    "ptq, min-max": {},
    "ptq, percentile": {"quantization.calibration": "percentile"},
    "ptq, squared-error": {"quantization.calibration": "squared-error"},
    "qat": {"quantization.mode": "qat"},
    "auto": {"quantization.mode": "auto"},
    "int16": {"quantization.activations": "int16"},
}
USUAL = {
    "quantization.mode": "ptq",
    "quantization.calibration": "min-max",
    "quantization.activations": "int8",
}


def measured(folder: Path, seed: int, model: str) -> dict[str, Any]:
    """Accuracy of float and of every way, on one seed's people."""
    new_project("gesture", folder)
    change_settings(folder, {"project.seed": seed, "model.architecture": model})
    make_default_data(load_project(folder))
    found: dict[str, Any] = {"seed": seed}
    for way, settings in WAYS.items():
        change_settings(folder, {**USUAL, **settings})
        outcome = run_until(load_project(folder), Demand(until="evaluate"))
        facts = outcome.artefacts["evaluate"].read_json("evaluation.json")
        found["test_windows"] = facts["int8"]["samples"]
        found["float"] = facts["float"]["accuracy"]["value"]
        found[way] = facts["int8"]["accuracy"]["value"]
    print(json.dumps({"model": model} | found), file=sys.stderr, flush=True)
    return found


def over_seeds(values: Sequence[float]) -> dict[str, Any]:
    """Mean and Student's 95 % interval."""
    array = np.asarray(values)
    reach = student.ppf(0.975, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array))
    mean = float(array.mean())
    return {"mean": round(mean, 4), "ci95": [round(mean - reach, 4), round(mean + reach, 4)]}


def summary(seeds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Of each way its accuracy, what it loses, and what it wins back of min-max's loss."""
    lost = {way: [one["float"] - one[way] for one in seeds] for way in WAYS}
    usual = lost["ptq, min-max"]
    told: dict[str, Any] = {"float": over_seeds([one["float"] for one in seeds])}
    for way in WAYS:
        told[way] = {
            "accuracy": over_seeds([one[way] for one in seeds]),
            "lost": over_seeds(lost[way]),
            "won_back": over_seeds([a - b for a, b in zip(usual, lost[way], strict=True)]),
            "share_won_back": round(1 - float(np.mean(lost[way]) / np.mean(usual)), 3),
        }
    return told


def main() -> None:
    """Print the figures of the models named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--models", nargs="+", default=["logistic-regression", "linear-svm"])
    options = parser.parse_args()
    results = {}
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            seeds = [measured(Path(folder, str(n)), n, model) for n in options.seeds]
        results[model] = {"over_seeds": summary(seeds), "seeds": seeds}
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
