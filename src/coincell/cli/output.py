"""What verbs share: the project argument, live progress, JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

    from coincell.data import Progress
    from coincell.pipeline import StageEvent
    from coincell.project import Project

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
directory_option = click.option(
    "--project",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="here",
    help="The project's folder.",
)


def page_path(
    context: click.Context, parameter: click.Parameter, value: Path | None
) -> Path | None:
    """A callback of options that write a page: no model, image or recording is overwritten.

    Raises:
        UserError: the name does not end in .html.
    """
    from coincell.errors import UserError

    del context
    if value is None or value.suffix.lower() in (".html", ".htm"):
        return value
    raise UserError(
        f"A page is written to a file that ends in .html; received {value}.",
        hint=f"For instance {parameter.opts[0]} {value.with_suffix('.html')}",
    )


def open_project(directory: Path) -> Project:
    """The project in `directory`, or a UserError."""
    from coincell.project import load_project

    return load_project(directory)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def printable(text: str) -> str:
    """`text` with control characters, which a file's name may hold, written as escapes."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def tables(width: int) -> Console:
    """Where tables are printed: a terminal as wide as it is, else at least `width` columns."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # it would end with 1, which says that a gate failed

    console = Output(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, width)
    return console


SECONDS_BETWEEN_LINES = 20.0
"""Without a terminal: between lines that tell how far the work is."""


def _unseen(done: int, total: int, message: str = "") -> None:
    del done, total, message


@contextmanager
def progress_bar(title: str, quiet: bool) -> Iterator[Progress]:
    """A bar on standard error for work of one kind; gives the function that moves it.

    Without a terminal it is a line every so often while the work lasts.
    """
    if quiet or not sys.stderr.isatty():
        yield _unseen if quiet else _now_and_then(title)
        return
    bar = bar_of()
    with bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int, message: str = "") -> None:
            bar.update(task, completed=done, total=total or None, description=message or title)

        yield move


def _now_and_then(title: str) -> Progress:
    """Tells a line on standard error when long enough has passed since the last one."""
    told = time.monotonic()

    def tell(done: int, total: int, message: str = "") -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < SECONDS_BETWEEN_LINES:
            return
        told = now
        share = f", {100 * done / total:.0f} %" if total else ""
        click.echo(f"  {printable(message or title)}{share}", err=True)

    return tell


def bar_of(console: Console | None = None) -> Bar:
    """A bar with a description, counts and the time; on standard error unless told."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console or Console(stderr=True),
        transient=True,
    )


class StageLines:
    """Prints one line a stage on standard error, with a live bar while it runs.

    Args:
        quiet: print nothing.
        unchanged: also tell of stages that are up to date.
    """

    def __init__(self, quiet: bool, unchanged: bool = True) -> None:
        self._quiet = quiet
        self._unchanged = unchanged
        self._live = not quiet and sys.stderr.isatty()
        self._bar: Bar | None = None
        self._task: Any = None
        self._told = 0.0

    def __call__(self, event: StageEvent) -> None:
        """Show `event`."""
        if self._quiet or (event.kind == "unchanged" and not self._unchanged):
            return
        if event.kind == "waiting":
            click.echo("Another command works on this project; waiting for it ...", err=True)
            return
        if event.kind in ("started", "progress"):
            self._show_progress(event)
            return
        self.close()
        mark, colour = _MARKS[event.kind]
        took = f"{event.seconds:6.1f} s" if event.kind == "made" else f"{event.kind:>8}"
        line = f"{mark} {event.index + 1:2d}/{event.count} {event.stage.title:<44} {took}"
        click.echo(click.style(line, fg=colour), err=True)
        if event.kind == "refused":
            click.echo(f"  {event.message}", err=True)

    def _show_progress(self, event: StageEvent) -> None:
        if not self._live:
            self._tell_now_and_then(event)
            return
        if self._bar is None:
            self._bar = bar_of()
            self._bar.start()
            self._task = self._bar.add_task(event.stage.title, total=None)
        if event.kind == "progress":
            text = event.stage.title + (f": {event.message}" if event.message else "")
            self._bar.update(
                self._task, completed=event.done, total=event.total or None, description=text
            )

    def _tell_now_and_then(self, event: StageEvent) -> None:
        """Without a terminal: a line as a stage begins, and one every so often while it lasts."""
        now = time.monotonic()
        place = f"  {event.index + 1:2d}/{event.count} {event.stage.title}"
        if event.kind == "started":
            click.echo(f"{place} ...", err=True)
            self._told = now
        elif now - self._told >= SECONDS_BETWEEN_LINES:
            click.echo(f"{place}: {event.done} of {event.total} {event.message}", err=True)
            self._told = now

    def close(self) -> None:
        """Take the live bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


_MARKS = {"made": ("+", "green"), "unchanged": ("=", "bright_black"), "refused": ("x", "red")}
