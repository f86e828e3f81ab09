"""Schedules and optimizers."""

import pytest

from coincell.models._optimizer import learning_rate_at, make_optimizer
from coincell.project import TrainingSettings


def test_schedules() -> None:
    constant = TrainingSettings(schedule="constant", learning_rate=0.5)
    cosine = TrainingSettings(schedule="cosine", learning_rate=0.5)
    step = TrainingSettings(schedule="step", learning_rate=0.5)
    assert [learning_rate_at(constant, at) for at in (0, 0.5, 1)] == [0.5, 0.5, 0.5]
    assert [learning_rate_at(cosine, at) for at in (0, 0.5, 1)] == pytest.approx([0.5, 0.25, 0])
    assert [learning_rate_at(step, at) for at in (0, 0.49, 0.5, 0.75)] == pytest.approx(
        [0.5, 0.5, 0.05, 0.005]
    )


@pytest.mark.parametrize(("name", "kind"), [("sgd", "SGD"), ("adam", "Adam"), ("adamw", "AdamW")])
def test_optimizers(name: str, kind: str) -> None:
    optimizer = make_optimizer(
        TrainingSettings.model_validate({"optimizer": name, "learning_rate": 0.25})
    )
    assert type(optimizer).__name__ == kind
    assert float(optimizer.learning_rate) == 0.25
