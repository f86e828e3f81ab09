"""`coincell monitor ingest`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.monitor import store_option
from coincell.cli.output import json_option, print_json, printable, progress_bar
from coincell.errors import FileError, UserError

if TYPE_CHECKING:
    from coincell.monitor import Outcome, Store

_SHOWN = 5


@click.command("ingest")
@click.argument(
    "places", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)  # fmt: skip
@click.option(
    "--watch", is_flag=True, help="Of one folder: go on with files that come, till Ctrl-C."
)
@store_option
@json_option
def ingest_command(places: tuple[Path, ...], watch: bool, place: str, as_json: bool) -> None:
    """Add the reports in files and folders: each file has reports behind each other.

    The same report counts once, however often it comes. Reports without a clock of their own are
    placed by when their file was written.
    """
    from coincell.monitor import Store, collect_seldom

    if watch and (len(places) != 1 or not places[0].is_dir()):
        raise UserError(f"--watch takes one folder; received {len(places)} places.")
    collect_seldom()
    with Store(place) as store:
        if watch:
            _watch(store, places[0], as_json)
            return
        told, unread = _add(store, _files(places), as_json)
    if as_json:
        print_json(told)
    elif not told["files"]:
        click.echo("No files are there.")
    if unread:
        raise FileError(
            f"{len(unread)} of {told['files']} files could not be read, the first of them: "
            f"{unread[0].filename}: {unread[0].strerror or unread[0]}.",
            hint="The others are added; run it again when these can be read.",
        )


def _files(places: tuple[Path, ...]) -> list[Path]:
    """Those that are named, and of folders those that are not hidden.

    Raises:
        UserError: a device, a pipe or a socket is named: it may have no end.
    """
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            found = sorted(place.iterdir())
            files += [path for path in found if path.is_file() and not path.name.startswith(".")]
        elif place.is_file():
            files.append(place)
        else:
            raise UserError(
                f"Reports are read from files and folders; {place} is neither.",
                hint="Write what comes out of a pipe to a file first.",
            )
    return files


def _add(store: Store, files: list[Path], as_json: bool) -> tuple[dict[str, object], list[OSError]]:
    """What became of the files, and why some could not be read, which costs no other."""
    from coincell.monitor import ingest_file

    told: dict[str, object] = {"files": len(files)}
    outcomes: list[tuple[Path, Outcome]] = []
    unread: list[OSError] = []
    with progress_bar("Reports", as_json) as move:
        for number, path in enumerate(files):
            move(number, len(files), path.name)
            try:
                outcome = ingest_file(store, path)
            except OSError as error:
                unread.append(error)
                continue
            outcomes.append((path, outcome))
            if not as_json:
                _say(path, outcome)
    told["added"] = sum(one.added for _, one in outcomes)
    told["repeated"] = sum(one.repeated for _, one in outcomes)
    told["refused"] = [
        {"file": str(path), "reason": one.reason, "message": one.message}
        for path, outcome in outcomes
        for one in outcome.refusals
    ]
    return told, unread


def _watch(store: Store, folder: Path, as_json: bool) -> None:
    from coincell.monitor import watch_folder

    def say(path: Path, outcome: Outcome) -> None:
        if not as_json:
            _say(path, outcome)
            return
        counts = {"added": outcome.added, "repeated": outcome.repeated}
        print_json({"file": str(path), **counts, "refused": outcome.refused})

    def unread(path: Path, error: OSError) -> None:
        click.echo(printable(f"note: {path} is passed over: {error.strerror or error}"), err=True)

    watch_folder(store, folder, say, unread=unread)


_HINTS = {
    "reference": "Name it once: coincell monitor register build/reference.json",
    "signature": "An enrolled device signs all that it tells; what it told before is kept already.",
    "conflict": "Do two devices have one name? `coincell board run --device` gives another.",
}
"""Why a report was refused -> what to do, where something can be done."""


def _say(path: Path, outcome: Outcome) -> None:
    counts = f"{outcome.added} added, {outcome.repeated} known, {outcome.refused} refused"
    line = f"{path}: {counts}"
    click.echo(printable(line))
    for one in outcome.refusals[:_SHOWN]:
        click.echo(printable(f"  {one.reason}: {one.message}"), err=True)
    for reason in dict.fromkeys(one.reason for one in outcome.refusals):
        if reason in _HINTS:
            click.echo(f"  hint: {_HINTS[reason]}", err=True)
