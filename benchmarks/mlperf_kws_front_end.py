"""WAV to label: this project's C front end before MLPerf Tiny's public keyword-spotting model.

All 594 clips of ../shared/data/speech_commands go through the C MFCC, set as the model was
trained with, into ../shared/models/mlperf_tiny/kws_ref_model.tflite: once on the oracle
(TensorFlow Lite Micro), once as generated C on this computer. Prints JSON: accuracy with its
Wilson interval, and how far the features are from the reference's own (mlperf_kws_features.npz).

    python benchmarks/mlperf_kws_front_end.py
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from coincell.compiler import HostModel, Oracle, compile_model, oracle_version
from coincell.evaluation import wilson
from coincell.features import InputQuantization, make_feature_block
from coincell.project import MelSettings, WindowForm

SHARED = Path(__file__).resolve().parents[2] / "shared"
RATE = 16000

# benchmark/training/keyword_spotting of mlcommons/tiny, as ../shared/data/README.md has it.
FRONT_END = MelSettings(
    block="mfcc",
    frame_ms=30,
    hop_ms=20,
    fft_size=512,
    spectrum="magnitude",
    bands=40,
    low_hz=20,
    high_hz=4000,
    level="peak",
    floor=1e-6,
    coefficients=10,
)


def read_clips(folder: Path) -> tuple[NDArray[np.int16], NDArray[np.int64], list[str]]:
    """int16 [n, 16000] (short clips padded with zeros), classes [n], file names."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    windows = np.zeros((len(rows), RATE), np.int16)
    for window, row in zip(windows, rows, strict=True):
        samples, _ = soundfile.read(folder / row["file"], dtype="int16")
        window[: len(samples)] = samples[:RATE]
    classes = np.array([int(row["mlperf_class"]) for row in rows])
    return windows, classes, [row["file"] for row in rows]


def accuracy(scores: NDArray[np.int8], classes: NDArray[np.int64]) -> dict[str, Any]:
    """Share of clips whose highest score is their class, with its interval."""
    right = int((scores.argmax(axis=1) == classes).sum())
    return wilson(right, len(classes)).to_json()


def measure(shared: Path = SHARED) -> dict[str, Any]:
    """Everything that is printed."""
    folder = shared / "data" / "speech_commands"
    tflite = (shared / "models" / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
    compiled = compile_model(tflite, "kws")
    tensor = compiled.inputs[0]
    quantization = InputQuantization(tensor.scale, tensor.zero_point)
    windows, classes, files = read_clips(folder)
    block = make_feature_block(FRONT_END, WindowForm("sound", RATE, 1, RATE))
    features = block.run(windows, quantization)
    inputs = features[..., np.newaxis]
    on_oracle, on_host = Oracle(tflite).run(inputs), HostModel(compiled).run(inputs)

    with np.load(folder / "mlperf_kws_features.npz") as archive:
        reference = dict(zip(archive["clip"].tolist(), archive["x"], strict=True))
    theirs = np.stack([reference[file] for file in files])
    difference = np.abs(
        block.compute(windows) * block.fixed_point_scale / quantization.scale
        + quantization.zero_point
        - theirs[..., 0]
    )
    return {
        "clips": len(classes),
        "oracle": oracle_version(),
        "accuracy": accuracy(on_oracle, classes),
        "accuracy_of_reference_features": accuracy(Oracle(tflite).run(theirs), classes),
        "generated_c_equals_oracle": bool(np.array_equal(on_oracle, on_host)),
        "difference_from_reference_lsb": {
            "median": float(np.median(difference)),
            "percentile_95": float(np.quantile(difference, 0.95)),
        },
    }


if __name__ == "__main__":
    if not SHARED.is_dir():
        sys.exit(f"needs the recordings and the model in {SHARED}, which are not here")
    json.dump(measure(), sys.stdout, indent=2)
    print()
