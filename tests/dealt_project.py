"""Windows of people, and a quick project of machines, for what deals units out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coincell.pipeline.clips import Clips
from coincell.project import parse_configuration
from motion_project import motion_toml

REST = """\
[synthesis.vibration]
machines = 12
recordings = 4
seconds = 0.64
speed_rpm = [600, 3000]
[augmentation]
copies = 0
[features]
block = "spectral"
fft_size = 128
bands = 12
[model]
architecture = "fully-connected"
[training]
epochs = 3
batch_size = 16
"""
TOML = motion_toml(
    "regression",
    {"x": ("g", 4.0)},
    rate_hz=200,
    window_ms=640,
    data='target = "speed"\nunit = "rpm"\n[data.split]\nby = "machine"',
    rest=REST,
)
WORDS = parse_configuration('[project]\nname = "w"\n[data]\nlabels = ["yes", "no", "stop"]\n')


def clips_of(people: list[str], labels: list[int], splits: list[str], column: str) -> Clips:
    """One window of each of `people` [n]."""
    count = len(people)
    files = tuple(f"{n}.wav" for n in range(count))
    groups: tuple[dict[str, str], ...] = tuple({column: p} if p else {} for p in people)
    array = np.array(labels, np.int64)
    return Clips(Path(), files, array, np.zeros(count), np.array(splits), groups)
