"""What becomes of errors: words on standard error, with --json an object on standard output too.

Every command's errors come through here, those of its usage included.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from coincell import errors
from coincell.cli.output import printable
from coincell.errors import CoincellError, FileError, UserError

USAGE, STOPPED = "UsageError", "Stopped"
"""Kinds of failure that no class of coincell.errors stands for."""

_USERS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR
)  # fmt: skip
"""What the system says only of a place that the user chose."""
_STOPPED_EXIT = 130


def wants_json(words: Sequence[str]) -> bool:
    """Whether a command line, the program's name left out, asks for JSON."""
    options = list(words[: words.index("--")] if "--" in words else words)
    formats = itertools.pairwise(options)  # of `coincell bench`
    return "--json" in options or "--format=json" in options or ("--format", "json") in formats


def leave(failure: BaseException) -> int:
    """Tell of `failure`; gives the exit code.

    Args:
        failure: what ended a command: an error of ours, of click's, of the system, or any other.
    """
    if isinstance(failure, (click.exceptions.Abort, KeyboardInterrupt)):
        return _leave_stopped()
    if isinstance(failure, click.ClickException):
        return _tell_usage(failure)
    if isinstance(failure, CoincellError):
        return _tell(failure)
    if isinstance(failure, MemoryError):
        return _tell(UserError("Out of memory.", "Use fewer clips, copies or samples."))
    if isinstance(failure, OSError):
        return _tell_system_error(failure)
    return _report_fault(failure)


def _print_json(kind: str, message: str, hint: str, code: int, more: str = "") -> None:
    """One line, since some commands print an object a line; only where JSON is asked for."""
    if not wants_json(sys.argv[1:]):
        return
    facts = {"kind": kind, "message": message, "hint": hint, "exit_code": code, "more": more}
    try:
        click.echo(json.dumps({"error": facts}))
    except OSError:  # nobody reads it, or the disk is full: standard error tells
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_WAITING = ("monitor", "studio", "listen", "serial", "board")
"""Verbs that serve or listen until Ctrl-C, and have no stages."""


def _leave_stopped() -> int:
    goes_on = " The same command goes on after the last finished stage."
    message = "Stopped." + ("" if sys.argv[1:2] and sys.argv[1] in _WAITING else goes_on)
    click.echo(f"\n{message}", err=True)
    _print_json(STOPPED, message, "", _STOPPED_EXIT)
    return _STOPPED_EXIT


def _tell_usage(error: click.ClickException) -> int:
    error.show()
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"Try `{context.command_path} --help`." if context else "Try `coincell --help`."
    _print_json(USAGE, error.format_message(), hint, 2)
    return 2


def _kind(error: CoincellError) -> str:
    """The name of its class in coincell.errors, be it a narrower one of a package's own."""
    return next(each.__name__ for each in type(error).__mro__ if each.__module__ == errors.__name__)


def _tell(error: CoincellError) -> int:
    message, hint = printable(error.message), printable(error.hint)
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if hint:
        click.echo(f"{click.style('hint:', fg='cyan', bold=True)}  {hint}", err=True)
    more = f"{_troubleshooting()}#{error.topic}"
    click.echo(click.style(f"more:  {more}", dim=True), err=True)
    _print_json(_kind(error), message, hint, error.exit_code, more)
    return error.exit_code


def _troubleshooting() -> str:
    """Where the page is: beside an installed wheel's data, else by its name in the repository."""
    installed = os.path.join(sys.prefix, "share", "doc", "coincell", "troubleshooting.md")
    return installed if os.path.isfile(installed) else "docs/troubleshooting.md"


def _tell_system_error(error: OSError) -> int:
    """A full disk, a file that may not be touched, a name that cannot be, or a place that the
    command line names is the user's to mend; all else is ours."""
    from coincell.files import disk_error, is_disk_full

    place = str(error.filename or "a file")
    if is_disk_full(error):
        return _tell(disk_error(Path(place), error))
    if error.errno in _USERS or _is_named(place):
        return _tell(FileError(f"Cannot use {place}: {error.strerror}.", "Name another one."))
    return _report_fault(error)


def _is_named(place: str) -> bool:
    """Whether the command line has this path, as a word or as an option's value."""
    words = {part for word in sys.argv[1:] for part in (word, word.partition("=")[2])}
    return bool(place) and place in words


def _report_fault(error: BaseException) -> int:
    """A fault of ours: the traceback goes to a file, not to the person's face."""
    import tempfile
    import traceback

    said = f"this is a fault of Coincell's own: {type(error).__name__}: {printable(str(error))}"
    click.echo(f"{click.style('fault:', fg='red', bold=True)} {said}", err=True)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="coincell-fault-", suffix=".txt", delete=False, encoding="utf-8",
            errors="backslashreplace",
        ) as stream:  # fmt: skip
            stream.write("".join(traceback.format_exception(error)))
    except OSError as unwritten:
        hint = f"please report it; no more could be written: {unwritten}"
    else:
        hint = f"please report it with the file {stream.name}"
    click.echo(f"hint:  {hint}", err=True)
    code = errors.InternalError.exit_code
    _print_json(errors.InternalError.__name__, said, hint, code)
    return code
