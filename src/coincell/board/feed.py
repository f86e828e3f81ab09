"""Bytes of a board that collects -> readings: frames of Coincell's firmware, or lines of text."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.board.monitor import Heard, LineReader
from coincell.board.protocol import Frame
from coincell.data import TableReader, UnitChangeError
from coincell.errors import BoardError, DataError

Values = NDArray[Any]

VALUES, HEADING, FAILED = 0x21, 0x22, 0x23
"""Types of frames; as device/collector/frames.h has them."""

_VALUES_HEAD = struct.Struct("<QII")
_MOST_CHANNELS = 64
_READER_LINES = 20_000
_STRANGE_LINES = 5


@dataclass(frozen=True)
class Heading:
    """What a board says that it sends, or what its lines look like.

    Attributes:
        sense: "sound", "motion" or "picture".
        rate_hz: steps a second; 0 where it is still to be measured.
        channels, units: of motion; empty where the lines name none.
        full_scale: of motion in frames: what 32768 stands for.
        width, height: of pictures.
        columns: values a step.
    """

    sense: Literal["sound", "motion", "picture"]
    rate_hz: float
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    full_scale: tuple[float, ...] = ()
    width: int = 0
    height: int = 0
    columns: int = 1


@dataclass
class Feed:
    """Takes bytes as they come; `taken` gives the readings that they complete.

    Attributes:
        heading: what comes, once it is known.
        lost_on_board: steps that the board had no room for, since the start.
        lost_on_line: steps that left the board and did not arrive.
        damaged: lines, or pieces between frames, that could not be read.
        readings: steps that came.
        strange: bytes that were nothing readable.
        said: the last remark of the board's, such as why its sensor does not start.
    """

    heading: Heading | None = None
    lost_on_board: int = 0
    lost_on_line: int = 0
    damaged: int = 0
    readings: int = 0
    strange: int = 0
    said: str = ""
    _lines: LineReader = field(default_factory=LineReader)
    _ready: list[Values] = field(default_factory=list)
    _text: TableReader | None = None
    _heading_line: str = ""
    _framed: bool = False
    _next: int | None = None
    _board_lost: int = 0
    _picture: bytearray = field(default_factory=bytearray)
    _first_line: bool = True
    _odd: int = 0

    def feed(self, data: bytes) -> None:
        """More bytes.

        Raises:
            BoardError: the board says what it cannot, or that its sensor failed.
        """
        for heard in self._lines.feed(data):
            self._take(heard)

    def taken(self) -> Values:
        """Readings since the last call: float64 [n, columns] in units, int16 [n, 1] of sound, uint8
        [n, height, width, channels] of pictures; of text a line's cells, NaN for what is none."""
        ready, self._ready = self._ready, []
        if not ready:
            return np.zeros((0, self.heading.columns if self.heading else 1))
        return np.concatenate(ready)

    @property
    def in_frames(self) -> bool:
        """Whether Coincell's firmware sends, and counts what is lost."""
        return self._next is not None

    def _take(self, heard: Heard) -> None:
        if heard.frame is not None:
            self._first_line = False
            self._take_frame(heard.frame)
        elif heard.kind == "text" and not self._framed:
            self._take_line(heard.line)
        elif self._first_line:
            self._first_line = False
            self.strange += heard.bytes
        else:
            self.strange += heard.bytes
            self.damaged += 1
            if self._text is not None and self._text.count:
                self._add_row([np.nan] * self._width())

    def _take_frame(self, frame: Frame) -> None:
        if frame.type == FAILED:
            code = int.from_bytes(frame.payload[:4], "little")
            self.said = f"its sensor failed, with {code:#04x} (docs/collecting.md)"
        elif frame.type == HEADING:
            told = _heading(frame.payload)
            if told != self.heading:
                self._ready.clear()
            self.heading, self._framed = told, True
        elif frame.type == VALUES and self._framed:
            self._take_values(frame.payload)

    def _take_values(self, payload: bytes) -> None:
        assert self.heading is not None
        if len(payload) < _VALUES_HEAD.size:
            self.damaged += 1
            return
        step, lost, offset = _VALUES_HEAD.unpack_from(payload)
        content = payload[_VALUES_HEAD.size :]
        picture = self.heading.sense == "picture"
        rows = 0 if picture else len(content) // (2 * self.heading.columns)
        if self._next is not None and step > self._next:
            missing = step - self._next
            on_board = min(missing, max(0, lost - self._board_lost))
            self.lost_on_board += on_board
            self.lost_on_line += missing - on_board
            self._give_up()
        started_anew = self._next is not None and step < self._next
        if started_anew and not (picture and step + 1 == self._next):
            self.damaged += 1  # the board was reset, and counts anew
            self._picture.clear()
        self._board_lost = lost
        if picture:
            self._take_picture(step, offset, content)
            return
        self._next = step + rows
        if rows:
            self._add(self._scaled(content, rows))

    def _scaled(self, content: bytes, rows: int) -> Values:
        assert self.heading is not None
        columns = self.heading.columns
        values = np.frombuffer(content, "<i2", rows * columns).reshape(rows, columns)
        if self.heading.sense == "sound":
            return values
        return values * (np.asarray(self.heading.full_scale) / 32768.0)

    def _take_picture(self, number: int, offset: int, content: bytes) -> None:
        assert self.heading is not None
        whole = self.heading.width * self.heading.height * self.heading.columns
        if offset == 0:
            self._give_up()
        if offset != len(self._picture):  # a part of it was lost, maybe all that came before
            self.lost_on_line += self._next is not None and self._next <= number
            self._give_up()
            self._next = number + 1
            return
        self._picture += content
        self._next = number + 1
        if len(self._picture) >= whole:
            shape = (1, self.heading.height, self.heading.width, self.heading.columns)
            self._add(np.frombuffer(bytes(self._picture[:whole]), np.uint8).reshape(shape))
            self._picture.clear()

    def _give_up(self) -> None:
        """Of the picture that had begun to come, if one had, the rest was lost."""
        self.lost_on_line += bool(self._picture)
        self._picture.clear()

    def _add(self, values: Values) -> None:
        self._ready.append(values)
        self.readings += len(values)

    def _width(self) -> int:
        return self.heading.columns if self.heading else 1

    def _add_row(self, row: Sequence[float]) -> None:
        self._add(np.array([row], np.float64))

    def _take_line(self, line: str) -> None:
        """One line of text; the first one heard may be the end of one."""
        if self._first_line:
            self._first_line = False
            return
        if line.strip().startswith(("#", "//")):
            self.said = line.strip(" #/")[:120]
            return
        reader = self._reader()
        before, names = reader.count, reader.names
        try:
            reader.feed(before + 1, line)
        except UnitChangeError as error:
            raise BoardError(
                f"In the middle of its readings: {error.message}",
                hint="What is kept has one unit. Let the board print the same one always.",
            ) from error
        except DataError:
            self.damaged += 1
            return
        if reader.names != names:
            self._heading_line = line
            if self.heading is not None and self.heading.columns == len(reader.names):
                self.heading = replace(self.heading, channels=reader.names, units=reader.units)
        if reader.count > before:
            self._take_row(reader)

    def _reader(self) -> TableReader:
        if self._text is None or self._text.count >= _READER_LINES:
            self._text = TableReader("the board")
            if self._heading_line:
                self._text.feed(0, self._heading_line)
        return self._text

    def _take_row(self, reader: TableReader) -> None:
        row = reader.last
        strange = not np.isfinite(row).all()
        self._odd = self._odd + 1 if strange else 0
        self.damaged += strange
        if self._odd >= _STRANGE_LINES:  # what was taken for the columns was not
            self._text, self._heading_line, self._odd = None, "", 0
            self.heading = None
            self._ready.clear()
            return
        if self.heading is None and not strange and len(row) <= _MOST_CHANNELS:
            self.heading = Heading("motion", 0.0, reader.names, reader.units, columns=len(row))
        if self.heading is not None and len(row) == self.heading.columns:
            self._add_row(row)


def _heading(payload: bytes) -> Heading:
    """What came over the line, and so is not to be trusted.

    Raises:
        BoardError: it is none.
    """
    try:
        facts = json.loads(payload)
        heading = Heading(
            facts["sense"],
            float(facts["rate_hz"]),
            tuple(map(str, facts["channels"])),
            tuple(map(str, facts["units"])),
            tuple(map(float, facts["full_scale"])),
            int(facts["width"]),
            int(facts["height"]),
            int(facts["values_a_step"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise BoardError("What the board says of its readings cannot be read.") from error
    counts = {len(heading.channels), len(heading.units), len(heading.full_scale)}
    good = {
        "sound": heading.columns == 1 and 0 < heading.rate_hz <= 192_000,
        "motion": counts == {heading.columns} and 0 < heading.rate_hz <= 48_000,
        "picture": heading.columns in (1, 3) and 0 < heading.width * heading.height <= 1 << 20,
    }
    if not good.get(heading.sense, False) or not 0 < heading.columns <= _MOST_CHANNELS:
        raise BoardError(f"The board says of its readings what cannot be: {payload[:80]!r}.")
    return heading
