"""Copies in another voice or light: what each setting alone must give, and who draws what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.data import augment, augment_targeted
from coincell.data.augment_targeted import relit
from coincell.project import AugmentationSettings, MitigationSettings, WindowForm

SOUND = WindowForm("sound", 16000, 1, 16000)
MOTION = WindowForm("motion", 64, 3, 100)
STILL = AugmentationSettings(shift_ms=0.0, gain_db=(0.0, 0.0), noise_probability=0.0)


def picture(channels: int) -> WindowForm:
    return WindowForm("picture", 1, channels, 0, 20, 16)


def pixels(form: WindowForm, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, form.values).astype(np.uint8)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), channels=st.sampled_from([1, 3]), lighting=st.floats(0, 1))
def test_light_keeps_the_order_of_brightness(seed: int, channels: int, lighting: float) -> None:
    """In each colour what was brighter is no darker now, and black stays black."""
    form = picture(channels)
    ramp = np.repeat(np.arange(256, dtype=np.uint8), channels)
    lit = relit(ramp, form, lighting, np.random.default_rng(seed)).reshape(-1, channels)
    assert (np.diff(lit.astype(int), axis=0) >= 0).all()
    assert not lit[0].any()
    low, high = 255 / (1 + lighting) ** 1.67, 255
    assert (lit[255] >= np.floor(low)).all()
    assert (lit[255] <= high).all()


def test_no_light_changes_nothing() -> None:
    for channels in (1, 3):
        form = picture(channels)
        same = relit(pixels(form), form, 0.0, np.random.default_rng(1))
        np.testing.assert_array_equal(same, pixels(form))


def test_grey_keeps_grey_and_colour_gets_a_cast() -> None:
    grey = np.full(picture(3).values, 90, np.uint8)
    lit = [relit(grey, picture(3), 0.8, np.random.default_rng(s)).reshape(-1, 3) for s in range(40)]
    assert all((each == each[0]).all() for each in lit), "every pixel in the same light"
    assert np.mean([np.ptp(each[0]) > 3 for each in lit]) > 0.8
    means = [each[0].mean() for each in lit]
    assert min(means) < 70
    assert max(means) > 110


def test_a_voice_is_drawn_within_its_bounds() -> None:
    """Semitones of a sine, by the highest place of its spectrum."""
    hertz = 600.0
    window = np.rint(8000 * np.sin(2 * np.pi * hertz * np.arange(16000) / 16000)).astype(np.int16)
    told = MitigationSettings(pitch_semitones=3.0, formant_percent=0.0)
    moved = []
    for seed in range(16):
        copy = augment_targeted(window, SOUND, STILL, told, [], np.random.default_rng(seed))
        spectrum = np.abs(np.fft.rfft(copy * np.hanning(16000)))
        moved.append(12 * np.log2(float(spectrum.argmax()) / hertz))
    assert max(np.abs(moved)) < 3.05
    assert min(moved) < -1
    assert max(moved) > 1


def test_of_motion_it_is_the_copy_as_ever() -> None:
    window = pixels(MOTION).astype(np.int16) * 30
    ways = [
        augment(window, MOTION, AugmentationSettings(), [], np.random.default_rng(3)),
        augment_targeted(
            window, MOTION, AugmentationSettings(), MitigationSettings(), [],
            np.random.default_rng(3),
        ),
    ]  # fmt: skip
    np.testing.assert_array_equal(*ways)


@pytest.mark.parametrize("form", [SOUND, picture(1), picture(3)], ids=["sound", "grey", "colour"])
def test_the_same_generator_gives_the_same_copy(form: WindowForm) -> None:
    window = pixels(form).astype(form.dtype)
    made = [
        augment_targeted(
            window, form, AugmentationSettings(), MitigationSettings(), [],
            np.random.default_rng(seed),
        )
        for seed in (5, 5, 6)
    ]  # fmt: skip
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()
