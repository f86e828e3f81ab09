"""The virtual board: guest instructions a second, what a clip costs to run, ten minutes of sound.

The application is the public keyword-spotting model of MLPerf Tiny behind an MFCC front end where
../shared/models is, else the small one that the tests use. Instructions a second are by the CPU
time of the emulator's process, the best of five runs; other seconds are of the clock. Prints JSON.

Always on, the microphone hears recorded words one after the other where ../shared/data has them,
noise else, and every decision is compared with the host library's on the same stream. That image
has the kernels of the board's processor, as a project's has; the figures before are of plain C.

    python benchmarks/virtual_board.py [--minutes 10]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import BoardClient, VirtualBoard, measure
from coincell.board.measurement import block_costs, read_counts
from coincell.board.stream import STREAM_RATE_HZ, stream_events
from coincell.compiler import CompileOptions, compile_model, target_of_core
from coincell.features import InputQuantization, make_feature_block
from coincell.firmware import Application, HostStream, Image, build_image, load_board
from coincell.project import DecisionSettings, MelSettings, WindowForm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from stand_in import stand_in_application  # noqa: E402

WORDS = ROOT.parent / "shared" / "data" / "speech_commands"
MODEL = ROOT.parent / "shared" / "models" / "mlperf_tiny" / "kws_ref_model.tflite"


def application(options: CompileOptions | None = None) -> Application:
    """What is run, compiled for any processor unless `options` say for which."""
    if not MODEL.is_file():
        return stand_in_application()
    model = compile_model(MODEL.read_bytes(), "kws", options)
    settings = MelSettings(block="mfcc", frame_ms=30, hop_ms=20, bands=40, coefficients=10)
    wanted = model.inputs[0]
    return Application(
        model=model,
        features=make_feature_block(settings, WindowForm("sound", 16000, 1, 16000)),
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


def sound(count: int) -> NDArray[np.int16]:
    """int16 [count] at 16 kHz: words, or noise of changing loudness."""
    generator = np.random.default_rng(4)
    files = sorted(WORDS.rglob("*.wav"))
    few = files[:: max(1, len(files) // 700)]
    parts = [np.frombuffer(path.read_bytes()[44:], np.int16) for path in few]
    generator.shuffle(parts)
    while sum(map(len, parts)) < count:
        loud = 10 ** generator.uniform(1, 4)
        parts.append(generator.normal(0, loud, 16_000).clip(-32768, 32767).astype(np.int16))
    return np.concatenate(parts)[:count]


def always_on(image: Image, chain: Application, minutes: float) -> dict[str, Any]:
    """Sound through the firmware that listens: how fast, how busy, how equal."""
    heard = sound(round(60 * minutes * STREAM_RATE_HZ))
    with VirtualBoard(image) as virtual:
        virtual.emulator.ask("count", on=True, owner=1)
        spent = virtual.emulator.ask("spent")[0]["seconds"]
        start = time.perf_counter()
        events = list(stream_events(virtual, heard))
        seconds = time.perf_counter() - start
        spent = virtual.emulator.ask("spent")[0]["seconds"] - spent
        report, _ = virtual.activity()
        blocks, _ = read_counts(virtual.emulator)
        costs = block_costs(virtual.elf, blocks)
    instructions = sum(costs[b.address, b.size].instructions * b.runs for b in blocks)
    cpu = report["cycles"]["cpu"]
    microphone = virtual.board.microphone
    settling = microphone.settling_samples if microphone else 0
    expected = HostStream(chain, settling_samples=settling).process(heard)
    differ = sum(a != b for a, b in zip(events, expected, strict=False))
    return {
        "seconds_of_sound": len(heard) / STREAM_RATE_HZ,
        "hop_samples": chain.hop_samples,
        "decisions": len(events),
        "decisions_that_differ": differ + abs(len(events) - len(expected)),
        "labels_decided": len({event.label for event in events}),
        "seconds": round(seconds, 1),
        "times_real_time": round(len(heard) / STREAM_RATE_HZ / seconds, 2),
        "instructions": instructions,
        "instructions_per_second": round(instructions / spent),
        "cpu_duty": round(cpu["run"] / (cpu["run"] + cpu["sleep"]), 4),
    }


def main() -> None:
    """Build, measure one window, time counted and plain runs, listen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of sound")
    minutes = parser.parse_args().minutes
    chain = application()
    noise = np.random.default_rng(1).normal(0, 3000, chain.features.form.values)
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
        with VirtualBoard(
            build_image(chain, load_board("nano33ble"), Path(folder) / "usb", link="usb")
        ) as virtual:
            client = BoardClient(virtual)
            clip_usb = min(clock(lambda: client.process(window)) for _ in range(5))
        fast = application(CompileOptions(target_of_core(load_board("nano33ble").core)))
        image = build_image(fast, load_board("nano33ble"), Path(folder) / "listening")
        listening = always_on(image, fast, minutes)
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
        "seconds_a_clip_usb": clip_usb,
        "seconds_to_measure": measuring,
        "always_on": listening,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
