"""Talking to an image over a transport: the same calls for a virtual and a real board."""

from __future__ import annotations

import math
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.board.image_file import MOST_DESCRIPTION, parse_description
from coincell.board.protocol import (
    CRC_BYTES,
    HEADER_BYTES,
    MAX_PAYLOAD,
    PROTOCOL_VERSION,
    BoardEvent,
    Frame,
    Listening,
    Message,
    Region,
    begins_frame,
    decode_event,
    decode_frame,
    encode_frame,
    error_text,
    payload_bytes,
)
from coincell.errors import BoardError

_INFO = struct.Struct("<11I")
_COUNT = struct.Struct("<I")
_DECISION = struct.Struct("<Iii")
_MOST_NOISE = 4 * (HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES)
_SHOWN = 48
_ROOM_LEFT = 200
"""A report of at most so many bytes, of 256, had room for another section: it told the rest."""
_MOST_REPORTS = 32
_INT16_BYTES = 2
_SAMPLES_A_FRAME = (MAX_PAYLOAD - 4) // _INT16_BYTES


class Transport(Protocol):
    """A line of bytes to a board."""

    def send(self, data: bytes) -> None:
        """Put bytes on the line."""

    def receive(self, count: int) -> bytes:
        """Exactly `count` bytes; a BoardError when the board does not send them."""

    def discard(self) -> None:
        """Forget what the board has sent so far."""


@dataclass(frozen=True)
class BoardInfo:
    """What an image says of itself.

    Attributes:
        description: name, labels, versions, hashes: the JSON in the image.
        window_values, features, scores: how many numbers go in and come out.
        sample_bytes: of each number of a window: 2, or 1 of a picture.
        flash_bytes, ram_bytes, stack_bytes: of the image; the stack's is its reserve.
        stack_peak: bytes of stack used at most since reset.
    """

    description: dict[str, Any]
    window_values: int
    features: int
    scores: int
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    stack_peak: int
    sample_bytes: int


@dataclass(frozen=True)
class BoardResult:
    """What an image made of one window.

    Attributes:
        features: int8 [features], the network's input.
        scores: int8 [scores], its output; of normality the bytes of an int32, low first.
        label: index of the class decided for, -1 for none.
        decision_score: its smoothed score, fixed point.
    """

    features: NDArray[np.int8]
    scores: NDArray[np.int8]
    label: int
    decision_score: int


class BoardClient:
    """The messages of the protocol as methods. One question at a time.

    `reported` is called with each report (docs/telemetry.md) that comes unasked.
    """

    def __init__(
        self, transport: Transport, reported: Callable[[bytes], None] | None = None
    ) -> None:
        self._transport = transport
        self._sequence = 0
        self._sizes: tuple[int, ...] | None = None
        self._events: deque[BoardEvent] = deque()
        self._reported = reported

    def info(self) -> BoardInfo:
        """What the image is.

        Raises:
            BoardError: the board does not answer, or speaks another version of the protocol.
        """
        sizes = self._read_sizes()
        window, features, scores, flash, ram, stack, peak, length, size = sizes[2:]
        if length > MOST_DESCRIPTION:
            raise BoardError(f"The board announces a description of {length:,} bytes.")
        description = parse_description(self._read_region(Region.DESCRIPTION, length))
        return BoardInfo(description, window, features, scores, flash, ram, stack, peak, size)

    def synchronize(self) -> None:
        """Bring a board that was left in the middle of a frame back to its beginning.

        Zeros end the frame that it waits for (its answer, an error, is passed over) and begin none.
        """
        self._transport.send(bytes(HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES))
        self._transport.discard()

    def reset(self) -> None:
        """Empty the smoothing: the next window is the first."""
        self._ask(Message.RESET)

    def put_samples(self, window: NDArray[Any]) -> None:
        """Send a window, int16 or of a picture uint8 [window_values], to be processed."""
        dtype = self.check_window(window)
        size = dtype.itemsize
        data = window.astype(dtype.newbyteorder("<")).tobytes()
        for begin in range(0, len(window), _SAMPLES_A_FRAME):
            part = data[size * begin : size * (begin + _SAMPLES_A_FRAME)]
            self._ask(Message.SAMPLES, struct.pack("<I", begin) + part)

    def check_window(self, window: NDArray[Any]) -> np.dtype[Any]:
        """The type of the values that the image takes.

        Raises:
            BoardError: `window` has others, or not as many as it takes at once.
        """
        needed, size = self._expected()[2], self._expected()[10]
        dtype = np.dtype(np.int16 if size == _INT16_BYTES else np.uint8)
        if window.shape != (needed,) or window.dtype != dtype:
            raise BoardError(
                f"The image takes {dtype} windows of {needed} values. "
                f"Received: {window.dtype} {list(window.shape)}."
            )
        return dtype

    def run(self) -> tuple[int, int]:
        """Process the samples that were put; (label, decision score).

        Raises:
            BoardError: a step of the chain failed on the board.
        """
        answer = self._ask(Message.PROCESS)
        status, label, score = _DECISION.unpack(self._sized(answer, _DECISION.size))
        if status:
            raise BoardError(f"The application on the board failed with code {status}.")
        return label, score

    def cycles(self) -> int:
        """Cycles of the core's own counter that the last `run` took; 0 when it has none."""
        (count,) = _COUNT.unpack(self._sized(self._ask(Message.CYCLES), _COUNT.size))
        return int(count)

    def listen(self, mode: Listening) -> None:
        """Let the board's microphone begin anew, or end; SAMPLES and PROCESS end it too.

        Raises:
            BoardError: the image does not listen.
        """
        self._ask(Message.LISTEN, bytes([mode]))

    def next_event(self) -> BoardEvent:
        """The next event that a listening board tells; events between answers are kept for this.

        Raises:
            BoardError: the transport gave up waiting.
        """
        while not self._events:
            self._keep(self._receive_frame())
        return self._events.popleft()

    def events(self, waiting: Callable[[], int]) -> Iterator[BoardEvent]:
        """The events that a listening board has told so far.

        Args:
            waiting: how many bytes have come that nobody received.
        """
        while self._events or waiting():
            if self._events:
                yield self._events.popleft()
            else:
                self._keep(self._receive_frame())

    @property
    def event_kept(self) -> bool:
        """Whether `next_event` has one that came between answers."""
        return bool(self._events)

    def tell(self) -> bytes:
        """A report of what the board counted (docs/telemetry.md), at most 256 bytes; it forgets
        what it tells.

        Raises:
            BoardError: the image counts nothing.
        """
        return self._ask(Message.TELL)

    def keep_key(self, key: bytes) -> None:
        """Let the chip sign its reports with `key`, 32 bytes, for its life.

        Raises:
            BoardError: it has a key, or the image counts nothing.
        """
        self._ask(Message.KEY, key)

    def tell_all(self) -> list[bytes]:
        """Reports, until all that was counted is told.

        Raises:
            BoardError: the image counts nothing.
        """
        told = [self.tell()]
        while len(told[-1]) > _ROOM_LEFT and len(told) < _MOST_REPORTS:
            told.append(self.tell())
        return told

    def _keep(self, frame: Frame) -> bool:
        """Keep what comes unasked; whether it does."""
        if frame.type == Message.EVENT:
            self._events.append(decode_event(frame))
        elif frame.type == Message.REPORT:
            if self._reported is not None:
                self._reported(frame.payload)
        else:
            return False
        return True

    def process(self, window: NDArray[Any]) -> BoardResult:
        """From samples to a decision, with what lies between."""
        self.put_samples(window)
        label, score = self.run()
        _, _, _, features, scores = self._expected()[:5]
        return BoardResult(
            features=np.frombuffer(self._read_region(Region.FEATURES, features), np.int8),
            scores=np.frombuffer(self._read_region(Region.SCORES, scores), np.int8),
            label=label,
            decision_score=score,
        )

    def _expected(self) -> tuple[int, ...]:
        if self._sizes is None:
            self._sizes = self._read_sizes()
        return self._sizes

    def _read_sizes(self) -> tuple[int, ...]:
        answer = self._ask(Message.INFO)
        version = int.from_bytes(answer[: _COUNT.size], "little")
        if len(answer) >= _COUNT.size and version != PROTOCOL_VERSION:
            raise BoardError(
                f"The image speaks version {version} of the protocol, "
                f"this Coincell version {PROTOCOL_VERSION}.",
                hint="Build the image again with `coincell run`.",
            )
        return _INFO.unpack(self._sized(answer, _INFO.size))

    def _read_region(self, region: Region, length: int) -> bytes:
        parts = []
        for begin in range(0, length, MAX_PAYLOAD):
            count = min(MAX_PAYLOAD, length - begin)
            question = struct.pack("<BIH", region, begin, count)
            parts.append(self._sized(self._ask(Message.READ, question), count))
        return b"".join(parts)

    def _sized(self, payload: bytes, size: int) -> bytes:
        if len(payload) != size:
            raise BoardError(f"The board answered {len(payload)} bytes where {size} belong.")
        return payload

    def _ask(self, kind: Message, payload: bytes = b"") -> bytes:
        """One question, one answer; what comes unasked is kept, earlier answers passed over."""
        self._sequence = (self._sequence + 1) & 0xFF
        self._transport.send(encode_frame(Frame(kind, self._sequence, payload)))
        frame = self._receive_frame()
        while self._keep(frame) or frame.sequence != self._sequence:
            frame = self._receive_frame()
        if frame.type == Message.ERROR:
            code = frame.payload[0] if frame.payload else 0
            raise BoardError(f"The board refused {kind.name}: {error_text(code)}.")
        if frame.type != kind | Message.ANSWER:
            raise BoardError(f"The board answered {kind.name} with message {frame.type:#04x}.")
        return frame.payload

    def _receive_frame(self) -> Frame:
        """The next frame; what others have put on the line before it is passed over.

        A line that is patient with silence (`patience_s`) is no more patient with noise.
        """
        end = time.monotonic() + getattr(self._transport, "patience_s", math.inf)
        header = bytearray(self._transport.receive(HEADER_BYTES))
        noise = bytearray()
        while not begins_frame(header):
            noise += header[:1]
            try:
                header = header[1:] + self._transport.receive(1)
            except BoardError as silence:
                raise _no_frame(noise + header[1:]) from silence
            if len(noise) > _MOST_NOISE or time.monotonic() > end:
                raise _no_frame(noise)
        rest = self._transport.receive(payload_bytes(bytes(header)) + CRC_BYTES)
        return decode_frame(bytes(header) + rest)


def _no_frame(noise: bytearray) -> BoardError:
    shown = bytes(noise[:_SHOWN])
    return BoardError(
        f"What the board sent is no frame. Received {len(noise):,} bytes: {shown!r}"
        f"{' ...' if len(noise) > _SHOWN else ''}.",
        hint="Is it running a Coincell image, and is the line's speed right?",
    )
