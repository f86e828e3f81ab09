"""Clips are brought to the window's length in one documented way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.data import import_recordings, load_windows
from coincell.data.fitting import fit_window
from coincell.errors import DataError
from data.fixtures import MakeProject, WriteTone


def test_a_short_clip_stands_in_the_middle() -> None:
    clip = np.array([1, 2, 3], np.int16)
    np.testing.assert_array_equal(fit_window(clip, 6), [0, 1, 2, 3, 0, 0])
    np.testing.assert_array_equal(fit_window(clip, 3), clip)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), window=st.integers(1, 300), longer=st.integers(1, 900))
def test_of_a_long_clip_the_loudest_stretch_is_kept(seed: int, window: int, longer: int) -> None:
    clip = np.random.default_rng(seed).integers(-32768, 32768, window + longer).astype(np.int16)
    step = max(1, window // 100)
    energies = [
        int(np.sum(clip[start : start + window].astype(np.int64) ** 2))
        for start in range(0, longer + 1, step)
    ]
    best = energies.index(max(energies)) * step
    np.testing.assert_array_equal(fit_window(clip, window), clip[best : best + window])


def test_windows_are_counted_and_in_order(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number, seconds in enumerate((0.4, 1.0, 1.5, 0.7)):
        write_tone(recordings / "yes" / f"{number}.wav", 500 + number, seconds)
        write_tone(recordings / "no" / f"{number}.wav", 900 + number, 1.0)
    project = make_project("yes", "no")
    dataset, data = import_recordings(recordings, project).dataset, project.configuration.data
    samples = [s for s in dataset.samples if s.label == "yes"]
    windows = load_windows(dataset, samples, data)
    assert windows.values.shape == (4, 16000)
    assert windows.values.dtype == np.int16
    assert (windows.padded, windows.cropped) == (2, 1)
    backwards = load_windows(dataset, samples[::-1], data)
    np.testing.assert_array_equal(backwards.values[::-1], windows.values)


def test_a_missing_or_changed_clip_is_named(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for label in ("yes", "no"):
        write_tone(recordings / label / "a.wav", 500 + len(label))
    project = make_project("yes", "no")
    dataset, data = import_recordings(recordings, project).dataset, project.configuration.data
    with pytest.raises(DataError, match=r"stored at 16000 Hz, but data\.sample_rate_hz is 8000"):
        load_windows(dataset, dataset.samples, data.model_copy(update={"sample_rate_hz": 8000}))
    path = dataset.directory / dataset.samples[0].file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"no/a-.*changed or cut"):
        load_windows(dataset, dataset.samples, data)
    path.unlink()
    with pytest.raises(DataError, match=r"no/a-.*cannot be read"):
        load_windows(dataset, dataset.samples, data)
