"""What the stage that measures says before anything is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.errors import DataError
from coincell.pipeline.clips import Clips
from coincell.pipeline.stages.measure import _first_test_row


def _clips(folder: Path, *splits: str) -> Clips:
    count = len(splits)
    files = tuple(f"{place}.wav" for place in range(count))
    groups = tuple({} for _ in range(count))
    numbers = np.zeros(count)
    return Clips(folder, files, numbers.astype(np.int64), numbers, np.array(splits), groups)


def test_the_first_test_window_is_measured(tmp_path: Path) -> None:
    assert _first_test_row(_clips(tmp_path, "train", "test", "test")) == 1


def test_without_a_test_window_it_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="received 2 windows, none of it") as refusal:
        _first_test_row(_clips(tmp_path, "train", "validation"))
    assert "data.split.test" in refusal.value.hint
