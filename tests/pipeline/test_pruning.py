"""Pruning to limits: what is asked of whom, in which order, and when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.errors import ConfigurationError
from coincell.models import History, build_network, count_parameters, predict_float, train
from coincell.pipeline.pruning import PruningWork, fewest, prune
from coincell.project import (
    ModelSettings,
    PruningSettings,
    TrainingSettings,
    parse_configuration,
)
from models.toy import CLASSES, QUANTIZATION, make_examples

BOARD = 1000.0  # what the image takes without a network, of the cost that stands in for a board


@given(
    st.lists(st.floats(0.01, 2), min_size=2, max_size=60).filter(lambda x: sorted(x)[0] <= 1),
)
def test_as_few_go_as_need_be(excesses: list[float]) -> None:
    falling = sorted(excesses, reverse=True)
    asked: list[int] = []

    def excess(count: int) -> float:
        asked.append(count)
        return falling[count]

    found = fewest(len(falling) - 1, excess)
    assert falling[found] <= 1
    assert found == 0 or falling[found - 1] > 1 or falling[found] >= 0.98
    assert len(set(asked)) <= 2 + 2 * np.ceil(np.log2(len(falling)))


@pytest.fixture(scope="module")
def trained() -> tuple[Any, Any]:
    learning = make_examples(1, 160)
    network = build_network(ModelSettings(architecture="tiny-conv"), (21, 10), CLASSES, 1)
    train(network, learning, None, TrainingSettings(epochs=6, batch_size=16), seed=1)
    return network, learning


class Heard:
    """A board whose cost is the parameters and a fixed share, and training that takes note."""

    def __init__(self) -> None:
        self.trained: list[tuple[int, TrainingSettings]] = []

    def cost(self, network: Any) -> Mapping[str, float]:
        return {"cycles": BOARD + count_parameters(network)}

    def work(self, learning: Any, fit: Callable[..., History]) -> PruningWork:
        def noted(network: Any, settings: TrainingSettings, word: str) -> History:
            assert "step" in word
            self.trained.append((count_parameters(network), settings))
            return fit(network, settings)

        settings = TrainingSettings(epochs=6, batch_size=16, learning_rate=0.002)
        return PruningWork(
            learning, settings, "classes", 1, self.cost, noted, lambda done, total, message: None
        )


def _work(learning: Any) -> tuple[Heard, PruningWork]:
    heard = Heard()
    return heard, heard.work(
        learning, lambda network, settings: train(network, learning, None, settings, seed=1)
    )


def test_limits_are_neared_by_equal_factors_and_kept(trained: tuple[Any, Any]) -> None:
    network, learning = trained
    heard, work = _work(learning)
    settings = PruningSettings(
        shares={"cycles": 0.6}, limits={"cycles": 9e9}, steps=3, epochs=1, recovery_epochs=4
    )
    made = prune(network, work, settings)
    before = BOARD + count_parameters(network)
    assert made.before["cycles"] == before
    assert made.limits == {"cycles": pytest.approx(0.6 * before)}
    for step, told in enumerate(made.steps, 1):
        goal = before * 0.6 ** (step / 3)
        assert 0.6 * goal < told["figures"]["cycles"] <= goal  # widths are 8, 6, 4 ...
        assert told["parameters"] == heard.trained[step - 1][0]
    assert made.after["cycles"] == BOARD + count_parameters(made.network) <= 0.6 * before
    assert [s.epochs for _, s in heard.trained] == [1, 1, 4]
    assert {s.learning_rate for _, s in heard.trained} == {settings.learning_rate}
    scores = predict_float(made.network, learning.features, QUANTIZATION)
    assert (scores.argmax(axis=1) == learning.labels).mean() > 0.9


def test_a_network_within_its_limits_stays_as_it_is(trained: tuple[Any, Any]) -> None:
    network, learning = trained
    heard, work = _work(learning)
    made = prune(network, work, PruningSettings(limits={"cycles": 1e9}))
    assert made.network is network
    assert (made.steps, made.history, heard.trained) == ((), None, [])


def test_what_cannot_be_reached_is_refused_before_training(trained: tuple[Any, Any]) -> None:
    network, learning = trained
    heard, work = _work(learning)
    with pytest.raises(ConfigurationError, match=r"reach cycles 1,000, where 1,\d+ is the least"):
        prune(network, work, PruningSettings(limits={"cycles": BOARD}))
    assert not heard.trained


def test_what_nothing_measures_cannot_be_limited(trained: tuple[Any, Any]) -> None:
    network, learning = trained
    _, work = _work(learning)
    with pytest.raises(ConfigurationError, match="nothing measures energy_uj"):
        prune(network, work, PruningSettings(limits={"energy_uj": 5}))


def test_a_share_of_channels_is_a_budget_too(trained: tuple[Any, Any]) -> None:
    network, learning = trained
    _, work = _work(learning)
    settings = PruningSettings(shares={"channels": 0.5}, steps=1, recovery_epochs=1)
    made = prune(network, replace(work, learning=learning), settings)
    assert made.after["channels"] == made.before["channels"] / 2


@pytest.mark.parametrize(
    "table",
    ["shares = { cycles = 0.0 }", "shares = { accuracy = 0.5 }", "limits = { channel = 3 }",
     "steps = 0"],
)  # fmt: skip
def test_budgets_that_cannot_be_are_refused(table: str) -> None:
    text = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[pruning]\n'
    with pytest.raises(ConfigurationError, match="pruning"):
        parse_configuration(text + table)


def test_a_model_that_is_not_trained_here_is_not_pruned() -> None:
    text = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[model]\nfile = "a.tflite"\n'
    with pytest.raises(ConfigurationError, match="needs a network that is trained here"):
        parse_configuration(text + "[pruning]\nlimits = { cycles = 9 }\n")
