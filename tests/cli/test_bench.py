"""`coincell bench`: its figures as JSON, CSV and table, its exit codes, the arrays it reads."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pickle
import re
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from coincell.board import read_arrays, seeded_samples
from coincell.cli.main import cli
from coincell.compiler import (
    OracleProcess,
    interpret,
    oracle_available,
    oracle_version,
    read_model,
)
from coincell.errors import GateError, ModelError, UserError
from compiler.misbehaving_tflm import CRASH, HANG, put_before_the_real_one
from compiler.networks import Network

KEYS = {
    "model", "target", "optimize", "compiler", "flags", "model_sha256", "instructions", "cycles",
    "flash_loads", "cycles_flash", "latency_ms", "latency_range_ms", "energy_uj",
    "energy_flash_uj", "flash_bytes", "ram_bytes",
    "stack_bytes", "image_flash_bytes", "image_ram_bytes", "macs", "exact", "oracle", "difference",
    "layers",
}  # fmt: skip
COUNTS = ("instructions", "cycles", "flash_loads", "cycles_flash", "stack_bytes")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """int8 [1, 5, 5, 3] -> 3x3 convolution -> fully connected."""
    network = Network(seed=4)
    first = network.conv_2d(network.input((1, 5, 5, 3)), 6, (3, 3))
    path = tmp_path_factory.mktemp("bench") / "small.tflite"
    path.write_bytes(network.tflite(network.fully_connected(first, 4)))
    return path


@pytest.fixture(scope="module")
def branching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two inputs and two outputs."""
    network = Network(seed=9)
    a, b = network.input((1, 4, 4, 2)), network.input((1, 4, 4, 2))
    total = network.add(a, b)
    path = tmp_path_factory.mktemp("bench") / "branching.tflite"
    path.write_bytes(network.tflite(total, network.fully_connected(total, 3)))
    return path


def bench(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["bench", *map(str, words)], catch_exceptions=False)


def facts(*words: str | Path) -> Any:
    done = bench(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def outputs_of(model: Path, inputs: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    return interpret(read_model(model), inputs)


def test_one_model_is_one_object_with_all_figures(model: Path) -> None:
    result = facts(model)
    assert set(result) >= KEYS
    assert (result["model"], result["target"], result["optimize"]) == (
        "small.tflite",
        "nano33ble",
        "balanced",
    )
    assert result["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert result["macs"] == 5 * 5 * 6 * 27 + 150 * 4
    assert result["cycles_flash"] == result["cycles"] + 3 * result["flash_loads"]
    assert result["latency_ms"] == pytest.approx(result["cycles_flash"] / 64e3)
    assert result["energy_uj"] == pytest.approx(result["cycles"] / 64 * 3.3e-3 * 3.0)
    assert result["energy_flash_uj"] == pytest.approx(9.9e-3 * result["cycles_flash"] / 64)
    low, high = result["latency_range_ms"]
    assert low < result["latency_ms"] < high
    for field in ("instructions", "cycles", "macs"):
        assert sum(layer[field] for layer in result["layers"]) == result[field]
    assert all(set(layer) >= {"name", "ops"} for layer in result["layers"])
    assert result["image_flash_bytes"] > result["flash_bytes"] > 0
    assert result["image_ram_bytes"] > result["ram_bytes"] >= 75
    assert result["exact"] is (True if oracle_available() else None)
    assert (result["oracle"] is None) is not oracle_available()


def test_several_models_and_settings_make_a_list(model: Path, branching: Path) -> None:
    results = facts(model, branching, "--optimize", "speed,ram", "--samples", "2")
    assert [(result["model"], result["optimize"]) for result in results] == [
        ("small.tflite", "speed"),
        ("small.tflite", "ram"),
        ("branching.tflite", "speed"),
        ("branching.tflite", "ram"),
    ]


@pytest.mark.parametrize(
    ("target", "counted", "timed", "sized"),
    [
        ("cortex-m4", True, False, True),
        ("cortex-m7", False, False, True),
        ("host", False, False, True),
        ("generic", False, False, False),
    ],
)
def test_what_a_target_has_no_figures_for_is_null(
    model: Path, target: str, counted: bool, timed: bool, sized: bool
) -> None:
    result = facts(model, "--target", target, "--samples", "2")
    assert (result["cycles"] is not None) == counted
    assert (result["cycles_flash"] is not None) == counted
    assert (result["latency_ms"] is not None) == timed
    assert (result["flash_bytes"] is not None) == sized
    assert (result["compiler"] is not None) == sized
    if target in ("host", "generic"):
        assert all(result[field] is None for field in COUNTS)
        assert result["ran_on"] == "host library"
        assert [layer["instructions"] for layer in result["layers"]] == [None, None]
    assert result["exact"] is (True if oracle_available() else None)


def test_given_inputs_and_outputs_are_compared(branching: Path, tmp_path: Path) -> None:
    inputs = seeded_samples(read_model(branching), 3, seed=5)
    outputs = outputs_of(branching, inputs)
    np.savez(tmp_path / "x.npz", *inputs)
    np.savez(tmp_path / "y.npz", *outputs)
    given = ("--inputs", tmp_path / "x.npz", "--outputs", tmp_path / "y.npz")
    result = facts(branching, *given)
    assert (result["exact"], result["oracle"], result["samples"]) == (True, "y.npz", 3)
    outputs[1].reshape(-1)[-1] ^= 1
    np.savez(tmp_path / "y.npz", *outputs)
    done = bench(branching, *given, "--json")
    assert done.exit_code == 1, "one bit of one byte"
    told = json.loads(done.stdout)
    assert told["exact"] is False
    changed = int(outputs[1].reshape(-1)[-1])
    name = read_model(branching).tensor(read_model(branching).outputs[1]).source_name
    last = {"sample": 2, "output": name, "index": [2], "expected": changed, "got": changed ^ 1}
    assert told["difference"] == last
    line = f"input 2, {name} [2]: {changed} expected, {changed ^ 1} came out"
    table = bench(branching, *given)
    assert table.exit_code == 1
    assert "NO, of 3 samples" in table.stdout
    assert f"The first byte that differs, branching.tflite on nano33ble, balanced: {line}." in (
        table.stdout
    )
    (row,) = csv.DictReader(io.StringIO(bench(branching, *given, "--format", "csv").stdout))
    assert row["difference"] == line
    outputs[0][2, 3, 2, 1] ^= 64
    outputs[1][1, 0] ^= 64
    np.savez(tmp_path / "y.npz", *outputs)
    told = json.loads(bench(branching, *given, "--json").stdout)["difference"]
    assert (told["sample"], told["output"], told["index"]) == (1, name, [0]), "the first sample"
    outputs[1][1, 0] ^= 64
    np.savez(tmp_path / "y.npz", *outputs)
    told = json.loads(bench(branching, *given, "--json").stdout)["difference"]
    assert (told["sample"], told["index"]) == (2, [3, 2, 1]), "and there the first output"


def test_floats_that_differ_in_one_bit_are_told_with_their_bits(zoo: Path, tmp_path: Path) -> None:
    model = zoo / "io_float_float.tflite"
    inputs = seeded_samples(read_model(model), 2)
    outputs = outputs_of(model, inputs)
    outputs[0][1].reshape(-1)[4] = np.float32(np.nan)
    np.save(tmp_path / "x.npy", inputs[0])
    np.save(tmp_path / "y.npy", outputs[0])
    given = ("--inputs", tmp_path / "x.npy", "--outputs", tmp_path / "y.npy")
    done = bench(model, *given, "--target", "host", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)["difference"]
    assert (told["sample"], told["expected"]) == (1, "nan (0x7fc00000)")
    assert re.fullmatch(r"-?[0-9.e-]+ \(0x[0-9a-f]{8}\)", told["got"])


def test_one_array_may_be_a_npy_with_the_batch_or_without(model: Path, tmp_path: Path) -> None:
    (inputs,) = seeded_samples(read_model(model), 2)
    costs = []
    for shaped in (inputs, inputs[:, 0]):
        np.save(tmp_path / "x.npy", shaped)
        costs.append(facts(model, "--inputs", tmp_path / "x.npy")["instructions"])
    assert costs[0] == costs[1]


def test_csv_and_table_say_the_same(model: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(bench(model, "--format", "csv").stdout))
    result = facts(model)
    assert int(row["cycles"]) == result["cycles"]
    assert row["exact"] == str(result["exact"])
    assert bench(model, "--format", "json").stdout == bench(model, "--json").stdout
    table = bench(model).stdout
    assert f"{result['cycles']:,}" in table
    assert all(layer["name"] in table for layer in result["layers"])
    several = bench(model, "--optimize", "balanced,size").stdout
    assert all(name in several for name in ("balanced", "size"))
    assert f"{result['ram_bytes']:,}" in several


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--optimize", "quick"), "--optimize takes"),
        (("--target", "z80"), "no target 'z80'"),
        (("--outputs", "y.npy"), "with --inputs only"),
        (("--inputs", "absent.npy"), "Cannot read arrays"),
        (("--inputs", "text.npy"), "Cannot read arrays"),
        (("--inputs", "objects.npy"), "Cannot read arrays"),
        (("--inputs", "named.npz"), "not arr_0"),
        (("--inputs", "two.npz"), "holds 2 arrays; the model has 1"),
        (("--inputs", "float.npy"), "is int8, not float64"),
        (("--inputs", "shape.npy"), "samples of shape"),
        (("--inputs", "none.npy"), "holds no sample"),
        (("--inputs", "good.npy", "--outputs", "float.npy"), "expected outputs were given as"),
        (("--inputs", "good.npy", "--outputs", "turned.npy"), "is int8 [2, 4]; expected"),
        (("--inputs", "pickle.npy"), "Python objects, not numbers"),
        (("--inputs", "header.npy"), "Cannot read arrays"),
        (("--inputs", "claims.npy"), "larger than the memory"),
        (("--inputs", "raw.npz"), "not all that it holds are arrays"),
        (("--inputs", "gap.npz"), "arr_0, arr_2, not arr_0 to arr_1"),
        (("--inputs", "cut.npz"), "Cannot read arrays"),
        (("--inputs", "fifo"), "is not a file"),
        (("--inputs", "words.npy"), "is int8, not <U1"),
        (("--inputs", "fields.npy"), "is int8, not [("),
        (("--target", "host,"), "no target ''"),
        (("--optimize", "speed,,ram"), "Received: ''"),
    ],
)
def test_what_does_not_fit_is_told(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    good = np.zeros((2, 5, 5, 3), np.int8)
    Path("text.npy").write_text("not an array")
    np.save("objects.npy", np.array([{}], dtype=object))
    Path("pickle.npy").write_bytes(pickle.dumps(good))
    Path("header.npy").write_bytes(b"\x93NUMPY\x01\x00\x40\x00" + b"(" * 63 + b"\n")
    with Path("claims.npy").open("wb") as stream:
        shape = {"descr": "|i1", "fortran_order": False, "shape": (1 << 45,)}
        np.lib.format.write_array_header_1_0(stream, shape)
    with zipfile.ZipFile("raw.npz", "w") as archive:
        archive.writestr("arr_0", b"no array")
    np.savez("gap.npz", arr_0=good, arr_2=good)
    Path("cut.npz").write_bytes(Path("gap.npz").read_bytes()[:200])
    os.mkfifo("fifo")
    np.savez("named.npz", x=good)
    np.savez("two.npz", good, good)
    for name, array in {
        "good": good,
        "float": good.astype(float),
        "shape": good[:, :4],
        "none": good[:0],
        "turned": np.zeros((4, 2), np.int8),
        "words": np.full(good.shape, "x"),
        "fields": np.zeros(good.shape, [("a", "i1")]),
    }.items():
        np.save(f"{name}.npy", array)
    with pytest.raises(UserError) as refusal:
        bench(model, *words)
    assert said in refusal.value.message
    assert refusal.value.hint


@pytest.mark.skipif(not oracle_available(), reason="needs the package tflite-micro")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -3e9])
def test_floats_for_which_tflm_is_not_followed_are_no_mismatch(
    value: float, zoo: Path, tmp_path: Path
) -> None:
    """docs/deviations.md: QUANTIZE of what is no number, or leaves 32 bits."""
    model = zoo / "io_float_float.tflite"
    inputs = seeded_samples(read_model(model), 2)[0]
    np.save(tmp_path / "x.npy", inputs)
    words = (model, "--target", "host", "--inputs", tmp_path / "x.npy")
    assert facts(*words)["exact"] is True
    inputs[1, 0, 2, 3, 1] = value
    np.save(tmp_path / "x.npy", inputs)
    result = facts(*words)
    assert result["exact"] is None
    assert "is not followed for Operator 0 (QUANTIZE)" in result["oracle"]


def test_a_setting_that_is_named_twice_is_measured_once(model: Path) -> None:
    results = facts(model, "--target", "host,generic,host", "--optimize", "ram,ram")
    assert [result["target"] for result in results] == ["host", "generic"]


def test_what_does_not_fit_a_board_is_refused_and_measured_for_a_processor(tmp_path: Path) -> None:
    network = Network(seed=3)
    big = network.conv_2d(network.input((1, 200, 200, 8)), 4, (1, 1))
    path = tmp_path / "big.tflite"
    path.write_bytes(network.tflite(network.mean(big, (1, 2), keep=False)))
    with pytest.raises(GateError, match="bytes of RAM; Arduino Nano 33 BLE Sense has 262,144"):
        bench(path, "--samples", "1")
    result = facts(path, "--samples", "1", "--target", "cortex-m4")
    assert result["ram_bytes"] > 262_144
    assert result["cycles"] > 200 * 200 * 8 * 4 / 2


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"TFL3" * 10)
    with pytest.raises(ModelError):
        bench(path)


def test_the_oracle_sees_no_model_that_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken files can crash it."""
    import coincell.board.bench as module

    asked: list[str] = []
    monkeypatch.setattr(module, "OracleProcess", lambda tflite: asked.append("oracle"))

    def refuse(*words: object) -> None:
        raise ModelError("refused")

    monkeypatch.setattr(module, "compile_graph", refuse)
    with pytest.raises(ModelError, match="refused"):
        bench(model)
    assert not asked


@pytest.mark.skipif(not oracle_available(), reason="needs the package tflite-micro")
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"invoke": CRASH}, "it crashed on this model, SIGSEGV"),
        ({"load": HANG}, "it gave no answer within 1 s"),
        ({"load": "raise RuntimeError('no such operator')"}, "it refuses it, no such operator"),
    ],
)
def test_an_oracle_that_fails_is_told_and_costs_nothing_else(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    reason: str,
) -> None:
    import coincell.board.bench as module

    put_before_the_real_one(tmp_path, monkeypatch, **wrong)
    monkeypatch.setattr(module, "OracleProcess", partial(OracleProcess, seconds=1))
    words = (model, "--target", "host", "--optimize", "speed,ram")
    done = bench(*words, "--json")
    assert done.exit_code == 0
    for result in json.loads(done.stdout):
        assert result["exact"] is None
        assert result["oracle"] == f"{oracle_version()} ({reason})"
    assert done.stderr.count(reason) == 1
    assert done.stderr.startswith("warning: outputs were not compared. small.tflite: tflite-micro")
    assert "not compared with tflite-micro" in bench(*words).stdout


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, np.zeros(1 << 21, np.int8))
    assert read_arrays(path, 1)[0].size == 1 << 21
    import coincell.board.samples as samples

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "_MOST_BYTES", 1 << 20)
        with pytest.raises(UserError, match="larger than 1 GiB"):
            read_arrays(path, 1)


def test_more_samples_than_fit_into_memory_are_refused(tmp_path: Path) -> None:
    network = Network(seed=3)
    path = tmp_path / "wide.tflite"
    path.write_bytes(network.tflite(network.mean(network.input((1, 64, 64, 8)), (1, 2), False)))
    with pytest.raises(UserError, match="3,276,800,000") as refusal:
        bench(path, "--samples", "100000", "--target", "host")
    assert "--samples 2048," in refusal.value.hint
    assert len(seeded_samples(read_model(path), 100)[0]) == 100


def test_drawn_inputs_fill_their_range_and_repeat(model: Path) -> None:
    graph = read_model(model)
    (drawn,) = seeded_samples(graph, 40)
    assert drawn.shape == (40, 1, 5, 5, 3)
    assert drawn.dtype == np.int8
    assert (drawn[:20].min(), drawn[:20].max()) == (-128, 127)
    steps = np.abs(np.diff(drawn.astype(int), axis=2)).mean(axis=(1, 2, 3, 4))
    assert steps[20:].mean() < 0.7 * steps[:20].mean(), "the second half is smooth"
    np.testing.assert_array_equal(drawn, seeded_samples(graph, 40)[0])
    assert not np.array_equal(drawn, seeded_samples(graph, 40, seed=2)[0])
