"""Another voice, against SciPy: the frequency of a sine, and the resonances that LPC finds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
from numpy.typing import NDArray

from coincell.data.augment_voice import other_voice

RATE = 16000
FORMANTS = (700.0, 1800.0, 3000.0)


def sine(hertz: float, rate: int = RATE) -> NDArray[np.int16]:
    return np.rint(9000 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype(np.int16)


def vowel(hertz: float) -> NDArray[np.int16]:
    """Pulses of a voice through resonators at FORMANTS."""
    time = np.arange(RATE) / RATE
    sound = scipy.signal.sawtooth(2 * np.pi * hertz * time)
    for formant in FORMANTS:
        radius = np.exp(-np.pi * 120 / RATE)
        angle = 2 * np.pi * formant / RATE
        sound = scipy.signal.lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], sound)
    return np.rint(9000 * sound / np.abs(sound).max()).astype(np.int16)


def strongest(sound: NDArray[np.int16], rate: int = RATE) -> float:
    """Where the spectrum is highest, in hertz, to a quarter of one."""
    middle = sound[len(sound) // 8 : -len(sound) // 8].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * scipy.signal.windows.hann(len(middle)), 4 * rate))
    return float(spectrum.argmax()) / 4


def fundamental(sound: NDArray[np.int16]) -> float:
    """By the highest correlation with itself 2.5 to 12 ms later; in hertz."""
    middle = sound[2000:-2000].astype(float)
    with_itself = scipy.signal.correlate(middle, middle)[len(middle) - 1 :]
    return RATE / (40 + float(with_itself[40:200].argmax()))


def formants(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    """The three sharpest resonances by linear prediction of order 12, in hertz."""
    middle = scipy.signal.lfilter([1.0, -0.97], [1.0], sound[2000:-2000].astype(float))
    middle *= scipy.signal.windows.hamming(len(middle))
    with_itself = scipy.signal.correlate(middle, middle)[len(middle) - 1 :][:13]
    predictor = scipy.linalg.solve_toeplitz(with_itself[:-1], with_itself[1:])
    roots = np.roots(np.concatenate([[1.0], -predictor]))
    roots = roots[(roots.imag > 0) & (np.angle(roots) > 0.1)]
    sharpest = roots[np.argsort(-np.abs(roots))[:3]]
    return np.sort(np.angle(sharpest)) * RATE / (2 * np.pi)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("semitones", [-4.0, -1.0, 2.5, 5.0])
def test_a_sine_moves_by_its_pitch(semitones: float, rate: int) -> None:
    factor = 2 ** (semitones / 12)
    moved = other_voice(sine(440.0, rate), rate, factor, 1.0)
    assert len(moved) == rate
    assert strongest(moved, rate) == pytest.approx(440.0 * factor, rel=0.002)


def test_an_unmoved_voice_is_the_same_bytes() -> None:
    np.testing.assert_array_equal(other_voice(vowel(120.0), RATE, 1.0, 1.0), vowel(120.0))


@pytest.mark.parametrize("hertz", [100.0, 120.0])
@pytest.mark.parametrize("factor", [0.85, 1.2])
def test_formants_move_and_pitch_stays(factor: float, hertz: float) -> None:
    before = vowel(hertz)
    moved = other_voice(before, RATE, 1.0, factor)
    assert fundamental(moved) == pytest.approx(fundamental(before), rel=0.01)
    np.testing.assert_allclose(formants(moved) / formants(before), factor, rtol=0.07)


@pytest.mark.parametrize("hertz", [100.0, 120.0])
@pytest.mark.parametrize("factor", [0.8, 1.3])
def test_pitch_moves_and_formants_stay(factor: float, hertz: float) -> None:
    before = vowel(hertz)
    moved = other_voice(before, RATE, factor, 1.0)
    assert fundamental(moved) == pytest.approx(fundamental(before) * factor, rel=0.015)
    np.testing.assert_allclose(formants(moved) / formants(before), 1.0, rtol=0.07)


@pytest.mark.parametrize("samples", [0, 1, 37, 400, 16001])
@pytest.mark.parametrize(("pitch", "envelope"), [(0.8, 1.1), (1.3, 0.9)])
def test_length_and_power_stay(samples: int, pitch: float, envelope: float) -> None:
    noise = np.random.default_rng(samples).standard_normal(samples) * 2000
    moved = other_voice(noise.astype(np.int16), RATE, pitch, envelope)
    assert moved.shape == (samples,)
    assert moved.dtype == np.int16
    if samples > 1:
        assert np.mean(moved.astype(float) ** 2) == pytest.approx(np.mean(noise**2), rel=0.02)


def test_a_word_stays_where_it_was() -> None:
    burst = np.zeros(RATE, np.int16)
    burst[6000:9000] = vowel(150.0)[:3000]
    for pitch in (0.8, 1.25):
        energy = other_voice(burst, RATE, pitch, 1.0).astype(float) ** 2
        assert energy[5600:9400].sum() > 0.97 * energy.sum()
        centre = (energy * np.arange(RATE)).sum() / energy.sum()
        was = (burst.astype(float) ** 2 * np.arange(RATE)).sum() / (burst.astype(float) ** 2).sum()
        assert centre == pytest.approx(was, abs=150)


def test_silence_stays_silent() -> None:
    assert not other_voice(np.zeros(RATE, np.int16), RATE, 1.2, 0.9).any()
