"""Interpreter, generated C and TFLM agree, byte for byte, on public models and on random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    CompileOptions,
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.errors import ModelError
from compiler import random_edges, random_elementwise, random_networks, random_reductions
from compiler.litert import needs_litert, run_litert
from compiler.networks import Network
from compiler.random_networks import whole_network
from compiler.tflm import needs_oracle

OPERATORS = {
    **random_networks.OPERATORS,
    **random_edges.OPERATORS,
    **random_elementwise.OPERATORS,
    **random_reductions.OPERATORS,
}

WITHOUT_TFLM = {**random_edges.WITHOUT_TFLM, **random_elementwise.WITHOUT_TFLM}

PUBLIC = (
    "mlperf_tiny/ad01_int8",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/vww_96_int8",
    "tflite_micro/micro_speech_quantized",
    "tflite_micro/person_detect",
)

LATER: set[str] = set()
"""Models of the zoo that need operators which are not supported yet."""


def _differences(ours: list[Any], theirs: list[Any]) -> list[int]:
    return [int((a.reshape(b.shape) != b).sum()) for a, b in zip(ours, theirs, strict=True)]


@needs_oracle
@pytest.mark.parametrize("path", PUBLIC)
def test_public_models_are_exact(path: str, shared: Path) -> None:
    data = (shared / "models" / f"{path}.tflite").read_bytes()
    compiled = compile_model(data, "model")
    random = np.random.default_rng(7)
    shapes = [tensor.shape for tensor in compiled.inputs]
    inputs = [random.integers(-128, 128, (24, *shape)).astype(np.int8) for shape in shapes]
    expected = Oracle(data).run_many(inputs)
    assert len(np.unique(expected[0])) > 2
    assert not any(_differences(HostModel(compiled).run_many(inputs), expected))
    few = [array[:6] for array in inputs]
    assert not any(_differences(interpret(read_model(data), few), [y[:6] for y in expected]))


def _zoo_names() -> list[str]:
    folder = Path(__file__).resolve().parents[3] / "shared" / "models" / "zoo"
    return sorted(path.stem for path in folder.glob("*.tflite"))


@pytest.mark.parametrize("name", _zoo_names())
def test_the_zoo_gives_its_golden_bytes_or_is_refused(name: str, zoo: Path) -> None:
    data = (zoo / f"{name}.tflite").read_bytes()
    if name in LATER:
        with pytest.raises(ModelError, match=r"Operator|float32"):
            compile_model(data, "model")
        return
    compiled = compile_model(data, "model")
    golden = np.load(zoo / f"{name}.npz")
    inputs = [golden[f"x{index}"] for index in range(len(compiled.inputs))]
    # LiteRT's answer where TFLM's is wrong: docs/deviations.md.
    letter = "r" if name == "relu6_alone_rescale" else "y"
    expected = [golden[f"{letter}{index}"] for index in range(len(compiled.outputs))]
    assert not any(_differences(HostModel(compiled).run_many(inputs), expected))
    assert not any(_differences(interpret(read_model(data), inputs), expected))


def test_rows_of_wide_integers_are_streamed(zoo: Path) -> None:
    data = (zoo / "int16x8_cnn.tflite").read_bytes()
    golden = np.load(zoo / "int16x8_cnn.npz")
    compiled = compile_model(data, "model", CompileOptions(optimize="ram"))
    assert "model_stream_00" in compiled.sources["model.c"]
    assert not any(_differences(HostModel(compiled).run_many([golden["x0"]]), [golden["y0"]]))


@needs_oracle
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_random_operators_mean_what_tflm_means(operator: str) -> None:
    for seed in range(60):
        network = Network(seed)
        data = network.tflite(OPERATORS[operator](network))
        inputs = network.samples(8)
        expected = Oracle(data).run_many(inputs)
        graph = read_model(data)
        assert not any(_differences(interpret(graph, inputs), expected)), f"seed {seed}"
        assert not any(_differences(interpret(lower(graph), inputs), expected)), f"seed {seed}"


@needs_litert
@pytest.mark.parametrize("operator", sorted(WITHOUT_TFLM))
def test_what_tflm_lacks_means_what_litert_means(operator: str) -> None:
    for seed in range(60):
        network = Network(seed)
        data = network.tflite(WITHOUT_TFLM[operator](network))
        inputs = network.samples(8)
        expected = run_litert(data, inputs)
        assert not any(_differences(interpret(read_model(data), inputs), expected)), f"seed {seed}"


@needs_oracle
def test_random_networks_mean_what_tflm_means() -> None:
    for seed in range(80):
        network = Network(seed)
        data = network.tflite(whole_network(network))
        inputs = network.samples(8)
        expected = Oracle(data).run_many(inputs)
        graph = read_model(data)
        assert not any(_differences(interpret(graph, inputs), expected)), f"seed {seed}"
        assert not any(_differences(interpret(lower(graph), inputs), expected)), f"seed {seed}"


@pytest.mark.parametrize("operator", sorted({**OPERATORS, **WITHOUT_TFLM}))
def test_the_c_of_random_operators_is_exact(operator: str) -> None:
    for seed in (100, 101):
        network = Network(seed)
        data = network.tflite({**OPERATORS, **WITHOUT_TFLM}[operator](network))
        inputs = network.samples(40)
        expected = interpret(read_model(data), inputs)
        made = HostModel(compile_model(data, "model")).run_many(inputs)
        assert not any(_differences(made, expected)), f"seed {seed}"


@pytest.mark.parametrize("seed", range(6))
def test_the_c_of_random_networks_is_exact(seed: int) -> None:
    network = Network(1000 + seed)
    data = network.tflite(whole_network(network))
    inputs = network.samples(40)
    expected = interpret(read_model(data), inputs)
    assert len(np.unique(expected[0])) > 4
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    assert not any(_differences(made, expected))
