"""What cards are filled from, and what is said by most of their sections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from coincell.audit._card_blocks import Block, Gap, Paragraph, Table
from coincell.audit.people import is_measurement
from coincell.data import DataSource
from coincell.project import Configuration


@dataclass(frozen=True)
class KeyFigure:
    """A figure as the report shows it: its name, its value with unit, and a word on it."""

    name: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class CardFacts:
    """All that a card tells; measured, but for the settings.

    Attributes:
        configuration: of the project.
        report: the content of report.json.
        key_figures: those that the report's page begins with.
        titles: key of report.json -> its name in the glossary.
        recordings: how many files there are; a recording may give several windows.
        made: how many of them no one recorded: a program made them.
        groups: column of the data, but for the one that tells people apart -> value -> (windows,
            those of the test split among them); a column of very many values has none.
        sources: public sets that recordings were taken from.
        audit: the content of audit.json, or None where groups were not compared.
        privacy: what the device stores and sends, sentence by sentence.
    """

    configuration: Configuration
    report: Mapping[str, Any]
    key_figures: tuple[KeyFigure, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    recordings: int = 0
    made: int = 0
    groups: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    sources: tuple[DataSource, ...] = ()
    audit: Mapping[str, Any] | None = None
    privacy: tuple[str, ...] = ()

    @property
    def all_made(self) -> bool:
        """Whether nobody was recorded."""
        return self.recordings > 0 and self.made >= self.recordings


def group_counts(
    groups: Sequence[Mapping[str, str]], tested: Sequence[bool], most_values: int
) -> dict[str, dict[str, tuple[int, int]]]:
    """Column -> value -> (windows, those tested among them), the largest first.

    Args:
        groups: group columns of each window, [n].
        tested: whether it is of the test split, [n].
        most_values: a column with more is left empty: almost every window has its own.
    """
    found: dict[str, Counter[str]] = {}
    judged: dict[str, Counter[str]] = {}
    for row, is_tested in zip(groups, tested, strict=True):
        for column, value in row.items():
            found.setdefault(column, Counter())[value] += 1
            judged.setdefault(column, Counter())[value] += int(is_tested)
    return {
        column: {value: (count, judged[column][value]) for value, count in counts.most_common()}
        if len(counts) <= most_values
        else {}
        for column, counts in sorted(found.items())
    }


def told(section: BaseModel, place: str, name: str, before: str = "") -> Block:
    """A person's words on one key of coincell.toml, or the gap where they are missing.

    Args:
        section: the table of settings.
        place: its name, such as "intended".
        name: the key's.
        before: words that introduce those of the person.
    """
    text = getattr(section, name)
    if not text:
        description = type(section).model_fields[name].description or name
        return Gap(f"{place}.{name}", description.partition(". ")[0].rstrip(".") + ".")
    return Paragraph(f"{before}{'; '.join(text) if isinstance(text, tuple) else text}")


def facts_table(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Rows of a name and a value; those without a value are left out."""
    return Table(title, ("What", "Value"), tuple((name, value) for name, value in rows if value))


def number(value: float) -> str:
    """As in 983,040, 0.8967 or 251.2."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def sentence(text: str) -> str:
    """`text` with a capital letter before and one full stop behind."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def metric_text(metric: Mapping[str, Any] | None) -> str:
    """As in 0.953 (0.923 to 0.972); an en dash where it is not defined."""
    if not metric or metric["value"] is None:
        return "\N{EN DASH}"
    value = f"{metric['value']:.3f}"
    if not metric.get("ci95"):
        return value
    low, high = metric["ci95"]
    return f"{value} ({low:.3f} to {high:.3f})"


def split_rows(report: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """A row for each split: name, windows, people, and windows of each label."""
    dataset = report["dataset"]
    rows = []
    for split in dataset["splits"]:
        people = split["speakers"]
        counts = [f"{split['counts'].get(label, 0):,}" for label in dataset["labels"]]
        known = "\N{EN DASH}" if people is None else f"{people:,}"
        rows.append((split["name"], f"{split['samples']:,}", known, *counts))
    return tuple(rows)


def split_table(facts: CardFacts) -> Table:
    """How many windows each split has, of whom, of which label."""
    dataset = facts.report["dataset"]
    by = dataset["split_by"]
    whom = f"Values of '{by}', which no split shares" if by else "Who recorded is not known"
    return Table(
        f"Splits of the data. {whom}.",
        ("Split", "Windows", by or "People", *dataset["labels"]),
        split_rows(facts.report),
    )


def group_table(facts: CardFacts) -> list[Block]:
    """Groups of people in the data, or the gap where no column tells any."""
    measured = [
        column
        for column, values in facts.groups.items()
        if column not in facts.configuration.audit.columns and is_measurement(values)
    ]
    rows = [
        (column, value, f"{count:,}", f"{tested:,}")
        for column, values in facts.groups.items()
        if column not in measured
        for value, (count, tested) in values.items()
    ]
    many = [column for column, values in facts.groups.items() if not values]
    blocks: list[Block] = []
    if rows:
        title = "Groups that the data tell apart."
        head = ("Column", "Value", "Windows", "Of the test split")
        blocks.append(Table(title, head, tuple(rows)))
    if many:
        most = facts.configuration.audit.most_values
        names = ", ".join(many)
        blocks.append(Paragraph(f"With more than {most} values, and so no groups: {names}."))
    for column in measured:
        numbers = [float(value) for value in facts.groups[column]]
        blocks.append(
            Paragraph(
                f"A measurement, and so no groups: {column}, {len(numbers)} numbers from "
                f"{min(numbers):g} to {max(numbers):g}."
            )
        )
    if not rows:
        blocks.append(
            Gap(
                "columns of the data",
                "Columns that tell groups apart, such as people's age, gender or accent, the "
                "device or the place; without them nobody knows whether the model works for all.",
            )
        )
    return blocks
