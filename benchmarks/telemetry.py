"""What telemetry costs on the device: bytes of flash and RAM, and cycles a window.

The same application is built with and without its sketch, and hears the same sound on the virtual
board; cycles are those of the board's model (docs/board.md tells its error), and their difference
is what counting takes. The application is a project's with [telemetry] (--project), as `coincell
run` left it; else the keyword model of MLPerf Tiny (../shared/models, the tests' small network
where that is not there) with edges from noise. Wanted: at most 1,024 bytes of counters, and 1 % of
the network's cycles. Prints JSON; exit code 1 when something wanted is missed.

    python benchmarks/telemetry.py [--project FOLDER] [--seconds 20]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from coincell.board import (  # noqa: E402
    STREAM_RATE_HZ,
    VirtualBoard,
    measure,
)
from coincell.board.stream import stream_events  # noqa: E402
from coincell.compiler import CompileOptions, target_of_core  # noqa: E402
from coincell.firmware import Application, Image, build_image, load_board  # noqa: E402
from coincell.firmware.telemetry import (  # noqa: E402
    ERASES_OF_A_PAGE,
    LOG_BYTES,
    erases_a_year,
)
from coincell.pipeline.runner import find_stages  # noqa: E402
from coincell.pipeline.stages.firmware import application as project_application  # noqa: E402
from coincell.pipeline.stages.table import STAGES  # noqa: E402
from coincell.project import load_project  # noqa: E402
from coincell.runtime import HostSketch  # noqa: E402
from counting import counting  # noqa: E402
from virtual_board import application, sound  # noqa: E402

MOST_BYTES = 1024
MOST_SHARE = 0.01


def counted_application(project: Path | None, core: str) -> Application:
    """That of a project, or of the public keyword model."""
    if project is not None:
        loaded = load_project(project)
        found = find_stages(loaded, STAGES).artefacts
        names = ("features", "quantize", "evaluate", "reference")
        first, second, *others = (found[name] for name in names)
        return project_application(first, second, loaded.configuration, *others)
    chain = application(CompileOptions(target_of_core(core)))
    noise = sound(60 * STREAM_RATE_HZ)
    hops = range(0, len(noise) - chain.form.values, STREAM_RATE_HZ // 4)
    windows = np.stack([noise[begin : begin + chain.form.values] for begin in hops])
    return counting(chain, windows, interval_s=3600)


def busy_cycles(image: Image, samples: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Cycles in which the core ran code while it heard int16 [n], and decisions.

    It stands still while a page of the log is erased; that happens once in three reports, and here
    in the first seconds.
    """
    with VirtualBoard(image) as virtual:
        took: list[int] = []

        def note() -> None:
            cycles = virtual.activity()[0]["cycles"]
            flash = cycles.get("flash", {})
            still = flash.get("erasing", 0) + flash.get("writing", 0)
            took.append(cycles["cpu"]["run"] - still)

        decisions = sum(1 for _ in stream_events(virtual, samples, at_end=note))
    return took[0], decisions


def price(chain: Application, seconds: float) -> dict[str, Any]:
    """With less without."""
    assert chain.counting is not None, "set [telemetry] enabled = true, and run the project"
    board, samples = load_board("nano33ble"), sound(round(seconds * STREAM_RATE_HZ))
    with tempfile.TemporaryDirectory() as folder:
        counts = build_image(chain, board, Path(folder) / "with")
        plain = build_image(replace(chain, counting=None), board, Path(folder) / "without")
        with_it, decisions = busy_cycles(counts, samples)
        without, again = busy_cycles(plain, samples)
        with VirtualBoard(plain) as virtual:
            cost = measure(virtual, chain, samples[: chain.form.values])
    assert decisions == again
    interval_s = chain.counting.interval_s
    counters = HostSketch(chain.counting.plan).bytes
    cycles = (with_it - without) / decisions
    network = sum(part.cycles_flash for part in cost.layers if part.ops)
    return {
        "application": chain.name,
        "watched_features": chain.counting.plan.cells,
        "counter_bytes": counters,
        "flash_bytes_more": counts.image_flash_bytes - plain.image_flash_bytes,
        "ram_bytes_more": counts.image_ram_bytes - plain.image_ram_bytes,
        "log_bytes_of_flash": LOG_BYTES,
        "erases_a_page_and_year": round(erases_a_year(interval_s), 1),
        "erases_a_page_endures": ERASES_OF_A_PAGE,
        "interval_s": interval_s,
        "decisions": decisions,
        "cycles_a_window": round(cycles),
        "microseconds_a_window": round(cycles * 1e6 / board.board.clock_hz, 1),
        "network_cycles": network,
        "share_of_network": round(cycles / network, 5),
        "most_counter_bytes": MOST_BYTES,
        "most_share_of_network": MOST_SHARE,
        "met": {"bytes": counters <= MOST_BYTES, "cycles": cycles <= MOST_SHARE * network},
    }


def main() -> int:
    """Measure, print, and say whether what is wanted is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, help="with [telemetry], after `coincell run`")
    parser.add_argument("--seconds", type=float, default=20.0, help="of sound")
    asked = parser.parse_args()
    core = load_board("nano33ble").core
    figures = price(counted_application(asked.project, core), asked.seconds)
    print(json.dumps(figures, indent=2))
    return 0 if all(figures["met"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
