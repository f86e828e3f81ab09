"""What happens to windows in the field: each kind does what it says, by how much it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.pipeline.field_drift import DRIFTS, drifted
from coincell.project import WindowForm

SOUND = WindowForm("sound", 16_000, 1, 16_000)
MOTION = WindowForm("motion", 256, 3, 100)
PICTURE = WindowForm("picture", 1, 1, 0, 24, 18)
FORMS = (SOUND, MOTION, PICTURE)


def windows_of(form: WindowForm, count: int = 3, share: float = 0.1) -> NDArray[Any]:
    """[count, form.values] of noise, `share` of full scale."""
    noise = np.random.default_rng(4).standard_normal((count, form.values)) * share
    limits = np.iinfo(form.dtype)
    middle = (int(limits.max) + int(limits.min)) / 2
    return np.clip(np.rint(noise * limits.max + middle), limits.min, limits.max).astype(form.dtype)


def drift(windows: NDArray[Any], form: WindowForm, kind: str, severity: float) -> NDArray[Any]:
    return drifted(windows, form, kind, severity, np.random.default_rng(1))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.sense)
@pytest.mark.parametrize("kind", [*DRIFTS, "none"])
def test_every_kind_gives_windows_of_every_sense(form: WindowForm, kind: str) -> None:
    windows = windows_of(form)
    kept = windows.copy()
    for severity in (0.0, 0.3, 1.0):
        made = drift(windows, form, kind, severity)
        assert (made.dtype, made.shape) == (windows.dtype, windows.shape)
        assert (made == drift(windows, form, kind, severity)).all(), "the same each time"
        changed = severity > 0 and kind != "none"
        assert (made != windows).any() == changed
    assert (windows == kept).all(), "the windows themselves stay"


@pytest.mark.parametrize("severity", [0.25, 0.5, 1.0])
def test_ageing_takes_decibels_and_the_highest_first(severity: float) -> None:
    """A tone far below the cut loses 36 dB at the worst; at the cut 3 dB more."""
    seconds = np.arange(16_000) / 16_000
    cut = 8_000 * 0.01**severity
    for hertz, more_db in ((10.0, 0.0), (round(cut / 10) * 10.0, 3.01)):
        tone = np.rint(30_000 * np.sin(2 * np.pi * hertz * seconds)).astype(np.int16)[None]
        made = drift(tone, SOUND, "ageing", severity)
        lost_db = -20 * np.log10(made.astype(float).std() / tone.astype(float).std())
        assert lost_db == pytest.approx(36 * severity + more_db, abs=0.15)


@pytest.mark.parametrize("severity", [0.2, 1.0])
@pytest.mark.parametrize("form", [SOUND, MOTION], ids=lambda form: form.sense)
def test_noise_is_as_loud_as_told(form: WindowForm, severity: float) -> None:
    windows = windows_of(form, share=0.02)
    noise = drift(windows, form, "noise", severity).astype(float) - windows
    signal = windows.astype(float)
    if form is MOTION:
        signal = signal - signal.mean(1, keepdims=True)
    told_db = 10 * np.log10(np.square(signal).mean(1) / np.square(noise).mean(1))
    np.testing.assert_allclose(told_db, 20 - 30 * severity, atol=0.1)


def test_an_offset_is_a_share_of_full_scale_and_clips() -> None:
    windows = windows_of(MOTION, share=0.01)
    made = drift(windows, MOTION, "offset", 0.5)
    assert (made.astype(int) - windows == round(0.9 * 0.5 * 32768)).all()
    assert drift(windows_of(MOTION, share=0.5), MOTION, "offset", 1.0).max() == 32767


@pytest.mark.parametrize("severity", [0.25, 1.0])
def test_an_accent_is_higher_and_faster(severity: float) -> None:
    hertz, seconds = 200.0, np.arange(16_000) / 16_000
    tone = np.rint(9_000 * np.sin(2 * np.pi * hertz * seconds)).astype(np.int16)[None]
    made = drift(tone, SOUND, "accent", severity)[0, :4_000].astype(float)
    crossings = int((np.diff(np.signbit(made)) != 0).sum())
    assert crossings == pytest.approx(2 * hertz * (1 + severity) * 0.25, abs=2)


def test_a_broken_axis_stands_still_and_leaves_the_others_alone() -> None:
    windows = windows_of(MOTION, 40)
    made = drift(windows, MOTION, "broken-axis", 0.5)
    steps, before = made.reshape(40, 256, 3), windows.reshape(40, 256, 3)
    assert (steps[..., :2] == before[..., :2]).all()
    still = (np.diff(steps[..., 2].astype(int), axis=1) == 0).sum(1)
    assert still.max() > 100
    assert still.max() <= 128
    assert len(set(still.tolist())) > 10, "a window is cut anywhere"
