"""Recordings that are changed: each edit does what its name says, by oracles where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import UserError
from coincell.project import DataSettings, parse_configuration
from coincell.studio.edits import altered, edits_for, values_of
from coincell.studio.edits.motion import rotation
from coincell.studio.edits.picture import blurred
from coincell.studio.edits.sound import filtered, stretched
from studio_project import SHAKEN, TONES

PICTURE = """
[project]
name = "seen"
task = "visual-wake-word"
[data]
sense = "picture"
labels = ["person", "none"]
[data.camera]
width = 24
height = 16
color = "rgb"
[features]
block = "picture"
"""
RATE = 16000


def _data(text: str) -> DataSettings:
    return parse_configuration(text).data


SOUND, MOTION = _data(TONES), _data(SHAKEN)


def _tone(hertz: float, level: float = 0.3) -> NDArray[np.int16]:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE) * np.hanning(RATE)
    return np.rint(wave * 32768).astype(np.int16)


def _pitch(window: NDArray[Any]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(window.astype(float)))) * RATE / len(window))


def _power(window: NDArray[Any]) -> float:
    return float(np.mean(window.astype(float) ** 2))


def test_gain_is_in_decibels_and_saturates() -> None:
    tone = _tone(500)
    softer = altered(tone, {"gain_db": -20.0}, SOUND)
    assert np.abs(softer - tone / 10.0).max() <= 0.5
    assert np.abs(altered(tone, {"gain_db": 40.0}, SOUND).astype(int)).max() in (32767, 32768)


@pytest.mark.parametrize("snr", [-10.0, 0.0, 20.0])
@pytest.mark.parametrize("kind", range(4))
def test_noise_comes_at_its_ratio(snr: float, kind: int) -> None:
    tone = _tone(500, 0.05)
    noisy = altered(tone, {"snr_db": snr, "noise": float(kind)}, SOUND)
    noise = noisy.astype(float) - tone
    assert 10 * np.log10(_power(tone) / _power(noise)) == pytest.approx(snr, abs=0.1)
    assert np.array_equal(noisy, altered(tone, {"snr_db": snr, "noise": float(kind)}, SOUND))


@pytest.mark.parametrize("milliseconds", [-300.0, 125.0])
def test_a_shift_moves_and_leaves_silence(milliseconds: float) -> None:
    tone = _tone(500)
    moved = altered(tone, {"shift_ms": milliseconds}, SOUND)
    steps = round(milliseconds * 16)
    assert np.array_equal(np.roll(tone, steps)[200:-200][moved[200:-200] != 0],
                          moved[200:-200][moved[200:-200] != 0])  # fmt: skip
    assert not (moved[:steps] if steps > 0 else moved[steps:]).any()


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_speed_raises_the_pitch_and_shortens(speed: float) -> None:
    changed = altered(_tone(600), {"speed": speed}, SOUND)
    assert len(changed) == RATE
    assert _pitch(changed) == pytest.approx(600 * speed, rel=0.01)
    if speed > 1:
        missing = round(RATE * (1 - 1 / speed) / 2) - 200
        assert not changed[:missing].any()


@pytest.mark.parametrize("semitones", [-12.0, -3.0, 4.0, 12.0])
def test_pitch_changes_alone(semitones: float) -> None:
    changed = altered(_tone(600), {"pitch": semitones}, SOUND)
    assert _pitch(changed) == pytest.approx(600 * 2 ** (semitones / 12), rel=0.01)
    middle = np.abs(changed.astype(float))[RATE // 4 : -RATE // 4]
    assert _power(middle) > 0.3 * _power(_tone(600)[RATE // 4 : -RATE // 4]), "not shorter"


@pytest.mark.parametrize("factor", [0.5, 1.3, 2.0])
def test_stretching_keeps_pitch_and_level(factor: float) -> None:
    sound = np.sin(2 * np.pi * 700 * np.arange(RATE) / RATE)
    longer = stretched(sound, factor)
    assert len(longer) == round(RATE * factor)
    inside = longer[2000:-2000]
    assert np.std(inside) == pytest.approx(np.std(sound), rel=0.1)
    hertz = np.argmax(np.abs(np.fft.rfft(inside))) * RATE / len(inside)
    assert hertz == pytest.approx(700, rel=0.01)


@pytest.mark.parametrize(("low", "high"), [(1000.0, None), (None, 400.0), (3000.0, 200.0)])
def test_filters_have_butterworths_magnitude(low: float | None, high: float | None) -> None:
    signal = pytest.importorskip("scipy.signal")
    impulse = np.zeros(RATE)
    impulse[RATE // 2] = 1.0
    got = np.abs(np.fft.rfft(filtered(impulse, RATE, low, high)))
    hertz = np.fft.rfftfreq(RATE, 1 / RATE)
    wanted = np.ones_like(hertz)
    for cut, kind in ((low, "lowpass"), (high, "highpass")):
        if cut is not None:
            _, response = signal.freqs(*signal.butter(4, cut, kind, analog=True), hertz)
            wanted *= np.abs(response)
    assert np.abs(got - wanted).max() < 1e-3


def test_a_crop_silences_outside() -> None:
    tone = _tone(500)
    cropped = altered(tone, {"crop_begin_ms": 250.0, "crop_end_ms": 700.0}, SOUND)
    assert not cropped[:4000].any()
    assert not cropped[11200:].any()
    assert np.array_equal(cropped[4000:11200], tone[4000:11200])


def test_turns_are_those_of_scipy() -> None:
    spatial = pytest.importorskip("scipy.spatial.transform")
    for angles in ([90.0, 0, 0], [0, -45.0, 0], [10.0, 20.0, -170.0]):
        wanted = spatial.Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        assert np.allclose(rotation(angles), wanted)


def test_readings_are_turned_scaled_and_offset() -> None:
    still = np.tile(np.array([0.0, 0.0, 0.5]) * 32768, (64, 1)).astype(np.int16).reshape(-1)
    lying = altered(still, {"turn_x": 90.0}, MOTION).reshape(64, 3) / 32768 * 2
    assert np.allclose(lying, [0, -1, 0], atol=1e-3), "one g now points along -y"
    assert altered(still, {"scale": 0.5}, MOTION).reshape(64, 3)[0].tolist() == [0, 0, 8192]
    moved = altered(still, {"offset_1": 0.5}, MOTION).reshape(64, 3) / 32768 * 2
    assert np.allclose(moved, [0, 0.5, 1], atol=1e-3)
    noisy = altered(still, {"noise": 0.01}, MOTION).reshape(64, 3) / 32768
    assert noisy.std(axis=0).mean() == pytest.approx(0.01, rel=0.2)


@pytest.fixture
def picture() -> DataSettings:
    return _data(PICTURE)


def _pixels(data: DataSettings) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, data.form.shape).astype(np.uint8)


@pytest.mark.parametrize("deviation", [0.25, 1.0, 3.5])
def test_a_blur_is_that_of_scipy(deviation: float) -> None:
    image = pytest.importorskip("scipy.ndimage")
    pixels = np.random.default_rng(4).uniform(0, 255, (20, 30, 3))
    radius = max(1, int(np.ceil(3 * deviation)))
    wanted = image.gaussian_filter(
        pixels, (deviation, deviation, 0), mode="nearest", radius=(radius, radius, 0)
    )
    assert np.allclose(blurred(pixels, deviation), wanted)


def test_pictures_get_brighter_flatter_turned_and_covered(picture: DataSettings) -> None:
    pixels = _pixels(picture)
    flat = pixels.reshape(-1)
    half = altered(flat, {"turn": 180.0}, picture).reshape(pixels.shape)
    assert np.abs(half.astype(int) - pixels[::-1, ::-1]).max() <= 1
    gray = altered(flat, {"contrast": -100.0}, picture)
    assert np.ptp(gray) == 0
    assert gray[0] == pytest.approx(pixels.mean(), abs=0.5)
    assert altered(flat, {"brightness": 100.0}, picture).min() == 255
    covered = altered(flat, {"cover": 50.0, "cover_x": 25.0}, picture).reshape(pixels.shape)
    assert (covered[4:12, 0:12] == 128).all()
    assert np.array_equal(covered[:, 12:], pixels[:, 12:])


@pytest.mark.parametrize("text", [TONES, SHAKEN, PICTURE])
def test_neutral_values_change_nothing(text: str) -> None:
    data = _data(text)
    edits = edits_for(data)
    window = np.random.default_rng(1).integers(0, 200, data.form.values).astype(data.form.dtype)
    values = values_of({edit.name: edit.neutral for edit in edits}, edits)
    assert altered(window, values, data) is window


@pytest.mark.parametrize("text", [TONES, SHAKEN, PICTURE])
@given(draw=st.data())
def test_any_edits_leave_a_window(text: str, draw: Any) -> None:
    data = _data(text)
    edits = edits_for(data)
    named = draw.draw(st.sets(st.sampled_from(edits), max_size=4))
    values = {edit.name: draw.draw(st.floats(edit.low, edit.high)) for edit in named}
    window = np.random.default_rng(1).integers(0, 255, data.form.values).astype(data.form.dtype)
    before = window.copy()
    changed = altered(window, values_of(values, edits), data)
    assert (changed.dtype, changed.shape) == (data.form.dtype, (data.form.values,))
    assert np.array_equal(window, before), "what was given stays as it was"


@pytest.mark.parametrize(
    "given_", [{"gain_db": 41}, {"gain_db": float("nan")}, {"gain_db": "1"}, {"gain_db": True},
               {"gain_db": None}, {"nothing": 1}, {"gain_db": [1]}, {"gain_db": 1e400}],
)  # fmt: skip
def test_what_cannot_be_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        values_of(given_, edits_for(SOUND))
