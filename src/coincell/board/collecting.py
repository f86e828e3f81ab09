"""Recordings from a board's line: what comes is found out, then taken in stretches of time."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.board.feed import Feed, Heading
from coincell.data import encode_wav
from coincell.errors import BoardError, MissingExtraError
from coincell.project import DataSettings

PROBE_S = 4.0
"""How long a board may be silent at first: many restart when the port is opened."""

_MEASURE_S = 1.5
_PAUSE_S = 2.0
_LOOK_S = 0.05
_ENOUGH_LINES = 20
_SAME_RATE = 0.05
"""A rate measured over a second or two is taken for the project's when it is as near."""

_SPEEDS = "9600, 57600, 115200, 230400, 921600 or 1000000"
_TIMES = ("time", "timestamp", "t", "ms", "us", "millis", "micros", "seconds", "elapsed")
Tick = Callable[[NDArray[Any], float], None]
"""Is told the readings that came, and how much is done, 0 to 1."""


class Listener(Protocol):
    """A line that can be listened to, such as `SerialPort`."""

    def listen(self, seconds: float) -> bytes:
        """What comes within `seconds`; b"" for nothing."""


@dataclass(frozen=True)
class Take:
    """One recording, not kept yet.

    Attributes:
        content: the file that is imported.
        suffix: of its name: ".wav", ".csv" or ".png".
        lost_on_board: steps for which the board had no room, within it.
        lost_on_line: steps that did not arrive.
        damaged: lines that could not be read; they are mended.
    """

    content: bytes
    suffix: str
    lost_on_board: int
    lost_on_line: int
    damaged: int

    @property
    def lost(self) -> int:
        """Steps that are missing in it."""
        return self.lost_on_board + self.lost_on_line


class CollectingLine:
    """A board that sends readings by itself.

    Args:
        line: open; nobody else reads it.
        name: of the port, for messages.
        settings: what the project wants.
    """

    def __init__(self, line: Listener, name: str, settings: DataSettings) -> None:
        self._line = line
        self._name = name
        self._settings = settings
        self.feed = Feed()
        self.rate_hz = 0.0

    def probe(self, patience_s: float = PROBE_S) -> Heading:
        """Find out what comes: by its frames at once, of lines in a second or two.

        Raises:
            BoardError: nothing comes, nothing readable, or what is for another sense.
        """
        begin = time.monotonic()
        first, first_count, last = 0.0, 0, 0.0
        heard = 0
        while True:
            data = self._line.listen(_LOOK_S)
            now = time.monotonic()
            heard += len(data)
            self.feed.feed(data)
            self.feed.taken()
            heading = self.feed.heading
            if heading is not None and heading.rate_hz == 0 and self.feed.readings:
                if not first:
                    first, first_count = now, self.feed.readings
                elif data:
                    last = now
                measured = self.feed.readings - first_count
                if now - first >= _MEASURE_S and measured >= _ENOUGH_LINES:
                    self.rate_hz = measured / (last - first)
                    break
            elif heading is not None and (self.feed.in_frames or self.feed.readings):
                self.rate_hz = heading.rate_hz
                break
            if now - begin > patience_s + (_MEASURE_S + 3.0 if first else 0.0):
                raise self._nothing(heard)
        heading = self.feed.heading
        assert heading is not None
        self._check(heading)
        return heading

    def record(self, seconds: float, tick: Tick) -> Take:
        """The next `seconds`; of pictures the next one.

        Raises:
            BoardError: the board went away, or fell silent.
        """
        feed, heading = self.feed, self.feed.heading
        assert heading is not None
        feed.taken()
        before = (feed.lost_on_board, feed.lost_on_line, feed.damaged)
        wanted = 1 if heading.sense == "picture" else max(2, round(seconds * self.rate_hz))
        parts: list[NDArray[Any]] = []
        count = 0
        spoke = time.monotonic()
        while count < wanted:
            self.feed.feed(self._line.listen(_LOOK_S))
            values = feed.taken()
            now = time.monotonic()
            spoke = now if len(values) else spoke
            if now - spoke > _PAUSE_S:
                raise BoardError(
                    f"The board at {self._name} has sent no reading for {_PAUSE_S:g} s"
                    + (f": {feed.said}." if feed.said else "."),
                    hint="Was the sensor unplugged? Press the board's reset button once.",
                )
            if len(values):
                parts.append(values)
                count += len(values)
            tick(values, min(1.0, count / wanted))
        values = np.concatenate(parts)[:wanted]
        after = (feed.lost_on_board, feed.lost_on_line, feed.damaged)
        lost = [now - then for now, then in zip(after, before, strict=True)]
        content, suffix = self._content(values, heading)
        return Take(content, suffix, lost[0], lost[1], lost[2])

    def wait(self, seconds: float, tick: Tick) -> None:
        """Let `seconds` pass, and what comes meanwhile.

        Raises:
            BoardError: the board went away.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.feed.feed(self._line.listen(min(_LOOK_S, left)))
            tick(self.feed.taken(), 1.0 - left / seconds)

    def _check(self, heading: Heading) -> None:
        wanted = self._settings
        if heading.sense != wanted.sense:
            raise BoardError(
                f"The board at {self._name} sends {heading.sense}; the project is of "
                f"{wanted.sense}.",
                hint="Flash the firmware of this project: `coincell data firmware`.",
            )

    def _nothing(self, heard: int) -> BoardError:
        feed = self.feed
        if feed.said:
            return BoardError(
                f"The board at {self._name} sends no readings. It says: {feed.said}.",
                hint="Is its sensor there? Press its reset button once.",
            )
        if not heard:
            return BoardError(
                f"The board at {self._name} says nothing.",
                hint="Does it run a program that prints readings? Flash the firmware of `coincell "
                "data firmware`, or press the reset button once.",
            )
        if feed.readings:
            return BoardError(
                f"The board at {self._name} sends too few readings to measure their rate: "
                f"{feed.readings} came.",
                hint="Print a column `time [ms]` too, or print faster than ten lines a second.",
            )
        return BoardError(
            f"What comes from {self._name} is neither readings nor frames of Coincell's: {heard} "
            f"bytes, {feed.strange} of them unreadable.",
            hint=f"Is the line's speed right? Try --baud {_SPEEDS}. A reading is a line of numbers "
            "with commas or tabs between them.",
        )

    def _content(self, values: NDArray[Any], heading: Heading) -> tuple[bytes, str]:
        if heading.sense == "sound":
            return encode_wav(values[:, 0].astype(np.int16), round(heading.rate_hz)), ".wav"
        if heading.sense == "picture":
            return _png(values[0]), ".png"
        near = abs(self.rate_hz / self._settings.sample_rate_hz - 1) <= _SAME_RATE
        rate = 0.0 if near or self._has_times(heading) else self.rate_hz
        return _lines(values, heading, rate), ".csv"

    def _has_times(self, heading: Heading) -> bool:
        """Whether the lines tell their times: by a column's name, or one more column."""
        if heading.channels:
            return any(name.strip().lower().split("_")[0] in _TIMES for name in heading.channels)
        return heading.columns == len(self._settings.channels) + 1


def _lines(values: NDArray[Any], heading: Heading, rate_hz: float) -> bytes:
    """Readings -> CSV; with times where a rate is given."""
    own = [f"{n} [{u}]" if u else n for n, u in zip(heading.channels, heading.units, strict=False)]
    lines = []
    if own:
        lines.append(",".join(["time [ms]", *own] if rate_hz else own))
    for step, row in enumerate(values):
        cells = ["" if np.isnan(value) else repr(float(value)) for value in row]
        if rate_hz:
            cells.insert(0, repr(1000.0 * step / rate_hz))
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()


def _png(picture: NDArray[Any]) -> bytes:
    """uint8 [height, width, 1 or 3] -> PNG."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("camera", "pillow", "Keeping pictures") from error
    stream = io.BytesIO()
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    image.save(stream, "PNG")
    return stream.getvalue()
