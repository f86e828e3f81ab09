"""Models of all operators on the virtual board: golden bytes from both compilers' code.

A quick subset by default; all of them, and --optimize ram too, where COINCELL_WHOLE_ZOO is set, as
it is in .ci/run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from coincell.board import ModelBoard
from coincell.compiler import TARGETS, CompileOptions, compile_model, deviations
from coincell.errors import ModelError, ToolchainError
from coincell.firmware import build_model_image, load_board
from coincell.toolchain import find_cross_compiler

ZOO = Path(__file__).resolve().parents[3] / "shared" / "models" / "zoo"
WHOLE = bool(os.environ.get("COINCELL_WHOLE_ZOO"))
SETTINGS = [("balanced", "gcc"), ("balanced", "zig"), *([("ram", "gcc")] if WHOLE else [])]
BOARD = load_board("nano33ble")


def _index() -> dict[str, dict[str, object]]:
    """What is known of each model, by name; empty without the folder."""
    if not ZOO.is_dir():
        return {}
    models = json.loads((ZOO / "INDEX.json").read_text())["models"]
    return {model["name"]: model for model in models}


@pytest.mark.parametrize(("optimize", "compiler"), SETTINGS)
@pytest.mark.parametrize("name", [n for n, model in _index().items() if WHOLE or model["smoke"]])
def test_the_board_gives_the_golden_bytes(
    name: str, optimize: str, compiler: str, tmp_path: Path
) -> None:
    try:
        chosen = find_cross_compiler(BOARD.core, compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    tflite = (ZOO / f"{name}.tflite").read_bytes()
    options = CompileOptions(TARGETS["cortex-m4"], optimize)  # type: ignore[arg-type]
    try:
        model = compile_model(tflite, "model", options)
    except ModelError as refusal:
        if _index()[name]["tier"] != "extra":
            raise
        pytest.skip(f"refused: {refusal.message}")
    golden = np.load(ZOO / f"{name}.npz")
    inputs = [golden[f"x{index}"] for index in range(len(model.inputs))]
    # LiteRT's answer where TFLM's does not count.
    letter = "r" if deviations(tflite) else "y"
    with ModelBoard(model, build_model_image(model, BOARD, tmp_path, chosen)) as board:
        outputs = board.run(inputs)
    for number, made in enumerate(outputs):
        expected = golden[f"{letter}{number}"]
        assert made.dtype == expected.dtype
        assert made.tobytes() == expected.tobytes(), f"output {number}"
