"""`coincell data synthesize`."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
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
from coincell.cli.voice_options import voice_settings, written_settings
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.data import Voice
    from coincell.project import Project


@click.command("synthesize")
@click.option(
    "--voices", type=int, metavar="NUMBER",
    help="How many voices speak (synthesis.voices); with --add-for how many more for training.",
)  # fmt: skip
@click.option(
    "--share", "shares", multiple=True, metavar="GROUP:SHARE",
    help="Of the voices of the training split alone, such as gender=female:0.1; repeatable.",
)  # fmt: skip
@click.option(
    "--add-for", multiple=True, metavar="GROUP",
    help="More voices of a group for the training split, such as accent=en-gb; repeatable.",
)  # fmt: skip
@directory_option
@json_option
def synthesize_command(
    voices: int | None,
    shares: tuple[str, ...],
    add_for: tuple[str, ...],
    directory: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Make a data set to start with: words by espeak-ng voices, machines that vibrate.

    [synthesis] tells how much, and the options are written there, so that the command without them
    makes the same again. It lets a project run at once; figures on it do not tell how people and
    real machines fare.
    """
    project = open_project(directory)
    spoken = project.configuration.project.task == "keyword-spotting"
    changes = voice_settings(project, voices, shares, add_for)
    if changes and not spoken:
        raise UserError(
            "--voices, --share and --add-for are of keyword spotting; received a project of task "
            f"{project.configuration.project.task!r}."
        )
    if not spoken:
        _make_default_data(project, as_json=as_json)
        return
    from coincell.data import synthesize

    with (
        written_settings(project, changes) as changed,
        progress_bar("synthesizing", quiet=as_json) as progress,
    ):
        summary = synthesize(changed, progress)
    if as_json:
        print_json(
            {
                "made": summary.made,
                "kept": summary.kept,
                "removed": summary.removed,
                "settings": changes,
                "voices": [dataclasses.asdict(voice) for voice in summary.voices],
                "longer_than_window": summary.longer_than_window,
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"Synthesized {summary.made} spoken clips by {len(summary.voices)} espeak-ng voices "
        f"({summary.kept} more were there already); {len(summary.dataset.samples)} clips in all:"
    )
    print_counts(summary.dataset)
    click.echo(_training_voices(summary.voices))
    for name, value in changes.items():
        click.echo(f"Written to coincell.toml: {name} = {json.dumps(value)}")
    if summary.longer_than_window:
        click.echo(f"note: {summary.longer_than_window} clips are longer than a window.")
    click.echo("\nNext: coincell run")


def _training_voices(voices: Sequence[Voice]) -> str:
    """Such as "Voices of the training split: 2 female, 18 male; 4 en-gb, 16 en-us."."""
    training = [voice for voice in voices if voice.split == "train"]
    told = [
        ", ".join(f"{count} {value}" for value, count in sorted(Counter(values).items()))
        for values in ([v.gender for v in training], [v.accent for v in training])
    ]
    return f"Voices of the training split: {'; '.join(told)}."


def _make_default_data(project: Project, *, as_json: bool) -> None:
    from coincell.data import make_default_data

    with progress_bar("making", quiet=as_json) as progress:
        summary = make_default_data(project, progress)
    if as_json:
        print_json(
            {
                "source": summary.source,
                "made": summary.made,
                "kept": summary.kept,
                "removed": summary.removed,
                "counts": summary.dataset.counts(),
            }
        )
        return
    click.echo(
        f"{summary.made} recordings made ({summary.kept} more were there already): "
        f"{summary.source}; {len(summary.dataset.samples)} recordings in all:"
    )
    print_counts(summary.dataset)
    click.echo("\nNext: coincell run")
