"""What a data set holds, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coincell.data import Dataset


def print_counts(dataset: Dataset) -> None:
    """Clips a class and split."""
    click.echo(f"{'class':<16} {'train':>7} {'valid.':>7} {'test':>7}")
    for label, row in dataset.counts().items():
        cells = " ".join(f"{row[split]:>7}" for split in ("train", "validation", "test"))
        click.echo(f"{label or '(a number)':<16} {cells}")
