"""How long a coin cell feeds a sensor that listens to a machine's bearing: see README.md.

    python examples/vibration-year/run.py [--period SECONDS] [--looks COUNT] [--json]

It compiles model.tflite and main.c, runs the image on the virtual nRF52840 beside a machine that is
made up, checks what was decided, and reckons energy and days from what each part was doing when.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import STATES, G, acceleration, centred, windows
from numpy.typing import NDArray

from coincell.board import (
    Activity,
    BatteryLife,
    Energy,
    VirtualBoard,
    battery_life,
    energy_of,
    load_battery,
)
from coincell.compiler import (
    CompiledModel,
    CompileOptions,
    HostModel,
    compile_model,
    target_of_core,
)
from coincell.firmware import Image, device_sources, link_image, load_board

HERE = Path(__file__).parent
BOARD = load_board("nano33ble")
CELL = load_battery("cr2032")
MOTION_HZ = 1000
LENGTH_S = 1.0
SHAKES = 6000
"""Of the detector: 96 samples' distances from their mean, together, in steps of 1/8192 g."""

STACK_BYTES = 4096
_FRESH = 1000
DAYS = {
    "worn": ("worn", "worn", "worn", "worn"),
    "a working day": ("still", "running", "still", "still"),
    "switched off": ("still", "still", "still", "still"),
}
"""What the machine is at each look, over and over; a working day is a quarter of a day."""


@dataclass(frozen=True)
class Plan:
    """How often the board looks, and for how many looks it is watched."""

    period_s: int
    looks: int


@dataclass(frozen=True)
class Result:
    """One way of use.

    Attributes:
        day: a key of `DAYS`.
        cascade: whether the detector decides first.
        looks, right, asked: how often the board looked, decided what is so, asked its network.
        awake_ms: of the core, a look.
        energy, life: of the module without the board's overheads, on a CR2032.
        shortest_s: the period at which 365 days would just be reached, and the same if every
            uncertainty goes against it.
    """

    day: str
    cascade: bool
    looks: int
    right: int
    asked: int
    awake_ms: float
    energy: Energy
    life: BatteryLife
    shortest_s: tuple[float, float]


def compiled() -> CompiledModel:
    """The network as C."""
    options = CompileOptions(target_of_core(BOARD.core))
    return compile_model((HERE / "model.tflite").read_bytes(), "vibration", options)


def _input_steps(model: CompiledModel) -> tuple[int, int]:
    """The network's steps for 65536 of the driver's, and its zero."""
    quantization = model.graph.tensor(model.graph.inputs[0]).quantization
    assert quantization is not None, "train.py wrote int8 inputs"
    return round(65536 / (G * float(quantization.scales[0]))), int(quantization.zero_points[0])


def accuracy(count: int, seed: int = 99) -> float:
    """Of the network in C on this computer, for fresh windows, scaled as main.c does it."""
    model = compile_model((HERE / "model.tflite").read_bytes(), "vibration")
    factor, zero = _input_steps(model)
    samples, labels = windows(count, np.random.default_rng(seed))
    steps = zero + ((centred(samples) * factor + (1 << 15)) >> 16)
    inputs = np.clip(steps, -128, 127).astype(np.int8)[:, :, None, :]
    (scores,) = HostModel(model).run_many([inputs])
    return float(np.mean(np.argmax(scores.reshape(count, -1), axis=1) == labels))


def build(model: CompiledModel, cascade: bool, period_s: int, folder: Path) -> Image:
    """The image: drivers, the network, and main.c with its settings."""
    factor, zero = _input_steps(model)
    settings = {
        "PERIOD_S": f"{period_s}u",
        "CASCADE": int(cascade),
        "SHAKES": SHAKES,
        "INPUT_Q16": factor,
        "INPUT_ZERO": f"({zero})",
    }
    firmware = device_sources("firmware")
    kept = ("startup.c", "startup.h", "memory.c", "system.c", "system.h", "nrf52840.h")
    sources = {
        **model.sources,
        **{f"firmware/{name}": firmware[f"firmware/{name}"] for name in kept},
        **{
            path: text
            for path, text in device_sources("sensors", "freestanding").items()
            if not path.endswith(("camera.c", "picture.c"))
        },
        "main.c": (HERE / "main.c").read_text(encoding="utf-8"),
        "settings.h": "".join(f"#define {name} {value}\n" for name, value in settings.items()),
    }
    return link_image(sources, BOARD, folder, stack_bytes=STACK_BYTES)


def measure(image: Image, plan: Plan, day: str, cascade: bool, seed: int = 1) -> Result:
    """Run the image for whole periods, once more before them to learn its waits for flash."""
    random = np.random.default_rng(seed)
    states = [DAYS[day][i % len(DAYS[day])] for i in range(plan.looks)]
    period = plan.period_s * BOARD.clock_hz
    with VirtualBoard(image) as virtual:
        with virtual.learning_waits():
            _move(virtual, states[0], random)
            virtual.restart()
            virtual.advance(period // 2)
        virtual.activity(restart=True)
        for state in states:
            _move(virtual, state, random)
            virtual.advance(period)
        report, changes = virtual.activity()
        decided = _decided(virtual, 1 + plan.looks)[1:]
    activity = Activity.of_board(report, changes, BOARD.clock_hz)
    energy = energy_of(activity, BOARD, as_shipped=False)
    return Result(
        day=day,
        cascade=cascade,
        looks=len(decided),
        right=sum(
            STATES[found] == state for (found, _), state in zip(decided, states, strict=True)
        ),
        asked=int(decided[:, 1].sum()),
        awake_ms=1000 * activity.share("cpu", "run") * activity.seconds / plan.looks,
        energy=energy,
        life=battery_life(energy, CELL),
        shortest_s=_shortest(energy, plan.period_s),
    )


def _shortest(energy: Energy, period_s: int) -> tuple[float, float]:
    """A look's charge, spread so thin that with the sleep's current it lasts a year."""
    asleep = Activity.of_phases([(1.0, {"cpu": "sleep", "lfclk": "rc", "regulator": "dcdc"})])
    floor, average = energy_of(asleep, BOARD, as_shipped=False).average_a, energy.average_a
    target = CELL.current_for(365)
    return (
        period_s * (average.typical - floor.typical) / (target.typical - floor.typical),
        period_s * (average.high - floor.high) / (target.low - floor.high),
    )


def _move(virtual: VirtualBoard, state: str, random: np.random.Generator) -> None:
    felt = acceleration(state, LENGTH_S, MOTION_HZ, random)
    rows = np.zeros((len(felt), 9), np.float32)
    rows[:, :3] = felt
    virtual.put_world("motion", rows.tobytes(), rate_hz=float(MOTION_HZ), repeat=True)


def _decided(virtual: VirtualBoard, count: int) -> NDArray[np.uint8]:
    """uint8 [count, 2]: state, and whether the network was asked."""
    looks = virtual.read_memory(virtual.elf.symbol("looks").address, 4)
    assert int.from_bytes(looks, "little") == count, "the board looked once a period"
    place = virtual.elf.symbol("results").address
    return np.frombuffer(virtual.read_memory(place, 2 * count), np.uint8).reshape(count, 2)


def results(plan: Plan) -> list[Result]:
    """Each day, the network at every look and then the cascade."""
    model = compiled()
    found = []
    for cascade in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            image = build(model, cascade, plan.period_s, Path(folder))
        found += [measure(image, plan, day, cascade) for day in DAYS]
    return found


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "day": result.day,
        "cascade": result.cascade,
        "looks": result.looks,
        "right": result.right,
        "asked": result.asked,
        "awake_ms": result.awake_ms,
        "average_a": asdict(result.energy.average_a),
        "battery_days": asdict(result.life.days),
        "shortest_period_s": list(result.shortest_s),
        "warnings": list(result.life.warnings),
    }


def _print(found: Sequence[Result], plan: Plan) -> None:
    print(f"A look every {plan.period_s} s, CR2032, bare nRF52840 module; typical (low to high)")
    print(
        f"{'machine':15}{'way':9}{'right':>6}{'asked':>7}{'awake':>9}{'average uA':>22}"
        f"{'days':>22}{'a year with a look every':>27}"
    )
    for result in found:
        draws, days = result.energy.average_a.scaled(1e6), result.life.days
        average = f"{draws.typical:.1f} ({draws.low:.1f} to {draws.high:.1f})"
        lasts = f"{days.typical:,.0f} ({days.low:,.0f} to {days.high:,.0f})"
        year = f"{result.shortest_s[0]:.0f} s (at worst {result.shortest_s[1]:.0f} s)"
        print(
            f"{result.day:15}{'cascade' if result.cascade else 'network':9}"
            f"{f'{result.right}/{result.looks}':>6}{result.asked:>7}{result.awake_ms:>6.1f} ms"
            f"{average:>22}{lasts:>22}{year:>27}"
        )
    print(f"\nThe network is right for {100 * accuracy(_FRESH):.1f} % of {_FRESH} fresh windows.")
    first = found[0]
    print(f"{first.day}, network at every look: {first.energy.dominant}")
    for line in first.energy.lines:
        if line.average_a.high > 0:
            bounds = line.average_a.scaled(1e6)
            name = f"{line.component}, {line.state}"
            print(f"  {name:28}{bounds.typical:8.3f} uA ({bounds.low:.3f} to {bounds.high:.3f})")


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--period", type=int, default=120, help="seconds from look to look")
    parser.add_argument("--looks", type=int, default=4, help="for each row")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not 10 <= asked.period <= 256 or not 1 <= asked.looks <= 1000:
        parser.error("--period is 10 to 256 s, the counter's half round; --looks 1 to 1000")
    plan = Plan(asked.period, asked.looks)
    found = results(plan)
    if asked.json:
        rows = [_as_json(result) for result in found]
        print(json.dumps({"accuracy": accuracy(_FRESH), "rows": rows}, indent=2))
    else:
        _print(found, plan)
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # who read it has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
