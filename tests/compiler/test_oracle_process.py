"""The oracle in a process of its own: the same answers, and what becomes of a crash or a hang."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import Oracle, OracleError, OracleProcess, oracle_available
from coincell.errors import ModelError, UserError
from compiler.misbehaving_tflm import CRASH, HANG, put_before_the_real_one
from compiler.networks import Network

pytestmark = pytest.mark.skipif(
    not oracle_available(), reason="needs the package tflite-micro (Linux on x86-64)"
)


def _model() -> bytes:
    """int8 [1, 6] -> fully connected -> [1, 4]."""
    network = Network(5)
    return network.tflite(network.fully_connected(network.input((1, 6)), 4))


def test_it_answers_as_the_one_in_this_process() -> None:
    network = Network(2)
    a, b = network.input((1, 3)), network.input((1, 1, 3))
    data = network.tflite(network.add(a, b), network.elementwise(b, 14))
    inputs = network.samples(70)
    with OracleProcess(data) as process:
        for count in (70, 1, 33, 0):
            given = [array[:count] for array in inputs]
            for ours, theirs in zip(
                process.run_many(given), Oracle(data).run_many(given), strict=True
            ):
                assert ours.shape == (count, 1, 3)
                np.testing.assert_array_equal(ours, theirs)
        with pytest.raises(UserError, match="2 inputs, and 1 were given"):
            process.run_many(inputs[:1])
        assert len(process.run_many(inputs)) == 2, "a mistake of the caller's costs nothing"


def test_states_begin_and_go_on_as_in_this_process(shared: Path) -> None:
    zoo = shared / "models" / "zoo"
    data = (zoo / "lstm_fused.tflite").read_bytes()
    samples = np.concatenate([np.load(zoo / "lstm_fused.npz")["x0"]] * 5)
    oracle = Oracle(data)
    with OracleProcess(data) as process:
        for consecutive in (True, False, True):
            expected = oracle.run(samples, consecutive)
            np.testing.assert_array_equal(process.run(samples, consecutive), expected)
    assert not np.array_equal(oracle.run(samples, True), oracle.run(samples))


def test_a_file_on_which_tflm_crashes_takes_only_its_process_with_it(zoo: Path) -> None:
    data = (zoo / "broken" / "conv_depth_mismatch.tflite").read_bytes()
    with OracleProcess(data) as process:
        (tensor,) = process._inputs
        with pytest.raises(OracleError, match="crashed on this model, SIGFPE"):
            process.run_many([np.zeros((2, *tensor.shape), np.int8)])
        assert process._process.poll() is not None


@pytest.mark.parametrize("name", ["custom_op", "scale_count", "no_quantization"])
def test_what_tflm_refuses_is_told_in_its_words(zoo: Path, name: str) -> None:
    with pytest.raises(OracleError, match=r"refuses it, TFLM failed .*\((Failed to get|Node CONV)"):
        OracleProcess((zoo / "broken" / f"{name}.tflite").read_bytes())


def test_a_damaged_file_never_reaches_it(zoo: Path) -> None:
    for name in ("graph_output_range", "no_subgraphs", "trunc_half"):
        with pytest.raises(ModelError):
            OracleProcess((zoo / "broken" / f"{name}.tflite").read_bytes())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"load": CRASH}, "it crashed on this model, SIGSEGV"),
        ({"invoke": "os.abort()"}, "it crashed on this model, SIGABRT"),
        ({"invoke": "os._exit(7)"}, "its process ended with exit code 7"),
        ({"load": HANG}, "it gave no answer within 1 s"),
        ({"invoke": HANG}, "it gave no answer within 1 s"),
        ({"invoke": "raise RuntimeError('no\\x1b[31m')"}, r"it refuses it, no \[31m"),
        ({"load": "print('words'); raise ValueError()"}, r"it refuses it, \(words\)"),
        ({"load": "raise ValueError('x' * 10**6)"}, "it refuses it, x{180,200}$"),
        ({"shape": "(1, 5)"}, "it makes outputs of 5 bytes"),
        ({"shape": "(1, 1 << 20)"}, "it makes outputs of"),
    ],
)
def test_whatever_tflm_does_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], reason: str
) -> None:
    put_before_the_real_one(tmp_path, monkeypatch, **wrong)
    with (
        pytest.raises(OracleError, match="has no answer for the model: it") as refusal,
        OracleProcess(_model(), seconds=1) as process,
    ):
        process.run(np.zeros((40, 6), np.int8))
    assert re.search(reason, refusal.value.reason), refusal.value.reason


def test_the_time_is_that_of_one_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty samples that take longer together than one may are no hang."""
    put_before_the_real_one(tmp_path, monkeypatch, invoke="time.sleep(0.05)")
    with OracleProcess(_model(), seconds=1) as process:
        assert process.run(np.zeros((40, 6), np.int8)).shape == (40, 4)
