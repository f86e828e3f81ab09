"""A few recordings of a project's test split, as windows: what a board is tried on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.manifest import MANIFEST_FILE, Sample, read_manifest
from coincell.data.windows import load_windows
from coincell.project import DataSettings

_MOST = 8


def held_out_windows(data_directory: Path, settings: DataSettings) -> dict[str, NDArray[Any]]:
    """File -> window [form.values] of up to eight recordings, the classes in turns.

    Args:
        data_directory: with the manifest; without one there are no recordings.
        settings: the project's, for the window.

    Raises:
        DataError: the manifest or a recording is damaged.
    """
    if not (data_directory / MANIFEST_FILE).is_file():
        return {}
    dataset = read_manifest(data_directory)
    by_class: dict[str, list[Sample]] = {}
    for sample in dataset.samples:
        if sample.split == "test":
            by_class.setdefault(sample.label, []).append(sample)
    turns = [(place, sample) for of_class in by_class.values() for place, sample in
             enumerate(of_class)]  # fmt: skip
    chosen = [sample for _, sample in sorted(turns, key=lambda turn: turn[0])][:_MOST]
    windows = load_windows(dataset, chosen, settings)
    firsts = np.searchsorted(windows.samples, np.arange(len(chosen)))
    return {sample.file: windows.values[row] for sample, row in zip(chosen, firsts, strict=True)}
