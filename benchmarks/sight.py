"""Pictures: visual wake words with a backbone and without, faces, and masks drawn on faces.

Each is the project that `coincell new` makes from its template, its data and a few settings changed
as told below, taken through `coincell run`. The accuracy is the int8 model's on the held-out fifth,
which nothing was chosen on, in the device's own arithmetic; cycles, RAM and flash are those of the
run's image on the virtual board, with the oracle's and the board's answers compared byte for byte.
The photographs of ../shared/data/vww are of unlike scenes and dealt by picture; those of the faces'
set are two classes of 100. Prints JSON.

    python benchmarks/sight.py [--only vww] [--seeds 1 2 3]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BACKBONE = SHARED / "mobilenet_v1_025_imagenet" / "dequantised_f16.npz"
COLOR = ('color = "gray"', 'color = "rgb"')


@dataclass(frozen=True)
class Setup:
    """One project.

    template: of `coincell new`. fetch: fills its data folder. changes: (from, to) in coincell.toml.
    backbone: whether the ImageNet weights lie in it. target: the accuracy to reach, 0: none.
    """

    template: str
    fetch: tuple[str, ...]
    changes: tuple[tuple[str, str], ...] = ()
    backbone: bool = False
    target: float = 0.0


_VWW = ("data", "import", str(SHARED / "vww"))
_NO_GATE = ("min_accuracy = 0.7 ", "min_accuracy = 0.0 ")
_WEIGHTS = ('# weights = "imagenet" ', 'weights = "backbone.npz"')

SETUPS: dict[str, Setup] = {
    "vww": Setup(
        "visual-wake-word",
        _VWW,
        (COLOR, _NO_GATE, _WEIGHTS, ("\nepochs = 25 ", "\nepochs = 10 ")),
        backbone=True,
        target=0.76,
    ),
    "vww-from-scratch": Setup("visual-wake-word", _VWW, (COLOR, _NO_GATE)),
    "vww-v2-from-scratch": Setup(
        "visual-wake-word",
        _VWW,
        (COLOR, _NO_GATE, ('architecture = "mobilenet-v1"', 'architecture = "mobilenet-v2"')),
    ),
    "faces": Setup("visual-wake-word", ("data", "synthesize"), target=0.95),
    "masks-drawn": Setup("mask-detection", ("data", "synthesize")),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(SETUPS), default=list(SETUPS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    options = parser.parse_args(arguments)
    results = {
        name: [_measured(SETUPS[name], seed, _tell(name, seed)) for seed in options.seeds]
        for name in options.only
    }
    print(json.dumps({"benchmark": "sight", "results": results}, indent=2))
    missed = [
        name
        for name, runs in results.items()
        if any(run["accuracy"] < SETUPS[name].target for run in runs)
    ]
    return 1 if missed else 0


def _tell(name: str, seed: int) -> Callable[[str], None]:
    def tell(text: str) -> None:
        print(f"{name}, seed {seed}: {text}", file=sys.stderr, flush=True)

    return tell


def _measured(setup: Setup, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        _coincell(["new", setup.template, str(project)], Path(folder))
        file = project / "coincell.toml"
        text = file.read_text(encoding="utf-8")
        for before, after in (("seed = 1 ", f"seed = {seed} "), *setup.changes):
            if before not in text:
                raise SystemExit(f"coincell.toml of {setup.template} has no {before!r} any more")
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")
        if setup.backbone:
            shutil.copy(BACKBONE, project / "backbone.npz")
        _coincell(list(setup.fetch), project)
        tell("running")
        began = time.monotonic()
        _coincell(["run"], project)
        report = json.loads((project / "build" / "report.json").read_text(encoding="utf-8"))
        found = _figures(report, setup, seed, time.monotonic() - began)
        tell(f"accuracy {found['accuracy']:.3f}")
        return found


def _coincell(arguments: list[str], folder: Path) -> None:
    """0, or 1 where a gate did not hold: the figures are told all the same."""
    command = [sys.executable, "-m", "coincell", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise SystemExit(f"{' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _figures(report: dict[str, Any], setup: Setup, seed: int, seconds: float) -> dict[str, Any]:
    board, accuracy = report["board"], report["metrics"]["accuracy"]
    return {
        "seed": seed,
        "accuracy": accuracy["value"],
        "accuracy_95": accuracy["ci95"],
        "target": setup.target or None,
        "float_accuracy": report["float"]["accuracy"]["value"],
        "test_pictures": report["exact"]["clips"],
        "training_pictures": next(
            split["samples"] for split in report["dataset"]["splits"] if split["name"] == "train"
        ),
        "parameters": report["model"]["parameters"],
        "cycles": board["cycles"],
        "latency_ms": board["latency_ms"],
        "flash_bytes": board["image_flash_bytes"],
        "ram_bytes": board["image_ram_bytes"],
        "arena_bytes": board["arena_bytes"],
        "clips_on_board": report["exact"]["clips_on_board"],
        "mismatches": report["exact"]["mismatches"],
        "seconds": round(seconds, 1),
        "warnings": report["warnings"],
    }


if __name__ == "__main__":
    sys.exit(main())
