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
from coincell.board.line_times import LineTimes, line_times, named_times
from coincell.data import encode_wav
from coincell.errors import BoardError, MissingExtraError
from coincell.project import DataSettings

PROBE_S = 4.0
"""How long a board may be silent at first: many restart when the port is opened."""

_PICTURE_S = 15.0
"""And, at first or later, one that sends pictures: a slow line takes seconds for each, and the
virtual board's camera is slower than time."""

_MEASURE_S = 1.5
_PAUSE_S = 2.0
_LOOK_S = 0.05
_ENOUGH_LINES = 20
_STEADY, _STEADY_S = 0.2, 0.25
"""A take of lines without times lasts as long as its readings should, but for so much."""

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
        unsteady: whether lines without times came faster or slower than their rate, measured
            before, or paused: when they were taken is in doubt.
        times_left_out: whether a column of times was, since no unit of it agrees with the clock.
    """

    content: bytes
    suffix: str
    lost_on_board: int
    lost_on_line: int
    damaged: int
    unsteady: bool = False
    times_left_out: bool = False

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

    def probe(self, patience_s: float | None = None) -> Heading:
        """Find out what comes: by its frames at once, of lines in a second or two.

        Args:
            patience_s: how long the board may be silent; None is as long as its sense takes.

        Raises:
            BoardError: nothing comes, nothing readable, or what is for another sense.
        """
        if patience_s is None:
            patience_s = _PICTURE_S if self._settings.sense == "picture" else PROBE_S
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
            measures = heading is not None and heading.rate_hz == 0 and not self.feed.in_frames
            if measures and self.feed.readings:  # frames without a rate are pictures
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
        pictures = heading.sense == "picture"
        wanted = 1 if pictures else self._steps(seconds, heading)
        parts: list[NDArray[Any]] = []
        begin = time.monotonic()
        spoke = self._fill(parts, wanted, tick)
        unsteady = self._is_unsteady(sum(map(len, parts)), spoke - begin)
        times = None
        values = np.concatenate(parts)[:wanted]
        if heading.sense == "motion" and not heading.rate_hz:
            heading = self._now(heading)
            values, times = self._whole_lines(parts, heading, seconds, tick, spoke - begin)
        if unsteady:
            self._measure_again()
        heading = self._now(heading)  # a name may have come only now
        after = (feed.lost_on_board, feed.lost_on_line, feed.damaged)
        lost = [now - then for now, then in zip(after, before, strict=True)]
        content, suffix = self._content(values, heading, times)
        left_out = times is not None and not times.told and not times.unit
        return Take(content, suffix, lost[0], lost[1], lost[2], unsteady, left_out)

    def _fill(self, parts: list[NDArray[Any]], wanted: int, tick: Tick) -> float:
        """Listen until `parts` hold as many steps; when the last came.

        Raises:
            BoardError: the board went away, fell silent, or sends other columns now.
        """
        feed, heading = self.feed, self.feed.heading
        pause = _PICTURE_S if heading and heading.sense == "picture" else _PAUSE_S
        count = sum(map(len, parts))
        spoke = time.monotonic()
        while count < wanted:
            feed.feed(self._line.listen(_LOOK_S))
            values = feed.taken()
            now = time.monotonic()
            spoke = now if len(values) else spoke
            if now - spoke > pause:
                raise BoardError(
                    f"The board at {self._name} has sent no reading for {pause:g} s"
                    + (f": {feed.said}." if feed.said else "."),
                    hint="Was the sensor unplugged? Press the board's reset button once.",
                )
            if len(values):
                if parts and parts[0].shape[1:] != values.shape[1:]:
                    raise BoardError(
                        f"The board at {self._name} sends lines of {parts[0].shape[1]} numbers, "
                        f"and then of {values.shape[1]}.",
                        hint="Let it print the same columns always.",
                    )
                parts.append(values)
                count += len(values)
            tick(values, min(1.0, count / wanted))
        return spoke

    def _whole_lines(
        self,
        parts: list[NDArray[Any]],
        heading: Heading,
        seconds: float,
        tick: Tick,
        lasted_s: float,
    ) -> tuple[NDArray[Any], LineTimes | None]:
        """As many lines as were asked for, the first and the last of them readable.

        What is damaged within lies between its neighbours later; at an end there is no neighbour.

        Raises:
            BoardError: hardly a line can be read; or as `_fill`.
        """
        values = np.concatenate(parts)
        measured = len(values) / max(lasted_s, _LOOK_S)
        rates = (self.rate_hz, measured)
        times = line_times(values, heading, len(self._settings.channels), rates)
        if times and times.rate_hz:
            self.rate_hz = times.rate_hz
        elif times and not times.told and lasted_s >= _MEASURE_S:
            self.rate_hz = measured
        wanted = self._steps(seconds, heading)
        for more in range(2 * wanted + _ENOUGH_LINES):
            self._fill(parts, wanted + more, tick)
            values = np.concatenate(parts)
            whole = np.isfinite(values).all(axis=1)
            starts = np.flatnonzero(whole[: len(whole) - wanted + 1] & whole[wanted - 1 :])
            if len(starts):
                return values[starts[0] : starts[0] + wanted], times
        raise BoardError(
            f"Hardly a line from the board at {self._name} can be read: {len(values)} were heard.",
            hint=f"Is the line's speed right? Try --baud {_SPEEDS}.",
        )

    def _now(self, heading: Heading) -> Heading:
        """The heading; of lines it may have come, or been completed, only now."""
        newer = self.feed.heading
        return newer if newer is not None and newer.columns == heading.columns else heading

    def _steps(self, seconds: float, heading: Heading) -> int:
        """How many readings so long a recording has, as it will be kept."""
        timed = heading.rate_hz or self._has_times(heading)
        near = not timed and self._is_near()
        return max(2, round(seconds * (self._settings.sample_rate_hz if near else self.rate_hz)))

    def _is_near(self) -> bool:
        """Whether the rate of lines is taken for the project's."""
        return abs(self.rate_hz / self._settings.sample_rate_hz - 1) <= _SAME_RATE

    def wait(self, seconds: float, tick: Tick) -> None:
        """Let `seconds` pass, and what comes meanwhile.

        Raises:
            BoardError: the board went away.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.feed.feed(self._line.listen(min(_LOOK_S, left)))
            tick(self.feed.taken(), 1.0 - left / seconds)

    def _is_unsteady(self, count: int, seconds: float) -> bool:
        """Whether `count` readings in so many seconds contradict the rate that was measured."""
        heading = self.feed.heading
        if heading is None or heading.rate_hz or heading.sense == "picture":
            return False
        if self._has_times(heading):
            return False
        expected = count / self.rate_hz
        return abs(seconds - expected) > max(_STEADY_S, _STEADY * expected)

    def _measure_again(self) -> None:
        """The rate of lines, over the next second or two."""
        begin = last = time.monotonic()
        first, before, after = 0.0, 0, 0
        while last - begin < PROBE_S:
            data = self._line.listen(_LOOK_S)
            self.feed.feed(data)
            self.feed.taken()
            last = time.monotonic()
            if not data:
                continue
            after = self.feed.readings
            if not first:
                first, before = last, after
            elif last - first >= _MEASURE_S and after - before >= _ENOUGH_LINES:
                self.rate_hz = (after - before) / (last - first)
                return

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

    def _content(
        self, values: NDArray[Any], heading: Heading, times: LineTimes | None
    ) -> tuple[bytes, str]:
        if heading.sense == "sound":
            return encode_wav(values[:, 0].astype(np.int16), round(heading.rate_hz)), ".wav"
        if heading.sense == "picture":
            return _png(values[0]), ".png"
        has_times = bool(times and (times.told or times.unit))
        rate = 0.0 if has_times or self._is_near() else self.rate_hz
        values, heading = named_times(values, heading, times, self._settings.channels)
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
