"""`coincell data fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincell.cli.data_counts import print_counts
from coincell.cli.output import (
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from coincell.data import Fetched, PublicSet


@click.command("fetch")
@click.argument("name", default="")
@click.option("--yes", is_flag=True, help="Do not ask before downloading.")
@click.option(
    "--from", "origin", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Take the files from this folder instead of the network.",
)  # fmt: skip
@directory_option
@json_option
def fetch_command(
    name: str, yes: bool, origin: Path | None, directory: Path, as_json: bool
) -> None:
    """Download the public data set NAME, verify it, and import it; without NAME list them.

    Source, licence, size and hash are shown first. What stopped goes on from where it was. A hash
    that nobody publishes is recorded at the first download, and held to from then on.
    """
    from coincell.data import (
        CATALOGUE,
        check_fits,
        counted,
        fetch_files,
        import_fetched,
        public_set,
    )

    if not name:
        _print_catalogue(list(CATALOGUE.values()), as_json=as_json)
        return
    chosen = public_set(name)
    project = open_project(directory)
    check_fits(project, chosen)
    if not as_json:
        _print_set(chosen)
    if not (yes or origin):
        click.confirm("Download and import it?", abort=True, err=as_json)
    with progress_bar("downloading", quiet=as_json) as progress:
        files = fetch_files(chosen, origin, progress)
    if not as_json:
        _print_files(files)
    with progress_bar("importing", quiet=as_json) as progress:
        summary = import_fetched(project, chosen, files, progress)
    if as_json:
        print_json(
            {
                "set": _as_json(chosen),
                "files": [
                    {"file": one.path.name, "sha256": one.sha256, "hash": one.known}
                    for one in files
                ],
                "added": summary.added,
                "already_there": summary.already_there,
                "notes": list(summary.notes),
                "counts": summary.dataset.counts(),
            }
        )
        return
    added = counted(summary.added, "motion")
    click.echo(f"Imported {added}; {summary.already_there} there already.")
    print_counts(summary.dataset)
    for note in summary.notes:
        click.echo(click.style(f"note: {note}", fg="yellow"))
    click.echo("\nNext: coincell data check, then coincell run")


def _as_json(chosen: PublicSet) -> dict[str, object]:
    from coincell.data import known_hashes

    hashes = known_hashes(chosen)
    return {
        "name": chosen.name,
        "title": chosen.title,
        "page": chosen.page,
        "licence": chosen.licence,
        "sense": chosen.sense,
        "files": [
            {"address": one.address, "size": one.size, "sha256": hashes.get(one.file, "")}
            for one in chosen.downloads
        ],
    }


def _print_catalogue(sets: list[PublicSet], *, as_json: bool) -> None:
    if as_json:
        print_json([_as_json(one) for one in sets])
        return
    for one in sets:
        click.echo(f"{one.name:<22} {one.sense:<8} {one.title}")
    click.echo("\nNext: coincell data fetch NAME, which shows licence and size, and asks")


def _print_set(chosen: PublicSet) -> None:
    from coincell.data import known_hashes

    hashes = known_hashes(chosen)
    click.echo(f"{chosen.name}: {chosen.title}")
    click.echo(f"  described at {chosen.page}")
    click.echo(f"  licence      {chosen.licence}")
    for one in chosen.downloads:
        size = f"{one.size / 1e6:.0f} MB" if one.size else "size told by its server"
        digest = hashes.get(one.file, "")
        whose = f", by {chosen.hash_source}" if one.sha256 and chosen.hash_source else ""
        told = f"{digest}{whose}" if digest else "not known; recorded at the first download"
        click.echo(f"  from         {one.address} ({size})")
        click.echo(f"    SHA-256    {told}")


def _print_files(files: tuple[Fetched, ...]) -> None:
    for one in files:
        said = {
            "published": "is the published one",
            "seen before": "is that of the first download",
            "first seen": f"is {one.sha256}; it is recorded, and held to from now on",
        }[one.known]
        click.echo(f"{one.path.name}: its SHA-256 {said}")
