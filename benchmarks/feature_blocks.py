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
import math
import struct
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import VirtualBoard
from coincell.board.measurement import Measurement, count_run, stack_peak, total_cost
from coincell.board.owners import model_owner_table, model_parts
from coincell.features import FeatureBlock, choose_quantization
from coincell.features.picture import PictureBlock
from coincell.features.raw import RawBlock
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.spectrogram import SpectrogramBlock
from coincell.features.statistics import StatisticsBlock
from coincell.firmware import Image, device_sources, load_board
from coincell.firmware.image import link_image
from coincell.project import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    StatisticsSettings,
    WindowForm,
)
from coincell.toolchain import Compiler, find_cross_compiler

BOARD = load_board("nano33ble")
START_UP = ("nrf52840.h", "startup.c", "startup.h", "memory.c")

HEADER = """\
#include <stdint.h>
#define MODEL(function) part_##function
#define MODEL_INIT part_init()
#define MODEL_INPUTS 1
#define MODEL_OUTPUTS 1
int part_init(void) __attribute__((weak));
int part_invoke(void) __attribute__((weak));
void *part_input(int index) __attribute__((weak));
const void *part_output(int index) __attribute__((weak));
"""

AROUND = """\
#include "bare/model.h"
#include "part_features.h"
static {kind} samples[PART_WINDOW_VALUES] __attribute__((aligned(4)));
static int8_t features[PART_FEATURES_SIZE] __attribute__((aligned(4)));
int part_init(void) {{ return 0; }}
int part_invoke(void) {{ return part_features_run(samples, features); }}
void *part_input(int index) {{ return index ? 0 : samples; }}
const void *part_output(int index) {{ return index ? 0 : features; }}
"""


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


def bare_sources() -> dict[str, str]:
    """Start-up and the loop around a part, which may be missing."""
    start_up = device_sources("firmware")
    return {
        **{f"firmware/{name}": start_up[f"firmware/{name}"] for name in START_UP},
        **device_sources("bare", "freestanding"),
        "bare/model.h": HEADER,
    }


def run_once(image: Image, window: NDArray[Any], size: int) -> tuple[Measurement, bytes]:
    """The cost of one window, and its int8 features."""
    part = SimpleNamespace(name="part", layers=[])
    with VirtualBoard(image) as virtual:
        exchange = virtual.elf.symbol("exchange").address
        table = model_owner_table(virtual.elf, virtual.board, part)  # type: ignore[arg-type]
        virtual.emulator.ask("own", table)

        def prepare() -> None:
            virtual.restart()
            (place,) = struct.unpack("<I", virtual.read_memory(exchange + 4, 4))
            virtual.emulator.ask("write", window.tobytes(), address=place)

        counts = count_run(virtual, prepare, virtual.resume)
        (place,) = struct.unpack("<I", virtual.read_memory(exchange + 8, 4))
        cost = total_cost(
            model_parts(part),  # type: ignore[arg-type]
            counts,
            virtual,
            stack_peak(virtual),
        )
        return cost, virtual.read_memory(place, size)


def measure(block: FeatureBlock, folder: Path, empty: Image, compiler: Compiler) -> dict[str, Any]:
    """One block's figures."""
    windows = noise(block.form)
    quantization = choose_quantization(block.compute(windows), block.fixed_point_scale)
    kind = f"{block.form.dtype}_t"
    sources = {
        **bare_sources(),
        **block.c_sources("part", quantization),
        "around.c": AROUND.format(kind=kind),
    }
    image = link_image(sources, BOARD, folder, compiler)
    size = math.prod(block.shape)
    cost, features = run_once(image, windows[0], size)
    if features != block.run(windows[:1], quantization).tobytes():
        sys.exit(f"the device's features differ from the host's: {block.form}, {block.shape}")
    buffers = -(-windows[0].nbytes // 4) * 4 + -(-size // 4) * 4
    return {
        "shape": list(block.shape),
        "instructions": cost.instructions,
        "cycles": cost.cycles_flash,
        "milliseconds": round(cost.latency_ms, 3),
        "flash_bytes": image.image_flash_bytes - empty.image_flash_bytes,
        "table_bytes": block.table_bytes,
        "ram_bytes": image.image_ram_bytes - empty.image_ram_bytes - buffers,
        "scratch_bytes": block.scratch_bytes,
        "stack_bytes": cost.stack_bytes,
    }


def main() -> None:
    """Measure every block."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="", choices=["", "gcc", "zig"])
    compiler = find_cross_compiler(BOARD.core, prefer=parser.parse_args().compiler)
    with tempfile.TemporaryDirectory() as folder:
        empty = link_image(bare_sources(), BOARD, Path(folder) / "empty", compiler)
        figures = {
            name: measure(block, Path(folder) / str(place), empty, compiler)
            for place, (name, block) in enumerate(blocks().items())
        }
    json.dump({"compiler": empty.compiler, "blocks": figures}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
