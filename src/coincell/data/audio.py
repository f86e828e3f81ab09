"""Recordings in, 16-bit mono out: decoding, mixing to mono, one resampling, and our WAV files.

Every file from outside is hostile until checked here. What Coincell stores is always the same
kind of file: RIFF/WAVE, PCM, 16 bits, mono, a 44-byte header, at the project's sample rate.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.senses import Recording
from coincell.errors import DataError

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 192_000
MAX_FILE_BYTES = 1 << 29
MAX_VALUES = 1 << 25  # frames x channels of one recording: 35 minutes at 16 kHz, mono
AUDIO_SUFFIXES = (".wav", ".flac")

_MAGIC = (b"RIFF", b"RIFX", b"fLaC")
_CONTAINERS = {"WAV": "WAV", "WAVEX": "WAV", "FLAC": "FLAC"}
_SUBTYPES = ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_BYTES = _HEADER.size
_UNKNOWN_LENGTH = 0xFFFFFFFF


def to_int16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """[-1, 1) to int16: round half to even, saturate. Exact for anything of 16 bits or fewer."""
    return np.clip(np.rint(np.clip(samples, -1, 1) * 32768.0), -32768, 32767).astype(np.int16)


def resample(samples: NDArray[np.float64], from_hz: float, to_hz: int) -> NDArray[np.float64]:
    """Band-limited resampling (soxr, high quality); the same array when the rates are equal."""
    if from_hz == to_hz:
        return samples
    import soxr

    resampled: NDArray[np.float64] = soxr.resample(samples, from_hz, to_hz, quality="HQ")
    return resampled


def decode_recording(content: bytes, name: str, rate_hz: int) -> Recording:
    """Decode a whole WAV or FLAC file held in memory.

    Args:
        content: the file's bytes.
        name: for messages.
        rate_hz: the rate wanted.

    Raises:
        DataError: not a WAV or FLAC file, empty, truncated, not a number, too long, or of a
            sample format, rate or channel count that is not supported.
    """
    if not content:
        raise DataError(f"{name}: the file is empty (0 bytes).", "Record it again or delete it.")
    if content[:4] not in _MAGIC:  # libsndfile would try MP3 too, and print what is wrong with it
        raise DataError(
            f"{name}: not a readable WAV or FLAC file: it begins with {content[:4]!r}.",
            "Export it as 16-bit WAV; a file's name does not change what it holds.",
        )
    _refuse_truncated_wav(content, name)
    values, info = _decode(content, name)
    if not np.isfinite(values).all():
        raise DataError(
            f"{name}: {int((~np.isfinite(values)).sum())} samples are NaN or infinite.",
            "Export it again as 16-bit PCM.",
        )
    mono = values.mean(axis=1) if info.channels > 1 else values[:, 0]
    resampled = resample(mono, info.samplerate, rate_hz)
    saturated = int(np.count_nonzero((resampled > 1.0) | (resampled < -1.0)))
    samples = to_int16(resampled)
    if samples.size == 0:
        raise DataError(f"{name}: nothing is left after resampling.", "Delete it.")
    kind = f"{_CONTAINERS[info.format]} {info.subtype}"
    return Recording(samples, kind, info.samplerate, info.channels, saturated)


def _decode(content: bytes, name: str) -> tuple[NDArray[np.float64], Any]:
    """All frames as float64 [n, channels] in [-1, 1), and soundfile's description."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as stream:
            _refuse_unsupported(stream, name)
            values: NDArray[np.float64] = stream.read(dtype="float64", always_2d=True)
            expected = stream.frames
            info = _Info(stream.format, stream.subtype, stream.samplerate, stream.channels)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise DataError(
            f"{name}: not a readable WAV or FLAC file: {getattr(error, 'error_string', error)}",
            "Export it as 16-bit WAV; a file's name does not change what it holds.",
        ) from error
    if len(values) == 0:
        raise DataError(f"{name}: it holds no samples.", "Record it again or delete it.")
    if len(values) < expected:
        raise DataError(
            f"{name}: truncated: {expected} frames announced, {len(values)} found.",
            "Copy it again from where it came.",
        )
    return values, info


@dataclass(frozen=True)
class _Info:
    format: str
    subtype: str
    samplerate: int
    channels: int


def _refuse_unsupported(stream: Any, name: str) -> None:
    if stream.format not in _CONTAINERS or stream.subtype not in _SUBTYPES:
        raise DataError(
            f"{name}: {stream.format} {stream.subtype} is not supported.",
            "Convert it to WAV or FLAC: 8 to 32 bit PCM, or float.",
        )
    if not MIN_RATE_HZ <= stream.samplerate <= MAX_RATE_HZ:
        raise DataError(
            f"{name}: the sample rate must be 8000 to 192000 Hz; received {stream.samplerate}.",
            "Export it at 16000 Hz.",
        )
    if stream.channels not in (1, 2):
        raise DataError(
            f"{name}: recordings are mono or stereo; received {stream.channels} channels.",
            "Mix it down to one channel.",
        )
    if stream.frames * stream.channels > MAX_VALUES:
        raise DataError(
            f"{name}: too long: {stream.frames} frames of {stream.channels} channels; at most "
            f"{MAX_VALUES} values are read.",
            "Cut it into shorter ones.",
        )


def _refuse_truncated_wav(content: bytes, name: str) -> None:
    """libsndfile reads what is left of a cut file without a word; the header says what was."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return
    position = 12
    while position + 8 <= len(content):
        identifier = content[position : position + 4]
        (size,) = struct.unpack_from("<I", content, position + 4)
        left = len(content) - position - 8
        if identifier == b"data":
            if size > left and size != _UNKNOWN_LENGTH:
                raise DataError(
                    f"{name}: truncated: its header announces {size} bytes of sound, "
                    f"{left} are there.",
                    "Copy it again from where it came.",
                )
            return
        position += 8 + size + (size & 1)
    raise DataError(
        f"{name}: truncated: the file ends before its sound begins.",
        "Copy it again from where it came.",
    )


def read_content(path: Path, name: str, kinds: str = "WAV or FLAC") -> bytes:
    """The bytes of a user's recording; `kinds` that it can be of stand in hints.

    Raises:
        DataError: it is no file, cannot be read, or is over 512 MiB.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DataError(f"{name}: not a file.", f"Name a {kinds} file.")
        if size > MAX_FILE_BYTES:
            raise DataError(
                f"{name}: {size} bytes; at most {MAX_FILE_BYTES} are read.", "Cut it into clips."
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{name}: cannot be read: {error.strerror or error}.",
            f"Name a {kinds} file that is there, and that you may read.",
        ) from error


def encode_wav(samples: NDArray[np.int16], rate_hz: int) -> bytes:
    """int16 [n] -> the bytes of a 16-bit mono WAV file; the same samples give the same bytes."""
    payload = samples.astype("<i2").tobytes()
    return _header(len(payload), rate_hz) + payload


def decode_wav(content: bytes, name: str) -> tuple[NDArray[np.int16], int]:
    """The samples (int16 [n], read-only) and rate of a file that `encode_wav` made.

    Raises:
        DataError: it is anything else.
    """
    rate_hz = stored_rate(content, len(content))
    if rate_hz == 0:
        raise DataError(
            f"{name}: not a file as Coincell stores it (16-bit mono WAV); it was changed or cut.",
            "Import or synthesize the data again.",
        )
    return np.frombuffer(content, dtype="<i2", offset=HEADER_BYTES), rate_hz


def stored_rate(header: bytes, file_bytes: int) -> int:
    """The rate in hertz of a file that `encode_wav` made, from its first bytes; 0 for any other."""
    payload = file_bytes - HEADER_BYTES
    if len(header) < HEADER_BYTES or payload < 0 or payload % 2:
        return 0
    rate_hz = int(_HEADER.unpack_from(header)[7])
    return rate_hz if header[:HEADER_BYTES] == _header(payload, rate_hz) else 0


def _header(payload_bytes: int, rate_hz: int) -> bytes:
    return _HEADER.pack(
        b"RIFF", 36 + payload_bytes, b"WAVE",
        b"fmt ", 16, 1, 1, rate_hz, (rate_hz * 2) & 0xFFFFFFFF, 2, 16,
        b"data", payload_bytes,
    )  # fmt: skip
