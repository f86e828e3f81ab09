"""`coincell audit`: whom the model fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.audit_file import TableOptions, audit_file, needs_table, table_options
from coincell.cli.collecting_table import tell_collecting
from coincell.cli.mitigations import tell_mitigations
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import StageLines, json_option, open_project, print_json
from coincell.cli.project_strategies import tell_strategies
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.pipeline import Outcome
    from coincell.project import Project


@click.command("audit")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--force", is_flag=True, help="Redo the audit even when up to date.")
@click.option("--privacy", is_flag=True, help="Tell what the device keeps, writes and sends.")
@click.option(
    "--mitigations",
    is_flag=True,
    help="Train in each way of [mitigation], and compare them on the validation split.",
)
@table_options
@click.option(
    "--write",
    is_flag=True,
    help="Strategies: write the cheapest threshold that the device can have to coincell.toml.",
)
@click.option("--collect", is_flag=True, help="Tell whom to record next: what groups lack.")
@click.option(
    "--width", type=FiniteRange(1e-6), metavar="WIDTH",
    help="Collect: width of the 95 % intervals that are wished for; 0.1 unless told.",
)  # fmt: skip
@json_option
@click.pass_context
def audit_command(
    context: click.Context,
    /,
    directory: Path,
    force: bool,
    privacy: bool,
    mitigations: bool,
    write: bool,
    collect: bool,
    width: float | None,
    as_json: bool,
    **table: Any,
) -> None:
    """Compare groups of people on the test split of the project in DIRECTORY (here).

    For each group column and their intersections: figures of float and int8 with intervals over
    people, how far groups are apart, which differences are more than chance, and whether int8
    widens a gap. [audit] in coincell.toml chooses columns and sets limits; exit code 1 when one
    does not hold.

    --table audits any CSV file of true labels beside scores or decisions, without a model.

    --collect tells how many more people the test split needs of each group, so that its figures
    are known as closely as --width, and which groups training lacks.

    --strategies proposes thresholds: for all, for each group, and such that groups are alike in a
    rate; and the one threshold that the device can have, which --write puts into coincell.toml.
    """
    options = TableOptions(**table)
    asked = _Asked(force, privacy, mitigations, write, collect, width)
    options.refuse_unheard()
    if needs_table(options, mitigations):
        asked.refuse_beside_a_table()
        audit_file(options, directory, as_json)
        return
    asked.refuse_unlike(options)
    project = open_project(directory)
    if mitigations:
        tell_mitigations(project, options.group, as_json)
        return
    if privacy:
        _tell_privacy(project, as_json)
        return
    outcome = _audited(project, force, as_json)
    if options.strategies:
        tell_strategies(project, outcome, options, write, as_json)
    elif collect:
        tell_collecting(project, outcome, width, as_json)
    else:
        context.exit(_tell_audit(project, outcome, as_json))


@dataclass(frozen=True)
class _Asked:
    """What is asked of a project, beside the options that a table has too."""

    force: bool
    privacy: bool
    mitigations: bool
    write: bool
    collect: bool
    width: float | None

    def refuse_beside_a_table(self) -> None:
        """UserError where any is given."""
        if any(value for value in vars(self).values()):
            raise UserError(
                "--privacy, --mitigations, --collect, --force and --write are of a project; "
                "received a table's options."
            )

    def refuse_unlike(self, options: TableOptions) -> None:
        """UserError where some do not go together."""
        if self.write and not options.strategies:
            raise UserError(
                "--write writes what --strategies found; received it alone.",
                hint="coincell audit --strategies --write",
            )
        if self.privacy + self.mitigations + self.collect + options.strategies > 1:
            raise UserError(
                "Of --privacy, --mitigations, --collect and --strategies one; received several."
            )
        if self.width is not None and not self.collect:
            raise UserError(
                "--width is of --collect; received it alone.", hint="coincell audit --collect"
            )


def _audited(project: Project, force: bool, quiet: bool) -> Outcome:
    from coincell.pipeline import Demand, run_until

    lines = StageLines(quiet=quiet, unchanged=False)
    try:
        demand = Demand(from_stage="audit" if force else "", until="audit")
        return run_until(project, demand, lines)
    finally:
        lines.close()


def _tell_audit(project: Project, outcome: Outcome, as_json: bool) -> int:
    """Print it; 1 where a limit does not hold."""
    from coincell.pipeline import audit_of

    facts = audit_of(outcome)
    gates = [gate for gate in outcome.gates if hasattr(project.configuration.audit, gate.name)]
    if as_json:
        print_json(facts | {"gates": [gate.model_dump(mode="json") for gate in gates]})
    else:
        from coincell.cli.audit_table import print_audit
        from coincell.report import print_gates

        print_audit(facts)
        if gates:
            print_gates(gates)
    return int(any(gate.passed is False for gate in gates))


def _tell_privacy(project: Project, as_json: bool) -> None:
    from coincell.audit import privacy_text
    from coincell.pipeline import device_privacy

    facts: dict[str, Any] = device_privacy(project)
    if as_json:
        print_json(facts)
        return
    for line in privacy_text(facts):
        click.echo(line)
