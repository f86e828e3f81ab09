"""`coincell features [compare | relevance]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import (
    StageLines,
    directory_option,
    json_option,
    open_project,
    print_json,
    progress_bar,
    tables,
)
from coincell.cli.stages import run_stage

if TYPE_CHECKING:
    from coincell.pipeline import Compared, Comparison, Relevance, Relevances

_WIDTH_OF_FILES = 120


@click.group("features", invoke_without_command=True)
@directory_option
@click.option("--force", is_flag=True, help="Redo the features stage even when up to date.")
@json_option
@click.pass_context
def features_command(context: click.Context, directory: Path, force: bool, as_json: bool) -> None:
    """Compute every window's features, with the device's own C.

    Or compare blocks of features, or ask which features the model needs.
    """
    if context.invoked_subcommand is None:
        run_stage(context, "features", directory, force, as_json)


@features_command.command("compare")
@click.option(
    "--blocks", "blocks", multiple=True, metavar="BLOCK",
    help='A block, with settings or without: "spectral bands=8 fft_size=64". Give it once a block; '
    "by default those for the project's sense.",
)  # fmt: skip
@directory_option
@json_option
def compare_command(blocks: tuple[str, ...], directory: Path, as_json: bool) -> None:
    """Try blocks side by side: how well each tells, what it costs on the board, which to take.

    On training and validation windows: the test split is not looked at.
    """
    from coincell.pipeline import compare_features

    project = open_project(directory)
    lines = StageLines(quiet=as_json, unchanged=False)
    try:
        with progress_bar("comparing", quiet=as_json) as progress:
            comparison = compare_features(project, blocks, progress, lines)
    finally:
        lines.close()
    if as_json:
        print_json(comparison.to_json())
        return
    _print_comparison(comparison)


def _print_comparison(comparison: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    console = tables(_WIDTH_OF_FILES)
    table = Table(box=None, pad_edge=False)
    table.add_column("block")
    for heading in (
        comparison.score_name, "Fisher", "shape", "cycles", "ms", "flash", "RAM", "stack",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for at, block in enumerate(comparison.blocks):
        style = "bold green" if at == comparison.proposal else None
        name = Text(block.name + (" (now)" if block.current else ""))
        table.add_row(name, *_figures(block), style=style)
    console.print(table)
    for block in comparison.blocks:
        if block.problem:
            console.print(Text(f"{block.name}: {block.problem}"), style="yellow")
    for note in comparison.notes:
        console.print(Text(f"note: {note}"), style="dim")
    console.print(Text(f"\n{comparison.reason}"))
    if comparison.proposal is not None:
        chosen = comparison.blocks[comparison.proposal]
        if chosen.architecture:
            mine = ", the project's" if chosen.own else ", and not the project's"
            console.print(Text(f"The architecture that fits it: {chosen.architecture}{mine}."))
        if chosen.current and chosen.own:
            console.print("The project uses it already.")
        else:
            console.print(Text(f"In coincell.toml:\n\n{chosen.toml}"))


def _figures(block: Compared) -> list[str]:
    dash = "-"
    if block.problem:
        return [dash] * 8
    score = dash
    if block.score is not None and block.score.value is not None:
        score = f"{block.score.value:.3f}"
        if block.score.low is not None and block.score.high is not None:
            score += f" ({block.score.low:.3f} to {block.score.high:.3f})"
    cost = block.cost
    board = [dash, dash, f"{block.table_bytes:,}+", f"{block.scratch_bytes:,}+", dash]
    if cost is not None:
        board = [
            f"{cost.cycles:,}", f"{cost.milliseconds:.2f}", f"{cost.flash_bytes:,}",
            f"{cost.ram_bytes:,}", f"{cost.stack_bytes:,}",
        ]  # fmt: skip
    fisher = dash if block.fisher is None else f"{block.fisher:.3f}"
    return [score, fisher, " x ".join(map(str, block.shape)), *board]


@features_command.command("relevance")
@directory_option
@json_option
def relevance_command(directory: Path, as_json: bool) -> None:
    """Which features the int8 model needs, and what leaving each out saves on the board.

    Mutual information of each by itself; and what the model loses when windows of the validation
    split exchange it among them.
    """
    from coincell.pipeline import feature_relevance

    project = open_project(directory)
    lines = StageLines(quiet=as_json, unchanged=False)
    try:
        with progress_bar("asking", quiet=as_json) as progress:
            found = feature_relevance(project, progress, lines)
    finally:
        lines.close()
    if as_json:
        print_json(found.to_json())
        return
    _print_relevance(found)


def _print_relevance(found: Relevances) -> None:
    from rich.table import Table
    from rich.text import Text

    console = tables(_WIDTH_OF_FILES)
    table = Table(box=None, pad_edge=False)
    table.add_column("feature")
    for heading in ("bits", f"lost {found.measure}", "cycles saved", "flash", "RAM"):
        table.add_column(heading, justify="right")
    for each in found.features:
        table.add_row(Text(each.name), *_worth(each, found))
    console.print(table)
    console.print(
        Text(f"\n{found.measure} of the int8 model: {found.base:.4g}, on {found.windows} windows.")
    )
    for note in [*_unsaved(found), *found.notes]:
        console.print(Text(f"note: {note}"), style="dim")


def _unsaved(found: Relevances) -> list[str]:
    """Why nothing stands in the columns of what is saved, once a reason."""
    reasons: dict[str, list[str]] = {}
    for each in found.features:
        if each.unsaved and found.cost is not None:
            reasons.setdefault(each.unsaved, []).append(each.name)
    return [
        f"no saving of {names[0]}{f' and {len(names) - 1} more' * (len(names) > 1)}: {reason}"
        for reason, names in reasons.items()
    ]


def _worth(each: Relevance, found: Relevances) -> list[str]:
    information = "-" if each.information is None else f"{each.information:.3f}"
    saved: list[Any] = ["-", "-", "-"]
    if each.saved is not None and found.cost is not None:
        share = each.saved["cycles"] / max(1, found.cost.cycles)
        saved = [
            f"{each.saved['cycles']:,} ({100 * share:.0f} %)",
            f"{each.saved['flash_bytes']:,}",
            f"{each.saved['ram_bytes']:,}",
        ]
    return [information, f"{each.importance:+.4f} ± {each.spread:.4f}", *saved]
