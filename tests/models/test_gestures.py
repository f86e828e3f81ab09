"""Real gestures through the device's features and an int8 conv-1d; the benchmark does all folds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.project import AugmentationSettings, RawSettings, TrainingSettings

pytest.importorskip("tensorflow", reason="the extra `train` is not installed")


@pytest.fixture
def motion(repository: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    assert shared.is_dir()
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("motion")


def test_gestures_of_a_held_out_fifth(motion: Any) -> None:
    windows, labels, form = motion.read_gestures()
    assert np.bincount(labels).tolist() == [48, 26, 98, 16, 77]
    assert windows.shape == (265, 119 * 6)
    held = np.arange(len(labels)) % 5 == 0
    recipe = motion.Recipe(
        form,
        RawSettings(decimation=2),
        "conv-1d",
        AugmentationSettings(copies=1, shift_ms=80.0, gain_db=(-3.0, 3.0)),
        TrainingSettings(epochs=12, batch_size=16, learning_rate=0.004),
    )
    found = recipe.predictions(windows[~held], labels[~held], windows[held])
    assert (found == labels[held]).mean() > 0.85
