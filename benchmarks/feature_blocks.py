"""What each feature block costs on the virtual Nano 33 BLE at typical settings.

Every block is linked alone behind a loop that waits for a window, and once more without it: the
difference in flash and RAM is the block's (RAM without the window and the int8 features, which
the application holds). One window of noise is run and counted: instructions exactly, cycles by
the Cortex-M4 model, with waits for constants in flash. Prints JSON.

    python benchmarks/feature_blocks.py [--compiler zig]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import BlockBench
from coincell.features import FeatureBlock
from coincell.features.picture import PictureBlock
from coincell.features.raw import RawBlock
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.spectrogram import SpectrogramBlock
from coincell.features.statistics import StatisticsBlock
from coincell.firmware import load_board
from coincell.project import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    StatisticsSettings,
    WindowForm,
)
from coincell.toolchain import find_cross_compiler

BOARD = load_board("nano33ble")


def noise(form: WindowForm, count: int = 8) -> NDArray[Any]:
    """[count, form.values]: loud, and unlike from channel to channel."""
    generator = np.random.default_rng(1)
    if form.sense == "picture":
        return generator.integers(0, 256, (count, form.values)).astype(np.uint8)
    loudness = np.tile(1000.0 * (1 + np.arange(form.channels)), form.samples)
    return generator.normal(0, loudness, (count, form.values)).clip(-32768, 32767).astype(np.int16)


def blocks() -> dict[str, FeatureBlock]:
    """What is measured: two seconds of a six-axis sensor at 100 Hz, a vibration, a camera."""
    imu = WindowForm("motion", 200, 6, 100)
    vibration = WindowForm("motion", 2048, 1, 2000)
    camera = WindowForm("picture", 1, 1, 0, 160, 120)
    color = WindowForm("picture", 1, 3, 0, 160, 120)
    high_pass = SpectralSettings(filter="high-pass", cutoff_hz=1.0)
    wide = SpectrogramSettings(fft_size=256, frame_ms=128, hop_ms=64, bands=32)
    rgb = PictureSettings(color="rgb")
    made: dict[str, FeatureBlock] = {
        "raw, 200 x 6": RawBlock(RawSettings(), imu),
        "statistics, 200 x 6": StatisticsBlock(StatisticsSettings(), imu),
        "spectral, 200 x 6": SpectralSummaryBlock(SpectralSettings(), imu),
        "spectral, 200 x 6, high-pass of order 4": SpectralSummaryBlock(high_pass, imu),
        "spectral, 2048 x 1, 512 points": SpectralSummaryBlock(
            SpectralSettings(fft_size=512), vibration
        ),
        "spectrogram, 200 x 6": SpectrogramBlock(SpectrogramSettings(), imu),
        "spectrogram, 2048 x 1, 256 points": SpectrogramBlock(wide, vibration),
        "picture, 160 x 120 gray to 96 x 96": PictureBlock(PictureSettings(), camera),
        "picture, 160 x 120 colour to 96 x 96 gray": PictureBlock(PictureSettings(), color),
        "picture, 160 x 120 colour to 96 x 96 colour": PictureBlock(rgb, color),
    }
    return {name: block.fit(noise(block.form)) for name, block in made.items()}


def measure(block: FeatureBlock, bench: BlockBench) -> dict[str, Any]:
    """One block's figures."""
    return {
        "shape": list(block.shape),
        **asdict(bench.cost(block, noise(block.form))),
        "table_bytes": block.table_bytes,
        "scratch_bytes": block.scratch_bytes,
    }


def main() -> None:
    """Measure every block."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="", choices=["", "gcc", "zig"])
    compiler = find_cross_compiler(BOARD.core, prefer=parser.parse_args().compiler)
    bench = BlockBench(BOARD, compiler)
    figures = {name: measure(block, bench) for name, block in blocks().items()}
    json.dump({"compiler": bench.compiler, "blocks": figures}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
