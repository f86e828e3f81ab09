"""Pictures brought to size, against SciPy's interpolation and Pillow's gray."""

from __future__ import annotations

from itertools import product

import numpy as np
import PIL.Image
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.picture import PictureBlock
from coincell.project import PictureSettings, WindowForm
from features.block_checks import check_emitted, made_windows, series_form

Float = NDArray[np.float64]


def picture_form(width: int, height: int, channels: int = 1) -> WindowForm:
    return WindowForm("picture", 1, channels, 0, width, height)


def oracle(pixels: NDArray[np.uint8], form: WindowForm, chosen: PictureSettings) -> Float:
    """float64 [height, width, channels]: the definition with SciPy's straight lines."""
    source = pixels.reshape(form.shape).astype(np.float64)
    if chosen.color == "gray" and form.channels == 3:
        source = source @ np.array([[0.299], [0.587], [0.114]])
    if chosen.color == "rgb":
        source = np.broadcast_to(source, (*form.shape[:2], 3))
    sides = np.array([chosen.height / form.height, chosen.width / form.width])
    if chosen.resize != "stretch":
        sides[:] = max(sides) if chosen.resize == "crop" else min(sides)
    whole = np.maximum(np.rint(np.array(form.shape[:2]) * sides), 1).astype(int)
    size = (chosen.height, chosen.width)
    shown = [min(pair) for pair in zip(size, whole, strict=True)]
    steps = [
        length / part if length * side <= full + 0.5 else 1 / side
        for length, part, side, full in zip(form.shape, shown, sides, size, strict=False)
    ]
    centres = [
        np.clip(length / 2 + (np.arange(part) + 0.5 - part / 2) * step - 0.5, 0, length - 1)
        for length, part, step in zip(form.shape, shown, steps, strict=False)
    ]
    grid = np.meshgrid(*centres, indexing="ij")
    result = np.full((*size, source.shape[2]), 127.5)
    top, left = ((full - part) // 2 for full, part in zip(size, shown, strict=True))
    for channel in range(source.shape[2]):
        made = scipy.ndimage.map_coordinates(source[..., channel], grid, order=1, mode="nearest")
        result[top : top + shown[0], left : left + shown[1], channel] = made
    return result / 127.5 - 1 if chosen.values == "centred" else result / 255


@settings(max_examples=120)
@given(
    source=st.tuples(st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 3])),
    width=st.integers(4, 50),
    height=st.integers(4, 50),
    color=st.sampled_from(["gray", "rgb"]),
    resize=st.sampled_from(["crop", "fit", "stretch"]),
    values=st.sampled_from(["centred", "unit"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_picture_follows_float64(
    source: tuple[int, int, int],
    width: int,
    height: int,
    color: str,
    resize: str,
    values: str,
    seed: int,
) -> None:
    """Within a sixth of a gray level: weights of 1/2048 either way, and rounding to 1/256."""
    form = picture_form(*source)
    chosen = PictureSettings.model_validate(
        {"width": width, "height": height, "color": color, "resize": resize, "values": values}
    )
    block = PictureBlock(chosen, form)
    pictures = made_windows(form, seed)
    got = block.compute(pictures) * block.fixed_point_scale
    wanted = np.stack([oracle(picture, form, chosen) for picture in pictures])
    level = 1 / 127.5 if values == "centred" else 1 / 255
    assert np.abs(got - wanted).max() <= level / 6


@pytest.mark.parametrize(
    ("values", "channels", "color"), list(product(("centred", "unit"), (1, 3), ("gray", "rgb")))
)
def test_at_its_own_size_every_pixel_becomes_itself_less_128(
    values: str, channels: int, color: str
) -> None:
    """By the scale and zero point that networks have whose input was p / 127.5 - 1 or p / 255."""
    form = picture_form(16, 16, channels)
    chosen = {"width": 16, "height": 16, "values": values, "color": color}
    block = PictureBlock(PictureSettings.model_validate(chosen), form)
    levels = np.repeat(np.arange(256, dtype=np.uint8), channels)
    features = block.run(levels[np.newaxis], block.exact_quantization)[0]
    expected = np.arange(256).reshape(16, 16, 1) - 128
    assert np.array_equal(features, np.broadcast_to(expected, features.shape))


def test_gray_is_that_of_pillow() -> None:
    """To a level, since Pillow rounds; over a grid of colours with all corners."""
    steps = np.linspace(0, 255, 16).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(64, 64, 3)
    theirs = np.asarray(PIL.Image.fromarray(colors).convert("L"), np.float64)
    block = PictureBlock(PictureSettings(width=64, height=64), picture_form(64, 64, 3))
    ours = (block.compute(colors.reshape(1, -1))[0, :, :, 0] * block.fixed_point_scale + 1) * 127.5
    assert np.abs(ours - theirs).max() <= 0.51


def test_halving_is_the_mean_of_four_pixels() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (1, 64 * 64)).astype(np.uint8)
    block = PictureBlock(PictureSettings(width=32, height=32, values="unit"), picture_form(64, 64))
    means = pixels.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    got = block.compute(pixels)[0, :, :, 0] * block.fixed_point_scale * 255
    assert np.abs(got - means).max() < 0.01


def test_crop_shows_the_middle_and_fit_shows_all() -> None:
    pixels = np.zeros((8, 24), np.uint8)
    pixels[:, 8:16] = 200
    form, source = picture_form(24, 8), pixels.reshape(1, -1)
    crop = PictureBlock(PictureSettings(width=8, height=8, values="unit"), form)
    assert (np.rint(crop.compute(source) / 128) == 200).all()
    fit = PictureBlock(PictureSettings(width=24, height=24, values="unit", resize="fit"), form)
    fitted = fit.compute(source)[0, :, :, 0] / 128
    assert (np.rint(fitted[8:16]) == pixels).all()
    assert (fitted[:8] == 127.5).all()
    assert (fitted[16:] == 127.5).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resize", ["crop", "fit", "stretch"])
def test_emitted_code_and_python_give_the_same_bytes(channels: int, resize: str) -> None:
    for color in ("gray", "rgb"):
        chosen = {"width": 20, "height": 14, "resize": resize, "color": color}
        block = PictureBlock(PictureSettings.model_validate(chosen), picture_form(33, 17, channels))
        check_emitted(block, "seen")


def test_only_pictures_are_taken() -> None:
    with pytest.raises(ConfigurationError, match="for pictures"):
        PictureBlock(PictureSettings(), series_form(100, 3))
