"""`coincell audit --table FILE`: a CSV file of labels and scores, audited without a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincell.cli.audit_table import print_audit
from coincell.cli.numbers import FiniteRange
from coincell.cli.output import open_project, print_json, printable
from coincell.cli.strategy_table import print_strategies
from coincell.errors import UserError

if TYPE_CHECKING:
    from coincell.audit import JudgedTable, People, TableColumns
    from coincell.project import AuditSettings, Configuration

_OF_STRATEGIES = ("--strategies", "--ratio", "--tolerance", "--group", "--positive")
"""Options that say the same of a project."""
_EXAMPLE = "For instance: coincell audit --table FILE --truth label --score probability"


@dataclass(frozen=True)
class TableOptions:
    """What the command line says of a table.

    Attributes:
        table: the file, or None: the project is audited.
        truth: column of the true labels.
        score: "COLUMN", or "CLASS=COLUMN" of each class.
        decision: column of decisions, or "".
        group: columns of groups; empty: all that are groups.
        person: column that tells people apart, or "".
        positive: the label that a lone score is of, or "".
        threshold: from which scores decide.
        rounds: of the bootstrap; None: as [audit] says.
        strategies: whether thresholds are proposed.
        ratio: what a false positive costs, in false negatives; None: as [intended] says.
        tolerance: how far apart groups may be.
    """

    table: Path | None
    truth: str
    score: tuple[str, ...]
    decision: str
    group: tuple[str, ...]
    person: str
    positive: str
    threshold: float | None
    rounds: int | None
    strategies: bool = False
    ratio: float | None = None
    tolerance: float | None = None

    @property
    def said(self) -> list[str]:
        """Options that were given, but for the table; of a project none but these may be."""
        return [
            f"--{name}"
            for name, value in vars(self).items()
            if value is not None and value not in (False, "", ()) and name != "table"
        ]

    def refuse_unheard(self) -> None:
        """UserError where an option would change nothing, beside the others that were given."""
        alone = [name for name in ("--ratio", "--tolerance") if name in self.said]
        if alone and not self.strategies:
            raise UserError(
                f"{alone[0]} is of --strategies; received it alone.",
                hint="coincell audit --strategies",
            )
        if self.table is None:
            return
        if self.threshold is not None and self.decision:
            raise UserError(
                "A threshold decides by scores; received --threshold beside --decision, which "
                "tells what was decided.",
                hint="Leave one of them out.",
            )
        if self.positive and not self.lone_score:
            raise UserError(
                "--positive tells what a lone column of scores is of; received it with "
                f"{len(self.score) or 'no'} --score.",
                hint="Leave it out: all classes are told of.",
            )

    @property
    def lone_score(self) -> bool:
        """Whether one column of scores is given, of the positive label."""
        return len(self.score) == 1 and "=" not in self.score[0]


_COLUMNS = (
    click.option(
        "--table",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Audit this CSV file of labels and answers instead of the project.",
    ),
    click.option("--truth", default="", metavar="COLUMN", help="Table: the true labels."),
    click.option(
        "--score",
        multiple=True,
        metavar="COLUMN",
        help="Table: scores of the positive label, 0 to 1; or CLASS=COLUMN for each class.",
    ),
    click.option("--decision", default="", metavar="COLUMN", help="Table: what was decided."),
    click.option(
        "--group",
        multiple=True,
        metavar="COLUMN",
        help="Table, strategies, mitigations: groups to compare; repeat it. Not given: all that "
        "can be.",
    ),
    click.option("--person", default="", metavar="COLUMN", help="Table: whose each row is."),
    click.option(
        "--positive",
        default="",
        metavar="LABEL",
        help="Table: what scores are of. Strategies of a project: the class, against the rest.",
    ),
    click.option(
        "--threshold", type=FiniteRange(), help="Table: scores from here on decide.  [0.5]"
    ),
)
_STRATEGIES = (
    click.option(
        "--strategies",
        is_flag=True,
        help="Propose thresholds, common and by group, as alike as asked; of a project by its "
        "validation split, judged on the test split.",
    ),
    click.option(
        "--ratio",
        type=FiniteRange(),
        help="Strategies: cost of a false positive, in false negatives.  [as intended, else 1]",
    ),
    click.option(
        "--tolerance", type=FiniteRange(), help="Strategies: how far apart groups may be.  [0.01]"
    ),
)
_ROUNDS = click.option(
    "--rounds", type=click.IntRange(100, 100_000), help="Table: bootstrap rounds.  [1000]"
)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a table, for a command."""
    for option in reversed((*_COLUMNS, *_STRATEGIES, _ROUNDS)):
        command = option(command)
    return command


def column_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Those that say what its columns are, for a command that asks for the rest elsewhere."""
    for option in reversed((*_COLUMNS, _ROUNDS)):
        command = option(command)
    return command


def needs_table(options: TableOptions, mitigations: bool = False) -> bool:
    """Whether a table is audited, or an option given that needs one.

    Args:
        options: as given.
        mitigations: whether `--mitigations` is asked for, which takes groups.
    """
    return options.table is not None or bool(_of_a_table(options, mitigations))


def _of_a_table(options: TableOptions, mitigations: bool = False) -> list[str]:
    """Options that were given and need a table."""
    taken = _OF_STRATEGIES if options.strategies else ("--group",) if mitigations else ()
    return [name for name in options.said if name not in taken]


def audit_file(options: TableOptions, directory: Path, as_json: bool) -> None:
    """Audit a table; numbers of [audit] and [intended] are the project's, if there is one.

    Raises:
        UserError: options that do not go together.
        DataError: the file is not such a table.
    """
    from coincell.audit import TaskWords, audit_people

    table, settings, configuration = read_judged(options, directory, quiet=as_json)
    people = table.people(settings)
    seed = configuration.project.seed if configuration else 0
    facts = audit_people(
        people, [table.place], settings, TaskWords(""), seed=seed, labels=table.labels
    )
    facts["notes"] = table.noted(facts["notes"])
    found = []
    if options.strategies:
        found = _strategies(table, people, options, configuration, settings.rounds)
    if as_json:
        print_json(facts | {"strategies": found})
        return
    print_audit(facts)
    print_strategies(found)


def read_judged(
    options: TableOptions, directory: Path, *, quiet: bool
) -> tuple[JudgedTable, AuditSettings, Configuration | None]:
    """The table, [audit] with the columns that were named, and the project's settings, if there is
    one in `directory`.

    Raises:
        UserError: options that do not go together.
        DataError: the file is not such a table.
    """
    from coincell.audit import read_table
    from coincell.project import AuditSettings

    if options.table is None:
        raise UserError(
            f"{_of_a_table(options)[0]} is of a table; received no --table.",
            hint=_EXAMPLE,
        )
    if not options.truth:
        raise UserError(
            "A table needs its column of true labels; received no --truth.",
            hint=_EXAMPLE,
        )
    if not quiet:
        click.echo(f"Reading {printable(str(options.table))}", err=True)
    columns = _columns(options)
    table = read_table(options.table, columns)
    configuration = _configuration(directory)
    numbers = configuration.audit.model_dump() if configuration else {}
    own = {"person": columns.person, "columns": columns.groups}
    rounds = {"rounds": options.rounds} if options.rounds else {}
    return table, AuditSettings(**(numbers | own | rounds)), configuration


def _columns(options: TableOptions) -> TableColumns:
    from coincell.audit import TableColumns

    scores: dict[str, str] = {"": options.score[0]} if options.lone_score else {}
    for text in () if options.lone_score else options.score:
        label, mark, column = text.partition("=")
        if not (label and mark and column) or label in scores:
            raise UserError(
                "Of several --score each is CLASS=COLUMN, one for each class; "
                f"received {printable(text)}."
            )
        scores[label] = column
    return TableColumns(
        options.truth,
        scores,
        options.decision,
        options.group,
        options.person,
        options.positive,
        options.threshold,
    )


def _configuration(directory: Path) -> Configuration | None:
    """That of the project in `directory`; None where there is none."""
    from coincell.project import CONFIGURATION_FILE

    if not (directory / CONFIGURATION_FILE).is_file():
        return None
    return open_project(directory).configuration


def _strategies(
    table: JudgedTable,
    people: People,
    options: TableOptions,
    configuration: Configuration | None,
    rounds: int,
) -> list[dict[str, Any]]:
    """Of each column of groups, with each class against the rest; of two, the positive alone."""
    from coincell.audit import TOLERANCE, Scored, StrategySettings, strategies_of

    if table.scores is None:
        raise UserError(
            "Thresholds need scores; the table was given decisions alone.",
            hint="Name a column of scores with --score.",
        )
    ratio, smallest, seed = 1.0, StrategySettings.smallest_group, 0
    if configuration:
        intended, seed = configuration.intended, configuration.project.seed
        ratio = intended.false_positive_cost / intended.false_negative_cost
        smallest = configuration.audit.smallest_group
    settings = StrategySettings(
        ratio if options.ratio is None else options.ratio,
        TOLERANCE if options.tolerance is None else options.tolerance,
        smallest,
        rounds,
    )
    found = []
    for column in people.columns:
        if len(column.parts) > 1 and not options.group:
            continue  # of all that could be crossed, only what was asked for
        for at in range(len(table.labels))[1 if "" in _columns(options).scores else 0 :]:
            scored = Scored(table.truth == at, table.scores[:, at], people.person, column)
            facts = strategies_of(scored, settings, seed=seed)
            found.append({"label": table.labels[at]} | facts)
    return found
