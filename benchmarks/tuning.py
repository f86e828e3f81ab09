"""How many trials of `coincell tune` processes finish in a time, side by side on one machine.

Every trial is one training of the keyword demo's network over --epochs: learning rate, dropout and
label smoothing are searched, nothing is given up, and the cost is one structure's. So the
trials are alike, and their number over the time is the speed. Each count of processes has its own
project with empty caches, and its own TensorFlow in each process, whose start counts. Beside it
stands what the machine itself gains: plain multiplications of matrices, one thread a process,
without Coincell. Times are on the wall: the machine must have nothing else to do. Prints JSON.

    python benchmarks/tuning.py [--trials 12] [--epochs 12] [--processes 1 4]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from coincell.project import change_settings

COINCELL = (sys.executable, "-m", "coincell")
SEARCH = """
[tune]
early_rivals = 100

[tune.space]
"training.learning_rate" = { low = 0.0005, high = 0.01, log = true }
"training.label_smoothing" = [0.0, 0.05, 0.1]
"model.dropout" = [0.1, 0.2, 0.3]
"""
MULTIPLY = "import numpy as n; a = n.ones((512, 512), 'f4')\nfor _ in range(%d): a @ a"
MULTIPLICATIONS = 4000


def coincell(*arguments: str) -> str:
    """What a command prints."""
    done = subprocess.run((*COINCELL, *arguments), capture_output=True, text=True, check=True)
    return done.stdout


def searched(folder: Path, trials: int, epochs: int, processes: int) -> dict[str, Any]:
    """A study of its own, from its first candidate to its last."""
    coincell("new", "keyword-spotting", str(folder))
    with (folder / "coincell.toml").open("a", encoding="utf-8") as settings:
        settings.write(SEARCH)
    change_settings(folder, {"training.epochs": epochs, "gates.min_accuracy": 0.0})
    coincell("data", "synthesize", "--project", str(folder))
    before, began = used(), time.monotonic()
    told = json.loads(coincell(
        "tune", "--trials", str(trials), "--processes", str(processes),
        "--project", str(folder), "--json",
    ))  # fmt: skip
    seconds = time.monotonic() - began
    states = [trial["state"] for trial in told["trials"]]
    return {
        "processes": processes,
        "complete": states.count("complete"),
        "other": [trial["reason"] for trial in told["trials"] if trial["state"] != "complete"],
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used() - before, 1),
        "trials_an_hour": round(states.count("complete") * 3600 / seconds, 1),
    }


def used() -> float:
    """Seconds of all processors, of the processes that ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def machine(processes: int) -> float:
    """Work in a time of so many processes, over that of one."""
    alone = multiplied(1)
    return round(processes * alone / multiplied(processes), 2)


def multiplied(processes: int) -> float:
    """Seconds that so many processes take, each for the same multiplications."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = (sys.executable, "-c", MULTIPLY % MULTIPLICATIONS)
    began = time.monotonic()
    running = [subprocess.Popen(command, env=environment) for _ in range(processes)]
    for process in running:
        process.wait()
    return time.monotonic() - began


def main() -> None:
    """Search with each count of processes, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [
            searched(Path(folder) / f"of{count}", options.trials, options.epochs, count)
            for count in options.processes
        ]
    first = found[0]["trials_an_hour"]
    print(json.dumps({
        "cores": os.cpu_count(),
        "machine_gains": {count: machine(count) for count in options.processes},
        "runs": found,
        "gains": {run["processes"]: round(run["trials_an_hour"] / first, 2) for run in found},
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
