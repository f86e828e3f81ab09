"""Spectral features against SciPy: Butterworth filters, Welch's spectrum, what is read from it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.butterworth import butterworth, largest_growth
from coincell.features.spectral import BITS, RMS_BITS, SpectralSummaryBlock
from coincell.project import SpectralSettings, WindowForm
from features.block_checks import check_emitted, made_windows, series_form
from features.test_spectrogram import band_sums

Float = NDArray[np.float64]
RATE = 100


def filtered(windows: NDArray[np.int16], form: WindowForm, chosen: SpectralSettings) -> Float:
    """float64 [n, samples, channels], full scale 1: less the mean, through SciPy's filter."""
    x = windows.reshape(len(windows), form.samples, form.channels) / 32768.0
    x = x - x.mean(axis=1, keepdims=True)
    if chosen.filter == "none":
        return x
    kind = chosen.filter.replace("-", "")
    sections = scipy.signal.butter(
        chosen.order, chosen.cutoff_hz, kind, fs=form.rate_hz, output="sos"
    )
    return np.asarray(scipy.signal.sosfilt(sections, x, axis=1))


def mean_spectrum(x: Float, form: WindowForm, chosen: SpectralSettings) -> tuple[Float, Float]:
    """Frequencies, P [n, channels, bins] by Welch's method."""
    length = min(form.samples, chosen.fft_size)
    frequencies, density = scipy.signal.welch(
        x, form.rate_hz, "hann", length, length - length // 2, chosen.fft_size,
        detrend=False, axis=1,
    )  # fmt: skip
    return frequencies, density.transpose(0, 2, 1) * form.rate_hz / chosen.fft_size


def columns_of(block: SpectralSummaryBlock, windows: NDArray[np.int16]) -> dict[str, Float]:
    """What the C has before it standardises: kind -> [n, channels, how many]."""
    fitted = block.fit(windows)
    columns = np.empty((len(windows), block.columns), np.int32)
    fitted.call("columns_", windows, columns)
    kinds = np.array(block.column_kinds)
    split = columns.reshape(len(windows), block.form.channels, len(kinds))
    return {
        str(kind): split[:, :, kinds == kind] / 2.0 ** (RMS_BITS if kind == "rms" else BITS)
        for kind in np.unique(kinds)
    }


@st.composite
def spectral_settings(draw: st.DrawFn) -> SpectralSettings:
    fft_size = draw(st.sampled_from([64, 128, 256, 512]))
    kind = draw(st.sampled_from(["none", "low-pass", "high-pass"]))
    return SpectralSettings.model_validate(
        {
            "fft_size": fft_size,
            "bands": draw(st.integers(1, 16)),
            "floor": 10 ** draw(st.floats(-10, -1)),
            "filter": kind,
            "cutoff_hz": 0 if kind == "none" else draw(st.floats(0.5, 45)),
            "order": draw(st.sampled_from([2, 4, 6, 8])),
            "peaks": draw(st.integers(0, 4)),
        }
    )


@settings(max_examples=100)
@given(
    chosen=spectral_settings(),
    samples=st.integers(20, 400),
    channels=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_settings_follow_scipy(
    chosen: SpectralSettings, samples: int, channels: int, seed: int
) -> None:
    """RMS to 1/1000 and a 500th of a sample; bands to 0.005 nats, where noise 110 dB below the
    window's peak cannot matter; peaks' heights so too; moments to a hundredth of the spectrum."""
    form = series_form(samples, channels)
    block, windows = SpectralSummaryBlock(chosen, form), made_windows(form, seed)
    got, x = columns_of(block, windows), filtered(windows, form, chosen)
    rms = np.sqrt((x**2).mean(axis=1)) * 32768
    assert (np.abs(got["rms"][:, :, 0] - rms) <= 0.002 + 1e-3 * rms).all()
    frequencies, power = mean_spectrum(x, form, chosen)
    wanted = np.log(band_sums(frequencies, power, form, chosen) + chosen.floor)
    noise = 1e-11 * np.abs(x).max(axis=1)[:, :, np.newaxis] ** 2 + 1e-14
    allowed = 0.005 + np.log1p(noise / np.exp(wanted)) + 3 * np.sqrt(noise / np.exp(wanted))
    assert (np.abs(got["band"] - wanted) <= allowed).all()
    loud = (np.abs(x).max(axis=1) > 0.01) & (power.sum(axis=2) > 1e-6)
    total = np.maximum(power.sum(axis=2), 1e-30)
    bins = np.arange(power.shape[2])
    centroid = (power * bins).sum(axis=2) / total
    spread = np.sqrt((power * (bins - centroid[..., np.newaxis]) ** 2).sum(axis=2) / total)
    for place, moment in enumerate((centroid, spread)):
        differs = np.abs(got["moment"][:, :, place] - moment)
        assert (differs[loud] <= 0.01 * (1 + moment[loud])).all()


def test_peaks_are_the_tones_the_loudest_first() -> None:
    form = series_form(512, 2)
    time = np.arange(512) / RATE
    tones = [(20.3, 9000), (7.8, 3000), (33.3, 900)]
    first = sum(size * np.sin(2 * np.pi * hertz * time) for hertz, size in tones)
    second = 5000 * np.sin(2 * np.pi * 11 * time)
    window = np.rint(np.stack([first, second], axis=1)).astype(np.int16).reshape(1, -1)
    chosen = SpectralSettings(fft_size=256, peaks=3)
    got = columns_of(SpectralSummaryBlock(chosen, form), window)
    hertz = got["frequency"][0] * RATE / 256
    assert np.abs(hertz[0] - [20.3, 7.8, 33.3]).max() < 0.1 * RATE / 256
    assert abs(hertz[1, 0] - 11) < 0.1 * RATE / 256
    frequencies, power = mean_spectrum(filtered(window, form, chosen), form, chosen)
    del frequencies
    for place, (tone, _) in enumerate(tones):
        k = round(tone * 256 / RATE)
        height = np.log(power[0, 0, k - 1 : k + 2].max() + chosen.floor)
        assert abs(got["height"][0, 0, place] - height) < 0.002


def test_missing_peaks_are_nothing_at_the_floor() -> None:
    form = series_form(100, 1)
    block = SpectralSummaryBlock(SpectralSettings(peaks=4), form)
    got = columns_of(block, np.zeros((1, 100), np.int16))
    assert (got["frequency"] == 0).all()
    assert np.abs(got["height"] - np.log(1e-10)).max() < 0.001
    assert (got["moment"] == 0).all()
    assert (got["rms"] == 0).all()


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["low-pass", "high-pass"]),
    order=st.sampled_from([2, 4, 6, 8]),
    cutoff=st.floats(0.001, 0.49),
)
def test_the_filter_is_scipys(kind: str, order: int, cutoff: float) -> None:
    ours = butterworth("low-pass" if kind == "low-pass" else "high-pass", order, cutoff, 1.0)
    theirs = scipy.signal.butter(order, cutoff, kind.replace("-", ""), fs=1.0, output="sos")
    wholes = [np.insert(ours, 3, 1.0, axis=1), theirs]
    turns = np.geomspace(1e-3, 0.5, 200)[:-1]
    mine, other = (scipy.signal.freqz_sos(sections, turns, fs=1.0)[1] for sections in wholes)
    assert np.abs(mine - other).max() < 1e-6


def test_growth_bounds_what_any_input_makes() -> None:
    for kind in ("low-pass", "high-pass"):
        sections = butterworth("low-pass" if kind == "low-pass" else "high-pass", 8, 3.0, RATE)
        impulse = np.zeros(5000)
        impulse[0] = 1.0
        answer = scipy.signal.sosfilt(np.insert(sections, 3, 1.0, axis=1), impulse)
        worst = np.sign(answer[::-1])
        out = scipy.signal.sosfilt(np.insert(sections, 3, 1.0, axis=1), worst)
        assert np.abs(out).max() <= largest_growth(sections) * (1 + 1e-9)


@pytest.mark.parametrize("order", [2, 8])
@pytest.mark.parametrize("kind", ["low-pass", "high-pass"])
@pytest.mark.parametrize("cutoff", [0.1, 3.0, 49.9])
def test_the_worst_input_of_a_filter_does_not_overflow(
    order: int, kind: str, cutoff: float
) -> None:
    """Full scale with the signs of the impulse response, backwards: the RMS is still SciPy's."""
    form = series_form(3000, 1)
    chosen = SpectralSettings.model_validate({"filter": kind, "order": order, "cutoff_hz": cutoff})
    sections = scipy.signal.butter(order, cutoff, kind.replace("-", ""), fs=RATE, output="sos")
    impulse = np.zeros(3000)
    impulse[0] = 1.0
    answer = scipy.signal.sosfilt(sections, impulse)
    windows = np.where(answer[::-1] < 0, -32768, 32767).astype(np.int16)[np.newaxis]
    got = columns_of(SpectralSummaryBlock(chosen, form), windows)["rms"][0, 0, 0]
    wanted = np.sqrt((filtered(windows, form, chosen) ** 2).mean()) * 32768
    assert abs(got - wanted) <= 0.01 + 2e-3 * wanted


def test_fitted_columns_have_mean_0_and_deviation_1() -> None:
    form = series_form(200, 3)
    windows = np.random.default_rng(3).normal(500, 900, (60, 600)).astype(np.int16)
    values = SpectralSummaryBlock(SpectralSettings(), form).fit(windows).compute(windows) / 2048
    assert values.shape == (60, 1, 75)
    assert np.abs(values.mean(axis=0)).max() < 0.001
    assert np.abs(values.std(axis=0) - 1).max() < 0.001


@pytest.mark.parametrize(
    "chosen",
    [
        SpectralSettings(),
        SpectralSettings(filter="high-pass", cutoff_hz=1.0, order=6, peaks=0),
        SpectralSettings(fft_size=512, edges_hz=(1, 4, 20), moments=False, rms=False, peaks=9),
    ],
    ids=["usual", "filtered", "few"],
)
def test_emitted_code_and_python_give_the_same_bytes(chosen: SpectralSettings) -> None:
    form = series_form(260, 3)
    check_emitted(SpectralSummaryBlock(chosen, form).fit(made_windows(form)), "summary")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="65536"):
        SpectralSummaryBlock(SpectralSettings(), series_form(65537, 1))
    for cutoff in (0.05, 50):
        chosen = SpectralSettings(filter="low-pass", cutoff_hz=cutoff)
        with pytest.raises(ConfigurationError, match="cutoff_hz"):
            SpectralSummaryBlock(chosen, series_form(100, 1))
    with pytest.raises(ValueError, match="cutoff_hz"):
        SpectralSettings(filter="low-pass")
    with pytest.raises(ValueError, match="cutoff_hz"):
        SpectralSettings(cutoff_hz=3.0)
