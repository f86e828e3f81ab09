"""The very bits, written down: a change of the front end's output is a change to be seen.

Made of integers alone, so that the samples are the same everywhere. After a change on purpose:
`python tests/features/test_golden.py` writes the files anew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.features import make_feature_block
from coincell.project import MelSettings, WindowForm

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "features"
RATE = 16000

SETTINGS = {
    "log-mel": MelSettings(bands=20, hop_ms=100),
    "log-mel-mean": MelSettings(bands=20, hop_ms=100, normalization="mean"),
    "mfcc": MelSettings(block="mfcc", hop_ms=100),
    "mfcc-magnitude-peak": MelSettings(
        block="mfcc", hop_ms=100, spectrum="magnitude", level="peak"
    ),
}


def samples() -> NDArray[np.int16]:
    """Noise that swells over a saw tooth: int16 [16000]."""
    state, window = 1, np.zeros(RATE, np.int16)
    for n in range(RATE):
        state = (1664525 * state + 1013904223) % 2**32
        noise = (state >> 16) - 32768
        window[n] = noise * n // (4 * RATE) + (n % 73 - 36) * 200
    return window


def text(settings: MelSettings) -> str:
    """One line a frame, fixed point."""
    block = make_feature_block(settings, WindowForm("sound", RATE, 1, RATE))
    rows = block.compute(samples()[np.newaxis])[0]
    lines = (" ".join(f"{value:6d}" for value in row) for row in rows.tolist())
    return "\n".join((f"# one unit is {block.fixed_point_scale} nats", *lines, ""))


@pytest.mark.parametrize("name", SETTINGS)
def test_the_bits_are_those_written_down(name: str) -> None:
    assert text(SETTINGS[name]) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for golden, chosen in SETTINGS.items():
        (GOLDEN / f"{golden}.txt").write_text(text(chosen), encoding="utf-8")
