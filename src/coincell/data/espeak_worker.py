# SPDX-License-Identifier: GPL-3.0-or-later OR Apache-2.0
"""Speaks words with the espeak-ng library: a process of its own, run as a script, never imported.

espeak-ng is under the GPL; this file is the only one of Coincell's that loads it, imports nothing
of Coincell, and is spoken to over pipes. Frames are a little-endian uint32 length and that many
bytes. First it sends one frame of JSON: {"rate_hz": ..., "version": ...}. Then, for each frame of
JSON {"text", "accent", "variant", "rate", "pitch", "range"} on its standard input, it sends one
frame: b"\\0" and int16 little-endian samples, or b"\\1" and a message in UTF-8. It ends with its
input.

espeak-ng keeps state from one utterance to the next (the phase of its voices, its random numbers),
so each is spoken by a fresh child: forked after loading, it inherits the state right after it. Its
random numbers start from the clock when it is loaded; the child starts them anew from a constant.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: AUDIO_OUTPUT_SYNCHRONOUS
_UTF8 = 1  # espeakCHARS_UTF8
_POSITION_CHARACTER = 1  # espeak_POSITION_TYPE: POS_CHARACTER
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER
_RANDOM_SEED = 1
_CHILD_SECONDS = 30
_MAX_BYTES = 1 << 24
_MAX_REQUEST_BYTES = 1 << 16

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class _Voice(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class Engine:
    """The loaded library, as it is before its first utterance."""

    def __init__(self) -> None:
        loader = importlib.import_module("espeakng_loader")
        self.library = ctypes.CDLL(loader.get_library_path())
        self.library.espeak_Info.restype = ctypes.c_char_p
        self.library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        data_path = os.fsencode(loader.get_data_path())
        self.rate_hz = self.library.espeak_Initialize(_SYNCHRONOUS, 0, data_path, 0)
        if self.rate_hz <= 0:
            raise OSError(f"espeak-ng does not start with its data at {os.fsdecode(data_path)}")
        self.version = self.library.espeak_Info(None).decode()
        self.identifiers = self._identifiers()

    def _identifiers(self) -> dict[str, str]:
        """Language code -> the identifier of the voice file that speaks it best."""
        best: dict[str, tuple[int, str]] = {}
        voices = self.library.espeak_ListVoices(None)
        index = 0
        while voices[index]:
            voice = voices[index].contents
            for priority, code in _languages(voice.languages):
                best[code] = min(best.get(code, (256, "")), (priority, voice.identifier.decode()))
            index += 1
        return {code: identifier for code, (_, identifier) in best.items()}

    def speak(self, request: dict[str, Any]) -> bytes:
        """One utterance as int16 little-endian samples."""
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(_RANDOM_SEED))
        identifier = self.identifiers.get(request["accent"])
        if identifier is None:
            raise ValueError(f"espeak-ng has no accent {request['accent']!r}")
        voice = f"{identifier}+{request['variant']}"
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        for parameter, key in ((_RATE, "rate"), (_PITCH, "pitch"), (_RANGE, "range")):
            self.library.espeak_SetParameter(parameter, int(request[key]), 0)
        parts: list[bytes] = []

        def receive(samples: Any, count: int, _events: Any) -> int:
            if count > 0:
                parts.append(ctypes.string_at(samples, 2 * count))
            return int(sum(map(len, parts)) > _MAX_BYTES)

        callback = _Callback(receive)
        self.library.espeak_SetSynthCallback(callback)
        text = request["text"].encode()
        status = self.library.espeak_Synth(
            text, ctypes.c_size_t(len(text) + 1), 0, _POSITION_CHARACTER, 0, _UTF8, None, None
        )
        self.library.espeak_Synchronize()
        samples = b"".join(parts)
        if status != 0 or not samples:
            raise ValueError(f"espeak-ng made no sound of {request['text']!r} with {voice!r}")
        return samples


def _languages(address: int) -> list[tuple[int, str]]:
    """The list in espeak_VOICE.languages: priority byte, code, zero; ended by a zero byte."""
    found: list[tuple[int, str]] = []
    while priority := ctypes.string_at(address, 1)[0]:
        code = ctypes.string_at(address + 1)
        found.append((priority, code.decode()))
        address += len(code) + 2
    return found


def _answer(engine: Engine, request: bytes) -> bytes:
    """What `engine` says to a request, spoken by a child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(_CHILD_SECONDS)
        try:
            payload = b"\0" + engine.speak(json.loads(request))
        except Exception as error:  # told to the parent, which tells the user
            payload = b"\1" + str(error).encode()
        with os.fdopen(writer, "wb") as stream:
            stream.write(payload)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        payload = stream.read()
    _, status = os.waitpid(child, 0)
    return payload if status == 0 else b"\1the speaking process ended early"


def _send(stream: BinaryIO, payload: bytes) -> None:
    stream.write(struct.pack("<I", len(payload)) + payload)
    stream.flush()


def main() -> int:
    """Serve requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints is not an answer
    engine = Engine()
    hello = {"rate_hz": engine.rate_hz, "version": engine.version}
    _send(answers, json.dumps(hello).encode())
    while header := sys.stdin.buffer.read(4):
        (length,) = struct.unpack("<I", header)
        if length > _MAX_REQUEST_BYTES:
            return 1
        _send(answers, _answer(engine, sys.stdin.buffer.read(length)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
