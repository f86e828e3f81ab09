"""Sounds, pictures and readings that a page shows are those of the window."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
import pytest

from coincell.pipeline.report_parts_gallery import (
    heat_of,
    mattered_of,
    picture_of,
    sound_of,
    traces_of,
)
from coincell.project import DataSettings

MOTION = DataSettings(
    sense="motion", labels=("a", "b"), sample_rate_hz=100, window_ms=1000,
    channels=("x", "y"), units=("g", "deg/s"), full_scale=(4.0, 2000.0),
)  # fmt: skip
SOUND = DataSettings(labels=("a", "b"))


def _picture(color):
    camera = {"width": 200, "height": 100, "color": color}
    return DataSettings(sense="picture", labels=("a", "b"), camera=camera)


def _pixels(png):
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(base64.b64decode(png))))


def test_readings_stand_in_their_unit_and_no_peak_is_lost():
    window = np.zeros((100, 2), np.int16)
    window[37] = (16384, -32768)
    x, y = traces_of(window.ravel(), MOTION)
    assert (x.name, x.unit, max(x.high)) == ("x", "g", 2.0)
    assert (y.name, y.unit, min(y.low)) == ("y", "deg/s", -2000.0)
    (sound,) = traces_of(np.repeat(window[:, 0], 160), SOUND)
    assert len(sound.high) == 160
    assert max(sound.high) == 0.5


def test_a_sound_is_the_very_samples():
    window = np.random.default_rng(1).integers(-(2**15), 2**15, 16000).astype(np.int16)
    told = sound_of(window, SOUND)
    with wave.open(io.BytesIO(base64.b64decode(told))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(16000) == window.tobytes()
    assert sound_of(np.zeros(200, np.int16), MOTION) is None
    assert sound_of(np.zeros(20000, np.uint8), _picture("gray")) is None


@pytest.mark.parametrize(("color", "colors"), [("gray", ()), ("rgb", (3,))])
def test_a_picture_is_itself_at_a_bounded_size(color, colors):
    data = _picture(color)
    window = np.random.default_rng(2).integers(0, 256, data.form.shape).astype(np.uint8)
    shown = _pixels(picture_of(window.ravel(), data))
    assert shown.shape == (50, 100, *colors)
    assert np.array_equal(shown.reshape(50, 100, -1), window[::2, ::2])


def test_heat_is_orange_for_and_blue_against_where_the_features_are():
    """Bands: time to the right, the lowest below; channels: the first on top; pictures as is."""
    features = np.zeros((5, 4), np.int8)
    change = np.zeros((5, 4))
    change[4, 0], change[0, 3] = 2.0, -2.0
    bands = _pixels(heat_of(features, change, "bands")).astype(int)
    channels = _pixels(heat_of(features, change, "channels")).astype(int)
    picture = _pixels(heat_of(features, change, "picture")).astype(int)
    assert bands.shape == channels.shape == (4, 5, 3)
    assert picture.shape == (5, 4, 3)
    for drawn, warm, cold in (
        (bands, (3, 4), (0, 0)), (channels, (0, 4), (3, 0)), (picture, (4, 0), (0, 3)),
    ):  # fmt: skip
        warmth = drawn[..., 0] - drawn[..., 2]
        assert np.unravel_index(warmth.argmax(), warmth.shape) == warm
        assert np.unravel_index(warmth.argmin(), warmth.shape) == cold
        assert np.count_nonzero(warmth) == 2
    assert (picture[1, 1] == 128).all()  # as bright as the picture itself: 0 is the middle


def test_columns_are_named_with_the_most_first():
    told = mattered_of(np.array([[0.0, -3.0, 1.0]]), ("rms", "mean", "kurtosis"))
    assert [(each.name, each.change) for each in told] == [("mean", -3.0), ("kurtosis", 1.0)]
