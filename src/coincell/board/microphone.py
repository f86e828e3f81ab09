"""This computer's microphone, as a board that collects would send it."""

from __future__ import annotations

import json
import struct
from contextlib import ExitStack
from typing import Any, Self

from coincell.board.feed import HEADING, VALUES
from coincell.board.protocol import Frame, encode_frame
from coincell.errors import MissingExtraError, UserError

_BLOCK = 400
_BLOCKS_A_SECOND = 20


class Microphone:
    """A `Listener`; a context manager, that ends the recording.

    Args:
        rate_hz: samples a second.
        device: by name or number; "" is the usual one.

    Raises:
        MissingExtraError: the extra "microphone" is not installed.
        UserError: there is no microphone, or it does not give that rate.
    """

    def __init__(self, rate_hz: int, device: str = "") -> None:
        package = _package()
        self._error: type[Exception] = package.PortAudioError
        self._rate = rate_hz
        self._step = 0
        self._lost = 0
        self._told = False
        named = int(device) if device.isdigit() else device or None
        self._stack = ExitStack()
        try:
            self._stream = self._stack.enter_context(
                package.RawInputStream(
                    samplerate=rate_hz, channels=1, dtype="int16", device=named, blocksize=_BLOCK
                )
            )
        except (self._error, ValueError) as error:
            raise UserError(
                f"The microphone cannot be used at {rate_hz} samples a second: {error}.",
                hint="`python -m sounddevice` lists them; name one with --device.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def listen(self, seconds: float) -> bytes:
        """One block, as frames; a block that PortAudio lost counts as one of its size."""
        del seconds
        data, lost = self._stream.read(self._rate // _BLOCKS_A_SECOND)
        frames = b"" if self._told else self._heading()
        self._told = True
        if lost:
            self._lost += _BLOCK
            self._step += _BLOCK
        samples = bytes(data)
        for begin in range(0, len(samples), 2 * _BLOCK):
            part = samples[begin : begin + 2 * _BLOCK]
            head = struct.pack("<QII", self._step, self._lost, 0)
            frames += encode_frame(Frame(VALUES, 0, head + part))
            self._step += len(part) // 2
        return frames

    def _heading(self) -> bytes:
        lists: dict[str, Any] = {"channels": [], "units": [], "full_scale": []}
        facts = {"sense": "sound", "rate_hz": self._rate, "width": 0, "height": 0}
        payload = json.dumps({**facts, **lists, "values_a_step": 1}).encode()
        return encode_frame(Frame(HEADING, 0, payload))


def _package() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        purpose = "Recording with this computer's microphone"
        raise MissingExtraError("microphone", "sounddevice", purpose) from error
    except OSError as error:  # without PortAudio
        raise UserError(
            f"sounddevice does not start: {error}.", "sudo apt install libportaudio2"
        ) from error
    return sounddevice
