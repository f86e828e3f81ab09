"""`coincell train | quantize`: the pipeline up to one stage."""

from __future__ import annotations

from pathlib import Path

import click

from coincell.cli.output import StageLines, directory_option, json_option, open_project, print_json


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
    context: click.Context, stage: str, directory: Path, force: bool, as_json: bool
) -> None:
    """The pipeline up to `stage`, its folder and gates told; leaves with 1 when a gate fails."""
    from coincell.pipeline import Demand, run_until, summary_of

    lines = StageLines(quiet=as_json)
    try:
        demand = Demand(from_stage=stage if force else "", until=stage)
        outcome = run_until(open_project(directory), demand, lines)
    finally:
        lines.close()
    summary = summary_of(outcome)
    if as_json:
        print_json(summary)
    else:
        click.echo(summary["folder"])
        if outcome.gates:
            from coincell.report import print_gates

            print_gates(outcome.gates)
    context.exit(0 if outcome.passed else 1)


train_command = _command("train", "Train the network on the training split.")
quantize_command = _command("quantize", "Quantize the network to int8 and convert it to .tflite.")
