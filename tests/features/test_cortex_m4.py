"""The emitted C on an emulated Cortex-M4, where its products are single instructions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emulated_core import cross_compiler, run_on_cortex_m4
from features.hard_windows import QUANTIZATION, SETTINGS, block_of, largest_windows
from features.signals import synthetic_windows

SIZE = 40000


@pytest.mark.parametrize(("family", "level"), [("gcc", "-O2"), ("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_bytes(tmp_path: Path, family: str, level: str) -> None:
    compiler = cross_compiler(family)
    made = synthetic_windows()
    some = np.stack([made[name] for name in ("chirp", "one-bit noise", "silence")])
    windows = np.concatenate([some, largest_windows()[[0, 2, 5]]])
    sources: dict[str, str] = {}
    for name in SETTINGS:
        sources |= block_of(name).c_sources(name, QUANTIZATION)
    calls = [f"{name}_features_run" for name in SETTINGS]
    answer = run_on_cortex_m4(compiler, level, tmp_path, sources, calls, windows, SIZE)
    answers = np.frombuffer(answer, np.int8).reshape(len(windows), len(SETTINGS), SIZE)
    for place, name in enumerate(SETTINGS):
        expected = block_of(name).run(windows, QUANTIZATION).reshape(len(windows), -1)
        assert np.array_equal(answers[:, place, : expected.shape[1]], expected), name
