"""Synthetic recordings: how long the demo's take, and whether people's words can be heard in them.

Makes the set of the keyword-spotting demo's size (6 words, unknown, silence; 32 voices, 5 takes)
three times: with an empty cache, into a second project from the cache, and again with nothing
changed; then reads it as windows and checks it. Seconds are wall clock.

Where ../shared/models is, MLPerf Tiny's public keyword-spotting model, which was trained on
people, is asked about its ten words spoken by all 40 voices over noise at 20 to 40 dB, through
this project's C front end: the share it understands, by gender and by accent. Prints JSON.

    python benchmarks/synthesis.py
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from coincell.compiler import Oracle, compile_model
from coincell.data import Dataset, check_dataset, load_windows, synthesize
from coincell.data.voices import MAX_VOICES
from coincell.features import InputQuantization, make_feature_block
from coincell.project import MelSettings, Project, WindowForm, parse_configuration

RATE = 16000
SHARED_MODEL = (
    Path(__file__).resolve().parents[2]
    / "shared"
    / "models"
    / "mlperf_tiny"
    / "kws_ref_model.tflite"
)
DEMO = ("yes", "no", "up", "down", "left", "right", "unknown", "silence")
TEN_WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
# benchmark/training/keyword_spotting of mlcommons/tiny
FRONT_END = MelSettings(
    block="mfcc", frame_ms=30, hop_ms=20, fft_size=512, spectrum="magnitude", bands=40, low_hz=20,
    high_hz=4000, level="peak", floor=1e-6, coefficients=10,
)  # fmt: skip


def project(directory: Path, labels: tuple[str, ...], synthesis: str = "") -> Project:
    """A project in a new folder."""
    directory.mkdir()
    text = f'[project]\nname = "benchmark"\n[data]\nlabels = {list(labels)}\n{synthesis}'
    return Project(directory, parse_configuration(text))


def timed(work: Any) -> tuple[float, Any]:
    """Wall-clock seconds of work(), and its result."""
    start = time.perf_counter()
    result = work()
    return round(time.perf_counter() - start, 2), result


def speed(folder: Path) -> dict[str, Any]:
    """The demo's set: made, made from the cache, kept; read; checked."""
    first = project(folder / "first", DEMO)
    fresh_s, summary = timed(lambda: synthesize(first))
    cached_s, _ = timed(lambda: synthesize(project(folder / "second", DEMO)))
    unchanged_s, _ = timed(lambda: synthesize(first))
    dataset: Dataset = summary.dataset
    read_s, windows = timed(
        lambda: load_windows(dataset, dataset.samples, first.configuration.data)
    )
    check_s, report = timed(lambda: check_dataset(first))
    return {
        "clips": len(windows.values),
        "voices": len(summary.voices),
        "processors": len(os.sched_getaffinity(0)),
        "fresh_s": fresh_s,
        "from_cache_s": cached_s,
        "unchanged_s": unchanged_s,
        "load_windows_s": read_s,
        "check_s": check_s,
        "findings": len(report.findings),
    }


def understood(folder: Path) -> dict[str, Any] | None:
    """Share of clips whose word the public model says; null without ../shared."""
    if not SHARED_MODEL.is_file():
        return None
    synthesis = (
        f"[synthesis]\nvoices = {MAX_VOICES}\nclips_per_word_and_voice = 1\n"
        "noise_snr_db = [20.0, 40.0]\n"
    )
    words = project(folder / "words", TEN_WORDS, synthesis)
    dataset = synthesize(words).dataset
    windows = load_windows(dataset, dataset.samples, words.configuration.data)
    model = SHARED_MODEL.read_bytes()
    tensor = compile_model(model, "kws").inputs[0]
    block = make_feature_block(FRONT_END, WindowForm("sound", RATE, 1, RATE))
    features = block.run(windows.values, InputQuantization(tensor.scale, tensor.zero_point))
    scores = Oracle(model).run(features[..., np.newaxis])
    heard = np.argmax(scores, axis=-1)
    right = [TEN_WORDS.index(s.label) == h for s, h in zip(dataset.samples, heard, strict=True)]
    shares: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for sample, correct in zip(dataset.samples, right, strict=True):
        for column in ("gender", "accent"):
            shares[column][sample.groups[column]].append(correct)
    return {
        "clips": len(right),
        "share": round(float(np.mean(right)), 4),
        **{
            f"by_{column}": {
                value: round(float(np.mean(correct)), 4)
                for value, correct in sorted(values.items())
            }
            for column, values in shares.items()
        },
    }


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["COINCELL_CACHE"] = str(folder / "cache")
        print(json.dumps({"speed": speed(folder), "understood": understood(folder)}, indent=2))


if __name__ == "__main__":
    main()
