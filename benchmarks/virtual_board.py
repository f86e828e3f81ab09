"""The virtual board: guest instructions a second with counting on, and what a clip costs to run.

The application is the public keyword-spotting model of MLPerf Tiny behind an MFCC front end where
../shared/models is, else the small one that the tests use. Instructions a second are by the CPU
time of the emulator's process, the best of five runs; other seconds are of the clock. Prints JSON.

    python benchmarks/virtual_board.py
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from coincell.board import BoardClient, VirtualBoard, measure
from coincell.compiler import compile_model
from coincell.features import InputQuantization, make_feature_block
from coincell.firmware import Application, build_image, load_board
from coincell.project import DecisionSettings, FeatureSettings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from stand_in import stand_in_application  # noqa: E402

MODEL = ROOT.parent / "shared" / "models" / "mlperf_tiny" / "kws_ref_model.tflite"


def application() -> Application:
    """What is run."""
    if not MODEL.is_file():
        return stand_in_application()
    model = compile_model(MODEL.read_bytes(), "kws")
    settings = FeatureSettings(block="mfcc", frame_ms=30, hop_ms=20, bands=40, coefficients=10)
    wanted = model.inputs[0]
    return Application(
        model=model,
        features=make_feature_block(settings, 16000, 16000),
        quantization=InputQuantization(wanted.scale, wanted.zero_point),
        decision=DecisionSettings(),
        labels=tuple(f"class {i}" for i in range(model.outputs[0].shape[-1])),
    )


def speed(virtual: VirtualBoard, client: BoardClient, instructions: int) -> int:
    """Guest instructions a second of the emulator's CPU time, the best of five windows."""
    best = float("inf")
    for _ in range(5):
        start = virtual.emulator.ask("spent")[0]["seconds"]
        client.run()
        best = min(best, virtual.emulator.ask("spent")[0]["seconds"] - start)
    return round(instructions / best)


def clock(action: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    action()
    return round(time.perf_counter() - start, 3)


def main() -> None:
    """Build, measure one window, time counted and plain runs."""
    chain = application()
    noise = np.random.default_rng(1).normal(0, 3000, chain.features.window_samples)
    window = noise.clip(-32768, 32767).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        image = build_image(chain, load_board("nano33ble"), Path(folder))
        with VirtualBoard(image) as virtual:
            client = BoardClient(virtual)
            start = time.perf_counter()
            cost = measure(virtual, chain, window)
            measuring = round(time.perf_counter() - start, 3)
            clip = min(clock(lambda: client.process(window)) for _ in range(5))
            plain = speed(virtual, client, cost.instructions)
            virtual.emulator.ask("count", on=True, owner=1)
            counted = speed(virtual, client, cost.instructions)
    figures = {
        "application": chain.name,
        "compiler": image.compiler,
        "instructions": cost.instructions,
        "cycles": cost.cycles,
        "cycles_flash": cost.cycles_flash,
        "image_flash_bytes": image.image_flash_bytes,
        "image_ram_bytes": image.image_ram_bytes,
        "stack_bytes": cost.stack_bytes,
        "instructions_per_second_counted": counted,
        "instructions_per_second": plain,
        "seconds_a_clip": clip,
        "seconds_to_measure": measuring,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
