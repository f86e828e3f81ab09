"""The chain as C: the host library against NumPy, and applications that cannot be."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from coincell.errors import DataError, InternalError, ModelError
from coincell.firmware import application_sources, build_host_library
from coincell.runtime import Decision
from coincell.toolchain import host_compilers
from stand_in import (
    StandInNetwork,
    StandInTensor,
    expected_scores,
    random_windows,
    stand_in_application,
)


@pytest.mark.parametrize("compiler", host_compilers(), ids=lambda compiler: compiler.name)
def test_host_library_equals_the_chain_in_python(compiler: object) -> None:
    application = stand_in_application()
    windows = random_windows(40)
    result = build_host_library(application, compiler).process(windows)  # type: ignore[arg-type]
    features = application.features.run(windows, application.quantization).reshape(40, -1)
    scores = expected_scores(features)
    decision = Decision(3, application.decision.smoothing_windows, application.threshold)
    labels, means = decision.run_apart(scores)
    np.testing.assert_array_equal(result.features, features)
    np.testing.assert_array_equal(result.scores, scores)
    np.testing.assert_array_equal(result.labels, labels)
    np.testing.assert_array_equal(result.decision_scores, means)
    assert len(np.unique(result.labels)) > 1, "the windows must not all decide alike"


def test_each_window_stands_alone() -> None:
    library = build_host_library(stand_in_application())
    windows = random_windows(12)
    together = library.process(windows)
    apart = [library.process(windows[i : i + 1]) for i in reversed(range(12))][::-1]
    for field in dataclasses.fields(together):
        joined = np.concatenate([getattr(one, field.name) for one in apart])
        np.testing.assert_array_equal(getattr(together, field.name), joined)


def test_no_windows_give_no_results() -> None:
    result = build_host_library(stand_in_application()).process(random_windows(4)[:0])
    assert result.scores.shape == (0, 3)
    assert result.labels.shape == (0,)


def test_a_wrong_window_is_refused() -> None:
    library = build_host_library(stand_in_application())
    with pytest.raises(DataError, match=r"int16 \[n, 1600\]"):
        library.process(random_windows(2)[:, :-1])
    with pytest.raises(DataError, match="float64"):
        library.process(random_windows(2).astype(np.float64))  # type: ignore[arg-type]


def test_a_failing_step_is_told_with_its_code() -> None:
    failing = stand_in_application(StandInNetwork(invoke="if (input[0] != 99) return 7;"))
    with pytest.raises(ModelError, match="7"):
        build_host_library(failing).process(random_windows(1))


def test_the_image_describes_itself() -> None:
    description = json.loads(stand_in_application().description)
    assert description["labels"] == ["silence", "yes", "no"]
    assert description["name"] == "tiny"
    assert description["model_sha256"] == "0" * 64


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (StandInNetwork(inputs=(StandInTensor((1, 31)),)), "32 int8"),
        (StandInNetwork(inputs=(StandInTensor((1, 32), "float32"),)), "float32"),
        (StandInNetwork(inputs=()), "one input"),
        (StandInNetwork(outputs=(StandInTensor((1, 4)),)), "3 labels"),
        (StandInNetwork(outputs=(StandInTensor((1, 3), "int16"),)), "int16"),
    ],
)
def test_a_network_that_does_not_suit_is_refused(network: StandInNetwork, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        stand_in_application(network)


def test_two_files_of_one_name_are_our_fault() -> None:
    clash = StandInNetwork(more_sources={"decision/decision.h": "/* another */"})
    with pytest.raises(InternalError, match=r"decision/decision\.h"):
        application_sources(stand_in_application(clash))


def test_no_float_and_no_allocation_in_our_c() -> None:
    for path, text in application_sources(stand_in_application()).items():
        if path.startswith("application/"):
            assert "malloc" not in text
            assert "float" not in text
