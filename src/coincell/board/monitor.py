"""What comes over a board's line, in order: events, other frames, text, garbage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coincell.board.protocol import (
    CRC_BYTES,
    HEADER_BYTES,
    MAGIC,
    BoardEvent,
    Frame,
    Message,
    begins_frame,
    decode_event,
    decode_frame,
    payload_bytes,
)
from coincell.errors import BoardError

_LONGEST_LINE = 1024
_SHOWN = 32


@dataclass(frozen=True)
class Heard:
    """One thing that came.

    Attributes:
        kind: "event" or "report" of a Coincell image, another "frame" of one, a line of "text" as
            sketches print it, or "garbage": bytes that are none of these.
        text: the line; of garbage and frames what to show of them. It may hold no control
            characters.
        event: of kind "event".
        frame: of kinds "frame" and "report".
        line: of kind "text", with its tabs.
        bytes: how many it had on the line.
    """

    kind: Literal["event", "report", "frame", "text", "garbage"]
    text: str
    bytes: int
    event: BoardEvent | None = None
    frame: Frame | None = None
    line: str = ""


class LineReader:
    """Takes bytes as they come, and gives what they complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Heard]:
        """More bytes -> what is complete with them."""
        self._held += data
        found: list[Heard] = []
        while self._held:
            begin = self._held.find(MAGIC)
            if begin == 0:
                done = self._take_frame(found)
            else:
                until = len(self._held) if begin < 0 else begin
                done = self._take_line(until, begin > 0, found)
            if not done:
                break
        return found

    def flush(self) -> list[Heard]:
        """What is held, when nothing more has come for a while."""
        rest, self._held = bytes(self._held), bytearray()
        return [_line(rest)] if rest else []

    def _take_frame(self, found: list[Heard]) -> bool:
        """The frame at the begin of what is held; False when it is not whole yet."""
        header = bytes(self._held[:HEADER_BYTES])
        if len(header) < HEADER_BYTES:
            return False
        if not begins_frame(header):
            self._drop(len(MAGIC), found)
            return True
        size = HEADER_BYTES + payload_bytes(header) + CRC_BYTES
        if len(self._held) < size:
            return False
        try:
            found.append(_frame(bytes(self._held[:size])))
        except BoardError:
            self._drop(len(MAGIC), found)
        else:
            del self._held[:size]
        return True

    def _take_line(self, until: int, cut: bool, found: list[Heard]) -> bool:
        """A line within the first `until` bytes, or all of them when a frame cuts it off."""
        end = self._held.find(b"\n", 0, until)
        size = end + 1 if end >= 0 else until if cut or until > _LONGEST_LINE else 0
        if size:
            found.append(_line(bytes(self._held[:size])))
            del self._held[:size]
        return bool(size)

    def _drop(self, count: int, found: list[Heard]) -> None:
        found.append(_line(bytes(self._held[:count])))
        del self._held[:count]


def _frame(data: bytes) -> Heard:
    frame = decode_frame(data)
    if frame.type == Message.EVENT:
        return Heard("event", "", len(data), decode_event(frame))
    if frame.type == Message.REPORT:
        return Heard("report", f"{len(frame.payload)} bytes", len(data), frame=frame)
    shown = f"message {frame.type:#04x}, {len(frame.payload)} bytes"
    return Heard("frame", shown, len(data), frame=frame)


def _line(data: bytes) -> Heard:
    body = data.rstrip(b"\r\n")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text.replace("\t", " ").isprintable() and (text or not body):
        return Heard("text", text.replace("\t", " "), len(data), line=text)
    more = " ..." if len(data) > _SHOWN else ""
    return Heard("garbage", f"{len(data)} bytes: {data[:_SHOWN].hex(' ')}{more}", len(data))
