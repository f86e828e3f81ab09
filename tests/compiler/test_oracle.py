"""The oracle and the host binding: what they take, what they refuse."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    interpret,
    oracle_available,
    oracle_version,
    read_model,
)
from coincell.errors import ModelError, UserError
from compiler.networks import Network
from compiler.tflm import needs_oracle


def _two_edges() -> tuple[Network, bytes]:
    network = Network(0)
    a, b = network.input((1, 3)), network.input((1, 1, 3))
    total = network.add(a, b)
    return network, network.tflite(total, network.elementwise(b, 14))


@needs_oracle
def test_the_oracle_names_itself() -> None:
    name, version = oracle_version().split()
    assert name == "tflite-micro"
    assert version[0].isdigit()


@needs_oracle
def test_shapes_in_and_out_are_the_same_everywhere() -> None:
    network, data = _two_edges()
    inputs = network.samples(7)
    oracle, host = Oracle(data), HostModel(compile_model(data, "edges"))
    for results in (
        oracle.run_many(inputs),
        host.run_many(inputs),
        interpret(read_model(data), inputs),
        oracle.run_many([inputs[0].reshape(7, 3), inputs[1].reshape(7, 3)]),
    ):
        assert [result.shape for result in results] == [(7, 1, 3), (7, 1, 3)]
    with pytest.raises(UserError, match="use run_many"):
        oracle.run(inputs[0])
    with pytest.raises(UserError, match="use run_many"):
        host.run(inputs[0])


@needs_oracle
def test_no_samples_are_no_results() -> None:
    network, data = _two_edges()
    none = [array[:0] for array in network.samples(2)]
    for results in (
        Oracle(data).run_many(none),
        HostModel(compile_model(data, "edges")).run_many(none),
        interpret(read_model(data), none),
    ):
        assert [result.shape for result in results] == [(0, 1, 3), (0, 1, 3)]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.zeros((2, 3), np.int8)], "2 inputs, and 1"),
        ([np.zeros((2, 3), np.int8), np.zeros((2, 3), np.int16)], "is int8, not int16"),
        ([np.zeros((2, 3), np.int8), np.zeros((2, 4), np.int8)], "samples of shape"),
        ([np.zeros((2, 3), np.int8), np.zeros((4, 3), np.int8)], "unlike numbers"),
        ([np.zeros((2, 3), np.int8), np.zeros((), np.int8)], "samples of shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: list[Any], message: str) -> None:
    _, data = _two_edges()
    with pytest.raises(UserError, match=message):
        HostModel(compile_model(data, "edges")).run_many(arrays)
    with pytest.raises(UserError, match=message):
        interpret(read_model(data), arrays)


@needs_oracle
def test_a_stateful_model_starts_afresh_for_each_sample(shared: Path) -> None:
    zoo = shared / "models" / "zoo"
    golden = np.load(zoo / "lstm_fused.npz")
    oracle = Oracle((zoo / "lstm_fused.tflite").read_bytes())
    expected = golden["y0"].reshape(8, 6)
    assert np.array_equal(oracle.run(golden["x0"]), expected)
    assert np.array_equal(oracle.run(golden["x0"][::-1]), expected[::-1])


@needs_oracle
def test_a_broken_model_never_reaches_tflm(zoo: Path) -> None:
    for name in ("graph_output_range", "no_subgraphs", "trunc_half"):
        with pytest.raises(ModelError):
            Oracle((zoo / "broken" / f"{name}.tflite").read_bytes())


def test_without_the_package_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _, data = _two_edges()
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> Any:
        return None if name == "tflite_micro" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    assert not oracle_available()
    with pytest.raises(UserError, match="tflite-micro") as raised:
        Oracle(data)
    assert "pip install tflite-micro" in raised.value.hint
    interpret(read_model(data), _two_edges()[0].samples(2))
