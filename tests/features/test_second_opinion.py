"""kaldi-native-fbank, somebody else's code, on the same windows."""

from __future__ import annotations

from pathlib import Path

import kaldi_native_fbank
import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.features import make_feature_block
from coincell.project import MelSettings, WindowForm
from features.signals import RATE, speech_windows, synthetic_windows

# Kaldi's Hann window ends on its last sample, ours one later; at 512 samples they differ least.
SETTINGS = MelSettings(frame_ms=32, hop_ms=20, fft_size=512, bands=40, floor=1e-6)


def options(settings: MelSettings) -> kaldi_native_fbank.FbankOptions:
    chosen = kaldi_native_fbank.FbankOptions()
    frame, mel = chosen.frame_opts, chosen.mel_opts
    frame.samp_freq, frame.dither, frame.preemph_coeff = RATE, 0.0, 0.0
    frame.remove_dc_offset, frame.window_type, frame.snip_edges = False, "hanning", True
    frame.frame_length_ms, frame.frame_shift_ms = settings.frame_ms, settings.hop_ms
    mel.num_bins, mel.low_freq, mel.high_freq = settings.bands, settings.low_hz, settings.high_hz
    chosen.use_log_fbank, chosen.use_power, chosen.use_energy = False, True, False
    return chosen


def kaldi_log_mel(window: NDArray[np.int16], settings: MelSettings) -> NDArray[np.float64]:
    """[frames, bands]: the band powers are Kaldi's, floor and logarithm as ours."""
    bank = kaldi_native_fbank.OnlineFbank(options(settings))
    bank.accept_waveform(RATE, (window / 32768.0).tolist())
    bank.input_finished()
    powers = np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])
    return np.log(powers.astype(np.float64) + settings.floor)


def compare(windows: NDArray[np.int16]) -> NDArray[np.float64]:
    block = make_feature_block(SETTINGS, WindowForm("sound", RATE, 1, RATE))
    ours = block.compute(windows) * block.fixed_point_scale
    theirs = np.stack([kaldi_log_mel(window, SETTINGS) for window in windows])
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs)


def test_kaldi_agrees_on_speech(shared: Path) -> None:
    difference = compare(speech_windows(shared, most=60))
    assert np.median(difference) < 0.02
    assert np.quantile(difference, 0.99) < 0.15  # nats; an int8 step is about 0.09


@pytest.mark.parametrize("name", ["white noise", "quiet noise", "chirp", "fades"])
def test_kaldi_agrees_on_made_signals(name: str) -> None:
    difference = compare(synthetic_windows()[name][np.newaxis])
    assert np.median(difference) < 0.03
