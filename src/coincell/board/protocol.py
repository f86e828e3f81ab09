"""Frames between the computer and a board; docs/protocol.md describes every message."""

from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass

from coincell.errors import BoardError

MAGIC = b"\xc0\x1c"
HEADER_BYTES = 6
CRC_BYTES = 4
MAX_PAYLOAD = 1024
PROTOCOL_VERSION = 2


class Message(enum.IntEnum):
    """Types of message; an answer adds ANSWER to the type of the question."""

    INFO = 0x01
    READ = 0x02
    SAMPLES = 0x03
    PROCESS = 0x04
    RESET = 0x05
    CYCLES = 0x06
    LISTEN = 0x07
    TELL = 0x08
    KEY = 0x09
    EVENT = 0x20
    REPORT = 0x24
    ANSWER = 0x80
    ERROR = 0xFF


class Listening(enum.IntEnum):
    """What LISTEN asks for."""

    OFF = 0
    CHANGES = 1
    ALL = 2


class Region(enum.IntEnum):
    """What READ reads."""

    DESCRIPTION = 0
    FEATURES = 1
    SCORES = 2


ERRORS = {
    1: "the checksum was wrong",
    2: "the length was wrong",
    3: "the message is not known",
    4: "the message asked for what is not there",
    5: "the application did not start",
    7: "the chip has a key already, which only erasing all of it takes away",
    6: "the image does not listen: its board has no sensor for it, or another rate of samples",
}

_SENSOR_FAILURES = {
    0x21: "the inertial sensor's bus is held low: its pull-ups are not fed",
    0x22: "no inertial sensor answers",
    0x23: "what answers at the inertial sensor's address is another device",
    0x24: "no magnetometer of this board answers",
    0x25: "the image holds no configuration for the BMI270: install the Arduino library "
    "Arduino_BMI270_BMM150 and build again",
    0x26: "the inertial sensor refused its configuration, or is too slow",
    0x27: "the inertial sensor stopped answering",
    0x41: "no camera answers",
    0x42: "the camera is not an OV7675",
    0x43: "the camera's pin belongs to NFC still",
    0x44: "the camera stopped answering",
}
"""firmware/source.h: SOURCE_MOTION_FAILED or SOURCE_CAMERA_FAILED and the driver's status."""

_SENSOR_FAILED = 0x100
"""firmware/live.h: what such a status has more in an event."""


def error_text(code: int) -> str:
    """What an error's byte says."""
    return (ERRORS | _SENSOR_FAILURES).get(code, f"error {code}")


_EVENT = struct.Struct("<QiiII")


@dataclass(frozen=True)
class BoardEvent:
    """What a listening board tells unasked.

    Attributes:
        samples: its microphone's, those lost included, when the window was complete.
        label: index of the class decided for, -1 for none.
        score: its smoothed score, in 1/256 of the network's output unit.
        lost: samples lost since listening began, because the core was busy for too long.
        status: 0, or the code of the step of the chain that failed: then it listens no more.
        sequence: counts events, modulo 256: a gap is what the line lost.
    """

    samples: int
    label: int
    score: int
    lost: int
    status: int
    sequence: int

    @property
    def failure(self) -> str:
        """What a status other than 0 says: a failed sensor, or a step of the chain."""
        failure = _SENSOR_FAILURES.get(self.status - _SENSOR_FAILED)
        return f"{failure}." if failure else f"the application failed with code {self.status}."


@dataclass(frozen=True)
class Frame:
    """One message: its type, its sequence number (0 to 255), its payload."""

    type: int
    sequence: int
    payload: bytes


def encode_frame(frame: Frame) -> bytes:
    """The bytes on the line."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload has at most {MAX_PAYLOAD} bytes, not {len(frame.payload)}")
    body = struct.pack("<BBH", frame.type, frame.sequence, len(frame.payload)) + frame.payload
    return MAGIC + body + struct.pack("<I", zlib.crc32(body))


def begins_frame(header: bytes | bytearray) -> bool:
    """Whether the six bytes of `header` can begin a frame."""
    length = int.from_bytes(header[4:6], "little")
    return len(header) == HEADER_BYTES and header[:2] == MAGIC and length <= MAX_PAYLOAD


def payload_bytes(header: bytes) -> int:
    """How many bytes of payload the six bytes of `header` announce.

    Raises:
        BoardError: they do not begin a frame, or announce more than a frame holds.
    """
    if not begins_frame(header):
        raise BoardError(
            f"What the board sent is no frame. Received: {header.hex(' ')}.",
            hint="Is it running a Coincell image, and is the line's speed right?",
        )
    return int.from_bytes(header[4:6], "little")


def decode_frame(data: bytes) -> Frame:
    """The message in one whole frame.

    Raises:
        BoardError: it is damaged.
    """
    length = payload_bytes(data[:HEADER_BYTES])
    end = HEADER_BYTES + length
    if len(data) != end + CRC_BYTES:
        raise BoardError(f"A frame of {end + CRC_BYTES} bytes arrived with {len(data)}.")
    if zlib.crc32(data[2:end]) != int.from_bytes(data[end:], "little"):
        raise BoardError("A frame from the board arrived damaged: its checksum is wrong.")
    return Frame(data[2], data[3], data[HEADER_BYTES:end])


def decode_event(frame: Frame) -> BoardEvent:
    """The content of a frame of type EVENT.

    Raises:
        BoardError: it has another length.
    """
    if len(frame.payload) != _EVENT.size:
        raise BoardError(
            f"The board sent an event of {len(frame.payload)} bytes; {_EVENT.size} belong."
        )
    samples, label, score, lost, status = _EVENT.unpack(frame.payload)
    return BoardEvent(samples, label, score, lost, status, frame.sequence)
