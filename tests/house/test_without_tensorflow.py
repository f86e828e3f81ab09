"""Compiling, building, running on the virtual board and reporting go without TensorFlow."""

from __future__ import annotations

import subprocess
import sys

from source_tree import ROOT

_FOLDERS = [ROOT / "tests", ROOT / "tests" / "compiler"]

_WITHOUT = """
import sys
for blocked in ("tensorflow", "keras"):
    sys.modules[blocked] = None  # an import of it raises ImportError
sys.path[:0] = sys.argv[1:]
"""

_COMPILE = """
import numpy as np
from coincell.compiler import HostModel, compile_model, interpret, read_model
from compiler.networks import Network

network = Network(3)
x = network.fully_connected(network.input((1, 12)), 4)
model = network.tflite(x)
inputs = [np.arange(-120, 120, dtype=np.int8).reshape(20, 12)]
expected = interpret(read_model(model), inputs)
produced = HostModel(compile_model(model, "small")).run_many(inputs)
assert np.array_equal(expected, produced)
"""

_BOARD = """
import tempfile
from pathlib import Path
from coincell.board import BoardClient, VirtualBoard
from coincell.firmware import build_image, load_board
from stand_in import expected_scores, random_windows, stand_in_application

board = load_board("nano33ble")
with tempfile.TemporaryDirectory() as folder:
    image = build_image(stand_in_application(), board, Path(folder))
    with VirtualBoard(image, board) as virtual:
        result = BoardClient(virtual).process(random_windows(1)[0])
assert (result.scores == expected_scores(result.features[None])[0]).all()
"""

_REPORT = """
from coincell.report import render_html, render_text
from report.sample_report import sample_report

report = sample_report()
assert "sample-words" in render_html(report)
assert render_text(report)
"""


def _run(script: str) -> None:
    command = [sys.executable, "-W", "error", "-c", _WITHOUT + script, *map(str, _FOLDERS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_is_compiled_and_run() -> None:
    _run(_COMPILE)


def test_an_image_is_built_and_run_on_the_virtual_board() -> None:
    _run(_BOARD)


def test_a_report_is_rendered() -> None:
    _run(_REPORT)
