"""Always-on: how busy the core is, and how fast the virtual board follows, against what is wanted.

Keyword spotting is the public model of MLPerf Tiny behind an MFCC front end (../shared/models; the
tests' small network where that is not there): features and network of a window of 1 s, every hop of
250 ms, which whole frames of 20 ms make 240. Wanted: below 40 % of the core at 64 MHz, interrupts,
waits for flash and the ends of sleep included; and under 0.5 s of this computer for a second of the
stream, counting each instruction: processor time of the emulator (clock_seconds_a_second is by the
clock, and grows with what else the computer does). Motion is two channels at 119 Hz of the LSM9DS1,
whose six are read, with the tests' small network: what sensing itself takes. Prints JSON; exit code
1 when something wanted is missed.

    python benchmarks/always_on.py [--seconds 30]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from coincell.board import (  # noqa: E402
    STREAM_RATE_HZ,
    VirtualBoard,
    live_activity,
    put_motion,
    sensing_activity,
)
from coincell.board.worlds import Motion  # noqa: E402
from coincell.compiler import CompileOptions, target_of_core  # noqa: E402
from coincell.features import make_feature_block  # noqa: E402
from coincell.firmware import Application, Channels, build_image, load_board  # noqa: E402
from coincell.project import DecisionSettings, RawSettings, WindowForm  # noqa: E402
from stand_in import stand_in_application  # noqa: E402
from virtual_board import always_on, application, sound  # noqa: E402

MOST_OF_THE_CORE = 0.40
MOST_HOST_S = 0.5
_SHARE_S = 10


def keywords(seconds: float, folder: Path) -> dict[str, Any]:
    """Recorded words, where they are, through the keyword model."""
    board = load_board("nano33ble")
    assert board.latency is not None
    chain = application(CompileOptions(target_of_core(board.core)))
    image = build_image(chain, board, folder)
    figures = always_on(image, chain, seconds / 60)
    with VirtualBoard(image) as virtual:
        activity = live_activity(virtual, sound(round(_SHARE_S * STREAM_RATE_HZ)))
    assert activity is not None
    core = activity.share("cpu", "run")
    length = figures["seconds_of_sound"]
    host_s = figures["instructions"] / figures["instructions_per_second"] / length
    return figures | {
        "application": chain.name,
        "core_share": round(core, 4),
        "core_share_range": [round(core * factor, 4) for factor in board.latency.range_factor],
        "host_seconds_a_second": round(host_s, 3),
        "clock_seconds_a_second": round(figures["seconds"] / length, 3),
        "most_of_the_core": MOST_OF_THE_CORE,
        "most_host_seconds_a_second": MOST_HOST_S,
        "met": {
            "core": core < MOST_OF_THE_CORE,
            "host": host_s < MOST_HOST_S,
            "equal": figures["decisions_that_differ"] == 0,
        },
    }


def motion(seconds: float, folder: Path) -> dict[str, Any]:
    """A board that is shaken, at a rate that its sensor has."""
    form = WindowForm("motion", 16, 2, 119)
    chain: Application = replace(
        stand_in_application(),
        features=make_feature_block(RawSettings(scaling="full-scale"), form),
        channels=Channels(("aX", "gZ"), ("g", "deg/s"), (4.0, 2000.0)),
        decision=DecisionSettings(),
    )
    rows = np.random.default_rng(2).normal(0, 0.3, (round(100 * seconds), 9)).astype(np.float32)
    moved = Motion(rows, 100.0)
    image = build_image(chain, load_board("nano33ble"), folder)
    with VirtualBoard(image) as virtual:
        start = time.perf_counter()
        activity = sensing_activity(virtual, lambda board: put_motion(board, moved), seconds)
        host_s = time.perf_counter() - start
    assert activity is not None
    return {
        "channels": list(chain.channels.names if chain.channels else ()),
        "cpu_duty": round(activity.share("cpu", "run"), 4),
        "clock_seconds_a_second": round(host_s / seconds, 3),
    }


def main() -> int:
    """Measure both, print, and say whether what is wanted is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each stream")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "keywords": keywords(seconds, Path(folder) / "keywords"),
            "motion": motion(seconds, Path(folder) / "motion"),
        }
    print(json.dumps(figures, indent=2))
    return 0 if all(figures["keywords"]["met"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
