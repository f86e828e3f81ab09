"""`coincell explain`: what it says agrees with what the compiler made."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.compiler import TARGETS, CompileOptions, compile_model
from coincell.report import memory_map_text


def _explain(*words: str | Path) -> str:
    done = CliRunner().invoke(cli, ["explain", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
def test_the_facts_are_those_of_the_compiled_model(optimize: str, zoo: Path) -> None:
    path = zoo / "mobilenet_v1_025_64.tflite"
    told = json.loads(_explain(path, "--optimize", optimize, "--json"))
    options = CompileOptions(TARGETS["cortex-m4"], optimize)  # type: ignore[arg-type]
    compiled = compile_model(path.read_bytes(), "model", options)
    assert told["arena_bytes"] == compiled.arena_bytes
    assert [layer["name"] for layer in told["layers"]] == [item.name for item in compiled.layers]
    assert any(layer["streamed"] for layer in told["layers"]) == (optimize == "ram")
    assert told["passes"][-1]["after"]["macs"] == compiled.macs <= told["read"]["macs"]
    ends = [note["start"] + note["bytes"] for note in told["memory"]]
    assert max(ends) <= compiled.arena_bytes < max(ends) + 8
    assert len(told["steps"]) > max(step.index for step in compiled.steps)


def test_the_page_draws_every_thing_in_memory_and_escapes_names(zoo: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = _explain(zoo / "resblock.tflite", "-o", page, "--graph")
    told = json.loads(_explain(zoo / "resblock.tflite", "--json"))
    html = page.read_text()
    assert html.count("<title>") == 1 + len(told["memory"])
    assert "<script" not in html
    assert "What each pass did" in text
    assert "conv_2d" in text
    assert str(page) in text.replace("\n", "")


def test_the_map_in_letters_shows_where_things_lie(zoo: Path) -> None:
    from coincell.compiler import MemoryNote

    notes = [
        MemoryNote("first", "input", 0, 50, -1, 0),
        MemoryNote("second", "activation", 50, 50, 0, 1),
        MemoryNote("third", "output", 0, 50, 1, 2),
    ]
    picture = memory_map_text(notes, steps=2, arena_bytes=100, rows=2)
    assert [line.split()[1] for line in picture.splitlines()] == ["AACC", ".BB."]


def test_the_table_of_operators_is_printed() -> None:
    text = _explain("--operators")
    assert "CONV_2D" in text
    rows = json.loads(_explain("--operators", "--json"))
    assert {"name", "types", "limits", "tested_against"} <= set(rows[0])


def test_without_a_model_the_usage_is_told() -> None:
    done = CliRunner().invoke(cli, ["explain"])
    assert done.exit_code == 2
    assert "--operators" in done.output


def test_the_facts_name_the_target_that_was_asked_for(zoo: Path) -> None:
    for target in ("nano33ble", "cortex-m4"):
        told = json.loads(_explain(zoo / "softmax_fc.tflite", "--target", target, "--json"))
        assert told["target"] == target


def test_the_graph_sums_up_the_scales_of_channels(zoo: Path) -> None:
    text = _explain(zoo / "mobilenet_v1_025_64.tflite", "--graph")
    assert re.search(r"int8\[[0-9, ]+\] q\(\d+ scales, [0-9.e-]+ to [0-9.e-]+, along 0\)", text)
    assert max(map(len, text.splitlines())) < 300


def test_the_table_of_operators_stands_alone(zoo: Path, tmp_path: Path) -> None:
    for words in ([str(zoo / "softmax_fc.tflite")], ["-o", str(tmp_path / "page.html")]):
        done = CliRunner().invoke(cli, ["explain", "--operators", *words])
        assert done.exit_code == 2
        assert "prints its table alone" in done.output


def test_the_form_of_rescaling_is_told(zoo: Path, tmp_path: Path) -> None:
    """What the compiled kernels have, on a board with fast ones and for any processor."""
    model = zoo / "mobilenet_v1_025_64.tflite"
    layers = json.loads(_explain(model, "--json"))["layers"]
    forms = {layer["kernels"][0]: layer["rescaling"] for layer in layers}
    assert forms["dsp/strip_convolution"] in ("plain", "signed", "general")
    assert forms["dsp/depthwise_3x3"] == "plain", "ReLU6: no output below the zero point"
    page = tmp_path / "page.html"
    text = _explain(model, "--target", "generic", "-o", page)
    assert "as TFLM" in text
    assert "<td>as TFLM</td>" in page.read_text()
    told = json.loads(_explain(model, "--target", "generic", "--json"))["layers"]
    assert all(
        layer["rescaling"] == "as TFLM" for layer in told if layer["kernels"][0] == "conv_2d"
    )
