"""`coincell train | quantize`: the pipeline up to one stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.output import StageLines, directory_option, json_option, open_project, print_json

if TYPE_CHECKING:
    from coincell.pipeline import Outcome, StageEvent


def _command(stage: str, text: str) -> click.Command:
    @click.command(stage, help=text)
    @directory_option
    @click.option("--force", is_flag=True, help=f"Redo the {stage} stage even when up to date.")
    @json_option
    @click.pass_context
    def command(context: click.Context, directory: Path, force: bool, as_json: bool) -> None:
        run_stage(context, stage, directory, force, as_json)

    return command


def run_stage(
    context: click.Context,
    stage: str,
    directory: Path,
    force: bool,
    as_json: bool,
    tell: Callable[[Outcome, bool], dict[str, Any]] | None = None,
) -> None:
    """The pipeline up to `stage`, its folder and gates told; leaves with 1 when a gate fails.

    `tell` may print more of the outcome, or where JSON is wanted (its second argument) add to it.
    """
    from coincell.pipeline import Demand, run_until, summary_of

    lines = StageLines(quiet=as_json)
    try:
        demand = Demand(from_stage=stage if force else "", until=stage)
        outcome = run_until(open_project(directory), demand, lines)
    finally:
        lines.close()
    summary = summary_of(outcome) | (tell(outcome, as_json) if tell else {})
    if as_json:
        print_json(summary)
    else:
        click.echo(summary["folder"])
        if outcome.gates:
            from coincell.report import print_gates

            print_gates(outcome.gates)
    context.exit(0 if outcome.passed else 1)


@click.command("train")
@directory_option
@click.option("--force", is_flag=True, help="Redo the train stage even when up to date.")
@click.option(
    "--folds",
    type=int,
    metavar="K",
    help="Cross-validate instead: K models, each judged on people that it never met.",
)
@click.option(
    "--search",
    type=click.IntRange(1),
    metavar="TRIALS",
    help="With --folds, nested: each fold first searches its settings ([tune]) on its own sides.",
)
@json_option
@click.pass_context
def train_command(
    context: click.Context,
    directory: Path,
    force: bool,
    folds: int | None,
    search: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Train the network on the training split.

    With --folds nothing of the test split is read: the rest is dealt into K parts, whole speakers
    (or values of data.split.by) together, and every part is judged by a model trained on others,
    float and int8. A figure's interval is over folds. With --search as well the figures are those
    of searching and training together, on people that chose nothing.
    """
    if folds is None:
        if search is not None:
            raise click.UsageError("--search is of --folds; coincell tune searches by itself.")
        run_stage(context, "train", directory, force, as_json)
        return
    from coincell.cli.folds_table import print_folds
    from coincell.cli.output import progress_bar
    from coincell.pipeline import cross_validate, searching

    project = open_project(directory)
    choose = None if search is None else searching(project, folds, search)

    with progress_bar("cross-validating", quiet=as_json) as progress:
        steps = len(_FOLD_STAGES)

        def heard(fold: int, event: StageEvent) -> None:
            done = fold * steps + min(event.index, steps - 1)
            progress(done, folds * steps, f"fold {fold + 1} of {folds}: {event.stage.title}")

        found = cross_validate(project, folds, heard, choose)
        progress(folds * steps, folds * steps, "")
    if as_json:
        print_json(found.to_json())
        return
    print_folds(found)


_FOLD_STAGES = ("dataset", "features", "train", "quantize", "evaluate")


@click.command("prune")
@directory_option
@click.option("--force", is_flag=True, help="Redo the prune stage even when up to date.")
@json_option
@click.pass_context
def prune_command(context: click.Context, directory: Path, force: bool, as_json: bool) -> None:
    """Take channels out of the trained network until it is within the limits of [pruning]."""
    from coincell.errors import UserError

    if not open_project(directory).configuration.pruning.wanted:
        raise UserError(
            "Nothing says how small the network is to be.",
            hint="Set pruning.limits, or pruning.shares, such as { cycles = 0.5 }.",
        )
    run_stage(context, "prune", directory, force, as_json, _tell_pruning)


def _tell_pruning(outcome: Outcome, as_json: bool) -> dict[str, Any]:
    """What went, step by step; printed where no JSON is wanted."""
    from coincell.errors import UserError
    from coincell.pipeline import pruning_of
    from coincell.report import print_pruning

    part = pruning_of(outcome)
    if part is None:
        raise UserError("The run ended before the network was pruned.")
    if not as_json:
        print_pruning(part)
    return {"pruning": part.model_dump(mode="json")}


@click.command("quantize")
@directory_option
@click.option("--force", is_flag=True, help="Redo the quantize stage even when up to date.")
@click.option("--debug", is_flag=True, help="Show what each layer loses, and what may help.")
@json_option
@click.pass_context
def quantize_command(
    context: click.Context, directory: Path, force: bool, debug: bool, as_json: bool
) -> None:
    """Quantize the network to int8 and convert it to .tflite."""
    run_stage(context, "quantize", directory, force, as_json, _tell_losses if debug else None)


def _tell_losses(outcome: Outcome, as_json: bool) -> dict[str, Any]:
    """What the stage found of each layer; printed where no JSON is wanted."""
    from coincell.errors import UserError
    from coincell.pipeline import quantization_of
    from coincell.report import print_quantization

    part = quantization_of(outcome)
    if part is None:
        raise UserError(
            "There is nothing to tell of layers: the model came as a .tflite, or is no network.",
            hint="Train a network here: model.architecture, or a .keras as model.file.",
        )
    if not as_json:
        print_quantization(part)
    return {"quantization": part.model_dump(mode="json")}
