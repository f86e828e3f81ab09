"""What `coincell data collect` shows: a countdown, a plot of each channel, a review."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coincell.board import Heading, Take
    from coincell.data import Review

_BARS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 60
_SHOWN_CHANNELS = 9


class View:
    """On standard error; live where that is a terminal, else a line a take."""

    def __init__(self, quiet: bool) -> None:
        self._live = not quiet and sys.stderr.isatty()
        self._quiet = quiet
        self._screen: Any = None
        self._title = ""
        self._names: list[str] = []
        self._traces: list[list[float]] = []

    def begin(self, title: str, heading: Heading | None) -> None:
        """A new take of that title."""
        self._title = title
        columns = heading.columns if heading else 1
        names = list(heading.channels) if heading and heading.channels else []
        self._names = (names or [str(place + 1) for place in range(columns)])[:_SHOWN_CHANNELS]
        self._traces = [[] for _ in self._names]
        if self._live and self._screen is None:
            from rich.console import Console
            from rich.live import Live

            self._screen = Live(console=Console(stderr=True), refresh_per_second=10, transient=True)
            self._screen.start()

    def close(self) -> None:
        """Take the live picture away."""
        if self._screen is not None:
            self._screen.stop()
            self._screen = None

    def counting(self, seconds: float) -> Callable[[NDArray[Any], float], None]:
        """For `CollectingLine.wait`."""

        def tick(values: NDArray[Any], share: float) -> None:
            left = seconds * (1.0 - share)
            self._draw(values, f"{self._title}: in {left:3.1f} s")

        return tick

    def recording(self, values: NDArray[Any], share: float) -> None:
        """For `CollectingLine.record`."""
        filled = round(20 * share)
        self._draw(values, f"{self._title}: recording {'#' * filled}{'.' * (20 - filled)}")

    def _draw(self, values: NDArray[Any], title: str) -> None:
        if self._screen is None:
            return
        from rich.text import Text

        if len(values):
            table = values.reshape(len(values), -1)
            for place, trace in enumerate(self._traces):
                column = table[:, place]
                trace.append(float(abs(column.astype(float)).max()))
                del trace[:-_COLUMNS]
        width = max(map(len, self._names), default=0)
        lines = [
            f"{name:>{width}} {sparkline(trace)}"
            for name, trace in zip(self._names, self._traces, strict=True)
        ]
        self._screen.update(Text("\n".join([title, *lines])))

    def review(self, take: Take, review: Review) -> None:
        """Levels, and what is wrong."""
        if self._quiet:
            return
        length = f"{review.seconds:.2f} s" if review.seconds else "a picture"
        click.echo(f"{self._title}: {length}", err=True)
        for level in review.levels:
            mark = (
                "  flat" if level.flat else f"  {level.saturated} saturated" * bool(level.saturated)
            )
            click.echo(
                f"  {level.name:<10} {level.least:9.3f} to {level.most:9.3f}, "
                f"mean {level.mean:9.3f} {level.unit}{mark}",
                err=True,
            )
        for count, what in (
            (take.lost_on_board, "readings were lost on the board: it was too busy"),
            (take.lost_on_line, "readings were lost on the line"),
            (take.damaged, "lines could not be read; they are mended"),
        ):
            if count:
                click.echo(click.style(f"  {count} {what}", fg="yellow"), err=True)
        if take.unsteady:
            text = "  its readings came at another rate than before, or paused: when is in doubt"
            click.echo(click.style(text, fg="yellow"), err=True)
        if take.times_left_out:
            text = "  its column of times agrees in no unit with the clock: left out, the clock's "
            click.echo(click.style(text + "rate is taken", fg="yellow"), err=True)


def sparkline(values: list[float]) -> str:
    """Numbers as a row of bars, from zero to the largest."""
    most = max(values, default=0.0)
    if most <= 0 or most != most:
        return "." * len(values)
    steps = len(_BARS) - 1
    return "".join(_BARS[round(steps * max(0.0, value) / most) if value == value else 0]
                   for value in values)  # fmt: skip
