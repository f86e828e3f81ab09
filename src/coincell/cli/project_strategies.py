"""`coincell audit --strategies` of a project: thresholds chosen on validation, judged on test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coincell.cli.output import print_json
from coincell.cli.strategy_table import print_strategies

if TYPE_CHECKING:
    from coincell.cli.audit_file import TableOptions
    from coincell.pipeline import Outcome
    from coincell.project import Project


def tell_strategies(
    project: Project, outcome: Outcome, options: TableOptions, write: bool, as_json: bool
) -> None:
    """Print the strategies, and the device's threshold, which is written if so asked.

    Raises:
        UserError: the project does not tell classes, or a name is not there.
        DataError: nothing can be compared.
    """
    from coincell.pipeline import StrategyWish, device_threshold, project_strategies, told_errors
    from coincell.project import change_settings

    wish = StrategyWish(options.ratio, options.tolerance, options.group, options.positive)
    configuration = project.configuration
    found = project_strategies(outcome, configuration, wish)
    device = device_threshold(outcome, configuration, wish)
    changed = device["threshold"] != device["now"]
    if write and changed:
        change_settings(project.directory, {"decision.threshold": device["threshold"]})
    if as_json:
        print_json({"strategies": found, "device": device, "written": write and changed})
        return
    click.echo("Chosen on the validation split, judged on the test split.")
    print_strategies(found, apart_on_test=True)
    click.echo(
        "\nA device does not know whose voice it hears: it has one threshold, on the highest score."
        f"\n  now {device['now']:g}: {told_errors(device['test']['now'])}"
        f"\n  {device['threshold']:g}, the cheapest on validation: "
        f"{told_errors(device['test']['threshold'])}"
    )
    if write and changed:
        click.echo("Written to coincell.toml as decision.threshold. Next: coincell run")
    elif changed:
        click.echo("coincell audit --strategies --write puts it into coincell.toml.")
