"""`coincell data version | diff`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    printable,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.data import Changed, Difference, Version

_SHOWN = 10


@click.command("version")
@click.option("--note", default="", metavar="TEXT", help="A line to remember it by.")
@click.option("--list", "listing", is_flag=True, help="List what was kept, and keep nothing.")
@directory_option
@json_option
def version_command(note: str, listing: bool, directory: Path, as_json: bool) -> None:
    """Keep what the data set holds now, under the hash of its content, in data/versions/.

    Every recording is hashed. Recordings are not copied: a version tells what there was.
    """
    from coincell.data import note_version, noted_versions

    project = open_project(directory)
    if listing:
        versions = noted_versions(project)
        if as_json:
            print_json([version.to_json() for version in versions])
            return
        for version in versions:
            _print_version(version)
        if not versions:
            click.echo("No version was kept yet: coincell data version")
        return
    with progress_bar("hashing", quiet=as_json) as progress:
        version = note_version(project, note, progress)
    if as_json:
        print_json(version.to_json())
        return
    _print_version(version)
    click.echo("\nNext: change the data, then coincell data diff " + version.name)


def _print_version(version: Version) -> None:
    clips = len(version.dataset.samples) + len(version.dataset.noise)
    line = f"{version.name}  {version.noted}  {clips:6d} recordings  {version.note}"
    click.echo(printable(line.rstrip()))


@click.command("diff")
@click.argument("before")
@click.argument("after", default="")
@directory_option
@json_option
def diff_command(before: str, after: str, directory: Path, as_json: bool) -> None:
    """What differs from version BEFORE to version AFTER, or to the data set as it is now.

    Versions are named by their first digits (coincell data version --list). A recording is known
    by its content: one that has another label or split now is told as such.
    """
    from coincell.data import difference, find_version, present_version

    project = open_project(directory)
    first = find_version(project, before)
    second = find_version(project, after) if after else present_version(project)
    found = difference(first, second)
    there = project.data_directory
    gone = (
        [] if after else [s.file for s in second.dataset.samples if not (there / s.file).is_file()]
    )
    if as_json:
        print_json(_as_json(found) | {"not_there": gone})
        return
    _print_difference(found)
    _print_list("listed, and not there any more (coincell data check)", gone)


def _as_json(found: Difference) -> dict[str, Any]:
    changes = {name: getattr(found, name) for name in ("relabelled", "moved", "regrouped")}
    return {
        "before": found.before.to_json(),
        "after": found.after.to_json(),
        "same": found.same,
        "added": [sample.file for sample in found.added],
        "removed": [sample.file for sample in found.removed],
        **{
            name: [
                {"file": c.file, "file_now": c.file_now, "before": c.before, "after": c.after}
                for c in those
            ]
            for name, those in changes.items()
        },
        "altered": list(found.altered),
        "counts": {label: list(pair) for label, pair in found.counts.items()},
    }


def _print_difference(found: Difference) -> None:
    if found.same:
        click.echo("The same recordings, labels, splits and groups by the manifest.")
        return
    width = max(len(label) for label in [*found.counts, "(a number)"])
    click.echo(f"{'class':<{width}} {'before':>8} {'after':>8} {'':>7}")
    for label, (old, new) in found.counts.items():
        more = f"{new - old:+d}" if new != old else ""
        click.echo(printable(f"{label or '(a number)':<{width}} {old:>8} {new:>8} {more:>7}"))
    _print_list("added", [sample.file for sample in found.added])
    _print_list("removed", [sample.file for sample in found.removed])
    _print_list("relabelled", _arrows(found.relabelled))
    _print_list("moved to another split", _arrows(found.moved))
    _print_list("with other groups", _arrows(found.regrouped))
    _print_list("of the same name, with other content", list(found.altered))


def _arrows(changes: Sequence[Changed]) -> list[str]:
    return [f"{c.file_now}: {c.before or '(none)'} -> {c.after or '(none)'}" for c in changes]


def _print_list(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    click.echo(f"\n{len(lines)} {title}:")
    for line in lines[:_SHOWN]:
        click.echo(printable(f"    {line}"))
    if len(lines) > _SHOWN:
        click.echo(f"    ... and {len(lines) - _SHOWN} more")
