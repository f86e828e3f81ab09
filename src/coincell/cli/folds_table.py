"""Cross-validation as a table in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coincell.cli.output import printable, tables

if TYPE_CHECKING:
    from coincell.pipeline import CrossValidation

_WIDTH = 110
_SHOWN = ("accuracy", "f1_macro", "auc", "partial_auc", "mae", "rmse", "r2")


def print_folds(found: CrossValidation) -> None:
    """A line a fold, then mean, interval and spread of every figure."""
    from rich.table import Table

    models = list(found.figures)
    shown = [name for name in _SHOWN if name in found.figures["int8"]]
    grid = Table(box=None, pad_edge=False)
    for title in ("Fold", "Train", "Valid.", "Judged"):
        grid.add_column(title, justify="right")
    for name in shown:
        for model in models:
            grid.add_column(f"{name.replace('_', ' ')}, {model}", justify="right")
    for number, fold in enumerate(found.folds, 1):
        cells = [f"{fold.figures[model].get(name, float('nan')):.4g}"
                 for name in shown for model in models]  # fmt: skip
        grid.add_row(str(number), str(fold.train), str(fold.validation), str(fold.test), *cells)
    console = tables(_WIDTH)
    console.print(grid)
    for number, fold in enumerate(found.folds, 1):
        if fold.settings:
            told = ", ".join(f"{name} {value}" for name, value in fold.settings.items())
            click.echo(printable(f"Fold {number} chose {told}"))
    whole = Table(box=None, pad_edge=False)
    for title in ("Figure", *(f"{model}: mean (95 %), spread" for model in models)):
        whole.add_column(title)
    for name in found.figures["int8"]:
        whole.add_row(name.replace("_", " "), *(_figure(found, model, name) for model in models))
    console.print()
    console.print(whole)
    kept = f"{found.units} values of {found.by!r}, none" if found.by else "single windows, none"
    click.echo(f"\n{len(found.folds)} folds of {kept} on two sides; the test split was not read.")


def _figure(found: CrossValidation, model: str, name: str) -> str:
    estimate = found.figures[model].get(name)
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    spread = found.spread[model][name]
    return f"{estimate.value:.4g} ({estimate.low:.4g} to {estimate.high:.4g}), {spread:.2g}"
