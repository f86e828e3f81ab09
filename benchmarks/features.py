"""Feature blocks on one core: how many times real time, and how far from float64.

The clips are those of ../shared/data/speech_commands where that folder is, else white noise.
Speed is CPU time, the best of three passes, samples to int8, through Python. The error is that
of the fixed-point values against tests/features/float_oracle.py, in steps of the int8 output
whose scale was chosen on the same clips. Prints JSON.

    python benchmarks/features.py
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.features import choose_quantization, make_feature_block
from coincell.project import MelSettings, WindowForm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "features"))

from float_oracle import reference_features  # noqa: E402
from signals import RATE, speech_windows, synthetic_windows  # noqa: E402


def clips() -> tuple[str, NDArray[np.int16]]:
    """What is measured on, and int16 [n, 16000]."""
    shared = ROOT.parent / "shared"
    if shared.is_dir():
        return "speech_commands", speech_windows(shared)
    noise = np.random.default_rng(1).normal(0, 3000, (594, RATE))
    return "white noise", noise.clip(-32768, 32767).astype(np.int16)


def quantiles(steps: NDArray[np.float64]) -> dict[str, float]:
    """Median, 99 % and largest error."""
    middle, high, largest = np.quantile(steps, [0.5, 0.99, 1.0])
    return {"median": float(middle), "percentile_99": float(high), "largest": float(largest)}


def measure(settings: MelSettings, windows: NDArray[np.int16]) -> dict[str, Any]:
    """One block's figures."""
    block = make_feature_block(settings, WindowForm("sound", RATE, 1, RATE))
    fixed = block.compute(windows)
    quantization = choose_quantization(fixed, block.fixed_point_scale)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        block.run(windows, quantization)
        seconds.append(time.process_time() - start)
    made = np.stack(list(synthetic_windows().values()))
    unit = block.fixed_point_scale
    errors = {
        name: np.abs(values * unit - reference_features(samples, settings)) / quantization.scale
        for name, samples, values in (
            ("clips", windows, fixed),
            ("made_signals", made, block.compute(made)),
        )
    }
    return {
        "times_real_time": round(len(windows) * windows.shape[1] / RATE / min(seconds)),
        "error_lsb": {name: quantiles(steps) for name, steps in errors.items()},
        "scratch_bytes": block.scratch_bytes,
        "table_bytes": block.table_bytes,
    }


def main() -> None:
    """Measure log-mel and MFCC in every combination of spectrum, level and normalization."""
    source, windows = clips()
    combinations = itertools.product(
        ("log-mel", "mfcc"), ("power", "magnitude"), ("absolute", "peak"), ("none", "mean")
    )
    blocks = {
        " ".join(names): measure(
            MelSettings(block=names[0], spectrum=names[1], level=names[2], normalization=names[3]),
            windows,
        )
        for names in combinations
    }
    json.dump({"clips": len(windows), "source": source, "blocks": blocks}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
