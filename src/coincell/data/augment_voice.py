"""Another voice: the pitch of a sound, and the resonances of who made it, each by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import resample, to_int16

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

_FRAME_S = 0.05
_OVERLAP = 4
_ENVELOPE_S = 0.0025
"""Quefrencies up to here are the envelope: below the period of any voice up to 400 Hz."""
_MOST_LOG = np.log(10.0) * 18.0 / 20.0
"""No band is raised or lowered by more than 18 dB, so that what was silent stays so."""


def other_voice(
    window: NDArray[np.int16], rate_hz: int, pitch: float, formants: float
) -> NDArray[np.int16]:
    """`window` with its pitch times `pitch` and its formants times `formants`, int16 [n].

    A phase vocoder makes it longer (Flanagan and Golden 1966, "Phase vocoder"), resampling brings
    it back and so moves all frequencies. Resampling moves formants too, so the envelope of each
    frame's spectrum is moved against it first: that of the real cepstrum's beginning (Roebel and
    Rodet 2005, "Efficient spectral envelope estimation and its application to pitch shifting and
    envelope preservation"). Length, timing and power stay. A lower pitch leaves the top of the band
    empty, and attacks are softer than they were: phases of neighbouring bands are not locked. Where
    a high voice has too few harmonics to show its first formant, that one hardly moves.

    Args:
        window: int16 [n].
        rate_hz: samples a second.
        pitch: 1 as it is, 2 an octave higher.
        formants: 1 as they are, above 1 those of a shorter vocal tract.
    """
    power = float(np.sqrt(np.mean(np.square(window, dtype=np.float64)))) if len(window) else 0.0
    if power == 0.0 or (pitch == 1.0 and formants == 1.0):
        return window.copy()
    size = 2 ** round(np.log2(_FRAME_S * rate_hz))
    hop = size // _OVERLAP
    values = np.pad(window.astype(np.float64), size // 2, mode="reflect")
    spectra = _spectra(np.pad(values, (0, 2 * hop)), size, hop)
    spectra *= np.exp(_envelope_change(spectra, pitch / formants, round(_ENVELOPE_S * rate_hz)))
    frames = int(np.ceil(len(window) * pitch / hop)) + 2
    longer = _overlapped(_stretched(spectra, frames, pitch, hop), size, hop)
    longer = longer[size // 2 : size // 2 + round(len(window) * pitch)]
    moved = resample(longer, rate_hz * pitch, rate_hz)[: len(window)]
    moved = np.pad(moved, (0, len(window) - len(moved)))
    now = float(np.sqrt(np.mean(np.square(moved))))
    return to_int16(moved * (power / now if now else 0.0) / 32768.0)


def _hann(size: int) -> Float:
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)


def _spectra(values: Float, size: int, hop: int) -> Complex:
    """Short-time spectra, complex128 [frames, size / 2 + 1], of float64 [n >= size]."""
    frames = np.lib.stride_tricks.sliding_window_view(values, size)[::hop]
    spectra: Complex = np.fft.rfft(frames * _hann(size), axis=1)
    return spectra


def _envelope_change(spectra: Complex, stretch: float, quefrencies: int) -> Float:
    """What to add to the log spectrum so that its envelope E(f) becomes E(f * stretch).

    Args:
        spectra: [frames, bins].
        stretch: above 1 moves the envelope downwards.
        quefrencies: samples of the cepstrum that count as envelope.

    Returns:
        float64 [frames, bins], bounded.
    """
    magnitude = np.abs(spectra)
    level = np.log(np.maximum(magnitude, 1e-5 * magnitude.max()))
    cepstrum = np.fft.irfft(level, axis=1)
    cepstrum[:, quefrencies + 1 : cepstrum.shape[1] - quefrencies] = 0.0
    envelope = np.fft.rfft(cepstrum, axis=1).real
    last = envelope.shape[1] - 1
    places = np.minimum(np.arange(last + 1) * stretch, last)
    below = np.minimum(places.astype(np.int64), last - 1)
    share = places - below
    moved = envelope[:, below] * (1.0 - share) + envelope[:, below + 1] * share
    change: Float = np.clip(moved - envelope, -_MOST_LOG, _MOST_LOG)
    return change


def _stretched(spectra: Complex, frames: int, stretch: float, hop: int) -> Complex:
    """`frames` spectra, hop apart, of a sound that lasts `stretch` times as long at the same
    frequencies: magnitudes between frames, phases by each bin's own frequency."""
    bins = spectra.shape[1]
    places = np.minimum(np.arange(frames) / stretch, spectra.shape[0] - 1.001)
    below = places.astype(np.int64)
    share = (places - below)[:, None]
    magnitude = np.abs(spectra)
    magnitude = magnitude[below] * (1.0 - share) + magnitude[below + 1] * share
    angle = np.angle(spectra)
    steady = np.pi * hop * np.arange(bins) / (bins - 1)
    turned = np.diff(angle, axis=0) - steady
    advance = steady + turned - 2.0 * np.pi * np.rint(turned / (2.0 * np.pi))
    phase = angle[0] + np.cumsum(advance[below], axis=0) - advance[below[0]]
    stretched: Complex = magnitude * np.exp(1j * phase)
    return stretched


def _overlapped(spectra: Complex, size: int, hop: int) -> Float:
    """The sound of short-time spectra, float64 [(frames - 1) * hop + size], by overlap and add
    (Griffin and Lim 1984): the nearest in squared error."""
    window = _hann(size)
    frames = np.fft.irfft(spectra, size, axis=1) * window
    values = np.zeros((len(frames) + _OVERLAP - 1, hop))
    weight = np.zeros_like(values)
    for part in range(_OVERLAP):
        place = slice(part * hop, (part + 1) * hop)
        values[part : part + len(frames)] += frames[:, place]
        weight[part : part + len(frames)] += np.square(window[place])
    added: Float = (values / np.maximum(weight, 1e-3)).reshape(-1)
    return added
