"""Altered copies of pictures, against what each setting alone must give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coincell.data import augment
from coincell.project import AugmentationSettings, WindowForm

FORM = WindowForm("picture", 1, 3, 0, 20, 16)
NONE = {
    "mirror": False, "shift_share": 0.0, "contrast": 0.0, "brightness": 0.0,
    "rotation_degrees": 0.0, "zoom": 0.0,
}  # fmt: skip


def _settings(**changed: float | bool) -> AugmentationSettings:
    return AugmentationSettings.model_validate(NONE | changed)


def _window(seed: int = 0, form: WindowForm = FORM) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, form.values).astype(np.uint8)


def _altered(settings: AugmentationSettings, seed: int, form: WindowForm = FORM) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return augment(_window(form=form), form, settings, [], generator).reshape(form.shape)


@pytest.mark.parametrize("channels", [1, 3])
def test_without_any_change_it_stays(channels: int) -> None:
    form = WindowForm("picture", 1, channels, 0, 20, 16)
    np.testing.assert_array_equal(_altered(_settings(), 3, form).reshape(-1), _window(form=form))


def test_half_are_mirrored() -> None:
    original = _window().reshape(FORM.shape)
    mirrored = [
        np.array_equal(_altered(_settings(mirror=True), seed), original[:, ::-1])
        for seed in range(40)
    ]
    plain = [np.array_equal(_altered(_settings(mirror=True), seed), original) for seed in range(40)]
    assert sum(mirrored) + sum(plain) == 40
    assert 8 < sum(mirrored) < 32


def test_moved_ones_repeat_the_edge() -> None:
    original = _window().reshape(FORM.shape)
    padded = np.pad(original, ((4, 4), (4, 4), (0, 0)), mode="edge")
    for seed in range(10):
        moved = _altered(_settings(shift_share=0.2), seed)
        cuts = [padded[top : top + 16, left : left + 20] for top in range(9) for left in range(9)]
        assert any(np.array_equal(moved, cut) for cut in cuts)


def test_turned_and_zoomed_as_scipy_does() -> None:
    """SciPy's map, of the angle and the factor that are drawn first, gives the same."""
    settings = _settings(rotation_degrees=20.0, zoom=0.3)
    original = _window().reshape(FORM.shape).astype(np.float64)
    for seed in range(5):
        generator = np.random.default_rng(seed)
        generator.integers(0, 1)
        generator.integers(0, 1)
        angle = np.radians(generator.uniform(-20.0, 20.0))
        larger = 1.3 ** generator.uniform(-1.0, 1.0)
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix /= larger
        middle = np.array([7.5, 9.5])
        offset = middle - matrix @ middle
        wanted = np.stack(
            [
                ndimage.affine_transform(
                    original[:, :, channel], matrix, offset, order=1, mode="nearest"
                )
                for channel in range(3)
            ],
            axis=-1,
        )
        got = _altered(settings, seed)
        assert np.abs(got - wanted).max() <= 0.51


def test_brightness_and_contrast_saturate() -> None:
    settings = _settings(brightness=1.0, contrast=1.0)
    pictures = np.stack([_altered(settings, seed) for seed in range(20)])
    assert pictures.min() == 0
    assert pictures.max() == 255
    means = pictures.mean(axis=(1, 2, 3))
    assert means.std() > 20


def test_the_same_generator_gives_the_same_copy() -> None:
    settings = AugmentationSettings()
    np.testing.assert_array_equal(_altered(settings, 5), _altered(settings, 5))
    assert not np.array_equal(_altered(settings, 5), _altered(settings, 6))
