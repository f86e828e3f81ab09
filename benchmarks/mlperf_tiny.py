"""MLPerf Tiny's four reference models on the virtual board, beside other runtimes and the records.

Each model of ../shared/models/mlperf_tiny (or --models) is compiled for the Nano 33 BLE with every
compiler that is there, run on the virtual board, and compared with TensorFlow Lite Micro byte for
byte on --samples inputs: half uniform over int8, the other half in distribution. For keyword
spotting these are the reference features of real clips, for the pictures' models photographs, where
../shared/data has them (photographs need tensorflow to be read); else, and for the autoencoder,
smooth waves with noise.

Other runtimes' figures come from mlperf_tiny_published.json, those measured on the same rig from
--baseline where that is given or lies at ../shared/anchors/baseline.json. `compile_seconds` is the
processor's time from graph to C. Prints JSON, or a table.

    python benchmarks/mlperf_tiny.py [--format table] [--chart chart.svg] [--optimize balanced,ram]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coincell.board import BenchModel, BenchTarget, bench_model, oracle_outputs, seeded_samples
from coincell.compiler import TARGETS, CompileOptions, Graph, compile_graph
from coincell.errors import ToolchainError
from coincell.firmware import STACK_BYTES, load_board
from coincell.toolchain import find_cross_compiler
from mlperf_tiny_report import chart, table

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
BOARD = "nano33ble"
Arrays = np.ndarray[Any, Any]

_FIGURES = {
    "instructions": "instr",
    "cycles": "cycles_trm0ws",
    "flash_bytes": "flash_bytes",
    "ram_bytes": "ram_total_excl_stack",
    "stack_bytes": "stack",
}


def published(baseline: Path) -> dict[str, Any]:
    """What others have measured; figures of the rig from `baseline` where it is a file."""
    found: dict[str, Any] = json.loads((HERE / "mlperf_tiny_published.json").read_text())
    if not baseline.is_file():
        return found
    measured = json.loads(baseline.read_text())
    for stack in found["rig"]["stacks"]:
        for key, model in found["models"].items():
            name = model["file"].removesuffix(".tflite")
            figures = measured[name]["configs"].get(stack["config"], {})
            for ours, theirs in _FIGURES.items():
                if figures.get(theirs) is not None:
                    stack[ours][key] = figures[theirs]
    found["rig"]["baseline"] = baseline.name
    return found


def inputs_of(key: str, graph: Graph, count: int, data: Path) -> tuple[list[Arrays], str]:
    """`count` samples of the model `key`, and what the second half of them is."""
    (drawn,) = seeded_samples(graph, count)
    half = (count + 1) // 2
    shape = drawn.shape[1:]
    real = _real_samples(key, shape, count - half, data)
    if real is None:
        return [drawn], "smooth waves with noise"
    samples, what = real
    drawn[half:] = np.resize(samples, (count - half, *shape))
    return [drawn], what


def _real_samples(
    key: str, shape: Sequence[int], count: int, data: Path
) -> tuple[Arrays, str] | None:
    """At most `count` samples like those that the model was trained for, and what they are."""
    features = data / "speech_commands" / "mlperf_kws_features.npz"
    if key == "kws" and features.is_file():
        with np.load(features) as archive:
            x = archive["x"]
        return x[np.linspace(0, len(x) - 1, count).astype(int)], "features of real clips"
    photographs = sorted((data / "vww").glob("*/*.jpg"))
    if key in ("vww", "ic") and photographs and importlib.util.find_spec("tensorflow"):
        chosen = [photographs[i] for i in np.linspace(0, len(photographs) - 1, count).astype(int)]
        return _pixels(chosen, shape[1], shape[2]), f"photographs of {shape[2]} x {shape[1]}"
    return None


def _pixels(photographs: Sequence[Path], height: int, width: int) -> Arrays:
    """int8 [n, 1, height, width, 3], 0 to 255 shifted to -128 to 127."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow

    made = []
    for path in photographs:
        picture = tensorflow.io.decode_jpeg(path.read_bytes(), channels=3)
        made.append(tensorflow.image.resize(picture, (height, width)).numpy().round())
    return (np.stack(made) - 128).astype(np.int8)[:, np.newaxis]


def compilers() -> list[str]:
    """Those of "gcc" and "zig" that are there."""
    core = load_board(BOARD).core
    found = []
    for name in ("gcc", "zig"):
        try:
            find_cross_compiler(core, name)
        except ToolchainError:
            print(f"no {name} for {core} on this computer", file=sys.stderr)
        else:
            found.append(name)
    return found


def measure(
    key: str, path: Path, count: int, data: Path, settings: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The figures of one model with each setting and compiler."""
    model = BenchModel.read(path)
    inputs, what = inputs_of(key, model.graph, count, data)
    expected = oracle_outputs(model.tflite, inputs)
    half = (count + 1) // 2
    for optimize in settings:
        for name in compilers():
            target = BenchTarget(BOARD, TARGETS["cortex-m4"], load_board(BOARD), name)
            options = CompileOptions(target.processor, optimize)  # type: ignore[arg-type]
            start = time.process_time()
            compile_graph(model.graph, "model", options)
            seconds = time.process_time() - start
            found = bench_model(model, target, options, inputs, lambda: expected).to_json()
            print(f"{path.name}, {optimize}, {name}: {found['cycles']:,}", file=sys.stderr)
            yield {
                "key": key,
                "compiler_name": name,
                **found,
                "compile_seconds": round(seconds, 3),
                "inputs": f"{half} uniform, {count - half} {what}",
                "image_ram_without_stack_bytes": found["image_ram_bytes"] - STACK_BYTES,
            }


def main() -> None:
    """Measure, print, draw; exit 1 when a byte differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", type=Path, default=SHARED / "models" / "mlperf_tiny")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--baseline", type=Path, default=SHARED / "anchors" / "baseline.json")
    parser.add_argument("--samples", type=int, default=200, help="inputs a model")
    parser.add_argument("--optimize", default="balanced", help="with commas between several")
    parser.add_argument("--only", default="", help="of kws,vww,ic,ad; all unless given")
    parser.add_argument("--format", choices=["json", "table"], default="json")
    parser.add_argument("--chart", type=Path, help="write an SVG picture here")
    chosen = parser.parse_args()
    if not chosen.models.is_dir():
        sys.exit(f"needs the four models in {chosen.models}, which are not here (--models)")
    others = published(chosen.baseline)
    wanted = chosen.only.split(",") if chosen.only else list(others["models"])
    results = [
        result
        for key in wanted
        for result in measure(
            key,
            chosen.models / others["models"][key]["file"],
            chosen.samples,
            chosen.data,
            chosen.optimize.split(","),
        )
    ]
    if chosen.chart:
        chosen.chart.write_text(chart(results, others), encoding="utf-8")
    if chosen.format == "json":
        print(json.dumps({"results": results, "others": others}, indent=2))
    else:
        print(table(results, others))
    if any(result["exact"] is not True for result in results):
        sys.exit("NOT EXACT, or no oracle is installed")


if __name__ == "__main__":
    main()
