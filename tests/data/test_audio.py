"""Every format that is accepted comes in right; SciPy and pure sines are the oracles."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.data import import_recordings
from coincell.data.audio import (
    decode_recording,
    decode_wav,
    encode_wav,
    resample,
    to_int16,
)
from coincell.errors import DataError
from data.fixtures import MakeProject, WriteTone, tone

FORMATS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAVEX", "PCM_24"),
    ("FLAC", "PCM_S8"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
]
STEP = {"PCM_U8": 1 / 128, "PCM_S8": 1 / 128}  # one level; others are finer than 16 bits


def encoded(samples: np.ndarray, rate_hz: int, container: str, subtype: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate_hz, subtype, format=container)
    return stream.getvalue()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize(("container", "subtype"), FORMATS)
def test_a_sine_arrives_as_the_sine(
    container: str, subtype: str, rate_hz: int, channels: int
) -> None:
    """Away from the ends, within two levels of the file's own resolution or of 16 bits."""
    sine = tone(1000.0, 0.25, rate_hz, amplitude=0.5)
    content = encoded(np.repeat(sine[:, None], channels, axis=1), rate_hz, container, subtype)
    recording = decode_recording(content, "sine", 16000)
    expected = tone(1000.0, 0.25, 16000, amplitude=0.5) * 32768
    assert abs(len(recording.samples) - len(expected)) <= 1
    middle = slice(400, 3600)
    error = np.abs(recording.samples[middle] - expected[middle])
    # An 8-bit file's rounding is noise of up to half a level, which resampling spreads a little.
    assert error.max() <= 2 * STEP.get(subtype, 1 / 32768) * 32768
    assert recording.channels == channels
    assert recording.rate_hz == rate_hz
    assert recording.format == f"{'FLAC' if container == 'FLAC' else 'WAV'} {subtype}"


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_resampling_agrees_with_scipy(rate_hz: int) -> None:
    """Band-limited noise: the difference to SciPy's polyphase filter is below -60 dB."""
    rng = np.random.default_rng(1)
    low_pass = scipy.signal.firwin(511, 3000, fs=rate_hz)
    noise = scipy.signal.lfilter(low_pass, 1.0, rng.standard_normal(rate_hz))
    ours = resample(noise, rate_hz, 16000)
    common = np.gcd(rate_hz, 16000)
    taps = 2 * 60 * max(16000, rate_hz) // common + 1
    window = scipy.signal.firwin(
        min(taps, 200_001), 1 / max(16000 // common, rate_hz // common), window=("kaiser", 10.0)
    )
    theirs = scipy.signal.resample_poly(noise, 16000 // common, rate_hz // common, window=window)
    middle = slice(1000, 15000)
    error = np.sqrt(np.mean((ours[middle] - theirs[middle]) ** 2))
    assert error < 1e-3 * np.sqrt(np.mean(theirs[middle] ** 2))


def test_what_lies_above_the_new_band_is_gone() -> None:
    """12 kHz at 48 kHz would fold to 4 kHz at 16 kHz: at least 90 dB down instead."""
    folded = resample(tone(12_000.0, 0.5, 48000, amplitude=0.9), 48000, 16000)
    assert np.abs(folded[500:-500]).max() < 0.9 * 10 ** (-90 / 20)


def test_mixing_to_mono_is_the_mean() -> None:
    rng = np.random.default_rng(2)
    both = rng.integers(-30000, 30000, (500, 2)).astype(np.int16)
    recording = decode_recording(encoded(both, 16000, "WAV", "PCM_16"), "stereo", 16000)
    expected = np.rint(both.astype(np.float64).mean(axis=1))
    np.testing.assert_array_equal(recording.samples, expected)


def test_float_files_beyond_full_scale_saturate_and_are_counted() -> None:
    content = encoded(np.array([0.5, 1.5, -2.0, 1.0, -1.0]), 16000, "WAV", "FLOAT")
    recording = decode_recording(content, "loud", 16000)
    np.testing.assert_array_equal(recording.samples, [16384, 32767, -32768, 32767, -32768])
    assert recording.saturated == 2


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.floats(-2, 2, allow_nan=False), min_size=1, max_size=50))
def test_to_int16_rounds_half_to_even_and_saturates(values: list[float]) -> None:
    expected = [max(-32768, min(32767, round(value * 32768))) for value in values]
    np.testing.assert_array_equal(to_int16(np.array(values)), expected)


@settings(derandomize=True, max_examples=100)
@given(
    st.lists(st.integers(-32768, 32767), max_size=60), st.sampled_from([8000, 16000, 22050, 48000])
)
def test_our_files_are_read_by_us_and_by_others(values: list[int], rate_hz: int) -> None:
    samples = np.array(values, np.int16)
    content = encode_wav(samples, rate_hz)
    ours, rate = decode_wav(content, "ours")
    np.testing.assert_array_equal(ours, samples)
    assert rate == rate_hz
    theirs, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    np.testing.assert_array_equal(theirs, samples)
    assert rate == rate_hz


@settings(derandomize=True, max_examples=300, deadline=None)
@given(data=st.data())
def test_hostile_bytes_are_refused_or_read_but_never_crash(data: st.DataObject) -> None:
    """A whole file with bytes overwritten or cut: a DataError, or finite samples."""
    container, subtype = data.draw(st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_16")]))
    content = bytearray(encoded(tone(440, 0.05, 16000), 16000, container, subtype))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        recording = decode_recording(bytes(content[:cut]), "hostile", 16000)
    except DataError as error:
        message = error.message
    else:
        message = "hostile:" if len(recording.samples) > 0 else "no samples, and no error"
    assert message.startswith("hostile:")


def test_every_truncation_of_a_wav_is_noticed() -> None:
    content = encode_wav(np.arange(100, dtype=np.int16), 16000)
    for length in range(12, len(content)):
        with pytest.raises(DataError, match=r"truncated|not a readable"):
            decode_recording(content[:length], "cut", 16000)


def test_a_recording_that_is_too_long_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(np.zeros(20_000, np.int16), 16000, "FLAC", "PCM_16")
    monkeypatch.setattr("coincell.data.audio.MAX_VALUES", 19_999)
    with pytest.raises(DataError, match="too long: 20000 frames"):
        decode_recording(content, "long", 16000)


def test_an_enormous_file_is_not_read(make_project: MakeProject, recordings: Path) -> None:
    (recordings / "yes").mkdir()
    with (recordings / "yes" / "huge.wav").open("wb") as stream:
        stream.truncate(1 << 30)  # sparse: takes no disk
    with pytest.raises(DataError, match=r"yes/huge\.wav: 1073741824 bytes; at most"):
        import_recordings(recordings, make_project())


def test_conversions_are_counted(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    write_tone(recordings / "yes" / "a.wav", rate_hz=44100, channels=2, subtype="PCM_24")
    write_tone(recordings / "yes" / "b.flac", rate_hz=8000)
    write_tone(recordings / "no" / "c.wav", subtype="FLOAT", amplitude=1.5)
    write_tone(recordings / "no" / "d.wav")
    summary = import_recordings(recordings, make_project())
    assert summary.converted == {
        "converted from WAV FLOAT": 1,
        "converted from WAV PCM_24": 1,
        "mixed from stereo to mono": 1,
        "resampled from 44100 Hz": 1,
        "resampled from 8000 Hz": 1,
        "saturated at full scale": 1,
    }
    assert summary.dataset.notes(16000) == {
        key: count for key, count in summary.converted.items() if "saturated" not in key
    }


def test_enormous_floats_saturate_without_a_warning() -> None:
    np.testing.assert_array_equal(to_int16(np.array([1e306, -1e306])), [32767, -32768])


def test_mp3_is_not_even_tried(capfd: pytest.CaptureFixture[str]) -> None:
    """libsndfile knows MP3, and its decoder prints what it finds wrong."""
    with pytest.raises(DataError, match="not a readable WAV or FLAC file"):
        decode_recording(b"\xff\xff\x01\x46" + bytes(range(256)) * 300, "song.wav", 16000)
    assert capfd.readouterr().err == ""
