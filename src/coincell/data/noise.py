"""Noise: made from formulas, cut from recordings, mixed at a signal-to-noise ratio."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import to_int16

Float = NDArray[np.float64]
Int16 = NDArray[np.int16]
_LEVEL = 0.05  # root mean square of made noise, relative to full scale: -26 dBFS


def generator_for(seed: int, *key: str | int) -> np.random.Generator:
    """A generator that depends on nothing but the seed and the key: order does not matter."""
    text = "\0".join(str(part) for part in (seed, *key))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _shaped(
    samples: int, rate_hz: int, gain: Callable[[Float], Float], rng: np.random.Generator
) -> Float:
    """White noise times `gain(frequency in Hz)` in the frequency domain."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.fft.rfftfreq(samples, 1 / rate_hz).astype(np.float64)
    shaped: Float = np.fft.irfft(spectrum * gain(frequencies), samples)
    return shaped


def white_noise(samples: int, rate_hz: int, rng: np.random.Generator) -> Float:
    """Equal power at all frequencies."""
    del rate_hz
    return rng.standard_normal(samples)


def pink_noise(samples: int, rate_hz: int, rng: np.random.Generator) -> Float:
    """Power falling by 3 dB an octave, above 20 Hz."""
    return _shaped(samples, rate_hz, lambda hertz: 1 / np.sqrt(np.maximum(hertz, 20.0)), rng)


def hum_noise(samples: int, rate_hz: int, rng: np.random.Generator) -> Float:
    """Mains hum: 50 or 60 Hz and ten harmonics of random phase, over a little pink noise."""
    base = float(rng.choice([50.0, 60.0]))
    time = np.arange(samples) / rate_hz
    hum = np.zeros(samples)
    for harmonic in range(1, 11):
        if base * harmonic < rate_hz / 2:
            phase = rng.uniform(0, 2 * np.pi)
            hum += np.sin(2 * np.pi * base * harmonic * time + phase) / harmonic
    pink = pink_noise(samples, rate_hz, rng)
    return hum + 0.3 * pink * np.std(hum) / max(float(np.std(pink)), 1e-12)


def babble_noise(samples: int, rate_hz: int, rng: np.random.Generator) -> Float:
    """Like many people at once: noise with the long-term spectrum of speech (flat to 500 Hz, then
    -9 dB an octave), each of six layers swelling at the rate of syllables, 2 to 6 Hz."""

    def speech(hertz: Float) -> Float:
        low = np.clip(hertz / 100.0, 0.0, 1.0)
        high: Float = low * np.maximum(hertz / 500.0, 1.0) ** -1.5
        return high

    time = np.arange(samples) / rate_hz
    total = np.zeros(samples)
    for _ in range(6):
        swell = np.sin(2 * np.pi * rng.uniform(2.0, 6.0) * time + rng.uniform(0, 2 * np.pi))
        total += _shaped(samples, rate_hz, speech, rng) * (1.0 + 0.8 * swell)
    return total


NOISES: Mapping[str, Callable[[int, int, np.random.Generator], Float]] = {
    "white": white_noise,
    "pink": pink_noise,
    "hum": hum_noise,
    "babble": babble_noise,
}


def make_noise(kind: str, samples: int, rate_hz: int, rng: np.random.Generator) -> Float:
    """Noise of a kind in NOISES, float64 [samples], at -26 dBFS."""
    noise = NOISES[kind](samples, rate_hz, rng)
    return noise * (_LEVEL / max(float(np.sqrt(np.mean(noise**2))), 1e-12))


def cut_noise(noise: Sequence[Int16] | Int16, samples: int, rng: np.random.Generator) -> Float:
    """A random stretch of a random recording, float64 [samples] in int16 units; wraps around."""
    recording = noise[int(rng.integers(len(noise)))]
    start = int(rng.integers(len(recording)))
    return np.take(recording, np.arange(start, start + samples), mode="wrap").astype(np.float64)


def scale_for_snr(signal: Float, noise: Float, snr_db: float) -> float:
    """The factor on `noise` for which 10 log10(signal power / noise power) is `snr_db`.

    0 when the signal or the noise has no power: silence stays silence.
    """
    signal_power = float(np.mean(signal**2))
    noise_power = float(np.mean(noise**2))
    if signal_power == 0.0 or noise_power == 0.0:
        return 0.0
    return float(np.sqrt(signal_power / noise_power / 10.0 ** (snr_db / 10.0)))


def silence_clip(
    noise: Sequence[Int16], samples: int, rate_hz: int, rng: np.random.Generator
) -> Int16:
    """One clip of no speech: a stretch of recorded noise (two of three, where there is any) or
    made noise, at a random level between -66 and -20 dBFS."""
    if noise and rng.random() < 2 / 3:
        clip = cut_noise(noise, samples, rng) / 32768.0
    else:
        clip = make_noise(str(rng.choice(list(NOISES))), samples, rate_hz, rng)
    power = float(np.sqrt(np.mean(clip**2)))
    level = 10.0 ** (rng.uniform(-66.0, -20.0) / 20.0)
    return to_int16(clip * (level / power) if power > 0 else clip)
